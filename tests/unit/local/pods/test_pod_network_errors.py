"""The errors of the process that enters the network of the pods."""

from pathlib import Path

import pytest
from paas_local.pods import pod_network


def test_without_a_background_process_the_command_that_starts_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert pod_network.main([str(tmp_path / "none"), "true"]) == 1

    assert capsys.readouterr().err == (
        "paas-local: no background process answers (No such file or directory); type: paas-local status\n"
    )
