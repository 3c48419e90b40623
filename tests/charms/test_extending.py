"""Tests of the extension points: the example that uses all of them, and errors in the author's code."""

import collections.abc
import dataclasses
import importlib.util
import json
import logging
import pathlib
import types
import typing

import ops
import paas_common
import paas_flask
import pydantic
import pytest
from flask_scenario import HERE, Calls, Failing, Scenario, environment, healthy, relation
from ops import testing
from paas_local.build import charmcraft_extensions, yaml_files

CHARM = HERE.parent.parent / "examples/custom/charm"
TOKEN = "weatherToken01"


@pytest.fixture(scope="module")
def example() -> types.ModuleType:
    """Import the charm of the example."""
    spec = importlib.util.spec_from_file_location("weather_charm", CHARM / "src/charm.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def weather(scenario: Scenario, example: types.ModuleType) -> Scenario:
    """Return a scenario of the example's charm."""
    scenario.meta = charmcraft_extensions.expand(yaml_files.load(CHARM / "charmcraft.yaml"), CHARM)
    scenario.charm_type = type("WeatherCharm", (example.WeatherCharm,), {"start_timeout": 0})
    scenario.image_file("static/version.txt", "1.4.2\n")
    return scenario


def station(endpoint: str = "station", **databag: str) -> testing.Relation:
    return testing.Relation(
        endpoint, interface="weather_station", remote_app_name="brno-station", remote_app_data=dict(databag)
    )


def with_token(**databag: str) -> tuple[testing.Secret, testing.Relation]:
    secret = testing.Secret({"token": TOKEN})
    return secret, station(**{"url": "http://station:80", "token-id": secret.id, **databag})


def state(scenario: Scenario, *relations: testing.Relation, **changes: typing.Any) -> testing.State:
    secret = scenario.secret()
    secrets = {secret, *changes.pop("secrets", ())}
    return scenario.state(relations={scenario.peer(secret), *relations}, secrets=secrets, **changes)


def deployed(scenario: Scenario, *relations: testing.Relation, **changes: typing.Any) -> testing.State:
    return healthy(scenario.run(scenario.context().on.config_changed(), state(scenario, *relations, **changes)))


def file(scenario: Scenario) -> pathlib.Path:
    return scenario.root / "base/towns.json"


def starts(calls: Calls) -> list[str]:
    return [name for name in calls.names() if name in {"replan", "restart", "send_signal"}]


class TestExample:
    """Tests of the example."""

    def test_runs_with_its_variables_file_port_and_version(self, weather: Scenario) -> None:
        after = deployed(weather)

        variables = environment(after)
        assert after.unit_status == testing.ActiveStatus()
        assert variables["FLASK_TITLE"] == "The weather in Brno and Oslo"
        assert "FLASK_TOWNS" not in variables
        assert json.loads(file(weather).read_text()) == ["Brno", "Oslo"]
        assert after.opened_ports == {testing.TCPPort(8000), testing.TCPPort(9102)}
        assert after.workload_version == "1.4.2"

    def test_its_integration_sets_variables_and_sends_a_request(self, weather: Scenario) -> None:
        secret, related = with_token()

        after = deployed(weather, related, secrets={secret})

        assert environment(after)["WEATHER_URL"] == "http://station:80"
        assert environment(after)["WEATHER_TOKEN"] == TOKEN
        assert dict(relation(after, "station").local_app_data) == {
            "towns": '["Brno", "Oslo"]',
            "page": "http://flask-k8s.demo:8000",
        }

    def test_a_follower_sends_no_request(self, weather: Scenario) -> None:
        after = deployed(weather, station(), leader=False)

        assert dict(relation(after, "station").local_app_data) == {}

    def test_a_broken_relation_removes_the_variables(self, weather: Scenario) -> None:
        before = environment(deployed(weather))
        weather.new_container()
        secret, related = with_token()
        settled = deployed(weather, related, secrets={secret})

        after = weather.run(weather.context().on.relation_broken(relation(settled, "station")), settled)

        assert environment(after) == before

    def test_a_second_station_has_variables_with_its_own_prefix(self, weather: Scenario) -> None:
        weather.meta["requires"]["sea-station"] = dict(weather.meta["requires"]["station"])
        secret, related = with_token()
        other = dataclasses.replace(related, endpoint="sea-station", id=77)

        after = deployed(weather, related, other, secrets={secret})

        assert {"WEATHER_URL", "WEATHER_TOKEN", "SEA_STATION_URL", "SEA_STATION_TOKEN"} <= set(environment(after))

    def test_blocks_with_the_command_while_a_required_integration_is_missing(self, weather: Scenario) -> None:
        weather.meta["requires"]["station"]["optional"] = False

        after = deployed(weather)

        assert after.unit_status == testing.BlockedStatus(
            "missing integrations: station (juju integrate flask-k8s weather-station)"
        )

    def test_waits_for_the_data_of_a_required_integration(self, weather: Scenario) -> None:
        weather.meta["requires"]["station"]["optional"] = False

        after = deployed(weather, station())

        assert after.unit_status == testing.WaitingStatus("waiting for brno-station to provide station")

    def test_waits_until_the_secret_can_be_read(self, weather: Scenario) -> None:
        weather.meta["requires"]["station"]["optional"] = False

        after = deployed(weather, station(url="http://s", **{"token-id": "secret:d1ehcifmp25c76e01vhg"}))

        assert after.unit_status == testing.WaitingStatus("waiting for brno-station to provide station")

    def test_invalid_data_is_reported_with_endpoint_application_and_key(self, weather: Scenario) -> None:
        secret, related = with_token(url="gopher://station")

        after = deployed(weather, related, secrets={secret})

        assert after.unit_status == testing.BlockedStatus(
            "Invalid station relation data from brno-station: url (string should match pattern '^https?://')"
        )

    def test_its_secret_is_masked_in_the_output_of_a_program(self, weather: Scenario) -> None:
        secret, related = with_token()
        says = testing.Exec(["/bin/python3"], return_code=1, stdout=f"KeyError: {TOKEN}")

        after = deployed(weather, related, secrets={secret}, containers={weather.workload(execs={says})})

        assert after.unit_status.message.endswith("KeyError: ***")

    def test_blocks_on_its_readiness_rule(self, weather: Scenario) -> None:
        after = deployed(weather, config={"towns": " , "})

        assert after.unit_status == testing.BlockedStatus(
            "option towns names no town (juju config flask-k8s towns=Brno)"
        )

    def test_an_event_without_a_change_does_nothing(self, weather: Scenario, calls: Calls) -> None:
        secret, related = with_token()
        settled = deployed(weather, related, secrets={secret})
        calls.clear()
        weather.context().unit_status_history.clear()

        after = weather.run(weather.context().on.update_status(), settled)

        assert {"get_checks", "get_plan", "get_services", "pull"}.issuperset(calls.names())
        assert (after.containers, after.relations) == (settled.containers, settled.relations)
        assert weather.context().unit_status_history == []

    def test_every_event_of_its_relation_is_observed(self, weather: Scenario) -> None:
        secret, related = with_token()
        settled = deployed(weather, related, secrets={secret})
        related = relation(settled, "station")
        on = weather.context().on

        for event in (
            on.relation_created(related),
            on.relation_joined(related, remote_unit=0),
            on.relation_changed(related),
            on.relation_departed(related, remote_unit=0),
            on.update_status(),
            on.upgrade_charm(),
            on.leader_elected(),
        ):
            assert weather.run(event, settled).unit_status == testing.ActiveStatus()


class OwnCharm(paas_flask.Charm):
    """A charm whose methods the tests replace."""

    start_timeout = 0


@pytest.fixture
def charm(scenario: Scenario) -> collections.abc.Callable[..., Scenario]:
    """Return a scenario of a charm that overrides some methods."""
    scenario.meta["requires"] = {"planner": {"interface": "planner", "optional": True}}

    def made(**parts: typing.Any) -> Scenario:
        scenario.charm_type = type("MyCharm", (OwnCharm,), parts)
        return scenario

    return made


Charm = collections.abc.Callable[..., Scenario]


def always(answer: object) -> collections.abc.Callable[..., object]:
    """Return a function with a constant result."""

    def answers(*_: object) -> object:
        return answer

    return answers


def fails(*_: object) -> typing.NoReturn:
    raise ValueError("no such\nthing")


@pytest.mark.parametrize("method", ["environment", "readiness_problems", "files", "ports"])
def test_failing_code_is_named_in_the_status_and_logged(
    charm: Charm, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    scenario = charm(**{method: fails})

    with caplog.at_level(logging.ERROR):
        after = deployed(scenario)

    assert after.unit_status == testing.BlockedStatus(
        f"MyCharm.{method} failed: ValueError: no such thing (the traceback is in juju debug-log)"
    )
    assert f"MyCharm.{method} failed:\nTraceback" in caplog.text
    assert "in fails" in caplog.text


def test_code_that_fails_while_iterating_is_named_too(charm: Charm) -> None:
    def ports(*_: object) -> collections.abc.Iterator[int]:
        yield 9000
        fails()

    assert deployed(charm(ports=ports)).unit_status.name == "blocked"


def test_a_secret_in_an_error_is_never_shown(charm: Charm, caplog: pytest.LogCaptureFixture) -> None:
    def files(_: object, context: paas_common.WorkloadContext) -> typing.NoReturn:
        raise ValueError(f"cannot use {context.environment['FLASK_SECRET_KEY']}")

    with caplog.at_level(logging.DEBUG):
        after = deployed(charm(files=files))

    assert after.unit_status.message.startswith("MyCharm.files failed: ValueError: cannot use *** (")
    assert "generated-key" not in caplog.text


@pytest.mark.parametrize(
    ("method", "answer", "reason"),
    [
        ("environment", {"A": 1}, "TypeError: A must be text, not int"),
        ("environment", {"A=B": "1"}, "ValueError: 'A=B' is not a valid variable name"),
        ("environment", None, "AttributeError: 'NoneType' object has no attribute 'items'"),
        ("readiness_problems", ["not ready"], "TypeError: expected Blocked or Waiting, not str"),
        ("files", ["/etc/motd"], "TypeError: expected File, not str"),
        (
            "files",
            [paas_common.File(path="motd", content="")],
            "ValueError: motd: the path of a file must be absolute",
        ),
        (
            "files",
            [paas_common.File(path="/flask/gunicorn.conf.py", content="")],
            "ValueError: /flask/gunicorn.conf.py: this file is the charm's own",
        ),
        ("files", [paas_common.File(path="/m", content="")] * 2, "ValueError: /m: the file is there twice"),
        ("ports", ["9000"], "TypeError: expected int, not str"),
        ("ports", [70000], "ValueError: 70000: a port is from 1 to 65535"),
    ],
)
def test_a_result_of_a_wrong_type_is_named(charm: Charm, method: str, answer: object, reason: str) -> None:
    after = deployed(charm(**{method: always(answer)}))

    assert after.unit_status == testing.BlockedStatus(
        f"MyCharm.{method} failed: {reason} (the traceback is in juju debug-log)"
    )


def test_the_status_has_a_rule_and_an_error_together(charm: Charm) -> None:
    waiting = paas_common.Waiting("waiting for the moon")

    after = deployed(charm(readiness_problems=always([waiting]), ports=always([0])))

    assert after.unit_status.name == "blocked"
    assert after.unit_status.message.endswith("; waiting for the moon")


def test_the_author_s_variables_override_all_others(charm: Charm) -> None:
    contexts: list[paas_common.WorkloadContext] = []

    def overrides(_: object, context: paas_common.WorkloadContext) -> dict[str, str | pydantic.SecretStr | None]:
        contexts.append(context)
        return {"FLASK_BASE_URL": "https://mine", "FLASK_GREETING": None, "KEY": pydantic.SecretStr("mineOwn")}

    after = deployed(charm(environment=overrides))

    variables = environment(after)
    assert (variables["FLASK_BASE_URL"], variables["KEY"]) == ("https://mine", "mineOwn")
    assert "FLASK_GREETING" not in variables
    assert contexts[0].environment["FLASK_GREETING"] == contexts[0].options["greeting"]
    assert (contexts[0].unit, contexts[0].port, contexts[0].base_url) == (
        "flask-k8s/0",
        8000,
        "http://flask-k8s.demo:8000",
    )
    assert "generated-key" not in repr(contexts[0])


@pytest.mark.parametrize(
    ("on_change", "expected"), [("restart", ["restart"]), ("reload", ["send_signal"]), ("nothing", [])]
)
def test_a_changed_file_has_only_the_declared_effect(
    charm: Charm, calls: Calls, on_change: typing.Literal["restart", "reload", "nothing"], expected: list[str]
) -> None:
    content = ["old"]

    def files(*_: object) -> list[paas_common.File]:
        return [paas_common.File(path="/flask/motd", content=content[0], on_change=on_change)]

    scenario = charm(files=files)
    settled = deployed(scenario)
    calls.clear()
    content[0] = "new"

    scenario.run(scenario.context().on.update_status(), settled)

    assert (scenario.root / "base/motd").read_text() == "new"
    assert starts(calls) == expected


class TestAfterStart:
    """Tests of the code that runs after a start."""

    @pytest.fixture
    def acted(self) -> list[str]:
        return []

    @pytest.fixture
    def acting(self, charm: Charm, acted: list[str]) -> Scenario:
        def after_start(_: object, context: paas_common.WorkloadContext) -> None:
            acted.append(context.unit)

        return charm(after_start=after_start)

    def test_runs_once_after_a_start(self, acting: Scenario, acted: list[str]) -> None:
        settled = deployed(acting)

        acting.run(acting.context().on.update_status(), settled)

        assert acted == ["flask-k8s/0"]

    @pytest.mark.parametrize("change", [{"greeting": "Hello"}, {"webserver-workers": 3}])
    def test_runs_again_after_a_restart_and_after_a_reload(
        self, acting: Scenario, acted: list[str], change: dict[str, str | int]
    ) -> None:
        settled = deployed(acting)

        acting.run(acting.context().on.config_changed(), dataclasses.replace(settled, config=change))

        assert len(acted) == 2

    def test_waits_until_the_application_answers(self, acting: Scenario, acted: list[str]) -> None:
        settled = dataclasses.replace(answering(deployed(acting), well=False), config={"greeting": "Hello"})
        acted.clear()

        slow = acting.run(acting.context().on.config_changed(), settled)
        before = list(acted)
        acting.run(acting.context().on.update_status(), answering(slow, well=True))

        assert (before, acted) == ([], ["flask-k8s/0"])

    def test_a_failure_does_not_fail_the_hook_and_is_retried(self, charm: Charm, acted: list[str]) -> None:
        def after_start(_: object, context: paas_common.WorkloadContext) -> None:
            acted.append(context.unit)
            if len(acted) == 1:
                fails()

        scenario = charm(after_start=after_start)
        failed = deployed(scenario)
        after = scenario.run(scenario.context().on.update_status(), failed)
        scenario.run(scenario.context().on.update_status(), after)

        assert failed.unit_status == testing.BlockedStatus(
            "MyCharm.after_start failed: ValueError: no such thing (the traceback is in juju debug-log); "
            "it is tried again at the next event"
        )
        assert after.unit_status == testing.ActiveStatus()
        assert len(acted) == 2

    def test_is_not_lost_after_a_pebble_error(self, acting: Scenario, acted: list[str], failing: Failing) -> None:
        settled = dataclasses.replace(deployed(acting), config={"greeting": "Hello"})

        with failing("replan", OSError("broken pipe")):
            failed = acting.run(acting.context().on.config_changed(), settled)
        acting.run(acting.context().on.update_status(), failed)

        assert len(acted) == 2


def answering(state: testing.State, *, well: bool) -> testing.State:
    """Set whether Pebble's check of the port succeeds."""
    status = ops.pebble.CheckStatus.UP if well else ops.pebble.CheckStatus.DOWN
    (container,) = state.containers
    infos = {
        dataclasses.replace(info, successes=5 if well else 0, failures=0 if well else 4, status=status)
        for info in container.check_infos
    }
    return dataclasses.replace(state, containers={dataclasses.replace(container, check_infos=infos)})


class Plan(pydantic.BaseModel):
    """Relation data of a planner."""

    url: str


def plan(bags: paas_common.Databags, _: paas_common.Context) -> Plan:
    return Plan.model_validate(bags.app)


def planner(**parts: typing.Any) -> paas_common.Integration[Plan]:
    arguments: dict[str, typing.Any] = {
        "interface": "planner",
        "provider": "planner-k8s",
        "parse": plan,
        **parts,
    }
    return paas_common.Integration(**arguments)


@pytest.mark.parametrize("part", ["parse", "env", "request", "files"])
def test_a_failing_integration_is_named_without_the_relation_data(
    charm: Charm, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    def fail(*_: object) -> typing.NoReturn:
        raise KeyError("http://hidden")

    scenario = charm(integrations=(planner(**{part: fail}),))
    related = testing.Relation(
        "planner", interface="planner", remote_app_name="p", remote_app_data={"url": "http://hidden"}
    )

    with caplog.at_level(logging.ERROR):
        after = deployed(scenario, related)

    assert after.unit_status == testing.BlockedStatus(
        "the charm's own integration planner failed: KeyError: '***' (the traceback is in juju debug-log)"
    )
    assert "in fail" in caplog.text
    assert "hidden" not in caplog.text


def test_the_endpoint_is_the_prefix_of_an_integration_without_one(charm: Charm) -> None:
    def env(plan: Plan, context: paas_common.Context) -> dict[str, str | None]:
        return {f"{context.env_prefix}_URL": plan.url, f"{context.env_prefix}_NOTHING": None}

    scenario = charm(integrations=(planner(env=env),))
    related = testing.Relation("planner", interface="planner", remote_app_data={"url": "http://p"})

    variables = environment(deployed(scenario, related))

    assert variables["PLANNER_URL"] == "http://p"
    assert "PLANNER_NOTHING" not in variables


def test_overrides_the_built_in_integration_of_its_interface(charm: Charm) -> None:
    def env(plan: Plan, _: paas_common.Context) -> dict[str, str]:
        return {"CACHE": plan.url}

    scenario = charm(integrations=(planner(interface="redis", env=env),))
    scenario.meta["requires"] = {"redis": {"interface": "redis", "optional": True}}
    related = testing.Relation("redis", interface="redis", remote_app_data={"url": "redis://mine"})

    variables = environment(deployed(scenario, related))

    assert variables["CACHE"] == "redis://mine"
    assert not [name for name in variables if name.startswith("REDIS")]
