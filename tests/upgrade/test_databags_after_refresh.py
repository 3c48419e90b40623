"""The databags after a refresh from paas_charm, and what paas_charm makes of them on the way back."""

import pytest
from record import Document, requests
from recorded_units import MakeUnit, without_peers


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
