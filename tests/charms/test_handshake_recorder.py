"""Tests of the command that records the real charm libraries."""

import importlib
import json
import pathlib
import runpy
import sys
import typing

import pytest
from relating import RECORDINGS

SCRIPT: typing.Final = pathlib.Path(__file__).parent.parent.parent / "scripts/record_handshakes.py"


@pytest.mark.usefixtures("charm_libs")
def test_records_again_what_is_recorded(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(SCRIPT.parent), *sys.path])
    recorder = runpy.run_path(str(SCRIPT))
    module = importlib.import_module("charms.data_platform_libs.v0.data_interfaces")
    provider, *_ = recorder["PROVIDERS"]["postgresql_client"]
    library = recorder["Library"]("postgresql_client", provider, module, module.LIBPATCH, "59")

    stages = recorder["stages_of"](tmp_path / "handshake", library)

    assert stages == json.loads((RECORDINGS / f"{library.name}.json").read_text())["stages"]
