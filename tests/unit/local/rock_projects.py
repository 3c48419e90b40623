"""Applications' folders to build images from, and views of the images."""

from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from paas_local.build import rocks
from paas_local.build.errors import ProjectError
from paas_local.build.rocks import Rock


def quietly(_: str) -> None:
    """Show no progress."""


def write(folder: Path, name: str, text: str = "") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def write_rockcraft(source: Path, framework: str, **more: Any) -> None:
    """Write the ``rockcraft.yaml`` of an application called my-notes."""
    document = {"name": "my-notes", "base": "ubuntu@24.04", "extensions": [f"{framework}-framework"], **more}
    write(source, "rockcraft.yaml", yaml.safe_dump(document))


def build_error(source: Path) -> str:
    """Return the one line that the author of an image that cannot be built reads."""
    with pytest.raises(ProjectError) as caught:
        rocks.build(source, quietly)

    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{source}", "SOURCE")


def layer(rock: Rock) -> dict[str, Any]:
    (text,) = rock.layers.values()
    return cast("dict[str, Any]", yaml.safe_load(text))


def inside(rock: Rock, path: str) -> Path:
    """Return the file of this machine that a path of the image shows."""
    for mount in rock.mounts:
        if Path(path).is_relative_to(mount.target):
            return mount.source / Path(path).relative_to(mount.target)
    return Path("/nowhere")


def listed(rock: Rock, folder: str) -> list[str]:
    """Return the files below a folder of the image."""
    place = inside(rock, folder)
    return sorted(str(file.relative_to(place)) for file in place.rglob("*") if file.is_file())
