"""deploy: add an application with its charm and resources, or the applications and relations of a bundle."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from paas_local.cli import (
    application_deployment,
    arguments,
    bundle_deployment,
    bundle_files,
    output,
    progress,
    session,
)
from paas_local.cli.juju_click import ignored_options, juju_command, model_option
from paas_local.juju.names import APPLICATION_NAME

_OF_CHARMS = ("resource", "config", "storage", "num_units")
_OF_BUNDLES = ("overlay", "dry_run")


@juju_command
@click.argument("words", nargs=-1, metavar="CHARM|BUNDLE [APP]")
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
@click.option("--trust", is_flag=True, help="Show the charm, or each of a bundle that asks for it, that it is trusted.")
@click.option("--storage", multiple=True, metavar="NAME=COUNT", help="Give each unit several of one storage.")
@click.option("--overlay", multiple=True, metavar="FILE", help="Change the bundle by another file of its form.")
@click.option("--dry-run", is_flag=True, help="Print the changes of a bundle, and make none.")
@ignored_options("--attach-storage", "--base", "--bind", "--channel", "--constraints", "--revision", "--to")
@ignored_options("--force", is_flag=True)
@model_option
def deploy(words: tuple[str, ...], model: str, **options: Any) -> None:
    """Deploy a charm: a folder (./charm), a packed charm, or the name of a built-in one. Or a bundle (./bundle.yaml).

    \b
    paas-local deploy postgresql-k8s
    paas-local deploy ./charm --resource flask-app-image=.
    paas-local deploy ./bundle.yaml --overlay ./more.yaml
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    charm, application = _charm_and_name(words)
    name = session.chosen_model(model)
    bundle = bundle_files.find(charm)
    _check_flags("charm" if bundle is None else "bundle")
    if bundle is not None:
        if application:
            raise click.UsageError(f'unrecognized args: ["{application}"]; a bundle names its applications')
        _deploy_bundle(name, bundle, **options)
    else:
        _deploy_charm(name, charm, application, **options)


def _deploy_charm(
    model: str,
    charm: str,
    application: str,
    *,
    resource: Sequence[str],
    config: Sequence[str],
    storage: Sequence[str],
    num_units: int,
    trust: bool,
    **_: object,
) -> None:
    with progress.steps() as steps:
        client = session.connect(steps)
        # checked before packing, which takes long; a charm's path is not the name of an application
        _check_is_new(application or charm, client.query("status", model=model))
        resources = arguments.pairs(resource, what="resources")
        deployment = application_deployment.pack(charm, resources, steps, application=application)
        deployment = dataclasses.replace(
            deployment,
            config=arguments.options_and_files(config, deployment.application),
            storage=arguments.storage_counts(storage),
            units=num_units,
            trust=trust,
        )
        application_deployment.add(client, model, deployment)
        deployed = client.query("status", model=model)["applications"][deployment.application]
    revision, base = deployed["charm-rev"], "{name}@{channel}".format(**deployed["base"])
    located = f'local charm "{deployment.charm.name}", revision {revision}'
    output.say(f"Located {located}")
    output.say(f'Deploying "{deployment.application}" from {located} on {base}/stable')


def _deploy_bundle(model: str, file: Path, *, overlay: Sequence[str], dry_run: bool, trust: bool, **_: object) -> None:
    bundle = bundle_files.read(file, overlay)
    if not trust:
        bundle_deployment.check_trust(bundle)
    with progress.steps() as steps:
        client = session.connect(steps)
        bundle_deployment.deploy(client, model, bundle, steps, dry_run=dry_run)


def _check_flags(kind: str) -> None:
    """Raise an error for flags that a charm, or a bundle, does not have."""
    context = click.get_current_context()
    others = _OF_BUNDLES if kind == "charm" else _OF_CHARMS
    flags = [
        f"--{name.replace('_', '-')}"
        for name in others
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if flags:
        raise click.UsageError(f"flags provided but not supported when deploying a {kind}: {', '.join(flags)}")


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
            f'cannot add application "{application}": application already exists;'
            f" to change it: paas-local refresh {application} --path ./charm --resource NAME=PATH"
        )
