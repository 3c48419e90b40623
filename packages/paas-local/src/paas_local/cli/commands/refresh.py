"""refresh: change the charm and the resources of an application."""

from collections.abc import Mapping
from pathlib import Path

import click

from paas_local.build import charm_resources, charms
from paas_local.cli import arguments, built_in_charms, output, packing, progress, session
from paas_local.cli.client import Client
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("application")
@click.option("--path", metavar="CHARM", help="The new charm: a folder or a packed charm.")
@click.option(
    "--resource",
    multiple=True,
    metavar="NAME=PATH",
    help="Build an image from an application's folder, or give the charm a file.",
)
@click.option("--config", multiple=True, metavar="KEY=VALUE", help="Set an option, or the options in a YAML file.")
@ignored_options("--base", "--bind", "--channel", "--revision", "--storage", "--switch")
@ignored_options("--force", "--force-base", "--force-units", is_flag=True)
@click.option("--trust", is_flag=True, help="Show the charm that it is trusted.")
@model_option
def refresh(
    application: str,
    path: str | None,
    resource: tuple[str, ...],
    config: tuple[str, ...],
    model: str,
    *,
    trust: bool,
) -> None:
    """Change the charm or the resources of an application; what is not named stays.

    \b
    paas-local refresh web --path ./charm --resource flask-app-image=.
    paas-local refresh postgresql-k8s    # to this version's built-in charm
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    options = arguments.options_and_files(config, application)
    with progress.steps() as steps:
        client = session.connect(steps)
        name = session.chosen_model(model)
        if path or resource or config or trust:
            charm = charms.pack(packing.charm_path(path), steps) if path else None
            paths = arguments.pairs(resource, what="resources")
            resources = packing.build(paths, _declared(client, name, application, charm), steps) if paths else {}
        else:
            charm, resources = packing.pack(_deployed_by_name(client, name, application), {}, steps)
        answer = client.request(
            "refresh",
            model=name,
            application=application,
            charm=str(charm.folder) if charm else None,
            resources=resources,
            config=options,
            trust=trust,
        )
    if not answer["changed"] and (charm or resources):
        output.say(f'"{application}" has this charm and these resources already')
    elif charm:
        output.say(f'Added local charm "{charm.name}", revision {answer["revision"]}, to the model')


def _deployed_by_name(client: Client, model: str, application: str) -> str:
    """Return the name of the application's charm, if ``deploy`` would find it by that name too."""
    charm: str = client.query("show-application", model=model, application=application)[application]["charm"]
    if built_in_charms.find(charm) is None and not Path(charm).exists():
        raise click.UsageError(
            f"nothing to refresh: add --path CHARM, --resource NAME=PATH or both"
            f" (paas-local refresh {application} --path ./charm --resource app-image=.)"
        )
    return charm


def _declared(client: Client, model: str, application: str, charm: charms.Charm | None) -> Mapping[str, str]:
    if charm:
        return charm_resources.declared(charm.metadata)
    return packing.declared_in_model(client, model, application)
