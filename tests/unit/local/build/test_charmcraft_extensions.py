"""Expansions, compared with recordings of charmcraft, and errors for the author."""

from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from paas_local.build import charmcraft_extensions, frameworks
from paas_local.build.errors import ProjectError

EXPANSIONS = cast(
    "dict[str, Any]", yaml.safe_load((Path(__file__).parents[1] / "fixtures" / "expansions.yaml").read_text())
)


def without_descriptions(value: Any) -> Any:
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {key: without_descriptions(item) for key, item in items if not _describes(key, item)}
    if isinstance(value, list):
        return [without_descriptions(item) for item in cast("list[Any]", value)]
    return value


def _describes(key: str, value: Any) -> bool:
    return key == "description" and isinstance(value, str)


def flask(**more: Any) -> dict[str, Any]:
    return {
        "name": "flask-k8s",
        "type": "charm",
        "base": "ubuntu@24.04",
        "platforms": {"amd64": None},
        "extensions": ["flask-framework"],
        **more,
    }


@pytest.mark.parametrize("name", EXPANSIONS)
def test_equals_the_expansion_of_charmcraft(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(charmcraft_extensions.EXPERIMENTAL, "1")
    case = EXPANSIONS[name]
    for file, text in case["files"].items():
        (tmp_path / file).write_text(text)

    expanded = charmcraft_extensions.expand(case["project"], tmp_path)

    del expanded["platforms"]
    assert without_descriptions(expanded) == case["expanded"]


@pytest.mark.parametrize("name", EXPANSIONS)
def test_keeps_the_order_of_charmcraft(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(charmcraft_extensions.EXPERIMENTAL, "1")
    case = EXPANSIONS[name]

    expanded = charmcraft_extensions.expand(case["project"], tmp_path)

    assert list(expanded["requires"]) == list(case["expanded"]["requires"])
    assert expanded["charm-libs"] == case["expanded"]["charm-libs"]


@pytest.mark.parametrize("base", ["ubuntu@24.04", "ubuntu@26.04"])
@pytest.mark.parametrize("name", frameworks.extensions())
def test_every_option_action_and_resource_is_described(
    name: str, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(charmcraft_extensions.EXPERIMENTAL, "1")

    expanded = charmcraft_extensions.expand(flask(extensions=[name], base=base), tmp_path)

    described = [*expanded["config"]["options"].values(), *expanded["actions"].values()]
    assert all(entry["description"] for entry in [*described, *expanded["resources"].values()])
    assert not set("{}") & set(str([entry["description"] for entry in described]))


def test_each_framework_keeps_its_own_names(tmp_path: Path):
    options = {"django-mine": {"type": "string"}}

    with pytest.raises(ProjectError, match="names that begin with django- are reserved for django-framework"):
        charmcraft_extensions.expand(flask(extensions=["django-framework"], config={"options": options}), tmp_path)
    charmcraft_extensions.expand(flask(extensions=["go-framework"], config={"options": options}), tmp_path)


def test_leaves_a_project_without_extensions_as_it_is(tmp_path: Path):
    assert charmcraft_extensions.expand({"name": "plain", "type": "charm"}, tmp_path) == {
        "name": "plain",
        "type": "charm",
    }


def test_two_expansions_share_nothing(tmp_path: Path):
    first = charmcraft_extensions.expand(flask(), tmp_path)
    first["config"]["options"]["flask-debug"]["type"] = "changed"

    second = charmcraft_extensions.expand(flask(), tmp_path)

    assert second["config"]["options"]["flask-debug"]["type"] == "boolean"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param(
            {"extensions": ["flask"]},
            "extensions: flask is not known; known are: django-framework, fastapi-framework, ",
            id="unknown",
        ),
        pytest.param({"extensions": "flask-framework"}, "extensions: must be a list of strings", id="no list"),
        pytest.param({"base": "ubuntu@20.04"}, "does not support ubuntu@20.04; supported are: ubuntu@22.04", id="base"),
        pytest.param({"base": "ubuntu@26.04"}, f"set {charmcraft_extensions.EXPERIMENTAL}=1", id="experimental"),
        pytest.param({"base": None}, "needs exactly one, as ubuntu@24.04; found: none", id="no base"),
        pytest.param({"platforms": {"ubuntu@22.04:amd64": None}}, "found: ubuntu@22.04, ubuntu@24.04", id="bases"),
        pytest.param({"type": "bundle"}, "type: flask-framework needs `type: charm`", id="type"),
        pytest.param({"parts": {"charm": {}}}, "parts.charm: flask-framework adds this part", id="part"),
        pytest.param({"storage": {}}, "storage: must not be used together with flask-framework", id="storage"),
        pytest.param({"devices": {}}, "devices: must not be used together with", id="devices"),
        pytest.param({"extra-bindings": {}}, "extra-bindings: must not be used together with", id="bindings"),
        pytest.param({"assumes": ["juju >= 3"]}, "assumes: flask-framework sets this key; remove it", id="assumes"),
        pytest.param({"containers": {"app": {}}}, "containers: flask-framework sets this key", id="containers"),
        pytest.param({"resources": {"app": {}}}, "resources: flask-framework sets this key", id="resources"),
        pytest.param({"peers": {"p": {}}}, "peers: flask-framework sets this key", id="peers"),
        pytest.param({"requires": {"ingress": {}}}, "requires.ingress: flask-framework adds one", id="requires"),
        pytest.param({"provides": {"grafana-dashboard": {}}}, "provides.grafana-dashboard: ", id="provides"),
        pytest.param({"actions": {"rotate-secret-key": {}}}, "actions.rotate-secret-key: ", id="actions"),
        pytest.param({"requires": []}, "requires: must be a mapping", id="no mapping"),
        pytest.param({"requires": {"db": "x"}}, "requires: db: must be a mapping", id="no mapping below"),
        pytest.param(
            {"config": {"options": {"flask-debug": {}}}},
            "config.options.flask-debug: flask-framework adds",
            id="taken",
        ),
        pytest.param(
            {"config": {"options": {"flask-mine": {}}}}, "names that begin with flask- are reserved for", id="prefix"
        ),
        pytest.param(
            {"config": {"options": {"webserver-mine": {}}}},
            "names that begin with webserver- are reserved for",
            id="webserver",
        ),
        pytest.param(
            {"config": {"options": {"mine": {"optional": False, "default": "x"}}}},
            "config.options.mine: an option with optional: false must not have a default",
            id="default",
        ),
    ],
)
def test_an_error_is_one_line_with_the_key(
    more: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(charmcraft_extensions.EXPERIMENTAL, raising=False)

    with pytest.raises(ProjectError) as caught:
        charmcraft_extensions.expand(flask(**more), tmp_path)

    assert str(caught.value).startswith("charmcraft.yaml: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_prefix_of_the_second_generation_is_not_reserved_in_the_first(tmp_path: Path):
    options = {"app-mine": {"type": "string"}, "falsy": {"optional": False, "default": ""}}

    expanded = charmcraft_extensions.expand(flask(config={"options": options}), tmp_path)

    assert expanded["config"]["options"].keys() > options.keys()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"base": None, "platforms": {"ubuntu@24.04:amd64": None}}, id="label"),
        pytest.param({"base": None, "platforms": {"x": {"build-for": "ubuntu@24.04:amd64"}}}, id="build-for"),
        pytest.param({"base": None, "bases": [{"name": "ubuntu", "channel": "22.04"}]}, id="short bases"),
        pytest.param(
            {"base": None, "bases": [{"build-on": [{"name": "ubuntu", "channel": "22.04"}]}]}, id="long bases"
        ),
    ],
)
def test_reads_the_base_from_each_key(more: dict[str, Any], tmp_path: Path):
    assert "flask-app" in charmcraft_extensions.expand(flask(**more), tmp_path)["containers"]


def test_refuses_loose_files_among_custom_rules(tmp_path: Path):
    (tmp_path / "cos_custom" / "grafana_dashboards").mkdir(parents=True)
    (tmp_path / "cos_custom" / "notes.txt").touch()

    with pytest.raises(ProjectError, match=r"cos_custom/notes.txt: cos_custom must contain only the folders grafana"):
        charmcraft_extensions.expand(flask(), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: [", "paas-config.yaml, line 1: ", id="YAML"),
        pytest.param("- a", "paas-config.yaml: must be a mapping", id="list"),
        pytest.param("port: 0", "paas-config.yaml: port: must be a number from 1 to 65535", id="port"),
        pytest.param("metrics-port: '9'", "paas-config.yaml: metrics-port: must be a number", id="text"),
        pytest.param("metrics-path: metrics", "paas-config.yaml: metrics-path: must be the path", id="path"),
    ],
)
def test_checks_the_paas_config(text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(charmcraft_extensions.EXPERIMENTAL, "1")
    (tmp_path / "paas-config.yaml").write_text(text)

    with pytest.raises(ProjectError) as caught:
        charmcraft_extensions.expand(flask(base="ubuntu@26.04"), tmp_path)

    assert message in str(caught.value)


def test_the_first_generation_does_not_check_ports(tmp_path: Path):
    (tmp_path / "paas-config.yaml").write_text("port: 0\n")

    assert "config" not in charmcraft_extensions.expand(flask(), tmp_path)["parts"]
