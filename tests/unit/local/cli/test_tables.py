"""The tables of a status document: Juju's sections, columns and rules."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from paas_local.cli import tables

DOCUMENTS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "fixtures" / "status.json").read_text())

BLOCKED_WHILE_CONFIGURING = """\
Model  Controller  Cloud/Region     Version  SLA          Timestamp
demo   local       local/localhost  3.6.11   unsupported  05:20:31Z

App             Version  Status   Scale  Charm           Channel    Rev  Address        Exposed  Message
flask-k8s                blocked      1  flask-k8s                    0  10.152.183.20  no       missing integrations: postgresql
postgresql-k8s  14.15    active       1  postgresql-k8s  14/stable  495  10.152.183.21  no

Unit               Workload  Agent      Address     Ports     Message
flask-k8s/0*       blocked   executing  10.1.30.30            (config-changed) missing integrations: postgresql
postgresql-k8s/0*  active    idle       10.1.30.31  5432/tcp  Primary

Integration provider     Requirer              Interface          Type     Message
postgresql-k8s:database  flask-k8s:postgresql  postgresql_client  regular
"""  # noqa: E501 - as on a terminal


def document(name: str) -> dict[str, Any]:
    return copy.deepcopy(DOCUMENTS[name])


def unit(
    workload: Mapping[str, str] | None = None, agent: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "workload-status": workload or {"current": "active"},
        "juju-status": agent or {"current": "idle"},
        **more,
    }


def one_application(units: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    application = {
        "charm-name": "web",
        "charm-rev": 0,
        "scale": len(units),
        "exposed": False,
        "application-status": {"current": "active"},
        "units": units,
        **more,
    }
    return {"model": {"name": "demo"}, "applications": {"web": application}}


def row(picture: str, name: str) -> str:
    return next(line for line in picture.splitlines() if line.startswith((f"{name} ", f"{name}*")))


def test_the_sections_come_in_jujus_order():
    shown = document("active_with_relations")
    flask = shown["applications"]["flask-k8s"]
    flask["application-status"] = {"current": "blocked", "message": "missing integrations: postgresql"}
    flask["units"]["flask-k8s/0"] = unit(
        {"current": "blocked", "message": "missing integrations: postgresql"},
        {"current": "executing", "message": "running config-changed hook"},
        leader=True,
        address="10.1.30.30",
    )
    integration = {
        "provider": "postgresql-k8s:database",
        "requirer": "flask-k8s:postgresql",
        "interface": "postgresql_client",
        "type": "regular",
    }

    picture = tables.status(shown, integrations=[integration])

    assert picture == BLOCKED_WHILE_CONFIGURING


def test_an_empty_model_has_one_section():
    shown = document("empty")

    picture = tables.status(shown)

    assert tables.is_empty(shown)
    assert picture.splitlines() == [
        "Model  Controller  Cloud/Region     Version  SLA          Timestamp",
        "demo   local       local/localhost  3.6.11   unsupported  05:20:31Z",
    ]


def test_published_urls_come_last():
    picture = tables.status(
        document("active_with_relations"), published={"flask-k8s": {"8000/tcp": "http://127.0.0.1:8000"}}
    )

    assert picture.endswith("\n\nPublished  Port      URL\nflask-k8s  8000/tcp  http://127.0.0.1:8000\n")


def test_consumed_offers_come_before_the_applications_and_offers_after_the_units():
    sections = tables.status(document("storage_offer_and_remote_application")).split("\n\n")

    assert sections[1].splitlines() == [
        "SAAS        Status  Store  URL",
        "prometheus  active  local  admin/cos.prometheus",
    ]
    assert sections[4].splitlines() == [
        "Offer           Application     Charm           Rev  Connected  Endpoint  Interface          Role",
        "postgresql-k8s  postgresql-k8s  postgresql-k8s  495  1/1        database  postgresql_client  provider",
    ]


def test_storage_has_a_section_on_request():
    shown = document("storage_offer_and_remote_application")

    picture = tables.status(shown, storage=True)

    assert "postgresql-k8s/0  pgdata/0    filesystem        /var/lib/postgresql/data        attached" in picture
    assert "pgdata/0" not in tables.status(shown)


def test_scale_shows_the_working_units_if_some_do_not_work():
    picture = tables.status(document("scaling_up_second_unit_pending"))

    assert row(picture, "flask-k8s").split()[:3] == ["flask-k8s", "waiting", "1/2"]


def test_the_leader_has_an_asterisk():
    picture = tables.status(document("two_units_leader_is_1"))

    assert row(picture, "flask-k8s/0").startswith("flask-k8s/0 ")
    assert row(picture, "flask-k8s/1").startswith("flask-k8s/1*")


def test_units_are_sorted_by_number():
    picture = tables.status(one_application({name: unit() for name in ("web/10", "web/2", "web/1")}))

    assert [line.split()[0] for line in picture.splitlines() if line.startswith("web/")] == [
        "web/1",
        "web/2",
        "web/10",
    ]


@pytest.mark.parametrize(
    ("workload", "agent", "message"),
    [
        pytest.param(
            {"current": "active", "message": "Primary"},
            {"current": "executing", "message": "running action backup"},
            "(backup) Primary",
            id="action",
        ),
        pytest.param(
            {"current": "active"},
            {"current": "executing", "message": "running db-relation-joined hook for mysql/0"},
            "(db-relation-joined)",
            id="relation hook",
        ),
        pytest.param(
            {"current": "waiting"},
            {"current": "allocating", "message": "pulling the image"},
            "pulling the image",
            id="allocating",
        ),
        pytest.param(
            {"current": "error", "message": 'hook failed: "install"'},
            {"current": "idle"},
            'hook failed: "install"',
            id="failed hook",
        ),
    ],
)
def test_a_units_message_begins_with_the_running_hook_or_action(
    workload: dict[str, str], agent: dict[str, str], message: str
):
    picture = tables.status(one_application({"web/0": unit(workload, agent)}))

    assert row(picture, "web/0").endswith(f"  {message}")


def test_long_versions_and_messages_are_shortened():
    shown = one_application({"web/0": unit({"current": "blocked", "message": "m" * 130})}, version="v" * 40)

    picture = tables.status(shown)

    assert f"{'v' * 27}...  active" in picture
    assert row(picture, "web/0").endswith("m" * 117 + "...")


def test_a_shortened_message_keeps_the_command_at_its_end():
    command = "(juju config flask-k8s database-url=VALUE)"
    picture = tables.status(
        one_application({"web/0": unit({"current": "blocked", "message": f"{'long ' * 40}{command}"})})
    )

    assert row(picture, "web/0").endswith(f"long... {command}")
    assert len(row(picture, "web/0").partition("long")[2]) + len("long") == tables.LONGEST_MESSAGE


def test_a_message_of_several_lines_becomes_one_row():
    picture = tables.status(one_application({"web/0": unit({"current": "blocked", "message": "a\n  b"})}))

    assert row(picture, "web/0").endswith("  a b")


@pytest.mark.parametrize(
    ("opened", "shown"),
    [
        pytest.param(["5432/tcp"], "5432/tcp", id="one"),
        pytest.param(["443/tcp", "80/tcp"], "80,443/tcp", id="several"),
        pytest.param(["8000/tcp", "8002/tcp", "8001/tcp"], "8000-8002/tcp", id="consecutive"),
        pytest.param(["8000-8010/tcp", "53/udp"], "8000-8010/tcp 53/udp", id="ranges and protocols"),
        pytest.param(["icmp"], "", id="no number"),
    ],
)
def test_ports_are_grouped_by_protocol(opened: list[str], shown: str):
    assert tables.ports(opened) == shown


def test_colours_do_not_move_columns():
    shown = one_application({"web/0": unit()})

    plain = tables.status(shown)
    coloured = tables.status(shown, paint={"Status": lambda cell: f"<{cell}>"})

    assert "<active>" in coloured
    assert coloured.replace("<", "").replace(">", "") == plain


def test_secrets_are_listed_without_content():
    listed = tables.secrets(
        {
            "d1": {"name": "moderator", "owner": "demo", "revision": 2, "updated": "2026-11-23T05:12:44Z"},
            "c1": {"label": "key", "owner": "web", "revision": 1, "rotation": "daily", "updated": ""},
        }
    )

    assert listed.splitlines() == [
        "ID  Name       Owner  Rotation  Revision  Last updated",
        "c1  -          web    daily            1",
        "d1  moderator  demo   never            2  2026-11-23T05:12:44Z",
    ]
