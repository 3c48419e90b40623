"""The packages that a merge has to publish, and the notes of a release.

``python scripts/release.py due`` prints the packages as JSON; ``version PACKAGE`` and ``notes PACKAGE`` print the
version and the section of the changelog. A package is due when its changelog has a date for its version and the version
has no tag yet.
"""

# ruff: noqa: T201 - the script prints
import json
import re
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, kw_only=True)
class Version:
    """The version of a package, with its section of the changelog."""

    package: str
    version: str
    date: str
    """The text in parentheses: a date, or ``unreleased``."""
    notes: str

    @property
    def tag(self) -> str:
        """Name of the tag of its release."""
        return f"{self.package}-v{self.version}"

    @property
    def released(self) -> bool:
        """Return whether the changelog has a date for it."""
        return DATE.fullmatch(self.date) is not None


def newest(package: str, pyproject: str, changelog: str) -> Version:
    """Read the version of a package; raise ``SystemExit`` if the changelog opens with another one."""
    declared = re.search(r'^version = "([^"]+)"$', pyproject, re.MULTILINE)
    section = re.search(r"^## (\S+) \(([^)]+)\)\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if declared is None or section is None or section[1] != declared[1]:
        raise SystemExit(f"ERROR the first section of {package}'s CHANGELOG.md must have the version of pyproject.toml")
    return Version(package=package, version=section[1], date=section[2], notes=section[3].strip() + "\n")


def due(versions: Collection[Version], tags: Collection[str]) -> list[str]:
    """Return the packages to publish, in the order of their dependencies: paas-common is the first name."""
    return sorted(version.package for version in versions if version.released and version.tag not in tags)


def may_break(before: str, now: str) -> bool:
    """Return whether a version may break the API of an earlier one: a new minor version below 1.0, or a major one."""
    old, new = ([int(part) for part in version.split(".")[:2]] for version in (before, now))
    return new[0] > old[0] or (old[0] == 0 and new > old)


def read(package: str) -> Version:
    """Read the version of a package of this repository."""
    folder = ROOT / "packages" / package
    return newest(package, (folder / "pyproject.toml").read_text(), (folder / "CHANGELOG.md").read_text())


def main(command: str, *packages: str) -> None:
    """Print the packages that are due, or the version or the notes of one."""
    if packages:
        (package,) = packages
        print({"version": f"{read(package).version}\n", "notes": read(package).notes}[command], end="")
        return
    tags = subprocess.run(["git", "tag"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    print(json.dumps(due([read(folder.name) for folder in (ROOT / "packages").iterdir()], tags)))


if __name__ == "__main__":
    main(*sys.argv[1:])
