"""Event handlers, services and relations of a charm author: the example of the documentation, and its edges."""

import dataclasses
import pathlib
import re
import typing

import ops
import paas_common
import paas_flask
import pytest
from flask_scenario import DATABASE, SERVED, Calls, Scenario, environment, healthy, peer_of, postgresql, relation
from ops import testing

PAGE = pathlib.Path(__file__).parents[2] / "docs/reference/extending.md"
GREETS = testing.Exec(["python3", "greet.py"], stdout="hello ada\n")


@pytest.fixture
def forum(scenario: Scenario) -> Scenario:
    """Return a scenario of the page's charm."""
    block = next(each for each in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "Forum" in each)
    namespace: dict[str, typing.Any] = {}
    exec(block, namespace)
    scenario.charm_type = type("ForumCharm", (namespace["ForumCharm"],), {"start_timeout": 0})
    scenario.meta["provides"]["forum-api"] = {"interface": "forum"}
    scenario.meta["actions"]["add-moderator"] = {"params": {"name": {"type": "string"}}}
    scenario.commands = {SERVED, GREETS}
    return scenario


def services(state: testing.State) -> dict[str, ops.pebble.ServiceStatus]:
    (container,) = state.containers
    return {name: container.service_statuses[name] for name in container.service_statuses}


def service(state: testing.State, name: str) -> dict[str, object]:
    (container,) = state.containers
    return dict(container.plan.services[name].to_dict())


class TestExample:
    """The charm of the page."""

    def test_a_provided_endpoint_gets_the_url(self, forum: Scenario) -> None:
        client = testing.Relation("forum-api", interface="forum", remote_app_name="reader")
        settled = forum.settled()
        state = dataclasses.replace(settled, relations={*settled.relations, client})

        after = forum.run(forum.context().on.relation_joined(client), state)

        assert relation(after, "forum-api").local_app_data == {"url": "http://flask-k8s.demo:8000"}

    def test_a_client_of_an_application_that_cannot_run_gets_nothing(self, forum: Scenario) -> None:
        client = testing.Relation("forum-api", interface="forum", remote_app_name="reader")
        key = forum.secret()

        after = forum.run(
            forum.context().on.relation_joined(client),
            forum.state(relations={forum.peer(key), client}, secrets={key}),
        )

        assert relation(after, "forum-api").local_app_data == {}

    def test_an_action_changes_the_environment_at_once_and_runs_a_command_in_it(self, forum: Scenario) -> None:
        after = forum.run(forum.context().on.action("add-moderator", params={"name": "ada"}), forum.settled())

        assert environment(after)["FLASK_MODERATOR"] == "ada"
        assert forum.context().action_results == {"output": "hello ada\n"}
        (greeting,) = (
            each for each in forum.context().exec_history[forum.container] if each.command == ["python3", "greet.py"]
        )
        assert greeting.environment["FLASK_MODERATOR"] == greeting.environment["NAME"] == "ada"

    def test_another_unit_follows_the_peer_relation(self, forum: Scenario) -> None:
        settled = forum.settled(leader=False)
        peers = peer_of(settled)
        changed = dataclasses.replace(
            peers, local_app_data={**peers.local_app_data, "moderator": "ada"}, peers_data={1: {}}
        )
        state = dataclasses.replace(
            settled, relations={changed, *(each for each in settled.relations if each.id != peers.id)}
        )

        after = forum.run(forum.context().on.relation_changed(changed, remote_unit=1), state)

        assert environment(after)["FLASK_MODERATOR"] == "ada"

    def test_the_service_runs_like_the_application(self, forum: Scenario) -> None:
        settled = forum.settled()

        entry = service(settled, "index-worker")
        assert entry.pop("environment") == {
            name: value for name, value in environment(settled).items() if name != "OF_THE_IMAGE"
        }
        assert entry == {
            "override": "replace",
            "startup": "enabled",
            "command": "python3 -m forum.index",
            "user": "_daemon_",
            "working-dir": "/flask/app",
        }
        assert services(settled)["index-worker"] == ops.pebble.ServiceStatus.ACTIVE


class Adding(paas_flask.Charm):
    """Adds the services that the option ``greeting`` names."""

    start_timeout = 0

    def services(self, context: paas_common.WorkloadContext) -> dict[str, dict[str, typing.Any]]:
        return {
            name: {"command": f"/bin/{name}", "environment": {"NAME": name}}
            for name in str(context.options["greeting"]).split()
        }


class TestServices:
    """Services that a charm class adds."""

    @pytest.fixture
    def adding(self, scenario: Scenario) -> Scenario:
        scenario.charm_type = Adding
        return scenario

    def test_an_event_without_a_change_does_nothing(self, adding: Scenario, calls: Calls) -> None:
        settled = adding.settled(config={"greeting": "tunnel"})
        before = len(calls)

        adding.run(adding.context().on.update_status(), settled)

        assert not {"add_layer", "replan", "stop", "restart"} & set(calls.names()[before:])

    def test_the_entry_s_own_variables_win(self, adding: Scenario) -> None:
        settled = adding.settled(config={"greeting": "tunnel"})

        assert typing.cast("dict[str, str]", service(settled, "tunnel")["environment"])["NAME"] == "tunnel"

    def test_one_that_is_no_longer_added_stops_and_stays_stopped(self, adding: Scenario, calls: Calls) -> None:
        settled = adding.settled(config={"greeting": "tunnel mirror"})

        without = adding.run(
            adding.context().on.config_changed(), dataclasses.replace(settled, config={"greeting": "mirror"})
        )
        assert services(without)["tunnel"] == ops.pebble.ServiceStatus.INACTIVE
        assert services(without)["mirror"] == ops.pebble.ServiceStatus.ACTIVE
        assert without.unit_status == testing.ActiveStatus()

        before = len(calls)
        adding.run(adding.context().on.update_status(), without)
        assert not {"add_layer", "replan", "stop", "restart"} & set(calls.names()[before:])

    def test_one_that_is_added_again_runs(self, adding: Scenario) -> None:
        settled = adding.settled(config={"greeting": "tunnel"})
        context = adding.context()
        without = adding.run(context.on.config_changed(), dataclasses.replace(settled, config={"greeting": "mirror"}))

        again = adding.run(context.on.config_changed(), dataclasses.replace(without, config={"greeting": "tunnel"}))

        assert services(again)["tunnel"] == ops.pebble.ServiceStatus.ACTIVE
        assert services(again)["mirror"] == ops.pebble.ServiceStatus.INACTIVE

    def test_a_scheduler_runs_on_the_lowest_unit_only(self, adding: Scenario) -> None:
        adding.unit = 1
        key = adding.secret()
        peers = adding.peer(key, peers_data={0: {}})

        settled = adding.settled(
            config={"greeting": "night-scheduler"},
            relations={peers, postgresql(app=DATABASE)},
            secrets={key},
            planned_units=2,
        )

        assert service(settled, "night-scheduler")["startup"] == "disabled"
        assert services(settled).get("night-scheduler") != ops.pebble.ServiceStatus.ACTIVE

    def test_they_stop_with_the_application(self, adding: Scenario) -> None:
        settled = adding.settled(config={"greeting": "tunnel"})
        database = relation(settled)
        without = dataclasses.replace(settled, relations={each for each in settled.relations if each != database})

        after = adding.run(adding.context().on.config_changed(), without)

        assert after.unit_status.name == "blocked"
        assert services(after)["tunnel"] == ops.pebble.ServiceStatus.INACTIVE

    @pytest.mark.parametrize(
        ("entries", "error"),
        [
            ({"flask": {"command": "x"}}, "ValueError: flask: the image has a service of this name"),
            ({"tunnel": {}}, "ValueError: tunnel: a service needs a command"),
            ({"tunnel": "x"}, "TypeError: expected Mapping, not str"),
        ],
    )
    def test_an_invalid_service_blocks(self, scenario: Scenario, entries: object, error: str) -> None:
        def services(_: object, __: object) -> object:
            return entries

        scenario.charm_type = type("MyCharm", (paas_flask.Charm,), {"services": services})

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.BlockedStatus(
            f"MyCharm.services failed: {error} (the traceback is in juju debug-log)"
        )


class TestReconcile:
    """A pass that the charm's own code starts."""

    def test_a_call_during_a_pass_makes_one_more_follow(self, scenario: Scenario) -> None:
        passes: list[str] = []

        class Calling(paas_flask.Charm):
            start_timeout = 0

            def environment(self, context: paas_common.WorkloadContext) -> dict[str, str]:
                passes.append(context.unit)
                self.reconcile()
                return {"FLASK_PASS": str(min(len(passes), 2))}

        scenario.charm_type = Calling
        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert len(passes) == 2
        assert environment(after)["FLASK_PASS"] == "2"

    def test_a_handler_that_comes_later_in_the_hook_starts_another_pass(self, scenario: Scenario) -> None:
        class Handling(paas_flask.Charm):
            start_timeout = 0
            title = "before"

            def __init__(self, framework: ops.Framework) -> None:
                super().__init__(framework)
                framework.observe(self.on.config_changed, self._on_config_changed)

            def _on_config_changed(self, _: ops.ConfigChangedEvent) -> None:
                self.title = "after"
                self.reconcile()

            def environment(self, context: paas_common.WorkloadContext) -> dict[str, str]:
                return {"FLASK_TITLE": self.title}

        scenario.charm_type = Handling
        after = healthy(scenario.run(scenario.context().on.config_changed(), scenario.state()))

        assert environment(after)["FLASK_TITLE"] == "after"


def test_the_install_hook_of_an_author_may_start_a_pass(scenario: Scenario) -> None:
    class Installs(paas_flask.Charm):
        def __init__(self, framework: ops.Framework) -> None:
            super().__init__(framework)
            framework.observe(self.on.install, self._on_install)

        def _on_install(self, _: ops.InstallEvent) -> None:
            self.reconcile()
            assert self.workload_context() is None

    scenario.charm_type = Installs
    state = dataclasses.replace(scenario.state(secrets=set()), relations=frozenset())

    after = scenario.run(scenario.context().on.install(), state)

    assert after.unit_status == testing.BlockedStatus(
        "missing integrations: postgresql (juju integrate flask-k8s postgresql-k8s); Waiting for peer integration"
    )
