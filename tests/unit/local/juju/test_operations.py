import dataclasses

import pytest
from model_builders import FLASK, NOW, PLAIN, POSTGRES, deployed, empty, idle
from paas_local.juju import charm_config, operations
from paas_local.juju.charm import Endpoint
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model

BOTH = dataclasses.replace(
    PLAIN,
    name="both",
    endpoints={
        "db": Endpoint(name="db", interface="postgresql_client", role="requirer"),
        "other": Endpoint(name="other", interface="postgresql_client", role="requirer"),
        "info": Endpoint(name="info", interface="juju-info", role="requirer"),
    },
)


def request(**changed: object) -> operations.Request:
    base = operations.Request(charm=FLASK, application="web", resources={"app-image": "/rocks/web"}, config={})
    return dataclasses.replace(base, **changed)  # pyright: ignore[reportArgumentType]  # any field


def two() -> Model:
    return idle(deployed(deployed(empty(), FLASK), POSTGRES))


@pytest.mark.parametrize("name", ["Demo", "", "a_b", "-a"])
def test_invalid_model_names_are_errors(name: str):
    with pytest.raises(JujuError, match="model names may only contain lowercase letters, digits and hyphens"):
        operations.add_model(name, "", NOW)


def test_deploy_adds_units_peer_relations_and_a_leader():
    model = operations.deploy(empty(), request(), ["10.152.0.2", "10.152.0.3"], NOW)

    application = model.applications["web"]
    assert list(application.units) == ["web/0", "web/1"]
    assert application.leader == "web/0"
    assert model.relations[0].key == "web:secret-storage"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"application": "Web"}, 'invalid application name "Web"', id="name"),
        pytest.param({"application": "web-2"}, 'invalid application name "web-2"', id="a part without a letter"),
        pytest.param({"resources": {}}, "local charm missing OCI images for: app-image", id="image missing"),
        pytest.param({"resources": {"app-image": "/x", "y": "/y"}}, 'unrecognized resource "y"', id="unknown image"),
        pytest.param({"config": {"nope": "1"}}, 'unknown option "nope"', id="unknown option"),
        pytest.param({"config": {"workers": "x"}}, 'option "workers" expected int, got "x"', id="invalid option"),
    ],
)
def test_invalid_deployments_are_errors(changes: dict[str, object], message: str):
    with pytest.raises(JujuError) as raised:
        operations.deploy(empty(), request(**changes), ["10.152.0.2"], NOW)

    assert raised.value.message.startswith(message)


def test_names_are_unique_and_revisions_count_up():
    model = operations.deploy(empty(), request(), ["10.152.0.2"], NOW)
    with pytest.raises(JujuError, match=r'^cannot add application "web": application already exists$'):
        operations.deploy(model, request(), ["10.152.0.3"], NOW)

    model = operations.deploy(model, request(application="shop"), ["10.152.0.3"], NOW)

    assert [item.charm.revision for item in model.applications.values()] == [0, 1]


def test_a_new_unit_gets_the_lowest_free_number():
    model = idle(deployed(empty(), PLAIN, units=2))
    model = idle(operations.remove_units(model, "plain", 1))

    model = operations.add_units(model, "plain", ["10.152.0.9"], NOW)

    assert list(model.applications["plain"].units) == ["plain/0", "plain/1"]
    with pytest.raises(JujuError, match='cannot remove 3 units of "plain": it has 2'):
        operations.remove_units(model, "plain", 3)


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        pytest.param(("flask-k8s", "nope"), 'application "nope" not found', id="no application"),
        pytest.param(
            ("flask-k8", "postgresql-k8s"),
            'application "flask-k8" not found; did you mean "flask-k8s"?',
            id="similar application",
        ),
        pytest.param(
            ("flask-k8s:nope", "postgresql-k8s"), 'application "flask-k8s" has no "nope" relation', id="no endpoint"
        ),
        pytest.param(("flask-k8s:metrics", "postgresql-k8s"), "no relations found", id="no match"),
        pytest.param(("flask-k8s:secret-storage", "postgresql-k8s"), "no relations found", id="peers never match"),
        pytest.param(
            ("both", "postgresql-k8s"),
            'ambiguous relation: "both postgresql-k8s" could refer to '
            '"both:db postgresql-k8s:database"; "both:other postgresql-k8s:database"',
            id="two matches",
        ),
    ],
)
def test_ends_that_do_not_match_are_errors(ends: tuple[str, str], message: str):
    model = deployed(two(), BOTH)

    with pytest.raises(JujuError) as raised:
        operations.integrate(model, *ends)

    assert raised.value.message == message


def test_a_declared_endpoint_takes_precedence_over_juju_info():
    model = deployed(two(), BOTH)

    related = operations.integrate(model, "postgresql-k8s", "both:info")

    assert related.relations[2].key == "both:info postgresql-k8s:juju-info"


def test_a_relation_is_added_once_and_within_the_limit():
    model = operations.integrate(two(), "postgresql-k8s:database", "flask-k8s:db")
    with pytest.raises(JujuError) as again:
        operations.integrate(model, "flask-k8s", "postgresql-k8s")
    with pytest.raises(JujuError) as more:
        operations.integrate(deployed(model, POSTGRES, "second"), "flask-k8s", "second")

    assert again.value.message == (
        'cannot add relation "flask-k8s:db postgresql-k8s:database"\n'
        "relation flask-k8s:db postgresql-k8s:database already exists: \n\n"
        "Use 'juju status --relations' to view the current relations."
    )
    assert more.value.message == (
        'cannot add relation "flask-k8s:db second:database": establishing a new relation for flask-k8s:db '
        "would exceed its maximum relation limit of 1 (quota limit exceeded)"
    )


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        pytest.param(["flask-k8s", "nope"], 'relation matching "flask-k8s nope" not found (not found)', id="none"),
        pytest.param(["7"], 'relation matching "7" not found (not found)', id="no number"),
        pytest.param(["0"], 'cannot remove relation "flask-k8s:secret-storage": it is a peer relation', id="peer"),
        pytest.param(["flask-k8s"], "a relation must involve two applications", id="one end"),
    ],
)
def test_removing_an_absent_relation_is_an_error(ends: list[str], message: str):
    with pytest.raises(JujuError) as raised:
        operations.remove_relation(two(), ends)

    assert raised.value.message == message


def test_a_relation_is_removed_by_its_id():
    model = idle(operations.integrate(two(), "flask-k8s", "postgresql-k8s"))

    model = idle(operations.remove_relation(model, ["2"]))

    assert 2 not in model.relations


def test_a_relation_is_added_again_once_the_former_one_is_removed():
    related = idle(operations.integrate(two(), "flask-k8s", "postgresql-k8s"))
    removed = operations.remove_relation(related, ["2"])

    with pytest.raises(JujuError) as raised:
        operations.integrate(removed, "flask-k8s", "postgresql-k8s")

    assert raised.value.message.startswith(
        'cannot add relation "flask-k8s:db postgresql-k8s:database"\n'
        "relation flask-k8s:db postgresql-k8s:database is dying, but not yet removed: \n\n"
    )
    again = operations.integrate(idle(removed), "flask-k8s", "postgresql-k8s")
    assert again.relations[3].key == related.relations[2].key


def test_a_relation_without_any_hook_is_removed_at_once():
    model = operations.integrate(deployed(deployed(empty(), FLASK), POSTGRES), "flask-k8s", "postgresql-k8s")

    assert 2 not in operations.remove_relation(model, ["flask-k8s", "postgresql-k8s"]).relations


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        pytest.param("debug", "t", True, id="true"),
        pytest.param("debug", "FALSE", False, id="false"),
        pytest.param("workers", "-3", -3, id="int"),
        pytest.param("ratio", "0.5", 0.5, id="float"),
        pytest.param("greeting", "", "", id="an empty text"),
        pytest.param("key", "secret:abc", "secret:abc", id="secret"),
    ],
)
def test_options_are_parsed_by_their_type(option: str, text: str, value: object):
    model = operations.configure(two(), "flask-k8s", {option: text})

    assert model.applications["flask-k8s"].config == {option: value}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"debug": "yes"}, 'option "debug" expected boolean, got "yes"', id="boolean"),
        pytest.param({"ratio": "x"}, 'option "ratio" expected float, got "x"', id="float"),
        pytest.param({"key": "abc"}, 'option "key" expected secret, got "abc"', id="secret"),
        pytest.param({"greeting": "a", "nope": "1"}, 'unknown option "nope"', id="unknown"),
    ],
)
def test_one_invalid_option_changes_none(values: dict[str, str], message: str):
    with pytest.raises(JujuError) as raised:
        operations.configure(two(), "flask-k8s", values)

    assert raised.value.message == f"parsing settings for application: {message}"


def test_options_are_shown_with_their_source():
    model = operations.configure(two(), "flask-k8s", {"workers": "4"})

    shown = charm_config.document(model.applications["flask-k8s"])

    assert shown["settings"]["workers"] == {
        "default": 2,
        "description": "",
        "source": "user",
        "type": "int",
        "value": 4,
    }
    assert shown["settings"]["greeting"]["source"] == "default"
    assert shown["settings"]["ratio"] == {"description": "", "source": "unset", "type": "float"}
    assert shown["application-config"]["trust"]["value"] is False
    assert operations.configure(model, "flask-k8s", {}, ["workers"]).applications["flask-k8s"].config == {}


def test_config_shows_that_an_application_is_trusted():
    application = dataclasses.replace(two().applications["flask-k8s"], trust=True)

    assert charm_config.document(application)["application-config"]["trust"]["value"] is True


def test_removing_an_absent_application_is_an_error():
    with pytest.raises(JujuError) as raised:
        operations.remove_applications(two(), ["nope"])

    assert raised.value.message == 'removing application nope failed: application "nope" not found'

    with pytest.raises(JujuError, match=r'application "flask-k8" not found; did you mean "flask-k8s"\?'):
        operations.configure(two(), "flask-k8", {})


def test_a_dying_application_accepts_no_changes():
    model = operations.remove_applications(two(), ["flask-k8s"])

    with pytest.raises(JujuError, match='application "flask-k8s" is being removed'):
        operations.configure(model, "flask-k8s", {})
    with pytest.raises(JujuError, match=r'application "flask-k8s" not found$'):
        operations.integrate(model, "flask-k8s", "postgresql-k8s")


@pytest.mark.parametrize(
    ("unit", "message"),
    [
        pytest.param("plain/9", 'unit "plain/9" not found', id="unit"),
        pytest.param("nope/leader", 'unit "nope/leader" not found', id="application"),
        pytest.param("plain/0", 'unit "plain/0" is not in an error state', id="no error"),
    ],
)
def test_resolving_a_unit_without_an_error_is_an_error(unit: str, message: str):
    with pytest.raises(JujuError) as raised:
        operations.resolve(idle(deployed(empty())), unit, NOW, retry=True)

    assert raised.value.message == message


def test_a_destroyed_model_empties_itself():
    model = idle(operations.integrate(two(), "flask-k8s", "postgresql-k8s"))

    model = idle(operations.destroy(model))

    assert (model.applications, model.relations) == ({}, {})


def test_units_are_removed_by_force_without_hooks():
    model = operations.remove_applications(two(), ["flask-k8s"])

    assert list(operations.remove_units_by_force(model, ["flask-k8s"]).applications) == ["postgresql-k8s"]
