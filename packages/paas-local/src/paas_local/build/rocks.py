"""What the image of an application would hold, and where that lies on this machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import yaml

from paas_local.build import cache, debian_packages, python_environments, rockcraft, yaml_files
from paas_local.build.errors import project_errors
from paas_local.build.progress import Progress
from paas_local.build.python_environments import Environment
from paas_local.build.rock_recipe import Recipe

_KIND = "rocks"
_RECORD = "rock.yaml"
_ROOT = "root"
# Folders that a container has of the machine or of its own; an image adds single files to them.
_SHARED = frozenset({"bin", "etc", "home", "lib", "opt", "root", "run", "sbin", "srv", "tmp", "usr", "var"})

Mode = Literal["ro", "copy"]


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file or folder of this machine, at its place in the container.

    ``ro`` is shared by all containers and read-only. Of ``copy`` every new container gets a copy of its own,
    owned by ``_daemon_`` and writable, which is gone with the container: an image's own files.
    """

    source: Path
    target: str
    mode: Mode


@dataclass(frozen=True, kw_only=True)
class Rock:
    """A local image: files and folders at their places, an interpreter, and Pebble's layers."""

    folder: Path
    name: str
    layers: Mapping[str, str]
    """File name, as ``001-flask.yaml``, to the text of the layer."""
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of Pebble itself, thus of every service and exec in the container."""
    python: Path | None = None
    """The virtual environment whose ``bin/python`` has to answer as ``/bin/python3``; part of ``mounts``."""
    packages: Path | None = None
    """What Debian packages bring, ``usr`` and all; their ``usr`` is laid over the machine's."""
    folders: tuple[str, ...] = ()
    """Folders that exist, empty, and belong to ``_daemon_``: ``/var/log/flask``."""


def build(source: Path, progress: Progress) -> Rock:
    """Make the local image of a project's folder, or find it in the cache."""
    with project_errors(source):
        recipe = rockcraft.read(source, progress)
        environment = python_environments.install(recipe.requirements, progress) if recipe.requirements else None
        where = f"{rockcraft.FILE}: stage-packages"
        packages = debian_packages.stage(recipe.packages, where, progress) if recipe.packages else None
        return read(_build(recipe, environment, packages))


def read(folder: Path) -> Rock:
    """Read a local image."""
    record = yaml_files.load(folder / _RECORD)
    python, packages = record["python"], record.get("packages")
    return Rock(
        folder=folder,
        name=record["name"],
        layers=record["layers"],
        mounts=tuple(_placed(mount, folder) for mount in record["mounts"]),
        environment=record["environment"],
        python=Path(python) if python else None,
        packages=Path(packages) if packages else None,
        folders=tuple(record["folders"]),
    )


def _placed(mount: Mapping[str, str], folder: Path) -> Mount:
    """Read a mount; a relative source is in the image's own folder."""
    mode: Mode = "copy" if mount["mode"] == "copy" else "ro"
    return Mount(source=folder / mount["source"], target=mount["target"], mode=mode)


def _build(recipe: Recipe, environment: Environment | None, packages: Path | None) -> Path:
    with cache.new(_KIND) as folder:
        root = folder / _ROOT
        # What they have elsewhere is little, and a container may want to change it.
        for item in packages.iterdir() if packages else ():
            if item.name != "usr":
                cache.copy(item, _below(root, item.name))
        for target, source in recipe.files.items():
            cache.copy(source, _below(root, target))
        for target, text in recipe.texts.items():
            _below(root, target).write_text(text, encoding="utf-8")
            _below(root, target).chmod(0o644)
        _programs(root, recipe.programs)
        for compiled in recipe.compile:
            with tempfile.TemporaryDirectory(dir=folder.parent) as lent:
                _programs(root, compiled(Path(lent)))
        mounts = [*_own_mounts(root), *_shared_mounts(environment)]
        record = _record(recipe, environment, mounts) | {"packages": str(packages) if packages else None}
        (folder / _RECORD).write_text(yaml.safe_dump(record, sort_keys=False, allow_unicode=True))
        return cache.keep(folder, _KIND, cache.tree(folder))


def _programs(root: Path, programs: Mapping[str, Path]) -> None:
    for target, program in programs.items():
        shutil.copyfile(program, _below(root, target))
        _below(root, target).chmod(0o755)


def _record(recipe: Recipe, environment: Environment | None, mounts: list[Mount]) -> dict[str, Any]:
    layer = yaml.safe_dump(dict(recipe.layer), sort_keys=False, allow_unicode=True)
    return {
        "name": recipe.name,
        "layers": {f"001-{recipe.name}.yaml": layer} if recipe.layer else {},
        "mounts": [{**asdict(mount), "source": str(mount.source)} for mount in mounts],
        "environment": dict(recipe.environment),
        "python": str(environment.folder) if environment else None,
        "folders": list(recipe.folders),
    }


def _own_mounts(root: Path) -> Iterator[Mount]:
    for item in sorted(root.iterdir()) if root.is_dir() else ():
        shared = item.is_dir() and item.name in _SHARED
        for place in sorted(_files(item)) if shared else [item]:
            target = PurePosixPath("/", place.relative_to(root))
            yield Mount(source=place.relative_to(root.parent), target=str(target), mode=_mode(target))


def _mode(target: PurePosixPath) -> Mode:
    """Say how a container gets a file: its own folders can hold a copy, which can be replaced while it runs."""
    of_the_machine = target.is_relative_to("/bin") or target.is_relative_to("/usr")
    return "ro" if of_the_machine and not target.is_relative_to("/usr/local") else "copy"


def _shared_mounts(environment: Environment | None) -> Iterator[Mount]:
    for path in environment.needs if environment else ():
        yield Mount(source=path, target=str(path), mode="ro")


def _files(folder: Path) -> Iterator[Path]:
    for above, _, files in os.walk(folder):
        yield from (Path(above) / name for name in files)


def _below(root: Path, target: str) -> Path:
    """Find a path of the image below ``root``, with the folders above it made."""
    place = root / target.lstrip("/")
    for folder in reversed(place.relative_to(root).parents):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).chmod(0o755)
    return place
