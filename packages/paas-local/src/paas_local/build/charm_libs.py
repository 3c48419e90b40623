"""Charm libraries that a project names under ``charm-libs``.

They come from charmcraft, if it is installed and Charmhub answers; else from source distributions on the package index
that contain the same files, each pinned by version and digest in ``charm_libs.lock.yaml``.
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
_CHARMCRAFT_PAUSE = 3600
_DOWNLOAD_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Library:
    """A charm library, as ``loki_k8s``, 1, ``loki_push_api``."""

    charm: str
    api: int
    name: str
    patch: int | None = None
    """The required patch; None for any."""

    @property
    def key(self) -> str:
        """Name of the module below ``charms``, ``loki_k8s.v1.loki_push_api``."""
        return f"{self.charm}.v{self.api}.{self.name}"

    @property
    def path(self) -> Path:
        """Path of the file below ``lib``."""
        return Path("charms", self.charm, f"v{self.api}", f"{self.name}.py")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """The file of a library in a source distribution."""

    distribution: str
    version: str
    sha256: str
    member: str
    patch: int
    file_sha256: str


def fetch(source: Path, progress: Progress) -> list[Path]:
    """Write the libraries that the ``lib`` of a charm's folder lacks; returns the files that were written."""
    charmcraft = yaml_files.load(source / "charmcraft.yaml")
    return fetch_into(source / "lib", charmcraft_extensions.expand(charmcraft, source), progress, requested=True)


def fetch_into(lib: Path, charmcraft: Mapping[str, Any], progress: Progress, *, requested: bool = False) -> list[Path]:
    """Write the libraries of an expanded project that ``lib`` lacks; returns the files that were written.

    ``requested`` is for a person who asked for the libraries. Without it, charmcraft is not called for an hour after it
    has failed, and unavailable libraries are not reported: most charms need few of them, and a charm that needs one
    names it in its error.
    """
    missing = [library for library in declared(charmcraft) if not (lib / library.path).is_file()]
    if not missing:
        return []
    written = _from_charmcraft(lib, charmcraft, missing, progress) if requested or _may_call_charmcraft() else []
    rest = [library for library in missing if lib / library.path not in written]
    pins = pinned()
    available = {library: pins[library.key] for library in rest if library.key in pins}
    available = {library: pin for library, pin in available.items() if library.patch in {None, pin.patch}}
    written += _from_index(lib, tuple(available.items()), progress)
    unavailable = sorted(library.key for library in rest if library not in available)
    if unavailable and requested:
        progress(f"not available here: {', '.join(unavailable)}; where Charmhub answers, run charmcraft fetch-libs")
    return written


def declared(charmcraft: Mapping[str, Any]) -> tuple[Library, ...]:
    """Read ``charm-libs`` of an expanded project."""
    entries: object = charmcraft.get("charm-libs") or []
    if not isinstance(entries, list):
        raise ProjectError("charmcraft.yaml: charm-libs: must be a list of entries with lib and version")
    return tuple(_library(entry) for entry in cast("list[object]", entries))


def pinned() -> dict[str, Pin]:
    """Read the lock file."""
    lock = yaml_files.load(_LOCK)
    return {key: _pin(key, entry, lock["sources"][entry["source"]]) for key, entry in lock["libraries"].items()}


def extract(archive: bytes, pins: Sequence[Pin]) -> list[bytes]:
    """Return the pinned files of one source distribution; all digests are checked."""
    first = pins[0]
    name = f"{first.distribution} {first.version}"
    _check(archive, first.sha256, name)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            top = tar.getnames()[0].partition("/")[0]
            files = [tar.extractfile(f"{top}/{pin.member}") for pin in pins]
            contents = [file.read() if file else b"" for file in files]
    except (tarfile.TarError, KeyError, IndexError) as error:
        raise ProjectError(f"{name} does not contain the pinned file: {error}") from error
    for pin, content in zip(pins, contents, strict=True):
        _check(content, pin.file_sha256, f"{pin.member} of {name}")
    return contents


def _library(entry: object) -> Library:
    fields = cast("Mapping[str, object]", entry if isinstance(entry, dict) else {})
    charm, dot, name = str(fields.get("lib", "")).partition(".")
    api, _, patch = str(fields.get("version", "")).partition(".")
    if not (dot and charm and name and api.isdecimal() and (patch.isdecimal() or not patch)):
        example = "lib: loki_k8s.loki_push_api, version: '1'"
        raise ProjectError(f"charmcraft.yaml: charm-libs: an entry must be like {example}; found {entry}")
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
    lib: Path, charmcraft: Mapping[str, Any], missing: Iterable[Library], progress: Progress
) -> list[Path]:
    program = shutil.which("charmcraft")
    if program is None:
        return []
    progress("fetching the charm libraries with charmcraft")
    with cache.new_entry("libs") as folder:
        (folder / "charmcraft.yaml").write_text(yaml.safe_dump(dict(charmcraft)))
        try:
            command = (program, "fetch-libs")
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_CHARMCRAFT_SECONDS)
        except (subprocess.SubprocessError, OSError):
            progress("charmcraft got no charm libraries from Charmhub; using pinned copies instead")
            _failure_record().touch()
            return []
        fetched = [library for library in missing if (folder / "lib" / library.path).is_file()]
        return [_write(lib / library.path, (folder / "lib" / library.path).read_bytes()) for library in fetched]


def _may_call_charmcraft() -> bool:
    record = _failure_record()
    return not record.exists() or time.time() - record.stat().st_mtime > _CHARMCRAFT_PAUSE


def _failure_record() -> Path:
    return folders.cache() / "libs" / "charmcraft-got-nothing"


def _from_index(lib: Path, libraries: Sequence[tuple[Library, Pin]], progress: Progress) -> list[Path]:
    cached = {pin: folders.cache() / "libs" / f"{pin.file_sha256}.py" for _, pin in libraries}
    missing = [pin for pin, file in cached.items() if not _is_valid(file, pin)]
    for distribution in dict.fromkeys(pin.distribution for pin in missing):
        pins = [pin for pin in missing if pin.distribution == distribution]
        progress(f"downloading {distribution} {pins[0].version} for {len(pins)} charm libraries")
        for pin, content in zip(pins, extract(_download(pins[0]), pins), strict=True):
            _write(cached[pin], content)
    return [_write(lib / library.path, cached[pin].read_bytes()) for library, pin in libraries]


def _is_valid(file: Path, pin: Pin) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == pin.file_sha256


def _download(pin: Pin) -> bytes:
    try:
        url = python_environments.sdist_url(pin.distribution, pin.version)
        # The URL comes from the package index that this machine's uv is configured for.
        with urllib.request.urlopen(url, timeout=_DOWNLOAD_SECONDS, context=_ssl_context()) as response:  # noqa: S310
            return cast("bytes", response.read())
    except (ProjectError, OSError, http.client.HTTPException) as error:
        raise ProjectError(
            f"{pin.distribution} {pin.version}, which contains charm libraries, cannot be downloaded: {error}"
        ) from error


def _ssl_context() -> ssl.SSLContext:
    """Trust the certificates that this machine's package clients trust."""
    files = (os.environ.get(name) for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"))
    return ssl.create_default_context(cafile=next(filter(None, files), None))


def _check(content: bytes, sha256: str, name: str) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise ProjectError(f"{name} is not the pinned file: sha256 is {actual}, pinned is {sha256}")


def _write(file: Path, content: bytes) -> Path:
    """Write a file atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.chmod(0o644)
    temporary.replace(file)
    return file
