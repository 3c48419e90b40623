"""What dashboards applications send, and what is wrong with them."""

import base64
import json
import lzma
from typing import Any

import pytest
from paas_common.observability import dashboards as sender
from paas_common.values import facts
from paas_local.providers.grafana_k8s.charm.src import dashboards

OVERVIEW: dict[str, Any] = {"uid": "abc", "title": "Overview"}


def packed(content: bytes) -> str:
    return base64.b64encode(lzma.compress(content)).decode()


def sent(**templates: object) -> dict[str, str]:
    return {"dashboards": json.dumps({"templates": templates, "uuid": "1"})}


def template(dashboard: object = OVERVIEW, **more: object) -> dict[str, object]:
    return {"content": packed(json.dumps(dashboard).encode()), **more}


def shelf(*found: dashboards.Dashboard) -> dict[str, Any]:
    return json.loads(dashboards.shelf(found))


def dashboard(application: str, **content: object) -> dashboards.Dashboard:
    return dashboards.Dashboard(uid="abc", application=application, content={**OVERVIEW, **content})


def test_reads_what_our_own_charms_send():
    me = facts.Identity(model="demo", model_uuid="0", app="web", unit="web/0", leader=True, charm="web-k8s")
    shown, problems = sender.templates(me, {"shop.json": '{"title": "Shop", "panels": []}'})

    (found,) = dashboards.read({"dashboards": sender.encoded(shown)}, "web")

    assert problems == ()
    assert isinstance(found, dashboards.Dashboard)
    assert (found.application, found.content["title"], found.content["tags"]) == ("web", "Shop", ["charm: web-k8s"])


def test_nothing_is_sent_yet():
    assert dashboards.read({}, "web") == ()


def test_a_dashboard_without_a_name_gets_the_one_that_comes_with_it():
    (found,) = dashboards.read(sent(one=template({"title": "Shop"}, dashboard_alt_uid="alt")), "web")

    assert isinstance(found, dashboards.Dashboard)
    assert (found.uid, found.content["uid"]) == ("alt", "alt")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (1, "it is not an object"),
        ({}, "it has no content"),
        ({"content": "a"}, "its content is not base64"),
        ({"content": "aaaa"}, "its content is not compressed by xz"),
        ({"content": packed(b"\xff")}, "its content is not UTF-8"),
        ({"content": packed(b"{")}, "its content is not JSON: Expecting property name enclosed in double quotes"),
        (template([]), "its content is not an object"),
        (template({"title": "Shop"}), "it has no uid"),
        (template({"uid": "a/b", "title": "Shop"}), "its uid is not up to 40 letters, digits, - and _"),
        (template({"uid": "abc", "title": ""}), "it has no title"),
    ],
)
def test_one_that_cannot_be_shown_is_named_with_the_reason_and_the_others_stay(wrong: object, reason: str):
    good, bad = dashboards.read(sent(good=template(), bad=wrong), "web")

    assert isinstance(good, dashboards.Dashboard)
    assert isinstance(bad, dashboards.Fault)
    assert bad.name == "bad"
    assert bad.reason.startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("junk", "dashboards: not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "dashboards: not an object"),
        ("{}", "dashboards.templates: not an object"),
    ],
)
def test_what_has_no_dashboards_in_it_is_told_by_its_key(text: str, reason: str):
    with pytest.raises(dashboards.InvalidError) as told:
        dashboards.read({"dashboards": text}, "web")

    assert str(told.value) == reason


def test_a_dashboard_that_two_applications_send_is_shown_once_in_its_newest_version():
    found = shelf(dashboard("web", version=1), dashboard("api", version=2), dashboard("old", version="?"))

    assert found == {"abc": {"applications": ["api", "old", "web"], "dashboard": {**OVERVIEW, "version": 2}}}
