"""The packages of the previous release, which the tests refresh from."""

import subprocess
from pathlib import Path

from paas_local.build import interpreters

from examples import ROOT

# This commit counts as a release as long as no package has one. Older ones may wait five minutes for an application
# that has started: a check that failed meanwhile kept the unit waiting.
FIRST = "3a04c79e702a91dad0cfc1cfa660ef6ae82e2e58"


def build(folder: Path, kind: str) -> None:
    """Check out the newest release, and build its wheels or source distributions into ``dist``.

    A shallow clone lacks its commit: there the packages of the current commit, as another revision, take its place.
    """
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", ROOT, folder], check=True)
    subprocess.run(["git", "checkout", "--quiet", _commit()], cwd=folder, check=True)
    command = (interpreters.find_uv(), "build", "--quiet", "--all-packages", kind, "--out-dir", folder / "dist")
    subprocess.run(command, cwd=folder, check=True)


def _commit() -> str:
    newest = ("git", "tag", "--list", "paas-*-v*", "--sort=-creatordate", "--merged")
    tags = subprocess.run(newest, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    commit = tags[0] if tags else FIRST
    lookup = ("git", "cat-file", "-e", f"{commit}^{{commit}}")
    return commit if subprocess.run(lookup, cwd=ROOT, check=False, capture_output=True).returncode == 0 else "HEAD"
