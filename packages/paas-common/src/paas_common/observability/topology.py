"""The Juju topology of the application: model, the model's UUID, application, unit and charm."""

from paas_common.values.facts import Identity


def metadata(identity: Identity) -> dict[str, str]:
    """Return the topology as databags have it."""
    return {**unit(identity), "charm_name": identity.charm}


def unit(identity: Identity) -> dict[str, str]:
    """Return the topology without the charm, as dashboards have it."""
    return {
        "model": identity.model,
        "model_uuid": identity.model_uuid,
        "application": identity.app,
        "unit": identity.unit,
    }


def labels(identity: Identity) -> dict[str, str]:
    """Return the labels of an alert, which covers all units."""
    return {
        "juju_model": identity.model,
        "juju_model_uuid": identity.model_uuid,
        "juju_application": identity.app,
        "juju_charm": identity.charm,
    }


def matchers(identity: Identity) -> str:
    """Return the label matchers of a query for this application, without the charm: refreshes may change it."""
    names = ("juju_model", "juju_model_uuid", "juju_application")
    return ", ".join(f'{name}="{value}"' for name, value in labels(identity).items() if name in names)


def identifier(identity: Identity) -> str:
    """Return model, start of the model's UUID and application, the usual prefix of jobs and rule groups."""
    return f"{identity.model}_{identity.model_uuid[:8]}_{identity.app}"
