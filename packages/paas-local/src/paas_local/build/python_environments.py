"""Virtual environments for charms and applications, resolved and installed by uv.

The digest of an environment covers its resolved requirements with their hashes: a local wheel that is built again with
the same version makes a new environment, and nothing is installed twice.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from paas_local.build import cache, checkout, interpreters
from paas_local.build.errors import ProjectError
from paas_local.build.interpreters import Interpreter
from paas_local.build.progress import Progress, warn

_LONGEST_REASON = 400
_FEW_CAUSES = 2
_CAUSE = re.compile(r"(?:\u00d7|╰─▶|├─▶|error:|cause:|Caused by:)\s*")
# An environment in the cache never changes, so Python need not check its bytecode.
_SETTINGS = {"UV_PYTHON_DOWNLOADS": "never", "PYC_INVALIDATION_MODE": "UNCHECKED_HASH"}
_QUIET = ("-q", "--no-header", "--no-annotate")
_INSTALLED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:==|@)", re.MULTILINE)
_LOCAL_PATH = re.compile(r"^(?:-e +)?(?:[A-Za-z0-9._-]+ *@ *)?(?:file://(/[^\s;]+)|(\.{0,2}/[^\s;]*))", re.MULTILINE)
_EDITABLE = re.compile(r"^-e +", re.MULTILINE)
_UNPUBLISHED = re.compile(r"\bpaas-(?:common|django|fastapi|flask|go)\b.* not found in the package registry")
_WHEELS_ADVICE = (
    "until it is published, build the wheels in a checkout (make wheels) and export UV_FIND_LINKS=FOLDER/dist"
)
_LOCK = "uv.lock"
_LOCKED_WHEEL = re.compile(r'^    \{ path = "([^"]+\.whl)" \}', re.MULTILINE)
# Folder of a project, for the wheels that its lock names and no package index has.
_WHEELS = "wheels"


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """Requirements of a charm or an application."""

    source: Path
    """Folder that the files are relative to."""
    files: tuple[str, ...] = ()
    """``requirements.txt`` or ``pyproject.toml``."""
    lines: tuple[str, ...] = ()
    """Further requirements."""
    groups: tuple[str, ...] = ()
    """Dependency groups of ``pyproject.toml``."""
    python: Interpreter = field(default_factory=interpreters.own)

    @property
    def description(self) -> str:
        """The files, for messages."""
        return ", ".join(self.files) or "python packages"

    @property
    def locked(self) -> bool:
        """Return whether a ``uv.lock`` of the author has the versions."""
        return self.files == ("pyproject.toml",) and not self.lines and (self.source / _LOCK).is_file()

    @property
    def wheels(self) -> tuple[Path, ...]:
        """Return the folder of wheels that a locked project brings."""
        folder = self.source / _WHEELS
        return (folder,) if self.locked and folder.is_dir() else ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that name the packages; uv reports a file that is missing."""
        files = [self.source / file for file in self.files]
        return (*self.lines, *(file.read_text(errors="replace") for file in files if file.is_file()))


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment."""

    folder: Path
    base: Path
    """Folder in which its interpreter is installed."""

    @property
    def mounts(self) -> tuple[Path, ...]:
        """Folders that a container must show at their own paths; every container has /usr."""
        return (self.folder, *(() if self.base.is_relative_to("/usr") else (self.base,)))


Resolutions = dict[tuple[Requirements, bool], str]
_RESOLUTIONS: ContextVar[Resolutions | None] = ContextVar("resolutions", default=None)


def install(requirements: Requirements, progress: Progress) -> Environment:
    """Resolve the requirements and return their environment; it is installed unless it is in the cache."""
    progress(f"resolving {requirements.description}")
    resolved = resolve(requirements)
    if requirements.locked and _is_stale(requirements):
        warn(progress, f"{requirements.source / 'uv.lock'} does not match pyproject.toml; to update it: uv lock")
    python = requirements.python
    local = map(_state, [*_local_paths(resolved, requirements.source), *requirements.wheels])
    # A lock has no hashes of local wheels.
    links = checkout.find_links(interpreters.find_uv(), requirements.texts) if requirements.locked else ""
    digest = cache.digest(python.build, str(python.base), resolved, links, *local)
    folder = cache.path("envs", digest)
    if not folder.is_dir():
        progress(f"installing {len(_INSTALLED.findall(resolved))} packages of {requirements.description}")
        folder = _install(resolved, digest, requirements)
    return Environment(folder=folder, base=python.base)


@contextlib.contextmanager
def cached_resolutions() -> Generator[Resolutions]:
    """Resolve equal requirements once while this lasts; clear the yielded dictionary to resolve them again."""
    resolutions: Resolutions = {}
    token = _RESOLUTIONS.set(resolutions)
    try:
        yield resolutions
    finally:
        _RESOLUTIONS.reset(token)


def resolve(requirements: Requirements, *, direct: bool = False) -> str:
    """Return all versions, with hashes, as a requirements file; ``direct`` leaves out dependencies."""
    resolutions = _RESOLUTIONS.get()
    if resolutions is None:
        return _resolve(requirements, direct=direct)
    if (requirements, direct) not in resolutions:
        resolutions[requirements, direct] = _resolve(requirements, direct=direct)
    return resolutions[requirements, direct]


def _resolve(requirements: Requirements, *, direct: bool) -> str:
    if not (requirements.files or requirements.lines):
        return ""
    if requirements.locked:
        groups = [word for group in requirements.groups for word in ("--group", group)]
        return _uv("export", "--frozen", "--no-dev", "--no-emit-project", *_QUIET, *groups, requirements=requirements)
    groups = [word for group in requirements.groups for word in ("--group", f"pyproject.toml:{group}")]
    more = ["--no-deps"] if direct else ["--generate-hashes"]
    files = [*requirements.files, *(["-"] if requirements.lines else [])]
    command = ("pip", "compile", *_QUIET, "--no-emit-index-url", *more, *groups, *files)
    try:
        return _uv(*command, requirements=requirements)
    except ProjectError:
        # Without a network, the versions in uv's cache are good enough.
        without_network = _run((*command, "--offline"), requirements)
        if without_network.returncode:
            raise
        return without_network.stdout


def lock(project: Path) -> None:
    """Write the ``uv.lock`` of a new project, for ``charmcraft pack``.

    A wheel from a folder of this machine is copied into the project, in a copy of which charmcraft builds.
    """
    requirements = Requirements(source=project, files=("pyproject.toml",))
    file = project / _LOCK
    _uv("lock", "-q", requirements=requirements)
    wheels = [Path(path) for path in _LOCKED_WHEEL.findall(file.read_text()) if Path(path).is_absolute()]
    if wheels:
        (project / _WHEELS).mkdir(exist_ok=True)
        for wheel in wheels:
            shutil.copy(wheel, project / _WHEELS)
        file.unlink()
        _uv("lock", "-q", requirements=requirements, UV_FIND_LINKS=_WHEELS)


def _is_stale(requirements: Requirements) -> bool:
    """Return whether ``uv.lock`` has to be updated; a current one is recognised without a network."""
    check = ("lock", "--check", "-q")
    if not _run((*check, "--offline"), requirements).returncode:
        return False
    return "needs to be updated" in _run(check, requirements).stderr


def package_names(resolved: str) -> frozenset[str]:
    """Return the names of the packages in a resolution."""
    return frozenset(canonicalize_name(name) for name in _INSTALLED.findall(resolved))


def sdist_url(name: str, version: str) -> str:
    """Return the URL of a source distribution on the index that this machine's uv is configured for."""
    requirements = Requirements(source=Path.cwd(), lines=(f"{name}=={version}",))
    lock = _uv("pip", "compile", "-q", "--no-deps", "--format", "pylock.toml", "-", requirements=requirements)
    sdist = re.search(r'^sdist = \{ (url|path) = "([^"]+)"', lock, re.MULTILINE)
    if sdist is None:
        raise ProjectError(f"the package index has no source distribution of {name} {version}")
    kind, location = sdist.groups()
    return location if kind == "url" else (requirements.source / location).resolve().as_uri()


def _install(resolved: str, digest: str, requirements: Requirements) -> Path:
    with cache.new_entry("envs") as folder:
        # Relocatable, because the folder is renamed when it is complete.
        _uv("venv", "-q", "--relocatable", "--allow-existing", str(folder), requirements=requirements)
        file = folder / "requirements.txt"
        # An editable install would need the author's folder in every container.
        file.write_text(_EDITABLE.sub("", resolved))
        if resolved:
            # For uv, a folder is unchanged as long as its pyproject.toml is.
            refresh = ["--refresh"] if _LOCAL_PATH.search(resolved) else []
            target = ["--python", str(folder / "bin" / "python"), "-r", str(file)]
            find = [word for wheels in requirements.wheels for word in ("--find-links", str(wheels))]
            _uv(
                *("pip", "install", "-q", "--no-deps", "--compile-bytecode", *refresh, *find, *target),
                requirements=requirements,
            )
        # The modes come from uv's cache, and depend on the umask when it was filled.
        cache.make_readable(folder)
        return cache.store(folder, "envs", digest)


def _local_paths(resolved: str, source: Path) -> list[Path]:
    """Return the folders and files of this machine that are installed."""
    locations: list[tuple[str, str]] = _LOCAL_PATH.findall(resolved)
    return [source / (unquote(url) or path) for url, path in locations]


def _state(path: Path) -> str:
    return cache.tree_digest(path) if path.is_dir() else cache.digest(path.read_bytes())


def _uv(*command: str, requirements: Requirements, **settings: str) -> str:
    done = _run(command, requirements, **settings)
    if done.returncode:
        reason = _root_cause(done.stderr) or f"uv exited with {done.returncode}"
        if _UNPUBLISHED.search(reason):
            reason = f"{reason.rstrip('.')}; {_WHEELS_ADVICE}"
        raise ProjectError(": ".join([*requirements.files[:1], reason]))
    return done.stdout


def _run(command: tuple[str, ...], requirements: Requirements, **settings: str) -> subprocess.CompletedProcess[str]:
    links = checkout.find_links(interpreters.find_uv(), requirements.texts)
    try:
        return subprocess.run(
            (interpreters.find_uv(), *command),
            cwd=requirements.source,
            env={
                **_clean(os.environ),
                **_SETTINGS,
                "UV_PYTHON": str(requirements.python.program),
                "UV_FIND_LINKS": links,
                **settings,
            },
            input="".join(f"{line}\n" for line in requirements.lines),
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
    except OSError as error:
        raise ProjectError(f"cannot run uv at {interpreters.find_uv()}: {error.strerror}") from error


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Remove the variables that would make uv use the environment of paas-local instead of the charm's."""
    removed = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "PYTHONHOME"}
    return {name: value for name, value in environment.items() if name not in removed}


def _root_cause(stderr: str) -> str:
    """Return uv's chain of causes in one line: the failure and its root cause."""
    causes: list[str] = []
    for line in filter(None, map(str.strip, stderr.splitlines())):
        start = _CAUSE.match(line)
        if start:
            causes.append(line[start.end() :])
        elif causes and not line.startswith(("hint:", "^")):
            causes[-1] += f" {line.lstrip('│ ')}"
    shown = causes if len(causes) <= _FEW_CAUSES else [causes[1], causes[-1]]
    reason = ": ".join(cause.strip().rstrip(":") for cause in shown)
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
