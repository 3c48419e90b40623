"""Folders that images are built of, and what one looks for in an image."""

from pathlib import Path
from typing import Any, cast

import yaml
from paas_local.build.rocks import Rock


def quietly(_: str) -> None:
    """Show no progress."""


def write(folder: Path, name: str, text: str = "") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def layer(rock: Rock) -> dict[str, Any]:
    (text,) = rock.layers.values()
    return cast("dict[str, Any]", yaml.safe_load(text))


def inside(rock: Rock, path: str) -> Path:
    """Where a path of the image lies."""
    for mount in rock.mounts:
        if Path(path).is_relative_to(mount.target):
            return mount.source / Path(path).relative_to(mount.target)
    return Path("/nowhere")


def listed(rock: Rock, folder: str) -> list[str]:
    """The files below a folder of the image."""
    place = inside(rock, folder)
    return sorted(str(file.relative_to(place)) for file in place.rglob("*") if file.is_file())
