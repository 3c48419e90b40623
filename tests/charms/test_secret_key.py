"""Tests of the generated secret key, which is a Juju secret of the application."""

import dataclasses
import json
import typing

import ops
import ops.pebble
import pytest
from ops import testing
from world import DATABASE, Failing, World, environment, peer_of, postgresql


def content(state: typing.Any) -> str:
    (secret,) = state.secrets
    return (secret.latest_content or secret.tracked_content)["value"]


def test_a_plain_key_becomes_a_secret(world: World) -> None:
    peer = world.peer(None, local_app_data={"flask_secret_key": "of-old"})

    after = world.run(
        world.context().on.upgrade_charm(),
        world.state(secrets=set(), relations={peer, postgresql(app=DATABASE)}),
    )

    assert content(after) == "of-old"
    assert after.get_relation(peer.id).local_app_data["flask_secret_key"] == "of-old"
    assert environment(after)["FLASK_SECRET_KEY"] == "of-old"


def test_a_follower_reads_the_plain_key(world: World) -> None:
    peer = world.peer(None, local_app_data={"flask_secret_key": "of-old"})
    state = world.state(leader=False, secrets=set(), relations={peer, postgresql(app=DATABASE, local={})})

    after = world.run(world.context().on.upgrade_charm(), state)

    assert environment(after)["FLASK_SECRET_KEY"] == "of-old"


@pytest.mark.parametrize("name", ["config_changed", "update_status", "leader_elected", "start"])
def test_a_leader_without_a_key_generates_one_at_any_event(world: World, name: str) -> None:
    peer = world.peer(None)
    state = world.state(secrets=set(), relations={peer, postgresql(app=DATABASE)})

    after = world.run(getattr(world.context().on, name)(), state)

    assert environment(after)["FLASK_SECRET_KEY"] == content(after)


def test_a_follower_waits_for_the_key(world: World) -> None:
    state = world.state(leader=False, secrets=set(), relations={world.peer(None), postgresql(app=DATABASE, local={})})

    after = world.run(world.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for peer integration")


def test_waits_for_the_peer_relation(world: World) -> None:
    state = world.state(secrets=set(), relations={postgresql(app=DATABASE)})

    after = world.run(world.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for peer integration")


def test_the_key_is_in_the_databag_if_juju_has_no_secrets(world: World) -> None:
    world.juju = "2.9.49"
    peer = world.peer(None)
    state = world.state(secrets=set(), relations={peer, postgresql(app=DATABASE)})

    after = world.run(world.context().on.config_changed(), state)

    assert after.get_relation(peer.id).local_app_data["flask_secret_key"] == environment(after)["FLASK_SECRET_KEY"]


def test_rotation_notifies_the_other_units(world: World) -> None:
    settled = world.settled()
    peer = peer_of(settled)

    once = world.run(world.context().on.action("rotate-secret-key"), settled)
    twice = world.run(world.context().on.action("rotate-secret-key"), once)

    assert once.get_relation(peer.id).local_app_data["flask_secret_key_rotations"] == "1"
    assert twice.get_relation(peer.id).local_app_data["flask_secret_key_rotations"] == "2"


def test_rotation_generates_a_missing_key(world: World) -> None:
    state = world.state(secrets=set(), relations={world.peer(None), postgresql(app=DATABASE)})

    after = world.run(world.context().on.action("rotate-secret-key"), state)

    assert world.context().action_results == {"status": "success"}
    assert environment(after)["FLASK_SECRET_KEY"] == content(after)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"leader": False}, "only leader unit can rotate secret key"),
        ({"relations": set[object](), "secrets": set[object]()}, "charm is still initializing"),
        ({"config": {"flask-env": ""}}, "invalid options: flask-env (string should have at least 1 character)"),
    ],
)
def test_rotation_fails_with_the_reason(world: World, changes: dict[str, typing.Any], reason: str) -> None:
    with pytest.raises(testing.ActionFailed) as refused:
        world.run(world.context().on.action("rotate-secret-key"), world.state(**changes))

    assert refused.value.message == reason
    if "config" in changes:
        assert content(refused.value.state) == "generated-key"


def test_rotation_needs_neither_container_nor_integrations(world: World) -> None:
    secret = world.secret()
    state = world.state(
        containers={world.workload(can_connect=False)}, secrets={secret}, relations={world.peer(secret)}
    )

    after = world.run(world.context().on.action("rotate-secret-key"), state)

    assert content(after) != "generated-key"


def test_rotation_leaves_an_operator_s_key_in_use(world: World) -> None:
    state = world.state(config={"flask-secret-key": "mine"})

    after = world.run(world.context().on.action("rotate-secret-key"), state)

    assert world.context().action_results == {
        "status": "success",
        "note": "the application goes on using the key of option flask-secret-key",
    }
    assert "FLASK_SECRET_KEY_FALLBACKS" not in environment(after)
    assert environment(after)["FLASK_SECRET_KEY"] == "mine"
    assert content(after) != "generated-key"


def test_the_leader_makes_a_lost_secret_again(world: World) -> None:
    lost = world.secret()
    state = world.state(secrets=set(), relations={(peer := world.peer(lost)), postgresql(app=DATABASE)})

    after = world.run(world.context().on.config_changed(), state)

    (secret,) = after.secrets
    assert after.get_relation(peer.id).local_app_data["flask_secret_key_id"] == secret.id != lost.id
    assert environment(after)["FLASK_SECRET_KEY"] == content(after)


def test_a_follower_waits_until_the_leader_has_made_a_lost_secret_again(world: World) -> None:
    peer = world.peer(world.secret())
    state = world.state(leader=False, secrets=set(), relations={peer, postgresql(app=DATABASE, local={})})

    after = world.run(world.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for peer integration")


class TestTheSecretOfPaasCharm2:
    """paas_charm 2 leaves a secret with a label, and nothing in the peer relation."""

    @pytest.fixture
    def labelled(self) -> testing.Secret:
        return testing.Secret({"value": "of-old"}, owner="app", label="flask-secret-key")

    def deployed(self, world: World, secret: testing.Secret, *, leader: bool = True) -> testing.State:
        local = {"database": "flask-k8s"} if leader else {}
        return world.state(
            leader=leader,
            secrets={secret},
            relations={world.peer(None), postgresql(app=DATABASE, local=local)},
            app_status=testing.BlockedStatus("stale"),
        )

    def test_the_leader_goes_on_with_it(self, world: World, labelled: testing.Secret) -> None:
        after = world.run(world.context().on.upgrade_charm(), self.deployed(world, labelled))

        assert environment(after)["FLASK_SECRET_KEY"] == "of-old"
        assert content(after) == "of-old"
        assert peer_of(after).local_app_data["flask_secret_key_id"] == labelled.id

    def test_the_leader_sets_the_application_s_status(self, world: World, labelled: testing.Secret) -> None:
        after = world.run(world.context().on.upgrade_charm(), self.deployed(world, labelled))

        assert after.app_status == testing.ActiveStatus()

    def test_a_follower_reads_it_while_the_leader_is_old(self, world: World, labelled: testing.Secret) -> None:
        after = world.run(world.context().on.upgrade_charm(), self.deployed(world, labelled, leader=False))

        assert environment(after)["FLASK_SECRET_KEY"] == "of-old"

    def test_it_rotates(self, world: World, labelled: testing.Secret) -> None:
        context = world.context()
        settled = world.run(context.on.upgrade_charm(), self.deployed(world, labelled))

        after = world.run(context.on.action("rotate-secret-key"), settled)

        assert content(after) == environment(after)["FLASK_SECRET_KEY"] != "of-old"

    def test_a_new_key_has_the_label_too(self, world: World) -> None:
        state = world.state(secrets=set(), relations={world.peer(None), postgresql(app=DATABASE)})

        (secret,) = world.run(world.context().on.leader_elected(), state).secrets

        assert secret.label == "flask-secret-key"


def test_a_charm_without_peer_endpoint_is_blocked(world: World) -> None:
    world.meta["peers"] = {}

    after = world.run(
        world.context().on.config_changed(), world.state(secrets=set(), relations={postgresql(app=DATABASE)})
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
    world: World, changes: dict[str, typing.Any], reason: str
) -> None:
    settled = world.settled()
    peer, *_ = (each for each in settled.relations if each.endpoint == "secret-storage")
    changes = {**changes, "relations": {peer, *changes.get("relations", {postgresql(app=DATABASE)})}}

    with pytest.raises(testing.ActionFailed) as failed:
        world.run(world.context().on.action("rotate-secret-key"), dataclasses.replace(settled, **changes))

    assert failed.value.message.startswith(reason)
    assert content(failed.value.state) == "generated-key"
    state = typing.cast("testing.State", failed.value.state)
    assert environment(state)["FLASK_SECRET_KEY"] == "generated-key"


def test_rotation_fails_if_the_application_cannot_be_started_with_the_new_key(world: World, failing: Failing) -> None:
    settled = world.settled()

    with failing("replan", ops.pebble.ConnectionError("gone")), pytest.raises(testing.ActionFailed) as failed:
        world.run(world.context().on.action("rotate-secret-key"), settled)

    assert failed.value.message.startswith("the secret key is rotated, but flask-k8s/0 is waiting: Pebble in container")
    assert content(failed.value.state) != "generated-key"


def test_rotation_keeps_the_key_that_juju_does_not_return(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = world.settled()

    def sealed(*_: object, **__: object) -> typing.NoReturn:
        raise ops.ModelError("ERROR Vault is sealed")

    monkeypatch.setattr(ops.Model, "get_secret", sealed)
    with pytest.raises(testing.ActionFailed) as failed:
        world.run(world.context().on.action("rotate-secret-key"), settled)

    assert failed.value.message == (
        "Juju did not return the secret with the key, so it cannot be replaced now (try it again)"
    )


def test_rotation_names_the_units_that_follow(world: World) -> None:
    key = world.secret()
    peer = world.peer(key, peers_data={2: {}, 1: {}})
    state = world.state(secrets={key}, relations={peer, postgresql(app=DATABASE)}, planned_units=3)

    world.run(world.context().on.action("rotate-secret-key"), state)

    assert world.context().action_results == {
        "status": "success",
        "note": "flask-k8s/1, flask-k8s/2 will use the new key after the next hook",
    }


def test_sessions_survive_one_rotation(world: World) -> None:
    once = world.run(world.context().on.action("rotate-secret-key"), world.settled())
    first = content(once)
    twice = world.run(world.context().on.action("rotate-secret-key"), once)

    assert json.loads(environment(once)["FLASK_SECRET_KEY_FALLBACKS"]) == ["generated-key"]
    assert json.loads(environment(twice)["FLASK_SECRET_KEY_FALLBACKS"]) == [first]
    assert environment(twice)["FLASK_SECRET_KEY"] == content(twice) != first


def test_the_other_units_accept_the_previous_key_too(world: World) -> None:
    rotated = testing.Secret({"value": "new-key", "previous": "old-key"}, owner="app")
    peer = world.peer(rotated)
    state = world.state(leader=False, secrets={rotated}, relations={peer, postgresql(app=DATABASE, local={})})

    after = world.run(world.context().on.relation_changed(peer, remote_unit=1), state)

    assert environment(after)["FLASK_SECRET_KEY_FALLBACKS"] == '["old-key"]'
