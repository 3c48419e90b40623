"""Juju 4, which writes no addresses into unit databags."""

import json
import pathlib

import pytest
from deployed_units import deploy
from record import Document, environment, load, requests
from recorded_units import MakeUnit, unit_of, without_peers


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
