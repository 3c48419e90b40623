"""Entries of the cache, and digests of their content."""

import os
from pathlib import Path

import pytest
from paas_local.build import cache


@pytest.fixture(autouse=True)
def folder_of_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "paas-local"


def test_a_stored_entry_has_its_path():
    with cache.new_entry("charms") as folder:
        (folder / "a").write_text("a")
        assert not cache.path("charms", "d1").exists()
        place = cache.store(folder, "charms", "d1")

    assert place == cache.path("charms", "d1")
    assert (place / "a").read_text() == "a"


def test_the_first_of_two_equal_entries_is_kept():
    for text in ("first", "second"):
        with cache.new_entry("charms") as folder:
            (folder / "a").write_text(text)
            place = cache.store(folder, "charms", "d1")

    assert (place / "a").read_text() == "first"


def test_an_interrupted_run_leaves_nothing(folder_of_cache: Path):
    def interrupted() -> None:
        with cache.new_entry("charms") as folder:
            (folder / "a").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert list((folder_of_cache / "charms").iterdir()) == []


def test_other_errors_are_raised():
    with cache.new_entry("charms") as folder, pytest.raises(FileNotFoundError):
        cache.store(folder / "not-there", "charms", "d1")


def test_the_digest_depends_on_the_borders_between_parts():
    assert cache.digest("ab", "c") != cache.digest("a", "bc")
    assert cache.digest("a", "b") == cache.digest(b"a", b"b")


@pytest.mark.parametrize("change", ["content", "name", "mode", "link", "folder link"])
def test_a_changed_tree_has_another_digest(change: str, tmp_path: Path):
    folder = tmp_path / "tree"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a").write_text("a")
    (folder / "link").symlink_to("a")
    (folder / "folder").symlink_to("below")
    before = cache.tree_digest(folder)

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

    assert cache.tree_digest(folder) != before


def test_caches_of_tools_are_ignored(tmp_path: Path):
    folder = tmp_path / "tree"
    folder.mkdir()
    before = cache.tree_digest(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").touch()

    assert cache.tree_digest(folder) == before


def test_special_files_are_neither_read_nor_copied(tmp_path: Path):
    folder = tmp_path / "tree"
    folder.mkdir()
    os.mkfifo(folder / "pipe")

    cache.tree_digest(folder)
    cache.copy(folder, tmp_path / "copy")

    assert list((tmp_path / "copy").iterdir()) == []
