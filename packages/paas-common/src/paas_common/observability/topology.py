"""How an application is named to those that watch many: by model, the model's UUID, application, unit and charm."""

from paas_common.values import facts


def metadata(me: facts.Identity) -> dict[str, str]:
    """Give the names as relations carry them."""
    return {**of_unit(me), "charm_name": me.charm}


def of_unit(me: facts.Identity) -> dict[str, str]:
    """Give the names without the charm's, as dashboards have them."""
    return {"model": me.model, "model_uuid": me.model_uuid, "application": me.app, "unit": me.unit}


def labels(me: facts.Identity) -> dict[str, str]:
    """Give the labels of an alert, which is about all units."""
    return {
        "juju_model": me.model,
        "juju_model_uuid": me.model_uuid,
        "juju_application": me.app,
        "juju_charm": me.charm,
    }


def matchers(me: facts.Identity) -> str:
    """Give what stands between the braces of a query that is about this application; a charm may have several."""
    names = ("juju_model", "juju_model_uuid", "juju_application")
    return ", ".join(f'{name}="{value}"' for name, value in labels(me).items() if name in names)


def identifier(me: facts.Identity) -> str:
    """Name the application with the start of its model's UUID, as names of jobs and groups begin."""
    return f"{me.model}_{me.model_uuid[:8]}_{me.app}"
