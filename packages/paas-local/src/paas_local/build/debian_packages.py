"""Debian packages of an image that this machine lacks, downloaded with the machine's apt by any user.

apt reads the machine's sources and its list of installed packages, and writes to a folder in the cache. Nothing is
installed: the packages' files are extracted into the cache, where all containers share them.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paas_local import folders
from paas_local.build import cache
from paas_local.build.errors import ProjectError
from paas_local.build.progress import Progress

_KIND = "packages"
_LISTS = Path("/var/lib/apt/lists")
_STATUS = Path("/var/lib/dpkg/status")
_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
# libssl3_libs is a slice of the package libssl3. For apt, a minus at the end means to remove the package.
_NAME = re.compile(r"([a-z0-9][a-z0-9+.-]*[a-z0-9+.])(?:_[a-z0-9-]+)?")
_FILE = re.compile(r"^'[^']+' (\S+\.deb) \d+", re.MULTILINE)
_UNKNOWN = re.compile(r"Unable to locate package (\S+)|Package '([^']+)' has no installation candidate")
_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Debian's own container images lack these too.
_UNUSED = ("bug", "doc", "info", "lintian", "locale", "man")


class _AptError(Exception):
    """apt failed; the text is its first error."""


@dataclass(frozen=True, kw_only=True)
class _Apt:
    """apt, with its own folders for state and cache."""

    folder: Path
    lists: Path

    def __call__(self, *words: str) -> str:
        """Run apt-get and return its output."""
        folders = {
            "Dir::State": self.folder / "state",
            "Dir::State::lists": self.lists,
            "Dir::State::status": _STATUS,
            "Dir::Cache": self.folder / "cache",
        }
        options = [f"{name}={folder}" for name, folder in folders.items()]
        # apt's own user cannot enter the cache, and apt's lock would be the machine's.
        options += ["APT::Sandbox::User=root", "Debug::NoLocking=1", "Acquire::Languages=none"]
        for folder in (self.lists, self.folder / "cache/archives"):
            with contextlib.suppress(PermissionError):
                (folder / "partial").mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["apt-get", "-q", "-y", *(word for option in options for word in ("-o", option)), *words],
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
        if done.returncode:
            lines = [line.removeprefix("E: ") for line in done.stderr.splitlines() if line.startswith("E: ")]
            raise _AptError(next(iter(lines), f"apt-get exited with {done.returncode}"))
        return done.stdout

    @property
    def has_lists(self) -> bool:
        """Return whether there are lists of packages."""
        return any(self.lists.glob("*Packages*"))

    def update(self) -> None:
        """Download the lists of packages; a source that fails is ignored if there are any lists."""
        try:
            self("update")
        except _AptError:
            if not self.has_lists:
                raise

    def missing(self, names: Sequence[str]) -> list[str]:
        """Return the file names of the packages that would have to be installed."""
        return sorted(_FILE.findall(self._install("--print-uris", *names)))

    def download(self, names: Sequence[str]) -> list[Path]:
        """Download the packages that would have to be installed."""
        archives = self.folder / "cache/archives"
        shutil.rmtree(archives, ignore_errors=True)
        self._install("--download-only", *names)
        return sorted(archives.glob("*.deb"))

    def _install(self, *words: str) -> str:
        return self("--no-install-recommends", "--no-upgrade", "install", *words)


def stage(names: Iterable[str], where: str, progress: Progress) -> Path | None:
    """Return a folder with the files of the packages and of their dependencies; None if this machine has them all."""
    packages = sorted({_name(name, where) for name in names})
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        progress(f"{', '.join(packages)}: not downloaded, because this machine has no apt-get; its own are used")
        return None
    record = cache.path(_KIND, f"{cache.digest(*packages, *_machine_state())}.txt")
    if record.is_file() and _is_extracted(recorded := record.read_text().split()):
        return _entry(recorded) if recorded else None
    with _apt_folder() as folder:
        missing = _with_lists(folder, progress, lambda apt: _download(apt, packages, progress), packages, where)
    record.write_text("\n".join(missing))
    return _entry(missing) if missing else None


def _name(text: str, where: str) -> str:
    name = _NAME.fullmatch(text)
    if name is None:
        raise ProjectError(f"{where}: {text} is not the name of a package; write it as libpq5")
    return name[1]


def _machine_state() -> list[bytes]:
    """Read the files that decide which packages are missing."""
    files = [file for path in _SOURCES for file in ([path] if path.is_file() else sorted(path.glob("*")))]
    return [file.read_bytes() for file in (_STATUS, *files) if os.access(file, os.R_OK)]


def _entry(files: Sequence[str]) -> Path:
    return cache.path(_KIND, cache.digest(*files))


def _is_extracted(files: Sequence[str]) -> bool:
    return not files or _entry(files).is_dir()


@contextlib.contextmanager
def _apt_folder() -> Generator[Path]:
    """Lock apt's folder in the cache for this process, and yield it."""
    folder = folders.cache() / "apt"
    folder.mkdir(exist_ok=True)
    (folder.parent / _KIND).mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _with_lists(
    folder: Path, progress: Progress, work: Callable[[_Apt], list[str]], packages: Sequence[str], where: str
) -> list[str]:
    """Call ``work`` with the machine's package lists, else with those in the cache, else with updated ones."""
    own = _Apt(folder=folder, lists=folder / "lists")
    for apt in (_Apt(folder=folder, lists=_LISTS), own):
        if apt.has_lists:
            with contextlib.suppress(_AptError):
                return work(apt)
    progress("downloading the lists of Debian packages")
    try:
        own.update()
        return work(own)
    except _AptError as error:
        raise ProjectError(f"{where}: {_explain(str(error), packages)}") from error


def _explain(error: str, packages: Sequence[str]) -> str:
    if unknown := _UNKNOWN.search(error):
        name = unknown[1] or unknown[2]
        return f"{name} is in none of this machine's package sources; find its name: apt-cache search {name}"
    return f"{error}; resolve that and try again, or type: sudo apt-get install {' '.join(packages)}"


def _download(apt: _Apt, packages: Sequence[str], progress: Progress) -> list[str]:
    missing = apt.missing(packages)
    if not _is_extracted(missing):
        progress(f"downloading {len(missing)} Debian packages for {', '.join(packages)}")
        _extract(apt.download(packages), missing)
    return missing


def _extract(files: Sequence[Path], names: Sequence[str]) -> None:
    """Extract the files, with ``/bin``, ``/lib`` and so on moved into ``/usr``, as in a merged ``/usr``."""
    with cache.new_entry(_KIND) as folder:
        for file in files:
            done = subprocess.run(["dpkg-deb", "-x", file, folder], capture_output=True, text=True, check=False)
            if done.returncode:
                raise _AptError(f"{file.name}: {done.stderr.strip() or 'cannot be extracted'}")
            file.unlink()
        for name in filter(lambda name: (folder / name).is_dir(), _LINKED):
            cache.copy(folder / name, folder / "usr" / name)
            shutil.rmtree(folder / name)
        for name in _UNUSED:
            shutil.rmtree(folder / "usr/share" / name, ignore_errors=True)
        cache.make_readable(folder)
        cache.store(folder, _KIND, cache.digest(*names))
