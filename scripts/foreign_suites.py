"""Tests that other projects wrote for Juju and Pebble, with paas-local in their place.

    scripts/uv run python scripts/foreign_suites.py jubilant ../jubilant

The second argument is a clone of the project. ``--provide NAME=FOLDER`` puts a folder in the place of a charm of
Charmhub, or of an image of a registry: a link of that name in the folder of the tests. Further arguments are pytest's.
The result replaces the row and the list of this suite in ``docs/reference/foreign-suites.md``, unless there are further
arguments. A test that fails without a reason in ``scripts/suites/suites.py`` makes the exit status 1.
"""

# ruff: noqa: T201 - the script prints
import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from paas_local.build import interpreters
from suites import results
from suites.suites import SUITES, Suite

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/foreign-suites.md"
ROCKS = ROOT / "scripts/suites/rocks"
PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
STAND_INS = ("charmcraft", "kubectl")
"""Programs that the suites call; each is a file of ``scripts/suites``."""


def main() -> None:
    """Run a suite, print its result and write it into the page."""
    parser = argparse.ArgumentParser(description=str(__doc__), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=sorted(SUITES))
    parser.add_argument("checkout", type=Path, help="clone of the project")
    parser.add_argument(
        "--provide", action="append", default=[], metavar="NAME=FOLDER", help="folder in the place of NAME"
    )
    arguments, pytest_arguments = parser.parse_known_args()
    suite, checkout = SUITES[arguments.suite], arguments.checkout.resolve()
    with tempfile.TemporaryDirectory(prefix="suite-") as temporary:
        folder = Path(temporary)
        with installed(folder) as environment:
            pairs = [words.partition("=") for words in arguments.provide]
            provided = {name: stand_in(Path(path), folder) for name, _, path in pairs}
            tested = moved(suite.moved, checkout, folder, environment) if suite.moved else checkout
            for project in suite.projects:
                provide(tested / project, provided)
            tests = list(run(suite, tested, folder, environment, pytest_arguments))
    outcome = results.Outcome(suite=suite, commit=commit(checkout), tests=tests)
    print(outcome.row())
    print(outcome.list())
    if not pytest_arguments:
        results.write(PAGE, outcome)
    raise SystemExit(1 if outcome.unexplained() else 0)


@contextlib.contextmanager
def installed(folder: Path) -> Generator[Mapping[str, str]]:
    """Put ``juju``, ``charmcraft``, ``kubectl`` and ``uv`` on the PATH, in an own home of paas-local."""
    tools, home = folder / "tools", folder / "home"
    tools.mkdir()
    for name in STAND_INS:
        (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / f"scripts/suites/{name}.py"} "$@"\n')
        (tools / name).chmod(0o755)
    (tools / "uv").symlink_to(interpreters.find_uv())
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("JUJU_MODEL", "VIRTUAL_ENV")},
        "PAAS_LOCAL_HOME": str(home),
        "UV_PYTHON": sys.executable,
    }
    # the line that a user types: eval "$(paas-local juju-path)"
    line = f'eval "$({PAAS_LOCAL} juju-path)"; printf %s "$PATH"'
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, check=True)
    try:
        yield {**environment, "PATH": f"{tools}{os.pathsep}{done.stdout}"}
    finally:
        subprocess.run([PAAS_LOCAL, "shutdown"], env=environment, check=False)


def stand_in(source: Path, folder: Path) -> Path:
    """Return a folder, or a copy with what this repository has for it: the recipe of an image, or a charm's images."""
    source = source.resolve()
    recipe, metadata = ROCKS / f"{source.name}.yaml", source / "metadata.yaml"
    if not recipe.exists() and not metadata.exists():
        return source
    copy = folder / source.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".*"))
    if recipe.exists():
        shutil.copy(recipe, copy / "rockcraft.yaml")
    if metadata.exists():
        document = yaml.safe_load(metadata.read_text())
        for name, resource in document.get("resources", {}).items():
            if (ROCKS / name).exists():
                resource["upstream-source"] = str(ROCKS / name)
        (copy / "metadata.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return copy


def moved(framework: str, checkout: Path, folder: Path, environment: Mapping[str, str]) -> Path:
    """Return a copy of paas-charm's clone in which an example charm is one of these packages."""
    copy = folder / "checkout"
    shutil.copytree(checkout, copy, symlinks=True, ignore=shutil.ignore_patterns(".venv", "*.charm"))
    charm = copy / f"examples/{framework}/charm"
    subprocess.run([PAAS_LOCAL, "move-charm", "--force", charm], env=environment, check=True)
    # it has no requirement to replace: the tests put paas_charm into the packed charm
    with (charm / "requirements.txt").open("a") as requirements:
        requirements.write(f"paas-{framework}\n")
    return copy


def provide(project: Path, provided: Mapping[str, Path]) -> None:
    """Link the folders of charms and images under their names."""
    for name, source in provided.items():
        link = project / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(source)


def run(
    suite: Suite, checkout: Path, folder: Path, environment: Mapping[str, str], pytest_arguments: Sequence[str]
) -> Iterator[results.Test]:
    """Run the tests of each project; return their results."""
    for charm in suite.charms:
        subprocess.run(["charmcraft", "pack"], cwd=checkout / charm, env=environment, check=True)
    options = [f"--{option}={checkout / image}" for option, image in suite.images.items()]
    # a suite with a server on this machine does not look for it in the network of the pods
    network = ("--host-network",) if suite.server else ()
    with running(suite.server, folder) as server:
        for project, tests in selected(suite, checkout):
            report = folder / "report.xml"
            uv = ("uv", "run", "--quiet", "--project", checkout / project, *suite.uv)
            pytest = (PAAS_LOCAL, "test", *network, "-p", "no:cacheprovider", f"--junitxml={report}", "--tb=short")
            with model(suite.model, environment) as of_model:
                subprocess.run(
                    [*uv, *pytest, *options, *of_model, *tests, *pytest_arguments],
                    cwd=checkout / project,
                    env={**environment, **suite.environment, **server},
                    check=False,
                )
            yield from results.read(report, project)


def selected(suite: Suite, checkout: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Return the runs of pytest: the folder of each, and its tests."""
    for project in suite.projects:
        if suite.model:
            for module in sorted(
                path for tests in suite.tests for path in (checkout / project / tests).glob("test_*.py")
            ):
                yield project, (str(module),)
        else:
            yield project, suite.tests


@contextlib.contextmanager
def model(name: str, environment: Mapping[str, str]) -> Generator[Sequence[str]]:
    """Add a model, return pytest's option for it, and destroy it; a suite without one adds its own models."""
    if not name:
        yield ()
        return
    subprocess.run([PAAS_LOCAL, "add-model", name], env=environment, check=True)
    yield (f"--model={name}",)
    subprocess.run([PAAS_LOCAL, "destroy-model", name, "--no-prompt", "--force"], env=environment, check=True)


@contextlib.contextmanager
def running(server: Sequence[str], folder: Path) -> Generator[Mapping[str, str]]:
    """Run paas-local's Pebble while the tests run, for a suite that tests one."""
    if not server:
        yield {}
        return
    home = folder / "pebble"
    environment = {**os.environ, "PEBBLE": str(home)}
    with subprocess.Popen([sys.executable, *server], env=environment, stderr=subprocess.DEVNULL, umask=0) as process:
        try:
            yield {"PEBBLE": str(home)}
        finally:
            process.terminate()


def commit(checkout: Path) -> str:
    """Return the commit of a clone, or an empty text for a folder that is none."""
    words = ("git", "-C", checkout, "describe", "--tags", "--always")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main()
