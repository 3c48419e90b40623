"""The garbage collector in the process of an event."""

import subprocess
import sys


def test_it_does_not_visit_what_the_imports_have_made() -> None:
    code = "import gc, paas_common; paas_common.PaasCharm; print(len(gc.get_objects()) < gc.get_freeze_count())"

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert output == "True\n"


def test_it_does_not_run_while_a_complete_pass_loads_its_modules() -> None:
    code = (
        "import gc, paas_common; paas_common.PaasCharm; before = gc.get_stats()[1]; import paas_common.pipeline; "
        "print(gc.get_stats()[1] == before)"
    )

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert output == "True\n"
