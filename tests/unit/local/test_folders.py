"""Where paas-local's folders stand, and which are refused."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from paas_local import folders


def test_home_is_the_named_folder_and_only_its_owner_may_look_inside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PAAS_LOCAL_HOME", str(tmp_path / "here"))

    found = folders.home()

    assert found == tmp_path / "here"
    assert found.stat().st_mode & 0o777 == 0o700


def test_home_follows_xdg_then_the_persons_home(monkeypatch: pytest.MonkeyPatch) -> None:
    # A test's own folder may be too long for the socket that has to fit in.
    with TemporaryDirectory(prefix="paas-") as short:
        monkeypatch.delenv("PAAS_LOCAL_HOME", raising=False)
        monkeypatch.setenv("HOME", short)
        monkeypatch.setenv("XDG_DATA_HOME", "")

        default = folders.home()
        monkeypatch.setenv("XDG_DATA_HOME", f"{short}/data")
        chosen = folders.home()

    assert default == Path(short, ".local/share/paas-local")
    assert chosen == Path(short, "data/paas-local")


def test_cache_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    found = folders.cache()

    assert found == tmp_path / "cache/paas-local"
    assert found.is_dir()


def test_a_home_too_long_for_the_socket_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAAS_LOCAL_HOME", str(tmp_path / ("x" * 120)))

    with pytest.raises(folders.FolderError, match=r"too long.*set PAAS_LOCAL_HOME.*95 bytes"):
        folders.home()


def test_a_home_that_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PAAS_LOCAL_HOME", str(tmp_path / "file/home"))

    with pytest.raises(folders.FolderError, match=r"cannot make the folder .*: Not a directory"):
        folders.home()
