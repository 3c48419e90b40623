"""A deployment of paas_charm is refreshed to this repository's charm."""

import dataclasses
import itertools
import json
import pathlib
import re

import pytest
import state_documents
from deployed_units import MORE_SERVICES, REFRESH, DeployedUnit, deploy
from ops import testing
from record import FRAMEWORKS, Document, differences, environment, load, requests, share_databags
from recorded_units import MakeUnit, unit_of

DIFFERENCES = pathlib.Path(__file__).parents[2] / "docs/differences-from-paas-charm.md"
ABSENT = "absent"
Changes = dict[str, list[str | None]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """A row of the documentation's table of variables."""

    names: tuple[str, ...]
    before: str
    after: str

    def covers(self, name: str, before: str | None, after: str | None) -> bool:
        """Return whether the row describes a change of a variable."""
        return (
            name in self.names
            and (before is None) == (self.before == ABSENT)
            and (after is None) == (self.after == ABSENT)
        )


def documented() -> list[Difference]:
    """Return the rows of the documentation's table of variables."""
    _, _, section = DIFFERENCES.read_text().partition("\n## Variables\n")
    rows = [line.strip("|").split("|") for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [
        Difference(names=tuple(re.findall(r"`([^`]+)`", names)), before=before.strip(), after=after.strip())
        for names, before, after, _ in rows[2:]
    ]


def environment_changes(framework: str, recording: Document, root: pathlib.Path) -> Changes:
    """Return the variables that a refresh changes, with both values."""
    unit, before = unit_of(framework, recording, root), recording["units"][0]
    after = unit.document(unit.refresh(before))
    return {name: pair for name, *pair in differences(environment(before, framework), environment(after, framework))}


def without_peers(databags: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {name: databag for name, databag in databags.items() if name not in {"secret-storage", "peers"}}


def secret_key(unit: Document, framework: str) -> str:
    prefix = framework.upper() if framework in {"flask", "django"} else "APP"
    return environment(unit, framework)[f"{prefix}_SECRET_KEY"]


@pytest.mark.parametrize("events", [*itertools.permutations(REFRESH)], ids=",".join)
class TestEachOrderOfEvents:
    """The application ends as it was, in each order of the first events."""

    def test_the_application_runs_with_its_key_after_one_start_and_one_migration(
        self,
        make_unit: MakeUnit,
        recording: Document,
        framework: str,
        restarts: list[str],
        events: tuple[str, ...],
    ) -> None:
        before = {**recording["units"][0], "app_status": ["blocked", "stale"]}
        unit = make_unit()

        after = unit.document(unit.refresh(before, events))

        assert after["unit_status"] == after["app_status"] == ["active", ""]
        assert restarts == ["replan"]
        assert unit.migrations() == 1
        assert secret_key(after, framework) == secret_key(before, framework)
        assert [secret["content"] for secret in after["secrets"] if secret["owner"] == "app"] == [
            {"value": secret_key(before, framework)}
        ]


class TestTheSamePod:
    """The charm is refreshed while the pod lives on."""

    def test_the_application_restarts_once(self, make_unit: MakeUnit, recording: Document, restarts: list[str]) -> None:
        before = recording["units"][0]
        unit = make_unit()
        unit.put_files({path: text for path, text in before["container"]["files"].items() if text})
        state = state_documents.read(before, unit.running_container(before))

        for event in REFRESH:
            state = unit.run(event, state)

        assert state.unit_status == testing.ActiveStatus()
        assert restarts == ["replan"]
        assert unit.migrations() == 1


class TestEnvironment:
    """The application finds its variables, apart from the documented differences."""

    @pytest.fixture
    def differing(self, framework: str, recording: Document, tmp_path: pathlib.Path) -> Changes:
        return environment_changes(framework, recording, tmp_path)

    def test_each_difference_is_documented(self, differing: Changes) -> None:
        undocumented = {
            name: values
            for name, values in differing.items()
            if not any(row.covers(name, *values) for row in documented())
        }
        assert undocumented == {}

    def test_secret_values_are_the_same(self, differing: Changes) -> None:
        assert not [name for name in differing if name.endswith(("SECRET_KEY", "PASSWORD", "TOKEN", "CLIENT_SECRET"))]


class TestServices:
    """Workers and schedulers go on where they ran."""

    @pytest.mark.parametrize("number", [0, 1])
    def test_they_run_on_the_same_units_with_the_environment_of_the_application(
        self, make_unit: MakeUnit, recording: Document, framework: str, number: int
    ) -> None:
        unit, before = make_unit(number), recording["units"][number]
        state = dataclasses.replace(unit.refresh(before), leader=True)

        after = services(unit.document(unit.run("leader-elected", state)))

        of_before = services(before)
        assert after.keys() == of_before.keys() == {framework, *MORE_SERVICES}
        for name, entry in after.items():
            assert entry["command"] == of_before[name]["command"]
            assert entry["startup"] == of_before[name]["startup"]
        assert after["mail-worker"]["environment"] == after[framework]["environment"]


def services(unit: Document) -> dict[str, Document]:
    """Return the services of the charm's layer."""
    return dict(unit["container"]["layers"])["charm"]["services"]


def test_each_documented_difference_exists(tmp_path: pathlib.Path) -> None:
    seen = [
        change
        for framework in FRAMEWORKS
        for name in (framework, f"{framework}-2")
        for change in environment_changes(framework, load(name), tmp_path / name).items()
    ]

    names = {name for row in documented() for name in row.names}
    assert names
    assert names == {name for row in documented() for name, values in seen if row.covers(name, *values)}


class TestDatabags:
    """Other applications see the same requests as before."""

    def test_each_request_stays(self, make_unit: MakeUnit, recording: Document) -> None:
        unit, before = make_unit(), recording["units"][0]

        after = requests(unit.document(unit.refresh(before)))

        assert without_peers(after) == without_peers(requests(before))

    @pytest.mark.parametrize("number", [0, 1])
    def test_nothing_is_removed_from_a_databag(self, make_unit: MakeUnit, recording: Document, number: int) -> None:
        unit, before = make_unit(number), recording["units"][number]

        after = unit.document(unit.refresh(before))

        for old, new in zip(before["relations"], after["relations"], strict=True):
            for databag in ("local_app_data", "local_unit_data"):
                assert old[databag].keys() <= new[databag].keys(), (old["endpoint"], databag)
        assert {secret["id"] for secret in before["secrets"]} <= {secret["id"] for secret in after["secrets"]}

    def test_the_unit_databags_of_charm_libraries_stay(self, make_unit: MakeUnit, recording: Document) -> None:
        unit, before = make_unit(), recording["units"][0]

        after = unit.document(unit.refresh(before))

        for old, new in zip(before["relations"], after["relations"], strict=True):
            if "peers_data" not in old:
                assert new["local_unit_data"] == old["local_unit_data"], old["endpoint"]


class TestGoingBack:
    """The charm can be refreshed back to paas_charm: recorded, because only a process with paas_charm can show it."""

    def test_paas_charm_finds_what_it_found_when_this_was_recorded(
        self, make_unit: MakeUnit, recording: Document
    ) -> None:
        unit = make_unit()

        after = requests(unit.document(unit.refresh(recording["units"][0])))

        recorded = recording["requests_after_refresh"]
        assert without_peers(after) == without_peers(recorded)
        assert after[unit.peers].keys() == recorded[unit.peers].keys()
        plain = {name: key for name, key in recorded[unit.peers].items() if name.endswith("_secret_key")}
        assert {name: after[unit.peers][name] for name in plain} == plain

    @pytest.mark.parametrize("unit", [0, 1])
    def test_the_application_runs_as_before_with_the_same_requests(self, recording: Document, unit: int) -> None:
        back = recording["back"][unit]

        assert back["unit_status"] == ["active", ""]
        assert back["changed_variables"] == {}
        assert set(back["changed_requests"]) <= {"secret-storage", "peers"}


class TestUnitByUnit:
    """Kubernetes replaces one pod after the other: old and new charms run side by side."""

    @pytest.fixture
    def units(self, make_unit: MakeUnit) -> tuple[DeployedUnit, DeployedUnit]:
        return make_unit(0), make_unit(1)

    def test_a_new_follower_waits_for_the_leader_and_one_of_them_migrates(
        self, units: tuple[DeployedUnit, DeployedUnit], recording: Document, framework: str
    ) -> None:
        leader, follower = units
        old_leader, old_follower = json.loads(json.dumps(recording["units"]))

        waiting = follower.document(follower.refresh(old_follower))
        share_databags(old_leader, waiting)
        new = [leader.document(leader.refresh(old_leader)), waiting]
        for number in (1, 0, 1):
            share_databags(*new)
            state = state_documents.read(new[number], units[number].running_container(new[number]))
            new[number] = units[number].document(units[number].run(f"{leader.peers}-relation-changed", state))

        assert waiting["unit_status"] == ["waiting", "waiting for the turn to migrate the database"]
        assert [unit["unit_status"] for unit in new] == [["active", ""], ["active", ""]]
        assert [unit["app_status"] for unit in new] == [["active", ""], ["unknown", ""]]
        assert leader.migrations() + follower.migrations() == 1
        assert {secret_key(unit, framework) for unit in new} == {secret_key(old_follower, framework)}

    def test_a_new_leader_does_not_disturb_an_old_follower(self, recording: Document) -> None:
        beside = recording["follower_beside_refreshed_leader"]

        assert beside["unit_status"] == ["active", ""]
        assert beside["changed_variables"] == {}

    def test_a_new_follower_takes_over_the_leadership(
        self, units: tuple[DeployedUnit, DeployedUnit], recording: Document, framework: str
    ) -> None:
        _, follower = units
        before = recording["units"][1]
        state = dataclasses.replace(follower.refresh(before), leader=True)

        after = follower.run("leader-elected", state)

        assert after.unit_status == after.app_status == testing.ActiveStatus()
        assert secret_key(follower.document(after), framework) == secret_key(before, framework)

    def test_a_follower_with_an_http_proxy_runs(
        self, units: tuple[DeployedUnit, DeployedUnit], recording: Document, framework: str
    ) -> None:
        """paas_charm fails each hook of such a follower."""
        _, follower = units
        leader, old_follower = json.loads(json.dumps(recording["units"]))
        proxy = next(each for each in leader["relations"] if each["endpoint"] == "http-proxy")
        old_follower["relations"].append({**proxy, "local_unit_data": {}})
        known = {secret["id"] for secret in old_follower["secrets"]}
        old_follower["secrets"] += [each for each in leader["secrets"] if each["id"] not in known]
        state = dataclasses.replace(follower.refresh(old_follower), leader=True)

        after = follower.document(follower.run("leader-elected", state))

        assert after["unit_status"] == ["active", ""]
        assert environment(after, framework)["HTTP_PROXY"] == "http://proxyuser:proxyPass01@squid.demo:3128"


class TestJuju4:
    """Juju 4 writes no addresses into unit databags."""

    @pytest.mark.parametrize("number", [0, 1])
    def test_the_application_runs(
        self, make_unit: MakeUnit, recording: Document, framework: str, number: int, tmp_path: pathlib.Path
    ) -> None:
        of_3 = make_unit(number)
        with_addresses = json.loads(json.dumps(recording["units"]))
        without = json.loads(json.dumps(recording["units"]))
        for relation in without[number]["relations"]:
            for databag in (relation["local_unit_data"], *relation.get("remote_units_data", {}).values()):
                for key in ("egress-subnets", "ingress-address", "private-address"):
                    databag.pop(key, None)
        expected = of_3.document(of_3.refresh(with_addresses[number]))
        unit = unit_of(framework, recording, tmp_path / "juju4", number, juju="4.0.1")

        after = unit.document(unit.refresh(without[number]))

        assert after["unit_status"] == expected["unit_status"]
        assert after["container"]["layers"] == expected["container"]["layers"]
        assert requests(after).keys() == requests(expected).keys()


def test_a_new_deployment_runs_with_everything_under_juju_4(tmp_path: pathlib.Path) -> None:
    recording = load("flask")
    leader, follower = (unit_of("flask", recording, tmp_path, number, juju="4.0.1") for number in (0, 1))

    state = deploy(leader)
    after = leader.document(state)
    other = follower.document(deploy(follower, leader=state))

    assert after["unit_status"] == other["unit_status"] == ["active", ""]
    before = requests(recording["units"][0])
    assert {name: databag.keys() for name, databag in without_peers(requests(after)).items()} == {
        name: databag.keys() for name, databag in without_peers(before).items()
    }
    assert environment(after, "flask").keys() >= environment(recording["units"][0], "flask").keys() - {
        "S3_TLS_CA_CHAIN"
    }
