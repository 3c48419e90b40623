"""Scripts for interpreters of any path."""

import subprocess
import sys
from pathlib import Path

import pytest
from paas_local.pods import containers

PROGRAM = "import sys\nprint(sys.argv[1:], sys.flags.isolated, sys.flags.no_site)\n"


@pytest.mark.parametrize("folder", ["plain", "with blank", "long" * 40])
def test_a_tool_runs_with_an_interpreter_of_any_path(tmp_path: Path, folder: str) -> None:
    where = tmp_path / folder
    where.mkdir()
    python = where / "python"
    python.symlink_to(sys.executable)
    tool = tmp_path / "tool"
    tool.write_text(containers.with_shebang(str(python), PROGRAM))
    tool.chmod(0o755)

    done = subprocess.run([tool, "a b", "c"], capture_output=True, text=True, check=True)

    assert done.stdout == "['a b', 'c'] 1 1\n"
