"""The fixture of the built wheels, for tests that install them like a user."""

import signal
import subprocess
from pathlib import Path

import pytest
from paas_local.build import python_environments

# In the background of a shell, or under nohup, pytest inherits ignored signals and passes them to its child processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, lambda _number, _frame: None)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the wheels."""
    folder = tmp_path_factory.mktemp("wheels")
    subprocess.run(
        [python_environments.find_uv(), "build", "--quiet", "--all-packages", "--wheel", "--out-dir", folder],
        cwd=ROOT,
        check=True,
    )
    return folder
