"""A deployment of paas_charm is refreshed to this repository's charm."""

import dataclasses
import itertools
import pathlib
import re

import pytest
import state_documents
from deployed_units import MORE_SERVICES, REFRESH
from ops import testing
from record import FRAMEWORKS, Document, differences, environment, load
from recorded_units import MakeUnit, secret_key, unit_of

DIFFERENCES = pathlib.Path(__file__).parents[2] / "docs/reference/differences-from-paas-charm.md"
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
