"""Leg A finds a defect of a charm."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_leg_a_fails_for_a_charm_that_fails(tmp_path: Path):
    examples = shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".*", "lib"))
    charm = examples / "go/charm/src/charm.py"
    charm.write_text(charm.read_text().replace('"""A guest book in Go."""', "_ = 1 / 0"))
    leg = ("tests/integration/go", "--leg", "A", "--examples", examples, "--exitfirst", "--quiet")

    done = subprocess.run([sys.executable, "-m", "pytest", *leg], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "ZeroDivisionError: division by zero" in done.stdout
    assert "1 failed" in done.stdout
