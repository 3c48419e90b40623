"""deploy: pack a charm, build its images, and add the application."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from paas_local.cli import arguments, built_in_charms, output, packing, progress, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option
from paas_local.juju.names import APPLICATION_NAME


@juju_command
@click.argument("words", nargs=-1, metavar="CHARM [APP]")
@click.option(
    "--resource",
    multiple=True,
    metavar="NAME=PATH",
    help="Build an image from an application's folder, or give the charm a file.",
)
@click.option("--config", multiple=True, metavar="KEY=VALUE", help="Set an option, or the options in a YAML file.")
@click.option(
    "--num-units", "-n", type=click.IntRange(min=1), default=1, show_default=True, help="The number of units."
)
@click.option("--trust", is_flag=True, help="Show the charm that it is trusted.")
@ignored_options("--attach-storage", "--base", "--bind", "--channel", "--constraints", "--overlay", "--revision")
@click.option("--storage", multiple=True, metavar="NAME=COUNT", help="Give each unit several of one storage.")
@ignored_options("--to")
@ignored_options("--force", is_flag=True)
@model_option
def deploy(
    words: tuple[str, ...],
    resource: tuple[str, ...],
    config: tuple[str, ...],
    storage: tuple[str, ...],
    num_units: int,
    model: str,
    *,
    trust: bool,
) -> None:
    """Deploy a charm: a folder (./charm), a packed charm, or the name of a built-in one.

    \b
    paas-local deploy postgresql-k8s
    paas-local deploy ./charm --resource flask-app-image=.
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    charm_argument, application = _charm_and_name(words)
    name = session.chosen_model(model)
    with progress.steps() as steps:
        client = session.connect(steps)
        # checked before packing, which takes long; a charm's path is not the name of an application
        _check_is_new(application or charm_argument, client.query("status", model=name))
        charm, resources = packing.pack(charm_argument, arguments.pairs(resource, what="resources"), steps)
        application = application or charm.name
        options = arguments.options_and_files(config, application)
        ignored = built_in_charms.without_effect(charm.name, charm.options, options)
        client.request(
            "deploy",
            model=name,
            charm=str(charm.folder),
            application=application,
            resources=resources,
            config={key: value for key, value in options.items() if key not in ignored},
            storage=arguments.storage_counts(storage),
            units=num_units,
            trust=trust,
        )
        deployed = client.query("status", model=name)["applications"][application]
    revision, base = deployed["charm-rev"], "{name}@{channel}".format(**deployed["base"])
    output.say(f'Located local charm "{charm.name}", revision {revision}')
    output.say(f'Deploying "{application}" from local charm "{charm.name}", revision {revision} on {base}/stable')


def _charm_and_name(words: Sequence[str]) -> tuple[str, str]:
    match list(words):
        case [charm]:
            return charm, ""
        case [charm, name]:
            if not APPLICATION_NAME.fullmatch(name):
                raise click.UsageError(f'invalid application name "{name}"')
            return charm, name
        case []:
            raise click.UsageError("no charm specified")
        case more:
            raise click.UsageError(f"unrecognized args: {json.dumps(more[2:])}")


def _check_is_new(application: str, document: Mapping[str, Any]) -> None:
    if application in document.get("applications", {}):
        raise click.ClickException(
            f'cannot add application "{application}": application "{application}" already exists;'
            f" to change it: paas-local refresh {application} --path ./charm --resource NAME=PATH"
        )
