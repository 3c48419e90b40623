"""The built-in bundles: what the built-in charms can do of them."""

from pathlib import Path
from typing import Any

import pytest
from paas_local.cli import built_in_bundles, bundle_files
from paas_local.juju import bundles

LINES = (
    "alertmanager is left out: no built-in charm replaces alertmanager-k8s\n"
    "catalogue is left out: no built-in charm replaces catalogue-k8s\n"
)


@pytest.mark.parametrize("name", ["cos-lite", "ch:cos-lite", "ch:amd64/cos-lite"])
def test_cos_lite_has_the_built_in_charms_under_their_names_in_the_bundle(
    name: str, capsys: pytest.CaptureFixture[str]
):
    file = bundle_files.find(name)

    assert file is not None
    bundle = bundle_files.read(file, ())
    assert {each.name: each.charm for each in bundle.applications.values()} == {
        "grafana": "grafana-k8s",
        "loki": "loki-k8s",
        "prometheus": "prometheus-k8s",
        "traefik": "traefik-k8s",
    }
    assert capsys.readouterr().err == LINES


def test_a_relation_needs_both_endpoints_with_one_interface():
    applications: dict[str, dict[str, Any]] = {name: {"charm": name} for name in ("a", "b", "c")}
    relations = [["a:x", "b:x"], ["a:x", "b:y"], ["a:x", "b:none"], ["a:x", "c:x"]]
    offers = {"good": {"endpoints": ["x"]}, "bad": {"endpoints": ["x", "none"]}}
    applications["a"] |= {"offers": offers}
    bundle = bundles.parse({"applications": applications, "relations": relations})

    smaller = built_in_bundles.reduced(bundle, {"a": {"x": "sql"}, "b": {"x": "sql", "y": "http"}})

    assert sorted(smaller.applications) == ["a", "b"]
    assert smaller.relations == (("a:x", "b:x"),)
    assert smaller.applications["a"].offers == {"good": ("x",)}


def test_a_charm_is_not_a_bundle():
    assert built_in_bundles.find("loki-k8s") is None
    assert built_in_bundles.find("__init__") is None


def test_a_folder_with_the_name_of_a_bundle_is_a_charm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "cos-lite").mkdir()
    monkeypatch.chdir(tmp_path)

    assert bundle_files.find("./cos-lite") is None
    assert bundle_files.find(str(tmp_path / "cos-lite")) is None
    assert bundle_files.find("./none/cos-lite") is None
