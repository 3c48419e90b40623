"""The wheels of this repository, built once, for tests that install them as a stranger would."""

import signal
import subprocess
from pathlib import Path

import pytest
from paas_local import environments

# Started in the background of a shell, pytest inherits an ignored SIGINT, and so would all that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the wheels."""
    folder = tmp_path_factory.mktemp("wheels")
    subprocess.run(
        [environments.uv(), "build", "--quiet", "--all-packages", "--wheel", "--out-dir", folder],
        cwd=ROOT,
        check=True,
    )
    return folder
