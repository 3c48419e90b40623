"""Local images: the content of a rock, as mounts of files of this machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import yaml

from paas_local.build import (
    cache,
    debian_packages,
    left_out_files,
    python_environments,
    rock_recipe,
    rockcraft,
    yaml_files,
)
from paas_local.build.errors import project_errors
from paas_local.build.progress import Progress, warn
from paas_local.build.python_environments import Environment
from paas_local.build.rock_recipe import Recipe

_KIND = "rocks"
_RECORD = "rock.yaml"
_ROOT = "root"
# Folders that every container has; an image adds single files to them.
_SHARED = frozenset({"bin", "etc", "home", "lib", "opt", "root", "run", "sbin", "srv", "tmp", "usr", "var"})

Mode = Literal["ro", "copy"]


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file or folder of this machine, and its path in the container.

    ``ro`` is read-only and shared by all containers. ``copy`` is for an image's own files: each new container gets a
    writable copy that belongs to ``_daemon_`` and is gone with the container.
    """

    source: Path
    target: str
    mode: Mode


@dataclass(frozen=True, kw_only=True)
class Rock:
    """A local image."""

    folder: Path
    name: str
    layers: Mapping[str, str]
    """File name, ``001-flask.yaml``, to the text of the Pebble layer."""
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment of Pebble, and so of every service and exec in the container."""
    python: Path | None = None
    """Virtual environment whose ``bin/python`` is ``/bin/python3``; one of the ``mounts``."""
    packages: Path | None = None
    """Folder with the files of Debian packages; its ``usr`` is merged with the machine's."""
    folders: tuple[str, ...] = ()
    """Empty folders that belong to ``_daemon_``: ``/var/log/flask``."""


def build(source: Path, progress: Progress) -> Rock:
    """Build the local image of a project's folder, or find it in the cache."""
    with project_errors(source):
        recipe = rockcraft.read(source, progress)
        for advice in left_out_files.imported(source, recipe):
            warn(progress, advice)
        environment = python_environments.install(recipe.requirements, progress) if recipe.requirements else None
        where = f"{rock_recipe.FILE}: stage-packages"
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
        mounts=tuple(_mount(mount, folder) for mount in record["mounts"]),
        environment=record["environment"],
        python=Path(python) if python else None,
        packages=Path(packages) if packages else None,
        folders=tuple(record["folders"]),
    )


def _mount(mount: Mapping[str, str], folder: Path) -> Mount:
    """Read a mount; a relative source is in the image's own folder."""
    mode: Mode = "copy" if mount["mode"] == "copy" else "ro"
    return Mount(source=folder / mount["source"], target=mount["target"], mode=mode)


def _build(recipe: Recipe, environment: Environment | None, packages: Path | None) -> Path:
    with cache.new_entry(_KIND) as folder:
        root = folder / _ROOT
        # Files outside of usr are few, and a container may want to change them.
        for item in packages.iterdir() if packages else ():
            if item.name != "usr":
                cache.copy(item, _target(root, item.name))
        for target, source in recipe.files.items():
            cache.copy(source, _target(root, target))
        for target, text in recipe.texts.items():
            _target(root, target).write_text(text, encoding="utf-8")
            _target(root, target).chmod(0o644)
        _copy_programs(root, recipe.programs)
        for compile_programs in recipe.compile:
            with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
                _copy_programs(root, compile_programs(Path(temporary)))
        mounts = [*_own_mounts(root), *_shared_mounts(environment)]
        record = _record(recipe, environment, mounts) | {"packages": str(packages) if packages else None}
        (folder / _RECORD).write_text(yaml.safe_dump(record, sort_keys=False, allow_unicode=True))
        return cache.store(folder, _KIND, cache.tree_digest(folder))


def _copy_programs(root: Path, programs: Mapping[str, Path]) -> None:
    for target, program in programs.items():
        shutil.copyfile(program, _target(root, target))
        _target(root, target).chmod(0o755)


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
        for source in sorted(_files(item)) if shared else [item]:
            target = PurePosixPath("/", source.relative_to(root))
            yield Mount(source=source.relative_to(root.parent), target=str(target), mode=_mode(target))


def _mode(target: PurePosixPath) -> Mode:
    """Return how a container gets a file; a copy can be replaced while the container runs."""
    merged = target.is_relative_to("/bin") or target.is_relative_to("/usr")
    return "ro" if merged and not target.is_relative_to("/usr/local") else "copy"


def _shared_mounts(environment: Environment | None) -> Iterator[Mount]:
    for path in environment.mounts if environment else ():
        yield Mount(source=path, target=str(path), mode="ro")


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, files in os.walk(folder):
        yield from (Path(parent) / name for name in files)


def _target(root: Path, target: str) -> Path:
    """Return the path below ``root`` for a path in the image, and make its parent folders."""
    path = root / target.lstrip("/")
    for folder in reversed(path.relative_to(root).parents):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).chmod(0o755)
    return path
