"""The charm and the resources of ``deploy``: images are built from folders, files are stored."""

from collections.abc import Mapping
from pathlib import Path

import click

from paas_local.build import charm_resources, charms, rocks
from paas_local.cli import built_in_charms, progress
from paas_local.cli.client import Client
from paas_local.juju import names


def pack(
    charm_argument: str, resources: Mapping[str, str], steps: progress.Steps
) -> tuple[charms.Charm, dict[str, str]]:
    """Pack a charm and build its resources; return it with the folder of each.

    An image that is not named is the built-in charm's, or the folder in ``upstream-source`` of the charm's metadata.
    """
    built_in = built_in_charms.find(charm_argument)
    paths = _paths(resources)  # checked before packing, which takes long
    source = built_in.charm if built_in else charm_path(charm_argument)
    charm = charms.pack(source, steps)
    declared = charm_resources.declared(charm.metadata)
    images = [name for name, file_name in declared.items() if not file_name]
    if built_in and built_in.rock.is_dir():
        paths = {**dict.fromkeys(images, built_in.rock), **paths}
    elif not built_in:
        paths = {**charm_resources.upstream_folders(charm.metadata), **paths}
    _check_names(paths, declared)
    if missing := [key for key in images if key not in paths]:
        raise click.ClickException(
            f"local charm missing OCI images for: {', '.join(missing)}; add --resource {missing[0]}=FOLDER,"
            " the application's folder, which has rockcraft.yaml"
        )
    return charm, _built(paths, declared, steps)


def declared_in_model(client: Client, model: str, application: str) -> dict[str, str]:
    """Return the resources that an application's charm declares, each with its file name; an image has an empty one."""
    if "/" in application:
        raise click.ClickException(f'application "{application}" not valid')
    document = client.query("resources", model=model, target=application)
    return {each["name"]: each["path"] for each in document["resources"]}


def build(resources: Mapping[str, str], declared: Mapping[str, str], steps: progress.Steps) -> dict[str, str]:
    """Build resources, and return the folder of each; ``declared`` has the charm's resources with their file names."""
    paths = _paths(resources)
    _check_names(paths, declared)
    return _built(paths, declared, steps)


def charm_path(argument: str) -> Path:
    """Return the path of a charm, or raise an error that names the built-in charms."""
    path = Path(argument)
    if path.exists():
        return path.resolve()
    argument = argument.removeprefix("ch:").rpartition("/")[2] if argument.startswith("ch:") else argument
    if argument.startswith((".", "/")) or "/" in argument:
        raise click.ClickException(f'no charm was found at "{argument}"')
    known = built_in_charms.charm_names()
    raise click.ClickException(
        f'no charm "{argument}"; the built-in charms are: {", ".join(known)};'
        f" a charm of your own is a path, as ./{argument}{names.did_you_mean(argument, known)}"
    )


def _paths(resources: Mapping[str, str]) -> dict[str, Path]:
    paths = {key: Path(path) for key, path in resources.items()}
    for key, path in paths.items():
        if not path.exists():
            raise click.ClickException(
                f'there is no "{path}" for the resource {key}: an image needs the application\'s folder,'
                " which has rockcraft.yaml; a file resource, a file"
            )
    return paths


def _check_names(paths: Mapping[str, Path], declared: Mapping[str, str]) -> None:
    for key in paths:
        if key not in declared:
            raise click.ClickException(
                f'unrecognized resource "{key}"; the charm has: {", ".join(declared) or "no resources"}'
            )


def _built(paths: Mapping[str, Path], declared: Mapping[str, str], steps: progress.Steps) -> dict[str, str]:
    return {key: str(_folder(key, path, declared[key], steps)) for key, path in paths.items()}


def _folder(name: str, path: Path, file_name: str, steps: progress.Steps) -> Path:
    return charm_resources.store(name, path, file_name) if file_name else rocks.build(path, steps).folder
