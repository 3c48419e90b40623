"""The Python of a charm or an application: the one of its base, as far as this machine has it."""

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from paas_local.build.errors import ProjectError
from paas_local.build.progress import Progress, warn

PYTHONS = {"ubuntu@22.04": "3.10", "ubuntu@24.04": "3.12", "ubuntu@26.04": "3.14"}
"""The Python of each base."""

_PACKAGE = Path(__file__).parent.parent
_REQUIRES = re.compile(r"""^requires-python\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_DESCRIBE = "import sys; print(sys.version); print('\\0'.join((sys.base_prefix, '%d.%d.%d' % sys.version_info[:3])))"


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python of this machine, outside of any virtual environment."""

    program: Path
    base: Path
    """The folder that it is installed in."""
    version: str
    """As ``3.12.1``."""
    build: str
    """The text of ``sys.version``."""

    @property
    def minor(self) -> str:
        """Return the version as a base has it: ``3.12``."""
        return self.version.rpartition(".")[0]


def own() -> Interpreter:
    """Return the Python that runs paas-local."""
    major, minor, micro, *_ = sys.version_info
    program = Path(sys.base_prefix) / "bin" / f"python{major}.{minor}"
    version = f"{major}.{minor}.{micro}"
    return Interpreter(program=program, base=Path(sys.base_prefix), version=version, build=sys.version)


def choose(source: Path, base: str, where: str, progress: Progress) -> Interpreter:
    """Return the Python for a project: of ``UV_PYTHON``, of its base, or one that its ``requires-python`` allows.

    ``where`` names the file and the key of the base, for a warning.
    """
    here = own()
    # the built-in charms run with any Python
    if source.resolve().is_relative_to(_PACKAGE):
        return here
    if request := os.environ.get("UV_PYTHON"):
        python = _find(find_uv(), request)
        if python is None:
            raise ProjectError(f"UV_PYTHON: must be a Python of this machine; found {request}")
        return python
    requires = _requires_python(source)
    version = PYTHONS.get(base, here.minor)
    of_base = here if version == here.minor else _find(find_uv(), version)
    if of_base is not None and requires.contains(of_base.version):
        return of_base
    instead = here if requires.contains(here.version) else _find(find_uv(), str(requires))
    if instead is None:
        raise ProjectError(
            f"{source / 'pyproject.toml'}: requires-python: must allow a Python of this machine; found {requires}"
        )
    reason = f"{base} has Python {version}, which this machine lacks"
    if of_base is not None:
        reason = f"{base} has Python {version}, which requires-python ({requires}) excludes"
    warn(progress, f"{where}: {reason}; it runs with Python {instead.version}")
    return instead


def _requires_python(source: Path) -> SpecifierSet:
    file = source / "pyproject.toml"
    match = _REQUIRES.search(file.read_text(encoding="utf-8", errors="replace")) if file.is_file() else None
    try:
        return SpecifierSet(match[1] if match else "")
    except InvalidSpecifier:
        return SpecifierSet()


@functools.lru_cache
def _find(uv: str, request: str) -> Interpreter | None:
    """Ask uv for a Python of this machine, by its path, version or range of versions."""
    environment = {name: value for name, value in os.environ.items() if name not in {"UV_PYTHON", "VIRTUAL_ENV"}}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    command = (uv, "python", "find", "--no-project", "--system", request)
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    path = answer.stdout.strip()
    if answer.returncode or not path:
        return None
    described = subprocess.run((path, "-I", "-c", _DESCRIBE), capture_output=True, text=True, check=False)
    if described.returncode:
        return None
    build, _, rest = described.stdout.strip().rpartition("\n")
    base, version = rest.split("\0")
    minor = version.rpartition(".")[0]
    return Interpreter(program=Path(base) / "bin" / f"python{minor}", base=Path(base), version=version, build=build)


def find_uv() -> str:
    """Return the path of the program uv."""
    installed = Path(sys.executable).with_name("uv")
    program = os.environ.get("UV") or shutil.which("uv") or (str(installed) if installed.is_file() else None)
    if program is None:
        raise ProjectError("uv is not installed; install it with `pip install uv`, or set UV to its path")
    return program
