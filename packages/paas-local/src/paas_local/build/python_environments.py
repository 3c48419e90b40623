"""Which interpreter with which packages a charm or an application runs on; uv resolves and installs.

An environment is kept by its resolved requirements with their hashes, so a local wheel that was built again
with the same version makes a new environment, and nothing is installed twice.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from paas_local.build import cache
from paas_local.build.errors import ProjectError
from paas_local.build.progress import Progress

_LONGEST_REASON = 400
_FEW_CAUSES = 2
_CAUSE = re.compile(r"(?:\u00d7|╰─▶|├─▶|error:|cause:|Caused by:)\s*")
_QUIET = ("-q", "--no-header", "--no-annotate")
_INSTALLED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:==|@)", re.MULTILINE)
_PLACE = re.compile(r"^(?:-e +)?(?:[A-Za-z0-9._-]+ *@ *)?(?:file://(/[^\s;]+)|(\.{0,2}/[^\s;]*))", re.MULTILINE)
_EDITABLE = re.compile(r"^-e +", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What is asked for: files of ``source``, further requirements, dependency groups of its project."""

    source: Path
    files: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Where they stand, for messages."""
        return ", ".join(self.files) or "python packages"

    @property
    def locked(self) -> bool:
        """Whether the author has settled the versions with uv."""
        return self.files == ("pyproject.toml",) and not self.lines and (self.source / "uv.lock").is_file()


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment, and the folders of this machine that it is made of."""

    folder: Path
    base: Path
    """Where its interpreter is installed."""

    @property
    def needs(self) -> tuple[Path, ...]:
        """The folders that have to be seen where it is used, at their own paths; /usr always is."""
        return (self.folder, *(() if self.base.is_relative_to("/usr") else (self.base,)))


Resolutions = dict[tuple[Requirements, bool], str]
_RESOLUTIONS: ContextVar[Resolutions | None] = ContextVar("resolutions", default=None)


def install(wanted: Requirements, progress: Progress) -> Environment:
    """Give the environment that the requirements resolve to today, installed when it is not there yet."""
    progress(f"resolving {wanted.words}")
    resolved = resolve(wanted)
    digest = cache.digest(sys.version, sys.base_prefix, resolved, *map(_state, _places(resolved, wanted.source)))
    folder = cache.path("envs", digest)
    if not folder.is_dir():
        progress(f"installing {len(_INSTALLED.findall(resolved))} packages of {wanted.words}")
        folder = _install(resolved, digest, wanted)
    return Environment(folder=folder, base=Path(sys.base_prefix))


@contextlib.contextmanager
def cached_resolutions() -> Generator[Resolutions]:
    """Resolve what is asked for again only after what this gives has been cleared; an index takes its time."""
    known: Resolutions = {}
    token = _RESOLUTIONS.set(known)
    try:
        yield known
    finally:
        _RESOLUTIONS.reset(token)


def resolve(wanted: Requirements, *, direct: bool = False) -> str:
    """Settle all versions, with hashes, as a requirements file; ``direct`` leaves out dependencies."""
    known = _RESOLUTIONS.get()
    if known is None:
        return _resolve(wanted, direct=direct)
    if (wanted, direct) not in known:
        known[wanted, direct] = _resolve(wanted, direct=direct)
    return known[wanted, direct]


def _resolve(wanted: Requirements, *, direct: bool) -> str:
    if not (wanted.files or wanted.lines):
        return ""
    if wanted.locked:
        groups = [word for group in wanted.groups for word in ("--group", group)]
        return _uv("export", "--frozen", "--no-dev", "--no-emit-project", *_QUIET, *groups, wanted=wanted)
    groups = [word for group in wanted.groups for word in ("--group", f"pyproject.toml:{group}")]
    more = ["--no-deps"] if direct else ["--generate-hashes"]
    files = [*wanted.files, *(["-"] if wanted.lines else [])]
    command = ("pip", "compile", *_QUIET, "--no-emit-index-url", *more, *groups, *files)
    try:
        return _uv(*command, wanted=wanted)
    except ProjectError:
        # Without a network the versions that are in uv's cache are as good as any.
        without_network = _run((*command, "--offline"), wanted)
        if without_network.returncode:
            raise
        return without_network.stdout


def package_names(resolved: str) -> frozenset[str]:
    """Tell the names of the packages in a resolution."""
    return frozenset(canonicalize_name(name) for name in _INSTALLED.findall(resolved))


def sdist_url(name: str, version: str) -> str:
    """Find the source distribution on the index that this machine's uv is set up for."""
    wanted = Requirements(source=Path.cwd(), lines=(f"{name}=={version}",))
    lock = _uv("pip", "compile", "-q", "--no-deps", "--format", "pylock.toml", "-", wanted=wanted)
    found = re.search(r'^sdist = \{ (url|path) = "([^"]+)"', lock, re.MULTILINE)
    if found is None:
        raise ProjectError(f"the package index has no source distribution of {name} {version}")
    kind, place = found.groups()
    return place if kind == "url" else (wanted.source / place).resolve().as_uri()


def find_uv() -> str:
    """Find the program."""
    beside = Path(sys.executable).with_name("uv")
    found = os.environ.get("UV") or shutil.which("uv") or (str(beside) if beside.is_file() else None)
    if found is None:
        raise ProjectError("uv is not installed; install it with `pip install uv`, or set UV to where it is")
    return found


def _install(resolved: str, digest: str, wanted: Requirements) -> Path:
    with cache.new("envs") as folder:
        # Relocatable, because the folder is renamed when it is whole.
        _uv("venv", "-q", "--relocatable", "--allow-existing", str(folder), wanted=wanted)
        listed = folder / "requirements.txt"
        # An editable install would need the author's folder wherever the environment is used.
        listed.write_text(_EDITABLE.sub("", resolved))
        if resolved:
            # uv takes a folder for unchanged as long as its pyproject.toml is.
            anew = ["--refresh"] if _PLACE.search(resolved) else []
            target = ["--python", str(folder / "bin" / "python"), "-r", str(listed)]
            _uv("pip", "install", "-q", "--no-deps", "--compile-bytecode", *anew, *target, wanted=wanted)
        # The modes come from uv's cache, and so from the umask of the day it was filled.
        cache.make_readable(folder)
        return cache.keep(folder, "envs", digest)


def _places(resolved: str, source: Path) -> list[Path]:
    """Find the folders and files of this machine that are installed."""
    found: list[tuple[str, str]] = _PLACE.findall(resolved)
    return [source / (unquote(url) or path) for url, path in found]


def _state(place: Path) -> str:
    return cache.tree(place) if place.is_dir() else cache.digest(place.read_bytes())


def _uv(*command: str, wanted: Requirements) -> str:
    done = _run(command, wanted)
    if done.returncode:
        reason = _decisive(done.stderr) or f"uv exited with {done.returncode}"
        raise ProjectError(": ".join([*wanted.files[:1], reason]))
    return done.stdout


def _run(command: tuple[str, ...], wanted: Requirements) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            (find_uv(), *command),
            cwd=wanted.source,
            env={**_inherited(os.environ), "UV_PYTHON": _base_interpreter(), "UV_PYTHON_DOWNLOADS": "never"},
            input="".join(f"{line}\n" for line in wanted.lines),
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
    except OSError as error:
        raise ProjectError(f"cannot run uv at {find_uv()}: {error.strerror}") from error


def _base_interpreter() -> str:
    """Name the interpreter that ours is a virtual environment of."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.base_prefix) / "bin" / name)


def _inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would make uv look at our own environment instead of the charm's."""
    ours = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "PYTHONHOME"}
    return {name: value for name, value in environment.items() if name not in ours}


def _decisive(stderr: str) -> str:
    """Make one line of uv's chain of causes: what failed, and the cause that no other is under."""
    causes: list[str] = []
    for line in filter(None, map(str.strip, stderr.splitlines())):
        begins = _CAUSE.match(line)
        if begins:
            causes.append(line[begins.end() :])
        elif causes and not line.startswith(("hint:", "^")):
            causes[-1] += f" {line.lstrip('│ ')}"
    told = causes if len(causes) <= _FEW_CAUSES else [causes[1], causes[-1]]
    reason = ": ".join(cause.strip().rstrip(":") for cause in told)
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
