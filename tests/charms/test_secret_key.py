"""Tests of the generated secret key, which is a Juju secret of the application."""

import dataclasses
import json
import typing

import ops
import ops.pebble
import pytest
from flask_scenario import DATABASE, Failing, Scenario, environment, peer_of, postgresql
from ops import testing


def content(state: typing.Any) -> str:
    (secret,) = state.secrets
    return (secret.latest_content or secret.tracked_content)["value"]


def test_a_plain_key_becomes_a_secret(scenario: Scenario) -> None:
    peer = scenario.peer(None, local_app_data={"flask_secret_key": "of-old"})

    after = scenario.run(
        scenario.context().on.upgrade_charm(),
        scenario.state(secrets=set(), relations={peer, postgresql(app=DATABASE)}),
    )

    assert content(after) == "of-old"
    assert after.get_relation(peer.id).local_app_data["flask_secret_key"] == "of-old"
    assert environment(after)["FLASK_SECRET_KEY"] == "of-old"


def test_a_follower_reads_the_plain_key(scenario: Scenario) -> None:
    peer = scenario.peer(None, local_app_data={"flask_secret_key": "of-old"})
    state = scenario.state(leader=False, secrets=set(), relations={peer, postgresql(app=DATABASE, local={})})

    after = scenario.run(scenario.context().on.upgrade_charm(), state)

    assert environment(after)["FLASK_SECRET_KEY"] == "of-old"


@pytest.mark.parametrize("name", ["config_changed", "update_status", "leader_elected", "start"])
def test_a_leader_without_a_key_generates_one_at_any_event(scenario: Scenario, name: str) -> None:
    peer = scenario.peer(None)
    state = scenario.state(secrets=set(), relations={peer, postgresql(app=DATABASE)})

    after = scenario.run(getattr(scenario.context().on, name)(), state)

    assert environment(after)["FLASK_SECRET_KEY"] == content(after)


def test_a_follower_waits_for_the_key(scenario: Scenario) -> None:
    state = scenario.state(
        leader=False, secrets=set(), relations={scenario.peer(None), postgresql(app=DATABASE, local={})}
    )

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for peer integration")


def test_waits_for_the_peer_relation(scenario: Scenario) -> None:
    state = scenario.state(secrets=set(), relations={postgresql(app=DATABASE)})

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for peer integration")


def test_the_key_is_in_the_databag_if_juju_has_no_secrets(scenario: Scenario) -> None:
    scenario.juju = "2.9.49"
    peer = scenario.peer(None)
    state = scenario.state(secrets=set(), relations={peer, postgresql(app=DATABASE)})

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.get_relation(peer.id).local_app_data["flask_secret_key"] == environment(after)["FLASK_SECRET_KEY"]


def test_rotation_notifies_the_other_units(scenario: Scenario) -> None:
    settled = scenario.settled()
    peer = peer_of(settled)

    once = scenario.run(scenario.context().on.action("rotate-secret-key"), settled)
    twice = scenario.run(scenario.context().on.action("rotate-secret-key"), once)

    assert once.get_relation(peer.id).local_app_data["flask_secret_key_rotations"] == "1"
    assert twice.get_relation(peer.id).local_app_data["flask_secret_key_rotations"] == "2"


def test_rotation_replaces_the_plain_key_too(scenario: Scenario) -> None:
    """The way back to paas_charm must not lead back to a key that was replaced."""
    peer = scenario.peer(None, local_app_data={"flask_secret_key": "of-old"})
    settled = scenario.settled(secrets=set(), relations={peer, postgresql(app=DATABASE)})

    after = scenario.run(scenario.context().on.action("rotate-secret-key"), settled)

    assert peer_of(after).local_app_data["flask_secret_key"] == content(after) != "of-old"


def test_rotation_generates_a_missing_key(scenario: Scenario) -> None:
    state = scenario.state(secrets=set(), relations={scenario.peer(None), postgresql(app=DATABASE)})

    after = scenario.run(scenario.context().on.action("rotate-secret-key"), state)

    assert scenario.context().action_results == {"status": "success"}
    assert environment(after)["FLASK_SECRET_KEY"] == content(after)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"leader": False}, "only leader unit can rotate secret key"),
        ({"relations": set[object](), "secrets": set[object]()}, "charm is still initializing"),
        ({"config": {"flask-env": ""}}, "invalid options: flask-env (string should have at least 1 character)"),
    ],
)
def test_rotation_fails_with_the_reason(scenario: Scenario, changes: dict[str, typing.Any], reason: str) -> None:
    with pytest.raises(testing.ActionFailed) as refused:
        scenario.run(scenario.context().on.action("rotate-secret-key"), scenario.state(**changes))

    assert refused.value.message == reason
    if "config" in changes:
        assert content(refused.value.state) == "generated-key"


def test_rotation_needs_neither_container_nor_integrations(scenario: Scenario) -> None:
    secret = scenario.secret()
    state = scenario.state(
        containers={scenario.workload(can_connect=False)}, secrets={secret}, relations={scenario.peer(secret)}
    )

    after = scenario.run(scenario.context().on.action("rotate-secret-key"), state)

    assert content(after) != "generated-key"


def test_rotation_leaves_an_operator_s_key_in_use(scenario: Scenario) -> None:
    state = scenario.state(config={"flask-secret-key": "mine"})

    after = scenario.run(scenario.context().on.action("rotate-secret-key"), state)

    assert scenario.context().action_results == {
        "status": "success",
        "note": "the application goes on using the key of option flask-secret-key",
    }
    assert "FLASK_SECRET_KEY_FALLBACKS" not in environment(after)
    assert environment(after)["FLASK_SECRET_KEY"] == "mine"
    assert content(after) != "generated-key"


def test_the_leader_makes_a_lost_secret_again(scenario: Scenario) -> None:
    lost = scenario.secret()
    state = scenario.state(secrets=set(), relations={(peer := scenario.peer(lost)), postgresql(app=DATABASE)})

    after = scenario.run(scenario.context().on.config_changed(), state)

    (secret,) = after.secrets
    assert after.get_relation(peer.id).local_app_data["flask_secret_key_id"] == secret.id != lost.id
    assert environment(after)["FLASK_SECRET_KEY"] == content(after)


def test_a_follower_waits_until_the_leader_has_made_a_lost_secret_again(scenario: Scenario) -> None:
    peer = scenario.peer(scenario.secret())
    state = scenario.state(leader=False, secrets=set(), relations={peer, postgresql(app=DATABASE, local={})})

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for peer integration")


class TestTheSecretOfPaasCharm2:
    """paas_charm 2 leaves a secret with a label, and nothing in the peer relation."""

    @pytest.fixture
    def labelled(self) -> testing.Secret:
        return testing.Secret({"value": "of-old"}, owner="app", label="flask-secret-key")

    def deployed(self, scenario: Scenario, secret: testing.Secret, *, leader: bool = True) -> testing.State:
        local = {"database": "flask-k8s"} if leader else {}
        return scenario.state(
            leader=leader,
            secrets={secret},
            relations={scenario.peer(None), postgresql(app=DATABASE, local=local)},
            app_status=testing.BlockedStatus("stale"),
        )

    def test_the_leader_goes_on_with_it(self, scenario: Scenario, labelled: testing.Secret) -> None:
        after = scenario.run(scenario.context().on.upgrade_charm(), self.deployed(scenario, labelled))

        assert environment(after)["FLASK_SECRET_KEY"] == "of-old"
        assert content(after) == "of-old"
        assert peer_of(after).local_app_data["flask_secret_key_id"] == labelled.id

    def test_the_leader_sets_the_application_s_status(self, scenario: Scenario, labelled: testing.Secret) -> None:
        after = scenario.run(scenario.context().on.upgrade_charm(), self.deployed(scenario, labelled))

        assert after.app_status == testing.ActiveStatus()

    def test_a_follower_reads_it_while_the_leader_is_old(self, scenario: Scenario, labelled: testing.Secret) -> None:
        after = scenario.run(scenario.context().on.upgrade_charm(), self.deployed(scenario, labelled, leader=False))

        assert environment(after)["FLASK_SECRET_KEY"] == "of-old"

    def test_it_rotates(self, scenario: Scenario, labelled: testing.Secret) -> None:
        context = scenario.context()
        settled = scenario.run(context.on.upgrade_charm(), self.deployed(scenario, labelled))

        after = scenario.run(context.on.action("rotate-secret-key"), settled)

        assert content(after) == environment(after)["FLASK_SECRET_KEY"] != "of-old"

    def test_a_new_key_has_the_label_too(self, scenario: Scenario) -> None:
        state = scenario.state(secrets=set(), relations={scenario.peer(None), postgresql(app=DATABASE)})

        (secret,) = scenario.run(scenario.context().on.leader_elected(), state).secrets

        assert secret.label == "flask-secret-key"


def test_a_charm_without_peer_endpoint_is_blocked(scenario: Scenario) -> None:
    scenario.meta["peers"] = {}

    after = scenario.run(
        scenario.context().on.config_changed(), scenario.state(secrets=set(), relations={postgresql(app=DATABASE)})
    )

    assert after.unit_status == testing.BlockedStatus(
        "the charm declares no peer relation (add peers: {peers: {interface: peers}} to charmcraft.yaml)"
    )


INVALID = {"endpoints": "pg:0", "username": "u", "password": "pgPass01"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"relations": {postgresql(app=INVALID)}}, "Invalid postgresql relation data from postgresql-k8s: endpoints ("),
        ({"config": {"greeting": "a\0b"}}, "invalid options: greeting (must be UTF-8 text without NUL characters)"),
    ],
)
def test_rotation_keeps_the_key_while_the_service_would(
    scenario: Scenario, changes: dict[str, typing.Any], reason: str
) -> None:
    settled = scenario.settled()
    peer, *_ = (each for each in settled.relations if each.endpoint == "secret-storage")
    changes = {**changes, "relations": {peer, *changes.get("relations", {postgresql(app=DATABASE)})}}

    with pytest.raises(testing.ActionFailed) as failed:
        scenario.run(scenario.context().on.action("rotate-secret-key"), dataclasses.replace(settled, **changes))

    assert failed.value.message.startswith(reason)
    assert content(failed.value.state) == "generated-key"
    state = typing.cast("testing.State", failed.value.state)
    assert environment(state)["FLASK_SECRET_KEY"] == "generated-key"


def test_rotation_fails_if_the_application_cannot_be_started_with_the_new_key(
    scenario: Scenario, failing: Failing
) -> None:
    settled = scenario.settled()

    with failing("replan", ops.pebble.ConnectionError("gone")), pytest.raises(testing.ActionFailed) as failed:
        scenario.run(scenario.context().on.action("rotate-secret-key"), settled)

    assert failed.value.message.startswith("the secret key is rotated, but flask-k8s/0 is waiting: Pebble in container")
    assert content(failed.value.state) != "generated-key"


def test_rotation_keeps_the_key_that_juju_does_not_return(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = scenario.settled()

    def sealed(*_: object, **__: object) -> typing.NoReturn:
        raise ops.ModelError("ERROR Vault is sealed")

    monkeypatch.setattr(ops.Model, "get_secret", sealed)
    with pytest.raises(testing.ActionFailed) as failed:
        scenario.run(scenario.context().on.action("rotate-secret-key"), settled)

    assert failed.value.message == (
        "Juju did not return the secret with the key, so it cannot be replaced now (try it again)"
    )


def test_rotation_names_the_units_that_follow(scenario: Scenario) -> None:
    key = scenario.secret()
    peer = scenario.peer(key, peers_data={2: {}, 1: {}})
    state = scenario.state(secrets={key}, relations={peer, postgresql(app=DATABASE)}, planned_units=3)

    scenario.run(scenario.context().on.action("rotate-secret-key"), state)

    assert scenario.context().action_results == {
        "status": "success",
        "note": "flask-k8s/1, flask-k8s/2 will use the new key after the next hook",
    }


def test_sessions_survive_one_rotation(scenario: Scenario) -> None:
    once = scenario.run(scenario.context().on.action("rotate-secret-key"), scenario.settled())
    first = content(once)
    twice = scenario.run(scenario.context().on.action("rotate-secret-key"), once)

    assert json.loads(environment(once)["FLASK_SECRET_KEY_FALLBACKS"]) == ["generated-key"]
    assert json.loads(environment(twice)["FLASK_SECRET_KEY_FALLBACKS"]) == [first]
    assert environment(twice)["FLASK_SECRET_KEY"] == content(twice) != first


def test_the_other_units_accept_the_previous_key_too(scenario: Scenario) -> None:
    rotated = testing.Secret({"value": "new-key", "previous": "old-key"}, owner="app")
    peer = scenario.peer(rotated)
    state = scenario.state(leader=False, secrets={rotated}, relations={peer, postgresql(app=DATABASE, local={})})

    after = scenario.run(scenario.context().on.relation_changed(peer, remote_unit=1), state)

    assert environment(after)["FLASK_SECRET_KEY_FALLBACKS"] == '["old-key"]'
