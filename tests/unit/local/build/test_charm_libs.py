"""Sources of charm libraries, with a source distribution that the test makes."""

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from paas_local.build import charm_libs, python_environments
from paas_local.build.errors import ProjectError

MEMBER = "tests/charm/lib/charms/big_db/v0/client.py"
CLIENT = b"LIBAPI = 0\nLIBPATCH = 7\n"
DECLARED: dict[str, Any] = {"charm-libs": [{"lib": "big-db.client", "version": "0"}]}


def sdist(content: bytes = CLIENT, member: str = MEMBER) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        entry = tarfile.TarInfo(f"carrier-1.0/{member}")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def pin(archive: bytes, content: bytes = CLIENT) -> charm_libs.Pin:
    return charm_libs.Pin(
        distribution="carrier",
        version="1.0",
        sha256=hashlib.sha256(archive).hexdigest(),
        member=MEMBER,
        patch=7,
        file_sha256=hashlib.sha256(content).hexdigest(),
    )


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Serve an index with one distribution that contains one library; return its file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    archive = tmp_path / "carrier-1.0.tar.gz"
    archive.write_bytes(sdist())
    carried = pin(archive.read_bytes())

    def where(*_: str) -> str:
        return archive.as_uri()

    monkeypatch.setattr(charm_libs, "pinned", lambda: {"big_db.v0.client": carried})
    monkeypatch.setattr(python_environments, "sdist_url", where)
    return archive


def test_the_lock_names_the_libraries_of_the_contract():
    pins = charm_libs.pinned()

    assert pins["data_platform_libs.v0.data_interfaces"].patch == 58
    assert pins["loki_k8s.v1.loki_push_api"].member.endswith("lib/charms/loki_k8s/v1/loki_push_api.py")
    assert all(len(one.sha256) == len(one.file_sha256) == 64 for one in pins.values())


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        pytest.param(
            {"lib": "loki-k8s.loki_push_api", "version": "1"},
            "charms/loki_k8s/v1/loki_push_api.py",
            id="dash",
        ),
        pytest.param({"lib": "big_db.client", "version": "0.7"}, "charms/big_db/v0/client.py", id="patch"),
        pytest.param({"lib": "big_db.client", "version": 0}, "charms/big_db/v0/client.py", id="number"),
    ],
)
def test_the_path_of_a_library_follows_its_import(entry: dict[str, Any], path: str):
    (library,) = charm_libs.declared({"charm-libs": [entry]})

    assert library.path == Path(path)


@pytest.mark.parametrize("entry", ["x", {"lib": "x", "version": "1"}, {"lib": "a.b", "version": "one"}, {"lib": "a.b"}])
def test_refuses_entries_without_a_library(entry: Any):
    with pytest.raises(ProjectError, match=r"charmcraft\.yaml: charm-libs: an entry must be like"):
        charm_libs.declared({"charm-libs": [entry]})


def test_refuses_charm_libs_that_are_not_a_list():
    with pytest.raises(ProjectError, match="charm-libs: must be a list"):
        charm_libs.declared({"charm-libs": {"lib": "a.b"}})


def test_gets_the_file_from_the_index(index: Path, tmp_path: Path):
    messages: list[str] = []

    written = charm_libs.fetch_into(tmp_path / "lib", DECLARED, messages.append)

    assert written == [tmp_path / "lib" / "charms" / "big_db" / "v0" / "client.py"]
    assert written[0].read_bytes() == CLIENT
    assert messages == ["downloading carrier 1.0 for 1 charm libraries"]


def test_downloads_once(index: Path, tmp_path: Path):
    charm_libs.fetch_into(tmp_path / "one", DECLARED, lambda _: None)
    index.unlink()

    assert charm_libs.fetch_into(tmp_path / "two", DECLARED, lambda _: None)


def test_keeps_existing_files(index: Path, tmp_path: Path):
    mine = tmp_path / "lib" / "charms" / "big_db" / "v0" / "client.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")

    assert charm_libs.fetch_into(tmp_path / "lib", DECLARED, lambda _: None) == []
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"lib": "other.thing", "version": "1"}, id="unknown"),
        pytest.param({"lib": "big_db.client", "version": "1"}, id="other API"),
        pytest.param({"lib": "big_db.client", "version": "0.6"}, id="other patch"),
    ],
)
def test_names_unavailable_libraries(entry: dict[str, Any], index: Path, tmp_path: Path):
    messages: list[str] = []

    written = charm_libs.fetch_into(tmp_path / "lib", {"charm-libs": [entry]}, messages.append, requested=True)

    assert written == []
    assert messages[-1].startswith("not available here: ")
    assert messages[-1].endswith("run charmcraft fetch-libs")


def test_unavailable_libraries_are_not_reported_without_a_request(index: Path, tmp_path: Path):
    messages: list[str] = []

    charm_libs.fetch_into(tmp_path / "lib", {"charm-libs": [{"lib": "other.thing", "version": "1"}]}, messages.append)

    assert messages == []


def test_refuses_another_archive(index: Path, tmp_path: Path):
    index.write_bytes(sdist(CLIENT + b"# changed"))

    with pytest.raises(ProjectError, match=r"carrier 1\.0 is not the pinned file: sha256 is"):
        charm_libs.fetch_into(tmp_path / "lib", DECLARED, lambda _: None)

    assert not (tmp_path / "lib").exists()


def test_refuses_another_file_in_the_archive():
    archive = sdist(b"changed")

    with pytest.raises(ProjectError, match=r"client\.py of carrier 1\.0 is not the pinned file"):
        charm_libs.extract(archive, [pin(archive)])


@pytest.mark.parametrize("archive", [sdist(member="elsewhere.py"), b"not an archive"])
def test_an_archive_without_the_file_is_an_error(archive: bytes):
    with pytest.raises(ProjectError, match=r"carrier 1\.0 does not contain the pinned file"):
        charm_libs.extract(archive, [pin(archive)])


def test_a_failed_download_is_an_error(index: Path, tmp_path: Path):
    index.unlink()

    with pytest.raises(ProjectError, match=r"carrier 1\.0, which contains charm libraries, cannot be downloaded: "):
        charm_libs.fetch_into(tmp_path / "lib", DECLARED, lambda _: None)


def charmcraft(tmp_path: Path, script: str) -> None:
    program = tmp_path / "programs" / "charmcraft"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_prefers_charmcraft(index: Path, tmp_path: Path):
    charmcraft(tmp_path, "/bin/mkdir -p lib/charms/big_db/v0; echo newer > lib/charms/big_db/v0/client.py")

    (written,) = charm_libs.fetch_into(tmp_path / "lib", DECLARED, lambda _: None)

    assert written.read_text() == "newer\n"


def test_falls_back_if_charmcraft_fails(index: Path, tmp_path: Path):
    charmcraft(tmp_path, "exit 1")
    messages: list[str] = []

    (written,) = charm_libs.fetch_into(tmp_path / "lib", DECLARED, messages.append)

    assert written.read_bytes() == CLIENT
    assert "charmcraft got no charm libraries from Charmhub; using pinned copies instead" in messages


def test_a_failed_charmcraft_is_called_again_on_request(index: Path, tmp_path: Path):
    charmcraft(tmp_path, f"echo x >> {tmp_path}/calls; exit 1")

    charm_libs.fetch_into(tmp_path / "one", DECLARED, lambda _: None)
    charm_libs.fetch_into(tmp_path / "two", DECLARED, lambda _: None)
    assert (tmp_path / "calls").read_text() == "x\n"

    charm_libs.fetch_into(tmp_path / "three", DECLARED, lambda _: None, requested=True)
    assert (tmp_path / "calls").read_text() == "x\nx\n"


def test_falls_back_if_charmcraft_hangs(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def hang(*_: object, **options: Any) -> None:
        raise subprocess.TimeoutExpired("charmcraft", options["timeout"])

    charmcraft(tmp_path, "exit 0")
    monkeypatch.setattr(subprocess, "run", hang)

    (written,) = charm_libs.fetch_into(tmp_path / "lib", DECLARED, lambda _: None)

    assert written.read_bytes() == CLIENT


def test_fetch_fills_the_folder_of_a_charm(index: Path, tmp_path: Path):
    (tmp_path / "charmcraft.yaml").write_text(yaml.safe_dump({"name": "x", **DECLARED}))

    written = charm_libs.fetch(tmp_path, lambda _: None)

    assert [file.relative_to(tmp_path) for file in written] == [Path("lib/charms/big_db/v0/client.py")]


def test_fetch_names_the_file_that_is_missing(tmp_path: Path):
    with pytest.raises(ProjectError, match=r"charmcraft\.yaml: No such file or directory"):
        charm_libs.fetch(tmp_path, lambda _: None)
