"""What is kept, and when two things are the same."""

import os
from pathlib import Path

import pytest
from paas_local.build import cache


@pytest.fixture(autouse=True)
def folder_of_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "paas-local"


def test_an_entry_has_its_place_once_it_is_kept():
    with cache.new("charms") as folder:
        (folder / "a").write_text("a")
        assert not cache.path("charms", "d1").exists()
        place = cache.keep(folder, "charms", "d1")

    assert place == cache.path("charms", "d1")
    assert (place / "a").read_text() == "a"


def test_of_two_that_make_the_same_the_first_stays():
    for text in ("first", "second"):
        with cache.new("charms") as folder:
            (folder / "a").write_text(text)
            place = cache.keep(folder, "charms", "d1")

    assert (place / "a").read_text() == "first"


def test_what_is_interrupted_is_gone(folder_of_cache: Path):
    def interrupted() -> None:
        with cache.new("charms") as folder:
            (folder / "a").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert list((folder_of_cache / "charms").iterdir()) == []


def test_another_reason_not_to_keep_is_not_hidden():
    with cache.new("charms") as folder, pytest.raises(FileNotFoundError):
        cache.keep(folder / "not-there", "charms", "d1")


def test_borders_between_parts_count():
    assert cache.digest("ab", "c") != cache.digest("a", "bc")
    assert cache.digest("a", "b") == cache.digest(b"a", b"b")


@pytest.mark.parametrize("change", ["content", "name", "mode", "link", "folder link"])
def test_a_changed_tree_is_another(change: str, tmp_path: Path):
    folder = tmp_path / "tree"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a").write_text("a")
    (folder / "link").symlink_to("a")
    (folder / "folder").symlink_to("below")
    before = cache.tree(folder)

    match change:
        case "content":
            (folder / "below" / "a").write_text("b")
        case "name":
            (folder / "below" / "a").rename(folder / "below" / "b")
        case "mode":
            (folder / "below" / "a").chmod(0o755)
        case "link":
            (folder / "link").unlink()
            (folder / "link").symlink_to("b")
        case _:
            (folder / "folder").unlink()
            (folder / "folder").symlink_to(".")

    assert cache.tree(folder) != before


def test_caches_do_not_make_a_difference(tmp_path: Path):
    folder = tmp_path / "tree"
    folder.mkdir()
    before = cache.tree(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").touch()

    assert cache.tree(folder) == before


def test_what_is_no_file_is_neither_read_nor_copied(tmp_path: Path):
    folder = tmp_path / "tree"
    folder.mkdir()
    os.mkfifo(folder / "pipe")

    cache.tree(folder)
    cache.copy(folder, tmp_path / "copy")

    assert list((tmp_path / "copy").iterdir()) == []
