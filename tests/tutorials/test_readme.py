"""The README's steps by hand, pasted into a terminal as a reader does."""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from deployment import Deployment, new_home

ROOT = Path(__file__).parents[2]
HEADING = "## The same commands by hand\n"
INSTALLATION = ("scripts/uv sync ", "export PATH=")
"""The beginnings of the lines that install paas-local, which these tests have done in another way."""


@pytest.fixture
def juju() -> Generator[Deployment]:
    """Yield an empty home; paas-local itself finds the wheels of this checkout."""
    with new_home(UV_FIND_LINKS="") as juju:
        yield juju


def steps() -> list[str]:
    """Return the lines of the code block, without indentation."""
    section = (ROOT / "README.md").read_text().partition(HEADING)[2].partition("\n## ")[0]
    return [line[4:] for line in section.splitlines() if line.startswith("    ")]


def test_the_steps_do_what_they_say(juju: Deployment) -> None:
    lines = steps()
    pasted = [line for line in lines if not line.startswith(INSTALLATION)]
    environment = {**juju.environment, "PATH": f"{Path(sys.executable).parent}:{juju.environment['PATH']}"}
    del environment["JUJU_MODEL"]

    done = subprocess.run(
        ["bash", "-eu"],
        input="\n".join(pasted),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert len(pasted) == len(lines) - len(INSTALLATION)
    assert done.returncode == 0, done.stdout
    answers = done.stdout.replace(": ", ":")
    assert [each for each in ('"text":"hello"', '"Welcome"', '"status":"ok"') if each not in answers] == [], done.stdout
