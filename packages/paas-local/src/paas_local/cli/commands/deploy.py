"""deploy: a charm's folder and its application's folder become a running application."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from paas_local.build import charms, rocks
from paas_local.cli import progress
from paas_local.cli.commands import command, providers
from paas_local.cli.commands.command import Verb

# What Juju places on machines and clouds; here there is one machine.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*")
_MEANINGLESS = ("attach_storage", "bind", "constraints", "overlay", "storage", "to")


@click.command("deploy", cls=Verb)
@click.argument("words", nargs=-1, metavar="CHARM [APP]")
@click.option("--resource", multiple=True, metavar="NAME=FOLDER", help="An image: the application's folder.")
@click.option("--config", multiple=True, metavar="KEY=VALUE", help="An option, or a YAML file of options.")
@click.option("--num-units", "-n", type=click.IntRange(min=1), default=1)
@click.option("--trust", is_flag=True)
@click.option("--attach-storage", multiple=True, hidden=True)
@click.option("--bind", multiple=True, hidden=True)
@click.option("--constraints", multiple=True, hidden=True)
@click.option("--overlay", multiple=True, hidden=True)
@click.option("--storage", multiple=True, hidden=True)
@click.option("--to", multiple=True, hidden=True)
@click.option("--base", hidden=True)
@click.option("--channel", hidden=True)
@click.option("--revision", hidden=True)
@click.option("--force", is_flag=True, hidden=True)
@command.model_option
def deploy(
    words: tuple[str, ...],
    resource: tuple[str, ...],
    config: tuple[str, ...],
    num_units: int,
    model: str,
    *,
    trust: bool,
    **juju_only: Any,
) -> None:
    """Run a charm: a folder (./charm), a packed charm, or the name of a built-in one.

    \b
    paas-local deploy postgresql-k8s
    paas-local deploy ./charm --resource flask-app-image=.
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    chosen, application = _charm_and_name(words)
    name = command.the_model(model)
    _warn(juju_only)
    with progress.steps() as steps:
        # Asked before packing, which takes long. A path is no application's name, a built-in charm's is.
        daemon = command.daemon(steps)
        _must_be_free(application or chosen, daemon.ask("status", model=name))
        charm, rocks = prepared(chosen, command.pairs(resource, what="resources"), steps)
        application = application or charm.name
        daemon.ask(
            "deploy",
            model=name,
            charm=str(charm.folder),
            application=application,
            resources={key: str(rock.folder) for key, rock in rocks.items()},
            config=_options(config, application),
            units=num_units,
            trust=trust,
        )
        deployed = daemon.ask("status", model=name)["applications"][application]
    revision, base = deployed["charm-rev"], "{name}@{channel}".format(**deployed["base"])
    command.say(f'Located local charm "{charm.name}", revision {revision}')
    command.say(f'Deploying "{application}" from local charm "{charm.name}", revision {revision} on {base}/stable')


def prepared(
    argument: str, resources: Mapping[str, str], steps: progress.Steps
) -> tuple[charms.Charm, dict[str, rocks.Rock]]:
    """Pack the charm and build the images that its containers run."""
    builtin = providers.find(argument)
    folders = {key: Path(place) for key, place in resources.items()}
    place = builtin.charm if builtin else _charm(argument)
    _must_exist(folders)  # asked first: to pack takes long
    charm = charms.pack(place, steps)
    wanted = wanted_images(charm)
    if builtin and builtin.rock.is_dir():
        folders = {**dict.fromkeys(wanted, builtin.rock), **folders}
    _must_match(wanted, folders)
    return charm, {key: rocks.build(folder, steps) for key, folder in folders.items()}


def _charm(argument: str) -> Path:
    """Find a charm of the person's own, or say what there is instead."""
    path = Path(argument)
    if path.exists():
        return path.resolve()
    if argument.startswith((".", "/")) or "/" in argument:
        raise click.ClickException(f'no charm was found at "{argument}"')
    builtin = ", ".join(providers.names())
    raise click.ClickException(
        f'no charm "{argument}"; built-in are: {builtin}; a charm of your own is a path, as ./{argument}'
    )


def wanted_images(charm: charms.Charm) -> list[str]:
    """Name the resources of a charm that are images."""
    resources: Mapping[str, Mapping[str, Any]] = charm.metadata.get("resources") or {}
    return [key for key, resource in resources.items() if resource.get("type") == "oci-image"]


def _must_exist(given: Mapping[str, Path]) -> None:
    for key, folder in given.items():
        if not folder.exists():
            raise click.ClickException(
                f'there is no folder "{folder}" for the resource {key}: it is the application\'s folder,'
                " where its rockcraft.yaml is"
            )


def _must_match(wanted: Sequence[str], given: Mapping[str, Path]) -> None:
    for key in given:
        if key not in wanted:
            known = ", ".join(wanted) or "no images"
            raise click.ClickException(f'the charm has no image resource "{key}"; it has: {known}')
    if missing := [key for key in wanted if key not in given]:
        raise click.ClickException(
            f"local charm missing OCI images for: {', '.join(missing)}; add --resource {missing[0]}=FOLDER,"
            " the application's folder, where its rockcraft.yaml is"
        )


def _charm_and_name(words: Sequence[str]) -> tuple[str, str]:
    """Split the arguments; without a name the application is called as its charm."""
    match list(words):
        case [charm]:
            return charm, ""
        case [charm, name]:
            if not _NAME.fullmatch(name):
                raise click.UsageError(f'invalid application name "{name}"')
            return charm, name
        case []:
            raise click.UsageError("no charm specified")
        case more:
            raise click.UsageError(f"unrecognized args: {json.dumps(more[2:])}")


def _must_be_free(application: str, document: Mapping[str, Any]) -> None:
    if application in document.get("applications", {}):
        raise click.ClickException(
            f'cannot add application "{application}": application "{application}" already exists'
        )


def _options(words: Sequence[str], application: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for word in words:
        options |= command.values([word]) if "=" in word else command.options_in(word, application)
    return options


def _warn(juju_only: Mapping[str, Any]) -> None:
    for flag in _MEANINGLESS:
        if juju_only.get(flag):
            command.say(f"WARNING --{flag.replace('_', '-')} has no meaning on one machine and is left out")
