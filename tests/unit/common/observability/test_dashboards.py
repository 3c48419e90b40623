"""Dashboards in the databag: compressed, named, and the same while the files are the same."""

import base64
import json
import lzma
import typing

import pytest
from paas_common.observability import dashboards
from paas_common.values import facts

ME = facts.Identity(app="shop", unit="shop/0", model="prod", leader=True, model_uuid="5c6f2f0c", charm="shop-k8s")
FOLDER = "cos_custom/grafana_dashboards"


def shown(name: str, text: str) -> dict[str, typing.Any]:
    dashboard_templates, problems = dashboards.templates(ME, {f"{FOLDER}/{name}": text})
    assert problems == ()
    (template,) = typing.cast("dict[str, typing.Any]", dashboard_templates).values()
    return json.loads(lzma.decompress(base64.b64decode(template["content"])))


def test_the_same_dashboards_are_the_same_message() -> None:
    files = {f"{FOLDER}/a.json": '{"title": "A"}'}

    once, again = (dashboards.encoded(dashboards.templates(ME, files)[0]) for _ in range(2))

    assert once == again


def test_another_dashboard_is_another_message() -> None:
    one, other = (
        json.loads(dashboards.encoded(dashboards.templates(ME, {f"{FOLDER}/a.json": text})[0]))
        for text in ('{"title": "A"}', '{"title": "B"}')
    )

    assert one["uuid"] != other["uuid"]


@pytest.mark.parametrize("own", ["", "short", 7, "z" * 40])
def test_a_dashboard_is_named_by_charm_and_file(own: object) -> None:
    named = shown("a.json", json.dumps({"uid": own}))

    assert named["uid"] == shown("a.json", "{}")["uid"]
    assert named["uid"] != shown("b.json", "{}")["uid"]


def test_a_name_as_long_as_ours_is_kept() -> None:
    assert shown("a.json", json.dumps({"uid": "0a" * 20}))["uid"] == "0a" * 20


@pytest.mark.parametrize("tags", [None, "shop", ["shop", 3]])
def test_it_is_tagged_with_the_charm(tags: object) -> None:
    assert shown("a.json", json.dumps({"tags": tags}))["tags"][-1] == "charm: shop-k8s"


def test_two_files_of_one_name() -> None:
    files = {f"{FOLDER}/a.json": "{}", f"{FOLDER}/a.tmpl": "{}"}

    dashboard_templates, problems = dashboards.templates(ME, files)

    assert list(dashboard_templates) == ["file:custom_a"]
    assert problems == (f"{FOLDER}/a.tmpl has the name of another dashboard, which is used instead (rename the file)",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expecting value in line 1, column 1"),
        ("[]", "it is not a JSON object"),
        ('"\udcff"', "it is not UTF-8"),
        ('{"a": NaN}', "NaN is not JSON"),
    ],
)
def test_an_invalid_file_has_a_reason(text: str, words: str) -> None:
    assert dashboards.templates(ME, {f"{FOLDER}/a.json": text}) == (
        {},
        (f"{FOLDER}/a.json is not a valid dashboard: {words}",),
    )
