"""Debian packages that an image asks for and this machine lacks, fetched by its own apt, as any user.

apt reads the machine's sources and its list of installed packages; what it writes, it writes to a folder of ours.
Nothing is installed: the packages' files are extracted into the cache, where all containers share them.
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
# A slice of a package, as libssl3_libs, is a part of it; a minus at the end would remove.
_NAME = re.compile(r"([a-z0-9][a-z0-9+.-]*[a-z0-9+.])(?:_[a-z0-9-]+)?")
_FILE = re.compile(r"^'[^']+' (\S+\.deb) \d+", re.MULTILINE)
_UNKNOWN = re.compile(r"Unable to locate package (\S+)|Package '([^']+)' has no installation candidate")
_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# What Debian's own images for containers leave out too.
_UNUSED = ("bug", "doc", "info", "lintian", "locale", "man")


class _AptError(Exception):
    """What apt says is wrong, in one line."""


@dataclass(frozen=True, kw_only=True)
class _Apt:
    """An apt that keeps to itself."""

    folder: Path
    lists: Path

    def __call__(self, *words: str) -> str:
        """Run it; give what it prints."""
        places = {
            "Dir::State": self.folder / "state",
            "Dir::State::lists": self.lists,
            "Dir::State::status": _STATUS,
            "Dir::Cache": self.folder / "cache",
        }
        options = [f"{name}={place}" for name, place in places.items()]
        # Its own user cannot enter our folder; and what is locked is the machine's.
        options += ["APT::Sandbox::User=root", "Debug::NoLocking=1", "Acquire::Languages=none"]
        for place in (self.lists, self.folder / "cache/archives"):
            with contextlib.suppress(PermissionError):
                (place / "partial").mkdir(parents=True, exist_ok=True)
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
    def informed(self) -> bool:
        """Tell whether there are lists of packages."""
        return any(self.lists.glob("*Packages*"))

    def update(self) -> None:
        """Read the machine's sources anew. One of many that fails is no matter: what lacks is told later."""
        try:
            self("update")
        except _AptError:
            if not self.informed:
                raise

    def missing(self, names: Sequence[str]) -> list[str]:
        """Name the files of packages that would have to be installed."""
        return sorted(_FILE.findall(self._install("--print-uris", *names)))

    def fetch(self, names: Sequence[str]) -> list[Path]:
        """Fetch them."""
        archives = self.folder / "cache/archives"
        shutil.rmtree(archives, ignore_errors=True)
        self._install("--download-only", *names)
        return sorted(archives.glob("*.deb"))

    def _install(self, *words: str) -> str:
        return self("--no-install-recommends", "--no-upgrade", "install", *words)


def stage(names: Iterable[str], where: str, progress: Progress) -> Path | None:
    """Give a folder with the files that this machine lacks of packages and of what they depend on, if any."""
    wanted = sorted({_name(name, where) for name in names})
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        words = ", ".join(wanted)
        progress(f"{words}: used from this machine, where it has it: there is no apt-get here to fetch it with")
        return None
    memory = cache.path(_KIND, f"{cache.digest(*wanted, *_machine())}.txt")
    if memory.is_file() and _whole(known := memory.read_text().split()):
        return _place(known) if known else None
    with _alone() as folder:
        missing = _tried(folder, progress, lambda apt: _made(apt, wanted, progress), wanted, where)
    memory.write_text("\n".join(missing))
    return _place(missing) if missing else None


def _name(text: str, where: str) -> str:
    found = _NAME.fullmatch(text)
    if found is None:
        raise ProjectError(f"{where}: {text} is not the name of a package; write it as libpq5")
    return found[1]


def _machine() -> list[bytes]:
    """Read what decides which packages lack."""
    files = [file for place in _SOURCES for file in ([place] if place.is_file() else sorted(place.glob("*")))]
    return [file.read_bytes() for file in (_STATUS, *files) if os.access(file, os.R_OK)]


def _place(files: Sequence[str]) -> Path:
    return cache.path(_KIND, cache.digest(*files))


def _whole(files: Sequence[str]) -> bool:
    return not files or _place(files).is_dir()


@contextlib.contextmanager
def _alone() -> Generator[Path]:
    """Give apt's folder, to one process at a time."""
    folder = folders.cache() / "apt"
    folder.mkdir(exist_ok=True)
    (folder.parent / _KIND).mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _tried(
    folder: Path, progress: Progress, work: Callable[[_Apt], list[str]], wanted: Sequence[str], where: str
) -> list[str]:
    """Do it by the machine's package lists, where there are some, else by our own; old ones may lead nowhere."""
    own = _Apt(folder=folder, lists=folder / "lists")
    for apt in (_Apt(folder=folder, lists=_LISTS), own):
        if apt.informed:
            with contextlib.suppress(_AptError):
                return work(apt)
    progress("fetching the lists of Debian packages")
    try:
        own.update()
        return work(own)
    except _AptError as error:
        raise ProjectError(f"{where}: {_words(str(error), wanted)}") from error


def _words(said: str, wanted: Sequence[str]) -> str:
    if found := _UNKNOWN.search(said):
        name = found[1] or found[2]
        return (
            f"{name} is in none of this machine's package sources; see what it is called here: apt-cache search {name}"
        )
    return f"{said}; try again when that is mended, or type: sudo apt-get install {' '.join(wanted)}"


def _made(apt: _Apt, wanted: Sequence[str], progress: Progress) -> list[str]:
    missing = apt.missing(wanted)
    if not _whole(missing):
        progress(f"fetching {len(missing)} Debian packages for {', '.join(wanted)}")
        _extract(apt.fetch(wanted), missing)
    return missing


def _extract(files: Sequence[Path], names: Sequence[str]) -> None:
    """Lay the files out as a machine has them whose ``/lib`` is a part of ``/usr``."""
    with cache.new(_KIND) as folder:
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
        cache.keep(folder, _KIND, cache.digest(*names))
