"""Juju's commands through jubilant, with the real controller; its pods never start, so no hook runs."""

import json
import zipfile
from collections.abc import Generator
from pathlib import Path

import jubilant
import pytest
import yaml
from podless_controller import PAAS_LOCAL, controller, error

TASK: dict[str, object] = {"host": "web/0", "status": "pending", "results": {}}


@pytest.fixture(scope="module")
def charm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a packed charm with an option, an action and an endpoint."""
    file = tmp_path_factory.mktemp("charm") / "web.charm"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", yaml.safe_dump({"name": "web", "requires": {"db": {"interface": "sql"}}}))
        archive.writestr("actions.yaml", yaml.safe_dump({"backup": {}}))
        archive.writestr("dispatch", "#!/bin/sh\n")
    return file


@pytest.fixture(scope="module")
def juju(charm: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[jubilant.Juju]:
    """Yield jubilant in a model with one application."""
    with controller(tmp_path_factory.mktemp("cache")):
        juju = jubilant.Juju(cli_binary=str(PAAS_LOCAL))
        juju.add_model("test")
        juju.deploy(charm)
        yield juju


def test_show_model_takes_every_form_of_a_name(juju: jubilant.Juju):
    info = juju.show_model()

    assert (info.name, info.short_name, info.model_type, info.life) == ("admin/test", "test", "caas", "alive")
    assert (info.status.current, info.users["admin"].access) == ("available", "admin")
    assert juju.show_model("local:admin/test") == juju.show_model("admin/test") == info
    assert error(juju, "show-model", "none") == ("ERROR model local:admin/none not found\n", 1)


def test_models_has_the_fields_of_show_model(juju: jubilant.Juju):
    (entry,) = json.loads(juju.cli("models", "--format", "json", include_model=False))["models"]

    assert entry["model-uuid"] == juju.show_model().model_uuid


def test_constraints_are_replaced_and_shown(juju: jubilant.Juju):
    juju.model_constraints({"mem": "2G", "cores": 4, "tags": "a,b"})

    assert juju.model_constraints() == {"mem": 2048, "cores": 4, "tags": ["a", "b"]}
    assert juju.cli("model-constraints") == "cores=4 mem=2048M tags=a,b\n"
    juju.model_constraints({"arch": "amd64"})
    assert juju.model_constraints() == {"arch": "amd64"}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        pytest.param("cors=2", 'unknown constraint "cors"; did you mean "cores"?', id="name"),
        pytest.param("cores=two", 'bad "cores" constraint: must be a non-negative integer', id="number"),
        pytest.param(
            "mem=2X", 'bad "mem" constraint: must be a non-negative float with optional M/G/T/P suffix', id="size"
        ),
    ],
)
def test_an_invalid_constraint_is_refused(juju: jubilant.Juju, word: str, text: str):
    assert error(juju, "set-model-constraints", word) == (f"ERROR {text}\n", 1)


def test_boolean_options_of_a_model_are_booleans(juju: jubilant.Juju):
    assert juju.model_config()["automatically-retry-hooks"] is True

    juju.model_config({"automatically-retry-hooks": False})

    assert juju.model_config()["automatically-retry-hooks"] is False
    assert juju.cli("model-config", "automatically-retry-hooks") == "false\n"
    assert error(juju, "model-config", "automatically-retry-hooks=often") == (
        'ERROR automatically-retry-hooks: expected bool, got string("often")\n',
        1,
    )
    juju.model_config(reset="automatically-retry-hooks")
    assert juju.model_config()["automatically-retry-hooks"] is True


def test_a_model_has_the_words_of_juju_4(juju: jubilant.Juju, charm: Path):
    newer = jubilant.Juju(cli_binary=str(PAAS_LOCAL))
    newer.add_model("newer", config={"agent-version": "4.0.1"})
    newer.deploy(charm)

    assert newer.status().model.version == "4.0.1"
    assert newer.model_config()["agent-version"] == "4.0.1"
    assert error(newer, "model-config", "agent-version=3.6.11") == (
        (
            "ERROR agent-version cannot change in a model with applications; add one: "
            "paas-local add-model NAME --config agent-version=3.6.11\n"
        ),
        1,
    )
    newer.destroy_model("newer", force=True)
    assert juju.status().model.version == "3.6.11"


def test_an_invalid_option_adds_no_model(juju: jubilant.Juju):
    with pytest.raises(jubilant.CLIError) as raised:
        jubilant.Juju(cli_binary=str(PAAS_LOCAL)).add_model("ancient", config={"agent-version": "2.9.0"})

    assert raised.value.stderr == 'ERROR agent-version "2.9.0" is not supported: choose 3.6.11 or 4.0.1\n'
    assert "ancient" not in juju.cli("models", include_model=False)


def test_trust_is_an_option_of_the_application(juju: jubilant.Juju):
    juju.trust("web", scope="cluster")
    assert juju.config("web", app_config=True)["trust"] is True

    juju.trust("web", remove=True, scope="cluster")
    assert juju.config("web", app_config=True)["trust"] is False
    assert error(juju, "trust", "web") == (
        (
            "ERROR 'juju trust' currently grants full access to the cluster itself.\n"
            "Set the scope to 'cluster' using '--scope=cluster' to confirm this choice.\n"
        ),
        1,
    )


def test_expose_is_shown_by_status(juju: jubilant.Juju):
    juju.cli("expose", "web")
    assert juju.status().apps["web"].exposed

    juju.cli("unexpose", "web")
    assert not juju.status().apps["web"].exposed


def test_show_application_has_the_endpoints(juju: jubilant.Juju):
    document = json.loads(juju.cli("show-application", "web", "--format", "json"))

    assert (document["web"]["charm"], document["web"]["life"]) == ("web", "alive")
    assert document["web"]["endpoint-bindings"] == {"": "alpha", "db": "alpha"}
    assert error(juju, "show-application", "none") == ('ERROR application "none" not found\n', 1)


def test_an_application_is_scaled_up_and_down(juju: jubilant.Juju):
    juju.cli("scale-application", "web", "3")
    assert juju.status().apps["web"].scale == 3

    juju.cli("scale-application", "web", "1")
    assert juju.status().apps["web"].scale == 1
    assert error(juju, "scale-application", "web", "many") == (
        'ERROR invalid scale "many": expected a number\n',
        2,
    )


def test_an_unknown_action_or_unit_schedules_no_task(juju: jubilant.Juju):
    with pytest.raises(ValueError, match='failed to schedule any tasks:\naction "fly" not defined on unit "web/0"'):
        juju.run("web/0", "fly")
    with pytest.raises(ValueError, match='failed to schedule any tasks:\nunit "web/42" not found'):
        juju.run("web/42", "backup")
    with pytest.raises(ValueError, match='failed to schedule any tasks:\nunit "web/42" not found'):
        juju.exec("true", unit="web/42")


def test_operations_lists_the_runs(juju: jubilant.Juju):
    with pytest.raises(TimeoutError):
        juju.run("web/0", "backup", wait=0.001)

    document = json.loads(juju.cli("operations", "--format", "json", "--apps", "web", "--actions", "backup"))
    ((number, entry),) = document.items()
    assert (entry["summary"], entry["status"]) == ("backup run on unit-web-0", "pending")
    assert entry["tasks"] == {str(int(number) + 1): TASK | {"timing": entry["timing"]}}
    assert json.loads(juju.cli("show-operation", number, "--format", "json")) == entry
    assert juju.cli("operations", "--units", "web/1") == ""
    assert juju.cli("operations").splitlines()[1].split()[:2] == [number, "pending"]
    assert error(juju, "show-operation", "99") == ('ERROR operation "99" not found\n', 1)


def test_resources_of_an_application_without_any(juju: jubilant.Juju):
    assert juju.cli("resources", "web", "--format", "json") == ""
    assert error(juju, "attach-resource", "web/0", "a=b") == ('ERROR application "web/0" not valid\n', 1)
    assert error(juju, "resources", "web?") == ('ERROR "web?" is neither an application nor a unit\n', 1)


@pytest.fixture
def reader(juju: jubilant.Juju, tmp_path: Path) -> Generator[str]:
    """Yield an application whose charm reads two files; one of them is attached."""
    file = tmp_path / "reader.charm"
    declared = {"words": {"type": "file", "filename": "words.txt"}, "more": {"type": "file", "filename": "more.bin"}}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", yaml.safe_dump({"name": "reader", "resources": declared}))
        archive.writestr("dispatch", "#!/bin/sh\n")
    words = tmp_path / "first.txt"
    words.write_text("first")
    juju.deploy(file, resources={"words": str(words)})
    yield "reader"
    juju.remove_application("reader", force=True)


def resource(juju: jubilant.Juju, name: str) -> dict[str, object]:
    """Return one resource of the application ``reader``."""
    entries = json.loads(juju.cli("resources", "reader", "--format", "json"))["resources"]
    (entry,) = [entry for entry in entries if entry["name"] == name]
    return entry


def test_a_file_is_attached_replaced_and_refreshed(juju: jubilant.Juju, reader: str, tmp_path: Path):
    first = resource(juju, "words")
    assert (first["type"], first["path"], first["used"]) == ("file", "words.txt", True)
    assert (resource(juju, "more")["used"], resource(juju, "more")["revision"]) == (False, "-")

    (tmp_path / "second.txt").write_text("second")
    juju.cli("attach-resource", reader, f"words={tmp_path}/second.txt")
    second = resource(juju, "words")
    assert second["revision"] != first["revision"]

    juju.refresh(reader, resources={"words": str(tmp_path / "first.txt")})
    assert resource(juju, "words")["revision"] == first["revision"]
    assert juju.cli("resources", reader).splitlines()[1].split() == ["more", "upload", "-"]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        pytest.param("words=./none.txt", 'there is no "none.txt" for the resource words', id="no file"),
        pytest.param(
            "words=./words.tar",
            'incorrect extension on resource upload "words.tar", expected ".txt"',
            id="another extension",
        ),
        pytest.param(
            "more=./folder.bin", 'the resource "more" must be a file, and folder.bin is a folder', id="folder"
        ),
        pytest.param("other=./words.tar", 'unrecognized resource "other"; the charm has: more, words', id="unknown"),
        pytest.param("words", 'expected a resource as key=value, got "words"', id="no path"),
    ],
)
def test_another_file_than_declared_is_refused(
    juju: jubilant.Juju, reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, text: str
):
    (tmp_path / "words.tar").touch()
    (tmp_path / "folder.bin").mkdir()
    monkeypatch.chdir(tmp_path)

    message, _ = error(juju, "attach-resource", reader, word)

    assert message.startswith(f"ERROR {text}")
    assert message.count("\n") == 1


def test_storage_is_added_by_charms_and_by_deploy(juju: jubilant.Juju, charm: Path):
    assert error(juju, "add-storage", "web/0", "data=2") == (
        'ERROR Juju command "add-storage" not supported on container models\n',
        1,
    )
    with pytest.raises(jubilant.CLIError) as raised:
        juju.deploy(charm, "stored", storage={"data": "ebs,2"})
    assert raised.value.stderr.splitlines()[-2:] == [
        "WARNING the pool and the size of data have no effect: storage is a folder of this machine",
        'ERROR charm "web" has no store called "data"',
    ]
    assert error(juju, "deploy", str(charm), "stored", "--storage", "data=0") == (
        (
            'ERROR cannot parse directive for storage "data": cannot parse count: '
            'count must be greater than zero, got "0"\n'
        ),
        2,
    )


def test_a_secret_is_renamed_and_shown_by_revision(juju: jubilant.Juju):
    uri = juju.add_secret("first", {"password": "one"})
    juju.update_secret(uri, {"password": "two"}, name="renamed", info="changed")

    assert juju.show_secret("renamed", reveal=True, revision=1).content == {"password": "one"}
    assert juju.show_secret("renamed", reveal=True).content == {"password": "two"}
    assert error(juju, "show-secret", "first") == ('ERROR secret "first" not found\n', 1)
    assert error(juju, "show-secret", uri, "--reveal", "--revision", "9") == (
        f'ERROR secret "{uri.unique_identifier}" revision 9 not found\n',
        1,
    )
    juju.add_secret("first", {"password": "one"})
    assert error(juju, "update-secret", uri, "--name", "first") == (
        'ERROR secret with name "first" already exists\n',
        1,
    )


def test_a_pruned_secret_has_only_the_revisions_that_are_read(juju: jubilant.Juju):
    uri = juju.add_secret("pruned", {"password": "one"})

    juju.update_secret(uri, {"password": "two"}, auto_prune=True)

    revisions = juju.show_secret(uri, revisions=True).revisions or ()
    assert [each.revision for each in revisions] == [2]


def test_the_revisions_of_a_secret_are_kept_again(juju: jubilant.Juju):
    uri = juju.add_secret("kept", {"password": "one"})
    juju.cli("update-secret", uri, "--auto-prune")

    juju.cli("update-secret", uri, "password=two", "--auto-prune=false")

    revisions = juju.show_secret(uri, revisions=True).revisions or ()
    assert sorted(each.revision for each in revisions) == [1, 2]


def test_refresh_can_trust_an_application(juju: jubilant.Juju):
    juju.refresh("web", trust=True)

    assert juju.config("web", app_config=True)["trust"] is True
    juju.trust("web", remove=True, scope="cluster")


def test_a_relation_is_removed_by_its_id(juju: jubilant.Juju):
    assert error(juju, "remove-relation", "77") == ('ERROR relation matching "77" not found (not found)\n', 1)
