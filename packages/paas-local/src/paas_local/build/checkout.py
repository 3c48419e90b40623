"""The wheels of this repository, when paas-local runs from a checkout: charms need them before they are published."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from paas_local.build import cache
from paas_local.build.errors import ProjectError

# packages/paas-local/src/paas_local/build/checkout.py
_ROOT = Path(__file__).resolve().parents[5]
_KIND = "wheels"
_BUILD = ("build", "--quiet", "--all-packages", "--wheel", "--python", sys.executable, "--out-dir")


def find_links(uv: str, requirements: Iterable[str], root: Path | None = None) -> str:
    """Return the value of ``UV_FIND_LINKS`` for some requirements.

    It is the user's own value, and the folder of our wheels if a requirement names one of them. The wheels are built
    again after a change of the sources.
    """
    root = root or _ROOT
    own = os.environ.get("UV_FIND_LINKS", "")
    names = [file.parent.name for file in root.glob("packages/paas-*/pyproject.toml")]
    if not any(name in text for text in requirements for name in names) or _has_wheels(own):
        return own
    digest = cache.tree_digest(root / "packages")
    folder = cache.path(_KIND, digest)
    if not folder.is_dir():
        folder = _build(uv, root, digest)
    return f"{own} {folder}".strip()


def _has_wheels(links: str) -> bool:
    return any(any(Path(link).glob("paas_common-*.whl")) for link in links.replace(",", " ").split())


def _build(uv: str, root: Path, digest: str) -> Path:
    with cache.new_entry(_KIND) as folder:
        environment = {**os.environ, "UV_FIND_LINKS": "", "UV_PYTHON_DOWNLOADS": "never"}
        done = subprocess.run(
            (uv, *_BUILD, str(folder)),
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
        if done.returncode:
            reason = " ".join(done.stderr.split()) or f"uv exited with {done.returncode}"
            raise ProjectError(f"cannot build the wheels of {root}: {reason}")
        return cache.store(folder, _KIND, digest)
