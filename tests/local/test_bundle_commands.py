"""deploy of a bundle and export-bundle through jubilant, with the real controller; its pods never start."""

import zipfile
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import jubilant
import pytest
import yaml
from podless_controller import PAAS_LOCAL, controller, error

TRUST = (
    "ERROR Bundle cannot be deployed without trusting applications with your cloud credentials.\n"
    "Please repeat the deploy command with the --trust argument if you consent to trust the following application(s):\n"
    "  - web\n"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    with controller(tmp_path_factory.mktemp("cache")):
        yield


@pytest.fixture
def juju(running: None, request: pytest.FixtureRequest) -> Generator[jubilant.Juju]:
    """Yield jubilant in a new model."""
    del running
    juju = jubilant.Juju(cli_binary=str(PAAS_LOCAL))
    name = f"m{abs(hash(request.node.name)) % 10_000_000}"
    juju.add_model(name)
    yield juju
    juju.destroy_model(name, force=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two packed charms in it."""
    charms: Mapping[str, dict[str, Any]] = {
        "web": {
            "requires": {"db": {"interface": "sql"}},
            "resources": {"words": {"type": "file", "filename": "w.txt"}},
        },
        "store": {"provides": {"database": {"interface": "sql"}}},
    }
    for name, metadata in charms.items():
        with zipfile.ZipFile(tmp_path / f"{name}.charm", "w") as archive:
            archive.writestr("metadata.yaml", yaml.safe_dump({"name": name, **metadata}))
            archive.writestr("config.yaml", yaml.safe_dump({"options": {"motd": {"type": "string"}}}))
            archive.writestr("dispatch", "#!/bin/sh\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return tmp_path


def write(file: Path, **document: Any) -> str:
    file.write_text(yaml.safe_dump({"bundle": "kubernetes", **document}))
    return str(file)


def shop(folder: Path, **web: Any) -> str:
    (folder / "words.txt").write_text("words of the resource")
    (folder / "motd").write_text("words of the option")
    entry = {
        "charm": "./web.charm",
        "scale": 2,
        "options": {"motd": "include-file://motd"},
        "resources": {"words": "./words.txt"},
    }
    return write(
        folder / "bundle.yaml",
        applications={"web": {**entry, **web}, "db": {"charm": "./store.charm", "channel": "edge"}},
        relations=[["web:db", "db:database"]],
    )


def test_a_bundle_is_deployed_with_its_paths_relative_to_the_file(juju: jubilant.Juju, folder: Path):
    output = juju.cli("deploy", shop(folder))

    assert output.splitlines() == [
        "Executing changes:",
        f"- upload charm {folder}/store.charm",
        f"- deploy application db with 1 unit using {folder}/store.charm",
        f"- upload charm {folder}/web.charm",
        f"- deploy application web with 2 units using {folder}/web.charm",
        "- add relation web:db - db:database",
    ]
    status = juju.status()
    assert {name: (app.scale, app.charm_name) for name, app in status.apps.items()} == {
        "db": (1, "store"),
        "web": (2, "web"),
    }
    assert juju.config("web")["motd"] == "words of the option"
    assert [each.related_app for each in status.apps["web"].relations["db"]] == ["db"]
    assert "words     admin" in juju.cli("resources", "web")


def test_a_second_deployment_makes_only_the_differences(juju: jubilant.Juju, folder: Path):
    juju.cli("deploy", shop(folder))

    assert juju.cli("deploy", shop(folder)) == ""
    assert juju.cli("deploy", shop(folder, scale=1, options={"motd": "x"}, expose=True)).splitlines()[1:] == [
        "- set application options for web",
        "- scale web to 1 unit",
        "- expose all endpoints of web and allow access from CIDRs 0.0.0.0/0 and ::/0",
    ]
    web = juju.status().apps["web"]
    assert (web.scale, web.exposed, juju.config("web")["motd"]) == (1, True, "x")


def test_a_dry_run_prints_the_changes_and_makes_none(juju: jubilant.Juju, folder: Path):
    output = juju.cli("deploy", shop(folder), "--dry-run")

    assert output.splitlines()[0] == "Changes to deploy bundle:"
    assert len(output.splitlines()) == 6
    assert juju.status().apps == {}


def test_overlays_change_the_bundle(juju: jubilant.Juju, folder: Path):
    (folder / "more").mkdir()
    overlay = write(
        folder / "more/overlay.yaml", applications={"web": {"scale": 1, "charm": "../web.charm"}, "db": None}
    )

    juju.deploy(shop(folder), overlays=[overlay])

    assert {name: app.scale for name, app in juju.status().apps.items()} == {"web": 1}


def test_trust_is_given_by_a_flag(juju: jubilant.Juju, folder: Path):
    bundle = shop(folder, trust=True)

    assert error(juju, "deploy", bundle) == (TRUST, 1)
    juju.deploy(bundle, trust=True)
    assert juju.config("web", app_config=True)["trust"] is True
    assert juju.config("db", app_config=True)["trust"] is False


def test_a_bundle_with_an_error_deploys_nothing(juju: jubilant.Juju, folder: Path):
    bundle = shop(folder, resources={"words": "./none.txt"})

    message, code = error(juju, "deploy", bundle)

    assert message.endswith(
        f'ERROR there is no "{folder}/none.txt" for the resource words: an image needs the application\'s folder,'
        " which has rockcraft.yaml; a file resource, a file\n"
    )
    assert (code, juju.status().apps) == (1, {})


def test_the_key_of_an_error_is_named_in_one_line(juju: jubilant.Juju, folder: Path):
    bundle = shop(folder, devices={"gpu": 1})
    broken = folder / "broken.yaml"
    broken.write_text("applications: [")

    assert error(juju, "deploy", bundle) == (
        f"ERROR {bundle}: applications.web.devices: not possible here: a pod has no devices\n",
        1,
    )
    message, _ = error(juju, "deploy", str(broken))
    assert message.startswith(f"ERROR {broken}: while parsing a flow node")
    assert message.count("\n") == 1


def test_flags_of_the_other_kind_are_refused(juju: jubilant.Juju, folder: Path):
    bundle = shop(folder)

    assert error(juju, "deploy", bundle, "--config", "a=b", "-n", "2") == (
        "ERROR flags provided but not supported when deploying a bundle: --config, --num-units\n",
        2,
    )
    assert error(juju, "deploy", str(folder / "web.charm"), "--dry-run") == (
        "ERROR flags provided but not supported when deploying a charm: --dry-run\n",
        2,
    )
    assert error(juju, "deploy", bundle, "name") == (
        'ERROR unrecognized args: ["name"]; a bundle names its applications\n',
        2,
    )


def test_a_model_is_exported_and_deployed_again(juju: jubilant.Juju, folder: Path):
    assert error(juju, "export-bundle") == ("ERROR nothing to export as there are no applications\n", 1)
    juju.cli("deploy", shop(folder))

    exported = juju.cli("export-bundle")
    juju.cli("export-bundle", "--filename", str(folder / "exported.yaml"))

    assert yaml.safe_load(exported) == {
        "bundle": "kubernetes",
        "applications": {
            "db": {"charm": "local:store-0", "scale": 1},
            "web": {"charm": "local:web-0", "scale": 2, "options": {"motd": "words of the option"}},
        },
        "relations": [["web:db", "db:database"]],
    }
    assert (folder / "exported.yaml").read_text() == exported
    assert juju.cli("deploy", str(folder / "exported.yaml")) == ""
    assert error(juju, "export-bundle", "--filename", "/none/x.yaml") == (
        "ERROR cannot write /none/x.yaml: No such file or directory\n",
        1,
    )


def test_an_overlay_offers_endpoints_and_the_bundle_of_another_model_consumes_them(juju: jubilant.Juju, folder: Path):
    overlay = write(folder / "overlay.yaml", applications={"db": {"offers": {"store": {"endpoints": ["database"]}}}})
    juju.deploy(shop(folder), overlays=[overlay])
    name = juju.status().model.name
    other = jubilant.Juju(cli_binary=str(PAAS_LOCAL))
    other.add_model(f"{name}-other")
    consuming = write(
        folder / "consuming.yaml",
        applications={"web": {"charm": "./web.charm"}},
        saas={"far": {"url": f"admin/{name}.store"}},
        relations=[["web:db", "far:database"]],
    )

    output = other.cli("deploy", consuming)

    assert output.splitlines()[3:] == [
        f"- consume offer far at admin/{name}.store",
        "- add relation web:db - far:database",
    ]
    assert other.cli("deploy", consuming) == ""
    base, offers = yaml.safe_load_all(juju.cli("export-bundle"))
    assert sorted(base["applications"]) == ["db", "web"]
    assert base["relations"] == [["web:db", "db:database"]]
    assert offers == {"applications": {"db": {"offers": {"store": {"endpoints": ["database"]}}}}}
    assert yaml.safe_load(other.cli("export-bundle"))["saas"] == {"far": {"url": f"admin/{name}.store"}}
    other.destroy_model(f"{name}-other", force=True)


def test_cos_lite_is_a_bundle_of_built_in_charms(juju: jubilant.Juju, folder: Path):
    output = juju.cli("deploy", "cos-lite", "--trust", "--dry-run")

    assert output.splitlines()[:5] == [
        "Changes to deploy bundle:",
        "- upload charm grafana-k8s",
        "- deploy application grafana with 1 unit using grafana-k8s",
        "- upload charm loki-k8s",
        "- deploy application loki with 1 unit using loki-k8s",
    ]
    assert [line for line in output.splitlines() if "add relation" in line] == [
        "- add relation traefik:ingress-per-unit - prometheus:ingress",
        "- add relation traefik:ingress-per-unit - loki:ingress",
        "- add relation traefik:traefik-route - grafana:ingress",
        "- add relation grafana:grafana-source - prometheus:grafana-source",
        "- add relation grafana:grafana-source - loki:grafana-source",
        "- add relation prometheus:metrics-endpoint - traefik:metrics-endpoint",
        "- add relation prometheus:metrics-endpoint - loki:metrics-endpoint",
        "- add relation prometheus:metrics-endpoint - grafana:metrics-endpoint",
        "- add relation grafana:grafana-dashboard - loki:grafana-dashboard",
        "- add relation grafana:grafana-dashboard - prometheus:grafana-dashboard",
    ]
    offers = {"loki": {"offers": {"logs": {"endpoints": ["logging"]}}}, "grafana": None, "alertmanager": {"scale": 2}}
    overlay = write(folder / "offers.yaml", applications=offers)
    output = juju.cli("deploy", "cos-lite", "--trust", "--dry-run", "--overlay", overlay)
    assert output.splitlines()[-1] == "- create offer logs using loki:logging"
    assert "grafana" not in output
