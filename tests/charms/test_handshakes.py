"""Tests of our charm against recordings of the real libraries (``scripts/record_handshakes.py``), stage by stage."""

import collections
import collections.abc
import json
import pathlib
import re
import sys
import typing

import pytest
from paas_common.integrations import BUILT_IN
from relating import LOGS, PROVIDED, RECORDINGS, STAGES, Application, Document

FILES = sorted(RECORDINGS.glob("*.json"))
REPEATED = {
    "grafana_dashboard": {"ready", "rotated"},
    "ingress": {"rotated"},
    "loki_push_api": {"ready", "rotated"},
    "prometheus_scrape": {"ready", "rotated"},
    "redis": {"ready", "rotated"},
    "tracing": {"rotated"},
}
"""Stages that repeat the one before: there is no credential to rotate, or the other side does not wait."""
OPTIONAL = ("postgresql_client", "mysql_client", "mongodb_client", "s3")
"""Interfaces whose library a charm may lack."""
DOCUMENTATION = pathlib.Path(__file__).parent.parent.parent / "docs/reference/integrations.md"


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in FILES])
def test_our_charm_reads_and_writes_what_was_recorded(
    file: pathlib.Path, tmp_path: pathlib.Path, meta: dict[str, typing.Any]
) -> None:
    recording = json.loads(file.read_text())

    for stage, application in replay(recording, tmp_path, meta):
        name = stage["stage"]
        assert application.views() == stage["units"], name
        if name != "broken":
            assert application.noted() == stage["own"], name


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in FILES if each.name.startswith(OPTIONAL)])
def test_a_charm_without_the_library_reads_the_same(
    file: pathlib.Path, tmp_path: pathlib.Path, meta: dict[str, typing.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = json.loads(file.read_text())
    ours = BUILT_IN[recording["interface"]].library
    assert ours
    monkeypatch.setitem(sys.modules, ours.module, None)

    for stage, application in replay(recording, tmp_path, meta):
        name = stage["stage"]
        assert application.views() == stage["units"], name
        if name != "broken":
            requested = {"database", "bucket"} & stage["own"]["app"].keys()
            app, _ = application.written()
            assert {key: app[key] for key in requested} == {key: stage["own"]["app"][key] for key in requested}, name


def replay(
    recording: Document, root: pathlib.Path, meta: dict[str, typing.Any]
) -> collections.abc.Iterator[tuple[Document, Application]]:
    """Bring an application to each recorded stage."""
    application = Application(root, meta, recording["endpoint"], recording["interface"])
    for stage in recording["stages"]:
        name = stage["stage"]
        if name == "broken":
            application.end()
        elif name == "created":
            application.relate()
        else:
            app = stage["remote"]["app"]
            units = {int(number): databag for number, databag in stage["remote"]["units"].items()}
            if name == "related again":
                application.relate()
            if name == "changed":
                application.change()
            if name in {"waiting", "related again"}:
                application.join(units)
            application.receive(app, units, stage["secrets"])
        yield stage, application


def test_every_interface_is_recorded_in_every_stage() -> None:
    recordings = [json.loads(file.read_text()) for file in FILES]

    assert {each["interface"] for each in recordings} == {*BUILT_IN, *PROVIDED, LOGS}
    for each in recordings:
        assert tuple(stage["stage"] for stage in each["stages"]) == STAGES, each["interface"]


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in FILES])
def test_a_stage_repeats_the_one_before_only_where_the_interface_has_no_other(file: pathlib.Path) -> None:
    recording = json.loads(file.read_text())
    texts = {each["stage"]: [each.get(key) for key in ("remote", "secrets", "own")] for each in recording["stages"]}
    pairs = [("waiting", "ready"), ("ready", "changed"), ("changed", "rotated")]

    repeated = {stage for before, stage in pairs if texts[stage] == texts[before]}

    assert repeated == REPEATED.get(recording["interface"], set())


def test_the_documentation_names_the_recorded_versions() -> None:
    versions: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for each in (json.loads(file.read_text()) for file in FILES):
        versions[each["interface"], each["library"]].append(each["version"])
    recorded = {(*names, ", ".join(sorted(numbers, key=int_parts))) for names, numbers in versions.items()}

    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| ([\d., ]+) \|$", DOCUMENTATION.read_text(), re.MULTILINE)

    assert set(rows) == recorded


def int_parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
