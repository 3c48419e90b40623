"""A refresh from paas_charm that replaces one pod after the other."""

import dataclasses
import json

import pytest
import state_documents
from deployed_units import DeployedUnit
from ops import testing
from record import Document, environment, share_databags
from recorded_units import MakeUnit, secret_key


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
