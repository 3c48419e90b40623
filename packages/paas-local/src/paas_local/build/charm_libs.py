"""Where the charm libraries come from that a project names under ``charm-libs``.

From charmcraft, where it is installed and Charmhub answers; else from source distributions on the package
index that hold the same files, each pinned by version and digest in ``libs.lock.yaml``.
"""

import hashlib
import http.client
import io
import os
import shutil
import ssl
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from paas_local import folders
from paas_local.build import cache, charmcraft_extensions, python_environments, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.progress import Progress

_LOCK = Path(__file__).with_name("charm_libs.lock.yaml")
_CHARMCRAFT_SECONDS = 20
_CHARMCRAFT_REST = 3600
_DOWNLOAD_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Library:
    """A charm library by the names of its folder and module, as ``loki_k8s``, 1, ``loki_push_api``."""

    charm: str
    api: int
    name: str
    patch: int | None = None
    """Only this patch of the API will do."""

    @property
    def key(self) -> str:
        """Name it the way it is imported, below ``charms``."""
        return f"{self.charm}.v{self.api}.{self.name}"

    @property
    def path(self) -> Path:
        """Where it lies, below ``lib``."""
        return Path("charms", self.charm, f"v{self.api}", f"{self.name}.py")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A library's file in a source distribution."""

    distribution: str
    version: str
    sha256: str
    member: str
    patch: int
    file_sha256: str


def fetch(source: Path, progress: Progress) -> list[Path]:
    """Fill the ``lib`` of a charm's folder with what it lacks; give the files that were written."""
    charmcraft = yaml_files.load(source / "charmcraft.yaml")
    return fetch_into(source / "lib", charmcraft_extensions.expand(charmcraft, source), progress, insist=True)


def fetch_into(lib: Path, charmcraft: Mapping[str, Any], progress: Progress, *, insist: bool = False) -> list[Path]:
    """Fill a ``lib`` with what an expanded project names and the folder lacks.

    A charmcraft that got nothing is left alone for an hour, unless its answer is what the person waits for.
    """
    lacking = [library for library in declared(charmcraft) if not (lib / library.path).is_file()]
    if not lacking:
        return []
    written = _from_charmcraft(lib, charmcraft, lacking, progress) if insist or _worth_asking() else []
    rest = [library for library in lacking if lib / library.path not in written]
    pins = pinned()
    here = [library for library in rest if library.key in pins and library.patch in {None, pins[library.key].patch}]
    written += _from_index(lib, [(library, pins[library.key]) for library in here], progress)
    # Most charms never need most of these, and a charm that does says which: so only who asks for them hears of it.
    elsewhere = sorted(library.key for library in rest if library not in here)
    if elsewhere and insist:
        progress(f"not available here: {', '.join(elsewhere)}; where Charmhub answers, run charmcraft fetch-libs")
    return written


def declared(charmcraft: Mapping[str, Any]) -> tuple[Library, ...]:
    """Read ``charm-libs`` of an expanded project."""
    entries: object = charmcraft.get("charm-libs") or []
    if not isinstance(entries, list):
        raise ProjectError("charmcraft.yaml: charm-libs: has to be a list of entries with lib and version")
    return tuple(_library(entry) for entry in cast("list[object]", entries))


def pinned() -> dict[str, Pin]:
    """Read the lock file."""
    lock = yaml_files.load(_LOCK)
    return {key: _pin(key, entry, lock["sources"][entry["source"]]) for key, entry in lock["libraries"].items()}


def extract(archive: bytes, pins: Sequence[Pin]) -> list[bytes]:
    """Take the pinned files out of one source distribution, after all digests were compared."""
    first = pins[0]
    what = f"{first.distribution} {first.version}"
    _compare(archive, first.sha256, what)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            top = tar.getnames()[0].partition("/")[0]
            files = [tar.extractfile(f"{top}/{pin.member}") for pin in pins]
            contents = [file.read() if file else b"" for file in files]
    except (tarfile.TarError, KeyError, IndexError) as error:
        raise ProjectError(f"{what} does not hold the file that it should: {error}") from error
    for pin, content in zip(pins, contents, strict=True):
        _compare(content, pin.file_sha256, f"{pin.member} of {what}")
    return contents


def _library(entry: object) -> Library:
    fields = cast("Mapping[str, object]", entry if isinstance(entry, dict) else {})
    charm, dot, name = str(fields.get("lib", "")).partition(".")
    api, _, patch = str(fields.get("version", "")).partition(".")
    if not (dot and charm and name and api.isdecimal() and (patch.isdecimal() or not patch)):
        example = "lib: loki_k8s.loki_push_api, version: '1'"
        raise ProjectError(f"charmcraft.yaml: charm-libs: an entry is like {example}; found {entry}")
    return Library(charm=charm.replace("-", "_"), api=int(api), name=name, patch=int(patch) if patch else None)


def _pin(key: str, entry: Mapping[str, Any], source: Mapping[str, Any]) -> Pin:
    return Pin(
        distribution=entry["source"],
        version=source["version"],
        sha256=source["sha256"],
        member=f"{source['folder']}/{key.replace('.', '/')}.py",
        patch=entry["patch"],
        file_sha256=entry["sha256"],
    )


def _from_charmcraft(
    lib: Path, charmcraft: Mapping[str, Any], lacking: Iterable[Library], progress: Progress
) -> list[Path]:
    program = shutil.which("charmcraft")
    if program is None:
        return []
    progress("asking charmcraft for the charm libraries")
    with cache.new("libs") as folder:
        (folder / "charmcraft.yaml").write_text(yaml.safe_dump(dict(charmcraft)))
        try:
            command = (program, "fetch-libs")
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_CHARMCRAFT_SECONDS)
        except (subprocess.SubprocessError, OSError):
            progress("charmcraft got no charm libraries from Charmhub; taking pinned copies of them instead")
            _failure().touch()
            return []
        fetched = [library for library in lacking if (folder / "lib" / library.path).is_file()]
        return [_write(lib / one.path, (folder / "lib" / one.path).read_bytes()) for one in fetched]


def _worth_asking() -> bool:
    failure = _failure()
    return not failure.exists() or time.time() - failure.stat().st_mtime > _CHARMCRAFT_REST


def _failure() -> Path:
    return folders.cache() / "libs" / "charmcraft-got-nothing"


def _from_index(lib: Path, wanted: Sequence[tuple[Library, Pin]], progress: Progress) -> list[Path]:
    kept = {pin: folders.cache() / "libs" / f"{pin.file_sha256}.py" for _, pin in wanted}
    absent = [pin for pin, file in kept.items() if not _whole(file, pin)]
    for distribution in dict.fromkeys(pin.distribution for pin in absent):
        pins = [pin for pin in absent if pin.distribution == distribution]
        progress(f"downloading {distribution} {pins[0].version} for {len(pins)} charm libraries")
        for pin, content in zip(pins, extract(_download(pins[0]), pins), strict=True):
            _write(kept[pin], content)
    return [_write(lib / library.path, kept[pin].read_bytes()) for library, pin in wanted]


def _whole(file: Path, pin: Pin) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == pin.file_sha256


def _download(pin: Pin) -> bytes:
    what = f"{pin.distribution} {pin.version}"
    try:
        url = python_environments.sdist_url(pin.distribution, pin.version)
        # The address is what uv was told by the package index that this machine is set up for.
        with urllib.request.urlopen(url, timeout=_DOWNLOAD_SECONDS, context=_trust()) as answer:  # noqa: S310
            return cast("bytes", answer.read())
    except (ProjectError, OSError, http.client.HTTPException) as error:
        raise ProjectError(f"{what}, which holds charm libraries, cannot be downloaded: {error}") from error


def _trust() -> ssl.SSLContext:
    """Trust what this machine's package clients trust."""
    files = (os.environ.get(name) for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"))
    return ssl.create_default_context(cafile=next(filter(None, files), None))


def _compare(content: bytes, sha256: str, what: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ProjectError(f"{what} is not the file that is pinned: sha256 is {found}, pinned is {sha256}")


def _write(file: Path, content: bytes) -> Path:
    """Write a file that is there as a whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.chmod(0o644)
    unfinished.replace(file)
    return file
