"""The check of ``scripts/scale.py``, with few units: a destroyed model leaves nothing on the machine."""

import re
import subprocess
import sys
from pathlib import Path

SCALE = Path(__file__).parents[2] / "scripts/scale.py"


def test_a_destroyed_model_leaves_no_process_namespace_file_or_port():
    words = (sys.executable, str(SCALE), "--applications", "2", "--units", "2")

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    deployed, running, destroyed, ended = done.stdout.splitlines()
    assert deployed.startswith("4 units of 2 applications were active and idle")
    assert {name for count, name in re.findall(r"(\d+) ([a-z ]+)", running) if int(count)} == {
        *("processes", "pid namespaces", "mount namespaces", "network namespaces", "listening sockets")
    }
    assert destroyed.startswith("nothing of them was left")
    assert ended == "nothing was left after shutdown"
