"""The charm and the images of ``deploy``, packed and built from folders."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from paas_local.build import charms, rocks
from paas_local.cli import built_in_charms, progress
from paas_local.juju import names


def pack(
    charm_argument: str, resources: Mapping[str, str], steps: progress.Steps
) -> tuple[charms.Charm, dict[str, rocks.Rock]]:
    """Pack a charm and build the images of its resources."""
    built_in = built_in_charms.find(charm_argument)
    folders = _folders(resources)  # checked before packing, which takes long
    source = built_in.charm if built_in else charm_path(charm_argument)
    charm = charms.pack(source, steps)
    images = image_resources(charm)
    if built_in and built_in.rock.is_dir():
        folders = {**dict.fromkeys(images, built_in.rock), **folders}
    _check_resources(images, folders)
    return charm, {key: rocks.build(folder, steps) for key, folder in folders.items()}


def build(resources: Mapping[str, str], steps: progress.Steps) -> dict[str, rocks.Rock]:
    """Build images from folders; ``resources`` maps the names of the resources to the folders."""
    return {key: rocks.build(folder, steps) for key, folder in _folders(resources).items()}


def image_resources(charm: charms.Charm) -> list[str]:
    """Return the names of a charm's resources that are images."""
    resources: Mapping[str, Mapping[str, Any]] = charm.metadata.get("resources") or {}
    return [key for key, resource in resources.items() if resource.get("type") == "oci-image"]


def charm_path(argument: str) -> Path:
    """Return the path of a charm, or raise an error that names the built-in charms."""
    path = Path(argument)
    if path.exists():
        return path.resolve()
    argument = argument.removeprefix("ch:").rpartition("/")[2] if argument.startswith("ch:") else argument
    if argument.startswith((".", "/")) or "/" in argument:
        raise click.ClickException(f'no charm was found at "{argument}"')
    known = built_in_charms.names()
    raise click.ClickException(
        f'no charm "{argument}"; the built-in charms are: {", ".join(known)};'
        f" a charm of your own is a path, as ./{argument}{names.did_you_mean(argument, known)}"
    )


def _folders(resources: Mapping[str, str]) -> dict[str, Path]:
    folders = {key: Path(folder) for key, folder in resources.items()}
    for key, folder in folders.items():
        if not folder.exists():
            raise click.ClickException(
                f'there is no folder "{folder}" for the resource {key}: it must be the application\'s folder,'
                " which has rockcraft.yaml"
            )
    return folders


def _check_resources(images: Sequence[str], folders: Mapping[str, Path]) -> None:
    for key in folders:
        if key not in images:
            known = ", ".join(images) or "no images"
            raise click.ClickException(f'the charm has no image resource "{key}"; it has: {known}')
    if missing := [key for key in images if key not in folders]:
        raise click.ClickException(
            f"local charm missing OCI images for: {', '.join(missing)}; add --resource {missing[0]}=FOLDER,"
            " the application's folder, which has rockcraft.yaml"
        )
