"""Checks of a release that need no account; prints a table of the packages and writes their bills of materials.

``make release-check`` builds the current commit twice, compares and checks the files, and installs each wheel alone on
each Python of PYTHONS, with the lowest and the highest dependencies that it allows, and each source distribution.
PACKAGES has the names of the packages to release, or is empty for all; the others come from the package index. Then
``dist/`` has the files.
"""

# ruff: noqa: T201 - the script prints
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import griffe
import release
from paas_local.build import interpreters
from packaging.metadata import Metadata

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
RESOLUTIONS = ("lowest-direct", "highest")
# Where a package's metadata does not say how it is used.
SMOKE = {"paas-local": "from paas_local.cli.main import main"}


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package of the workspace, built."""

    name: str
    wheel: Path
    sdist: Path
    metadata: Metadata

    @property
    def module(self) -> str:
        """Name of its module."""
        return self.name.replace("-", "_")

    @property
    def needs(self) -> list[str]:
        """Requirements without their versions, as pip prints them."""
        return [requirement.name for requirement in self.metadata.requires_dist or []]


def main() -> None:
    """Run the checks in the order of their cost."""
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        built = [build(Path(folder) / name) for name in ("first", "second")]
        check_equal(*built)
        names = os.environ.get("PACKAGES", "").split() or [project.name for project in (ROOT / "packages").iterdir()]
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        packages = [collect(name, built[0]) for name in sorted(names)]
        run("twine", "check", "--strict", *DIST.glob("*.whl"), *DIST.glob("*.tar.gz"))
        # The charms of paas-local's providers have equal files.
        run("check-wheel-contents", "--ignore", "W002", *DIST.glob("*.whl"))
        installed = {package.name: install(package, Path(folder) / package.name) for package in packages}
        install_sources(packages, Path(folder) / "sources")
    rows = [
        ("package", "version", "wheel", "sdist", "installs", "API", "requires"),
        *(row(package, installed[package.name]) for package in packages),
    ]
    print_table(rows)
    for package in packages:
        write_bill(package)


def build(folder: Path) -> Path:
    """Build all packages from a new clone of the current commit; return the folder of the files."""
    run("git", "clone", "--quiet", ROOT, folder)
    date = output("git", "-C", folder, "log", "-1", "--format=%ct")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": date}
    command = (interpreters.find_uv(), "build", "--quiet", "--all-packages", "--no-create-gitignore")
    subprocess.run([*command, "--out-dir", folder / "dist"], cwd=folder, env=environment, check=True)
    return folder / "dist"


def check_equal(first: Path, second: Path) -> None:
    """Refuse a commit that builds two different files."""
    names = sorted(file.name for file in first.iterdir())
    different = [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()]
    if different:
        sys.exit(f"ERROR two builds of this commit differ: {', '.join(different)}")
    print(f"{len(names)} files, equal in two builds of this commit")


def collect(name: str, built: Path) -> Package:
    """Copy the files of a package into ``dist``, and read its metadata."""
    for file in built.glob(f"{name.replace('-', '_')}-*"):
        shutil.copy(file, DIST)
    (wheel,) = DIST.glob(f"{name.replace('-', '_')}-*.whl")
    (sdist,) = DIST.glob(f"{name.replace('-', '_')}-*.tar.gz")
    text = output("unzip", "-p", wheel, "*.dist-info/METADATA")
    return Package(name=name, wheel=wheel, sdist=sdist, metadata=Metadata.from_email(text, validate=True))


def install(package: Package, folder: Path) -> str:
    """Install a wheel alone on each Python, with the lowest and highest dependencies; return the counts of packages."""
    counts: list[int] = []
    for python in os.environ["PYTHONS"].split():
        for resolution in RESOLUTIONS:
            environment = folder / f"{python}-{resolution}"
            uv("venv", "--quiet", "--python", python, environment)
            target = ("--python", environment)
            requirements = folder / f"{python}-{resolution}.txt"
            # Only dependencies of named projects are direct, so that they get their lowest version.
            projects = [ROOT / "packages" / name / "pyproject.toml" for name in (package.name, *package.needs)]
            compiled = ("--output-file", requirements, *filter(Path.is_file, projects))
            uv("pip", "compile", "--quiet", *target, "--resolution", resolution, "--find-links", DIST, *compiled)
            uv("pip", "install", "--quiet", *target, "--find-links", DIST, package.wheel, "-r", requirements)
            uv("pip", "check", "--quiet", *target)
            run(
                environment / "bin/python",
                "-I",
                "-W",
                "error",
                "-c",
                SMOKE.get(package.name, f"import {package.module}"),
            )
            counts.append(len(json.loads(output(interpreters.find_uv(), "pip", "list", *target, "--format", "json"))))
            print(f"{package.name} runs on Python {python} with the {resolution} dependencies")
    return f"{min(counts)}-{max(counts)}"


def install_sources(packages: list[Package], folder: Path) -> None:
    """Install all packages from their source distributions, as charmcraft's plugin ``charm`` does."""
    uv("venv", "--quiet", "--python", os.environ["PYTHONS"].split()[0], folder)
    ours = [word for package in packages for word in ("--no-binary", package.name)]
    uv("pip", "install", "--quiet", "--python", folder, "--find-links", DIST, *ours, *(each.name for each in packages))
    print("the source distributions are installable without wheels of these packages")


def row(package: Package, installed: str) -> tuple[str, ...]:
    """Return the table's row of a package."""
    sizes = [f"{file.stat().st_size / 1024:.0f} kB" for file in (package.wheel, package.sdist)]
    requires = ", ".join(map(str, package.metadata.requires_dist or []))
    return (package.name, str(package.metadata.version), *sizes, installed, api_changes(package), requires)


def api_changes(package: Package) -> str:
    """Compare the public API with the last release; refuse a break without the version that it needs."""
    tag = output("git", "tag", "--list", f"{package.name}-v*", "--sort=-version:refname", "--merged").partition("\n")[0]
    if not tag:
        return "no release yet"
    search = [f"packages/{package.name}/src"]
    old = griffe.load_git(package.module, ref=tag, repo=ROOT, search_paths=search)
    new = griffe.load(package.module, search_paths=[ROOT / search[0]])
    breaks = [breakage.explain(griffe.ExplanationStyle.ONE_LINE) for breakage in griffe.find_breaking_changes(old, new)]
    before, now = tag.rpartition("-v")[2], str(package.metadata.version)
    if breaks and not release.may_break(before, now):
        sys.exit(f"ERROR {package.name} {now} breaks the API of {before}:\n" + "\n".join(breaks))
    return f"{len(breaks)} breaks since {before}"


def write_bill(package: Package) -> None:
    """Write the bill of materials, in CycloneDX's format, next to the wheel."""
    export = ("export", "--quiet", "--frozen", "--no-dev", "--package", package.name, "--format", "cyclonedx1.5")
    file = DIST / f"{package.wheel.stem}.cdx.json"
    uv(*export, "--output-file", file)


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def uv(*words: str | Path) -> None:
    """Run uv with the Pythons of pyenv on PATH, too."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    path = os.pathsep.join([os.environ["PATH"], *map(str, sorted(pyenv.glob("versions/*/bin")))])
    environment = {**os.environ, "PATH": path, "UV_PREVIEW": "1"}
    subprocess.run([interpreters.find_uv(), *words], cwd=ROOT, env=environment, check=True)


def run(*words: str | Path) -> None:
    """Run a command that must succeed."""
    subprocess.run(words, check=True)


def output(*words: str | Path) -> str:
    """Return the output of a command that must succeed."""
    return subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
