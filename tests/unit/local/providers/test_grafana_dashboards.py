"""Dashboards in relation data."""

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


def document(*listed: dashboards.Dashboard) -> dict[str, Any]:
    return json.loads(dashboards.document(listed))


def dashboard(application: str, **content: object) -> dashboards.Dashboard:
    return dashboards.Dashboard(uid="abc", application=application, content={**OVERVIEW, **content})


def test_reads_the_dashboards_of_the_charm_library():
    me = facts.Identity(model="demo", model_uuid="0", app="web", unit="web/0", leader=True, charm="web-k8s")
    shown, problems = sender.templates(me, {"shop.json": '{"title": "Shop", "panels": []}'})

    (result,) = dashboards.read({"dashboards": sender.encoded(shown)}, "web")

    assert problems == ()
    assert isinstance(result, dashboards.Dashboard)
    assert (result.application, result.content["title"], result.content["tags"]) == ("web", "Shop", ["charm: web-k8s"])


def test_an_empty_databag_has_no_dashboards():
    assert dashboards.read({}, "web") == ()


def test_a_dashboard_without_a_uid_gets_the_alternative_uid():
    (result,) = dashboards.read(sent(one=template({"title": "Shop"}, dashboard_alt_uid="alt")), "web")

    assert isinstance(result, dashboards.Dashboard)
    assert (result.uid, result.content["uid"]) == ("alt", "alt")


@pytest.mark.parametrize(
    ("sent_dashboard", "reason"),
    [
        (1, "it is not an object"),
        ({}, "it has no content"),
        ({"content": "a"}, "its content is not base64"),
        ({"content": "aaaa"}, "its content is not compressed by xz"),
        ({"content": packed(b"\xff")}, "its content is not UTF-8"),
        ({"content": packed(b"{")}, "its content is not JSON: Expecting property name enclosed in double quotes"),
        (template([]), "its content is not an object"),
        (template({"title": "Shop"}), "it has no uid"),
        (template({"uid": "a/b", "title": "Shop"}), "its uid must be up to 40 letters, digits, - and _"),
        (template({"uid": "abc", "title": ""}), "it has no title"),
    ],
)
def test_an_invalid_dashboard_has_a_reason_and_the_others_are_valid(sent_dashboard: object, reason: str):
    good, bad = dashboards.read(sent(good=template(), bad=sent_dashboard), "web")

    assert isinstance(good, dashboards.Dashboard)
    assert isinstance(bad, dashboards.Invalid)
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
def test_an_invalid_databag_is_an_error_with_its_key(text: str, reason: str):
    with pytest.raises(dashboards.InvalidError) as error:
        dashboards.read({"dashboards": text}, "web")

    assert str(error.value) == reason


def test_a_dashboard_of_two_applications_is_written_once_in_its_newest_version():
    written = document(dashboard("web", version=1), dashboard("api", version=2), dashboard("old", version="?"))

    assert written == {"abc": {"applications": ["api", "old", "web"], "dashboard": {**OVERVIEW, "version": 2}}}
