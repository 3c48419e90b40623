"""A charm and its application with another Pebble than the built-in one: a single executable file.

No package index has the real Pebble. This test packs the built-in one into a file that starts like the real one, and
writes a line into the log of each container.
"""

import shutil
import subprocess
import zipapp
from pathlib import Path

import paas_local
import pytest
from deployment import new_home
from paas_local.build import interpreters

FLASK = Path(__file__).parent.parent.parent / "examples/flask"
LOG_LINE = "this is the other pebble"
# Extension modules cannot be loaded from an archive. Services must not see the variables that disable them.
PROGRAM = f"""
import os, sys

flags = [f"{{name}}_NO_EXTENSIONS" for name in ("AIOHTTP", "FROZENLIST", "MULTIDICT", "PROPCACHE", "YARL")]
os.environ.update(dict.fromkeys(flags, "1"))
from paas_local.pebble.__main__ import main

for flag in flags:
    del os.environ[flag]
print("{LOG_LINE}", *sys.argv[1:], flush=True)
sys.exit(main())
"""


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the executable file."""
    folder = tmp_path_factory.mktemp("pebble")
    code = folder / "code"
    subprocess.run(
        [
            *(interpreters.find_uv(), "pip", "install", "--quiet", "--target", code, "--python-version", "3.10"),
            *("aiohttp", "pyyaml"),
        ],
        check=True,
    )
    package = Path(paas_local.__file__).parent
    shutil.copytree(package / "pebble", code / "paas_local/pebble")
    shutil.copy(package / "__init__.py", code / "paas_local")
    (code / "__main__.py").write_text(PROGRAM)
    (folder / "bin").mkdir()
    zipapp.create_archive(code, folder / "bin/pebble", interpreter="/usr/bin/env python3")
    # Readable for all users: PostgreSQL's container runs it as its own user.
    (folder / "bin/pebble").chmod(0o755)
    return folder / "bin/pebble"


def test_it_runs_the_application_and_the_database(wheels: Path, pebble: Path):
    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        juju("--pebble", str(pebble), "add-model", "test", "--no-switch")
        juju.deploy_provider("postgresql-k8s")
        juju("deploy", str(FLASK / "charm"), "flask-k8s", "--resource", f"flask-app-image={FLASK}")
        juju("integrate", "flask-k8s", "postgresql-k8s")
        juju.wait_for("flask-k8s/0", "active")
        browser = juju.browser("flask-k8s")
        browser.post("/notes", {"text": "kept"})

        assert browser.get("/notes")[0]["text"] == "kept"
        assert {log.stem for log in juju.home.rglob("*.log") if LOG_LINE in log.read_text()} == {
            "flask-app",
            "postgresql",
        }
