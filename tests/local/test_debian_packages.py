"""Packages of Debian, fetched by the real apt for whichever user runs the tests, and run in a pod."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from paas_local.build import debian_packages, rocks

DRIVER = Path(__file__).with_name("pod_driver.py")


def run(folder: Path, packages: Path, command: str) -> str:
    """Return the output of a command in a container with these packages."""
    folder.mkdir()
    document: dict[str, Any] = {
        "folder": str(folder),
        "mounts": [],
        "python": None,
        "packages": str(packages),
        "pebble": "idle",
        "containers": 1,
        "commands": [("app", command)],
        "kill": False,
        "restart": False,
        "hold": False,
    }
    (folder / "job.json").write_text(json.dumps(document))
    command_line = [sys.executable, "-m", "paas_local.pods.namespace_init", sys.executable, DRIVER, folder / "job.json"]
    done = subprocess.run(command_line, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)["results"][0]["out"]


@pytest.mark.parametrize("lists", ["of the machine", "none"])
def test_a_program_of_a_package_runs_in_a_container(lists: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if lists == "none":
        monkeypatch.setattr(debian_packages, "_LISTS", tmp_path / "empty")
    part = {"plugin": "nil", "stage-packages": ["lua5.4"]}
    (tmp_path / "rockcraft.yaml").write_text(yaml.safe_dump({"name": "tools", "parts": {"tools": part}}))

    rock = rocks.build(tmp_path, lambda _: None)

    assert rock.packages is not None
    assert run(tmp_path / "job", rock.packages, "lua5.4 -e 'print(6 * 7)'") == "42\n"
