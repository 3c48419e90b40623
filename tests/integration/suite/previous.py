"""The packages of the previous release, which the tests refresh from."""

import subprocess
from pathlib import Path

from paas_local.build import interpreters

from examples import ROOT

# This commit counts as a release as long as no package has one.
FIRST = "26d3063f92dca9077ef0709fb93f302c4f25b162"


def build(folder: Path, kind: str) -> None:
    """Check out the newest release, and build its wheels or source distributions into ``dist``."""
    newest = ("git", "tag", "--list", "paas-*-v*", "--sort=-creatordate", "--merged")
    tags = subprocess.run(newest, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", ROOT, folder], check=True)
    subprocess.run(["git", "checkout", "--quiet", tags[0] if tags else FIRST], cwd=folder, check=True)
    command = (interpreters.find_uv(), "build", "--quiet", "--all-packages", kind, "--out-dir", folder / "dist")
    subprocess.run(command, cwd=folder, check=True)
