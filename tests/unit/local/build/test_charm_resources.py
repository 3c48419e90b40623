"""A charm's resources: their declarations, and the stored files."""

from pathlib import Path
from typing import Any

import pytest
from paas_local.build import charm_resources
from paas_local.build.errors import ProjectError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_file_has_its_name_and_an_image_has_none():
    metadata = {"resources": {"image": {"type": "oci-image"}, "words": {"type": "file", "filename": "words.txt"}}}

    assert charm_resources.declared(metadata) == {"image": "", "words": "words.txt"}
    assert charm_resources.declared({}) == {}


def test_the_upstream_source_of_an_image_may_be_the_folder_of_its_rock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in ("rock", "redis"):
        (tmp_path / name).mkdir()
    (tmp_path / "rock/rockcraft.yaml").touch()
    sources = {"app-image": "./rock", "redis-image": "redis", "web-image": "ghcr.io/some/web:1"}
    resources: dict[str, Any] = {
        name: {"type": "oci-image", "upstream-source": source} for name, source in sources.items()
    }

    folders = charm_resources.upstream_folders({"resources": resources | {"plain-image": {"type": "oci-image"}}})

    assert folders == {"app-image": Path("rock")}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        pytest.param({}, "type: must be file or oci-image; found None", id="no type"),
        pytest.param({"type": "blob"}, "type: must be file or oci-image; found blob", id="unknown type"),
        pytest.param({"type": "file"}, "filename: must be the name of a file, without a folder; found None", id="none"),
        pytest.param(
            {"type": "file", "filename": "../a"},
            "filename: must be the name of a file, without a folder; found ../a",
            id="a path",
        ),
        pytest.param(
            {"type": "file", "filename": ".."},
            "filename: must be the name of a file, without a folder; found ..",
            id="a folder",
        ),
    ],
)
def test_a_declaration_that_is_not_one_names_its_key(resource: dict[str, Any], message: str):
    with pytest.raises(ProjectError) as raised:
        charm_resources.declared({"resources": {"words": resource}})

    assert str(raised.value) == f"metadata.yaml: resources.words.{message}"


def test_a_stored_file_is_a_copy_and_is_found_by_its_content(tmp_path: Path):
    first, same, other = (tmp_path / name for name in ("a.txt", "b.txt", "c.txt"))
    for file, text in ((first, "x"), (same, "x"), (other, "y")):
        file.write_text(text)

    folder = charm_resources.store("words", first, "words.txt")
    first.write_text("changed")

    assert (folder / charm_resources.CONTENT).read_text() == "x"
    assert charm_resources.store("words", same, "words.txt") == folder
    assert charm_resources.store("words", other, "words.txt") != folder
