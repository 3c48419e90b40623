"""Look up pinned distributions in a clone of the PyPA's advisory database, without a network.

The requirements come from standard input. FOLDER is a clone of https://github.com/pypa/advisory-database; the format of
an advisory is https://ossf.github.io/osv-schema/.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


class Pin(NamedTuple):
    """A distribution and its only version."""

    name: str
    version: Version


def pins(requirements: str) -> Sequence[Pin]:
    """Return the pins of a requirements file; raise ``ValueError`` for a line that is not a pin."""
    pinned = list[Pin]()
    for line in requirements.splitlines():
        text = line.partition("#")[0].strip()
        if text:
            try:
                requirement = Requirement(text)
                (specifier,) = requirement.specifier
                pinned.append(Pin(canonicalize_name(requirement.name), Version(specifier.version)))
            except (InvalidRequirement, InvalidVersion, ValueError) as error:
                raise ValueError(f'"{text}" is not a pinned requirement, such as "ops==3.8.0"') from error
    return pinned


def affects(advisory: Mapping[str, Any], pin: Pin) -> bool:
    """Return whether an advisory concerns a version."""
    if "withdrawn" in advisory:
        return False
    mine = [each for each in advisory["affected"] if canonicalize_name(each["package"]["name"]) == pin.name]
    return any(_listed(each, pin.version) or _in_a_range(each, pin.version) for each in mine)


def _listed(affected: Mapping[str, Any], version: Version) -> bool:
    return any(_version(text) == version for text in affected.get("versions", ()))


def _in_a_range(affected: Mapping[str, Any], version: Version) -> bool:
    """Return whether a version is after an introduction and before the next fix; ranges of commits do not count."""
    inside = False
    for kind, limit in sorted(_limits(affected), key=lambda each: each[1]):
        if limit <= version and kind in ("introduced", "fixed"):
            inside = kind == "introduced"
        elif limit < version and kind == "last_affected":
            inside = False
    return inside


def _limits(affected: Mapping[str, Any]) -> Iterator[tuple[str, Version]]:
    for each in affected.get("ranges", ()):
        if each["type"] != "GIT":
            for event in each["events"]:
                for kind, text in event.items():
                    if (version := _version(text)) is not None:
                        yield kind, version


def _version(text: object) -> Version | None:
    """Return the version; None for the few that old distributions have and Python has no order for."""
    try:
        return Version(str(text))
    except InvalidVersion:
        return None


def findings(folder: Path, pinned: Sequence[Pin]) -> Iterator[str]:
    """Yield a line for each advisory that concerns a pin."""
    for pin in pinned:
        for file in sorted((folder / "vulns" / pin.name).glob("*.yaml")):
            advisory = yaml.safe_load(file.read_text())
            if affects(advisory, pin):
                known = ", ".join([advisory["id"], *advisory.get("aliases", ())])
                yield f"{pin.name} {pin.version}: {known}"


def main() -> int:
    """Print the findings; return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a clone of the advisory database")
    folder: Path = parser.parse_args().folder
    if not (folder / "vulns").is_dir():
        sys.exit(f"audit: {folder} has no folder vulns: give a clone of https://github.com/pypa/advisory-database")
    try:
        pinned = pins(sys.stdin.read())
    except ValueError as error:
        sys.exit(f"audit: {error}")
    lines = list(findings(folder, pinned))
    sys.stdout.writelines(
        f"{line}\n" for line in [*lines, f"{len(pinned)} distributions, {len(lines)} known vulnerabilities"]
    )
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
