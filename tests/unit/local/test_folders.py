"""The folders of paas-local, and the errors of folders that cannot be used."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from paas_local import folders


def test_home_is_the_folder_in_the_variable_and_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAAS_LOCAL_HOME", str(tmp_path / "here"))

    home = folders.home()

    assert home == tmp_path / "here"
    assert home.stat().st_mode & 0o777 == 0o700


def test_the_default_home_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest's folder may be too long for the socket
    with TemporaryDirectory(prefix="paas-") as short:
        monkeypatch.delenv("PAAS_LOCAL_HOME", raising=False)
        monkeypatch.setenv("HOME", short)
        monkeypatch.setenv("XDG_DATA_HOME", "")

        default = folders.home()
        monkeypatch.setenv("XDG_DATA_HOME", f"{short}/data")
        with_xdg = folders.home()

    assert default == Path(short, ".local/share/paas-local")
    assert with_xdg == Path(short, "data/paas-local")


def test_cache_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    cache = folders.cache()

    assert cache == tmp_path / "cache/paas-local"
    assert cache.is_dir()


def test_a_home_too_long_for_the_socket_names_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAAS_LOCAL_HOME", str(tmp_path / ("x" * 120)))

    with pytest.raises(folders.FolderError, match=r"too long.*set PAAS_LOCAL_HOME.*95 bytes"):
        folders.home()


def test_a_home_that_cannot_be_created_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PAAS_LOCAL_HOME", str(tmp_path / "file/home"))

    with pytest.raises(folders.FolderError, match=r"cannot create the folder .*: Not a directory"):
        folders.home()
