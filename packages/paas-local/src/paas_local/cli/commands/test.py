"""test: run the integration tests of a charm's repository; their juju is paas-local."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from paas_local import folders
from paas_local.cli import juju_program, output, session, test_models
from paas_local.cli.juju_click import juju_command

_TESTS = "tests/integration"
_KEEPING = ("--keep-models", "--no-juju-teardown")
_PATIENCE = 120.0
_POD_NETWORK = (sys.executable, "-I", "-m", "paas_local.pods.pod_network")


@juju_command
@click.option("--host-network", is_flag=True, help="run the tests in the network of this machine")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENT...]")
def test(*, words: tuple[str, ...], host_network: bool) -> None:
    """Run a charm repository's integration tests, whose juju is this program, and remove their models.

    \b
    paas-local test                            # the tests in tests/integration
    paas-local test tests/integration/test_charm.py -k database

    The tests run in the network of the pods, where the addresses of units answer, as do published ports, and ports 80
    and 443 elsewhere. All other arguments are pytest's. The tests' own flags --keep-models and --no-juju-teardown keep
    the models.
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    before = session.current_model()
    with tempfile.NamedTemporaryFile("r", prefix="paas-local-test-") as added:
        path = f"{juju_program.folder()}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = {**os.environ, "PATH": path, test_models.VARIABLE: added.name}
        network = () if host_network else _pod_network()
        code = _run([*network, *_pytest(), *(words or _default_tests())], environment)
        if not any(word in _KEEPING for word in words):
            _destroy(added.read().split())
    if session.current_model() != before:
        session.set_current_model(before)
    sys.exit(code)


# the words are pytest's flags
test.ignore_unknown_options = True


def _pod_network() -> Sequence[str]:
    session.query("ping")
    return (*_POD_NETWORK, str(folders.home() / folders.SOCKET))


def _pytest() -> Sequence[str]:
    if program := shutil.which("pytest"):
        return (program,)
    if importlib.util.find_spec("pytest"):
        return (sys.executable, "-m", "pytest")
    raise click.ClickException("pytest must be on PATH (pip install pytest jubilant)")


def _default_tests() -> Sequence[str]:
    return (_TESTS,) if Path(_TESTS).is_dir() else ()


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Return the exit code of the tests; Ctrl-C ends them, and their models are removed all the same."""
    with subprocess.Popen(command, env=environment) as process:

        def forward(number: int, _: FrameType | None) -> None:
            # a terminal's Ctrl-C reaches pytest too
            if number == signal.SIGTERM:
                process.terminate()

        before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _destroy(added: Sequence[str]) -> None:
    if not added:
        return
    for model in sorted(set(added) & set(session.query("models")["models"])):
        output.say(f"Destroying model {model}, which the tests left")
        session.request("destroy-model", patience=_PATIENCE, model=model, force=True)
