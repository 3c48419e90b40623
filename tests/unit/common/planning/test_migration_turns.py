"""The turn to migrate: who asks, who gets it, who has it, and what is noted afterwards."""

import dataclasses
import itertools
import json
import typing

import builders
import pytest
from builders import IDENTITY, facts_of
from paas_common.planning import migration
from paas_common.planning.migration import DONE, REQUEST, TURN, Notes
from paas_common.values.facts import CommandFailure, ContainerState, Facts, Peers
from paas_common.values.framework import FrameworkSpec
from paas_common.values.status import Blocked, Waiting
from paas_common.values.workload import Migration

OLD = Migration(command=("migrate",), fingerprint="old")
NEW = Migration(command=("migrate",), fingerprint="new")
FOLLOWER = builders.follower(2)


def peers(app: dict[str, str] | None = None, unit: dict[str, str] | None = None, **others: dict[str, str]) -> Peers:
    """Return the peer relation; ``unit_1`` is the databag of the unit ``shop/1``."""
    names = {name.replace("unit_", "shop/"): databag for name, databag in others.items()}
    return Peers(app=app or {}, unit=unit or {}, others=names)


def failure(attempts: int = 1, /, **changes: typing.Any) -> CommandFailure:
    failed = CommandFailure(fingerprint="new", environment="env", attempts=attempts, at=1000.0, output="")
    return dataclasses.replace(failed, **changes)


def turn(
    known: Peers | None = None, candidate: Migration | None = NEW, *, now: float = 1000.0, **container: typing.Any
) -> Migration | Blocked | Waiting | None:
    """Return the turn of the leader, which has it unless ``known`` says otherwise."""
    facts = facts_of(peers=known or peers({TURN: "shop/0 new"}), now=now)
    return migration.turn(facts, builders.container(**container), candidate, "env")


@pytest.mark.parametrize(
    ("files", "command"),
    [
        pytest.param(["manage.py", "migrate.sh"], ("python3", "manage.py", "migrate"), id="manage.py-comes-first"),
        pytest.param(["migrate.py", "migrate"], ("python3", "migrate.py"), id="migrate.py"),
        pytest.param(["migrate.sh", "migrate"], ("bash", "-eo", "pipefail", "migrate.sh"), id="migrate.sh"),
        pytest.param(["migrate"], ("/shop/migrate",), id="migrate-is-below-the-application-s-folder"),
        pytest.param(["app.py"], None, id="no-migration"),
    ],
)
def test_the_command_is_that_of_the_first_known_file(files: list[str], command: tuple[str, ...] | None) -> None:
    assert migration.command(builders.SHOP.migrations, builders.SHOP.app_dir, frozenset(files)) == command


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_every_framework_runs_a_migrate_file_in_its_own_folder(spec: FrameworkSpec) -> None:
    assert migration.command(spec.migrations, spec.app_dir, frozenset({"migrate"})) == (f"{spec.app_dir}/migrate",)


def test_another_image_or_another_database_needs_another_migration() -> None:
    image, next_image = builders.container(), builders.container(fingerprint="next")

    assert migration.fingerprint(image, ["a", "b"]) == migration.fingerprint(image, ["b", "a"])
    assert len({migration.fingerprint(*each) for each in [(image, ["a"]), (image, ["b"]), (next_image, ["a"])]}) == 3


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(peers({DONE: '["old", "new"]'}), id="noted-by-the-leader"),
        pytest.param(peers(unit={DONE: "new"}), id="noted-by-this-unit"),
        pytest.param(peers(unit_1={DONE: "new"}), id="noted-by-another-unit"),
    ],
)
def test_a_migration_that_any_unit_has_finished_does_not_run_again(known: Peers) -> None:
    assert turn(known) is None


def test_a_migration_that_this_container_has_finished_does_not_run_again() -> None:
    assert turn(migrated="new") is None


def test_an_image_without_migration_needs_no_turn() -> None:
    assert turn(candidate=None) is None


def test_the_unit_with_the_turn_migrates() -> None:
    assert turn() == NEW


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(peers(), id="no-turn-yet"),
        pytest.param(peers({TURN: "shop/1 new"}), id="the-turn-of-another-unit"),
        pytest.param(peers({TURN: "shop/0 old"}), id="the-turn-for-another-migration"),
        pytest.param(peers({DONE: "no JSON"}), id="notes-that-cannot-be-read"),
        pytest.param(peers({DONE: '{"new": 1}'}), id="notes-that-are-not-a-list"),
    ],
)
def test_a_unit_without_the_turn_waits(known: Peers) -> None:
    assert turn(known) == Waiting("waiting for the turn to migrate the database")


def test_a_unit_without_peer_relation_waits() -> None:
    facts = facts_of(peers=None)

    assert migration.turn(facts, builders.container(), NEW, "env") == Waiting(
        "waiting for the turn to migrate the database"
    )


@pytest.mark.parametrize(
    ("attempts", "pause"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 600), (7, 600), (40, 600)]
)
def test_a_failed_migration_pauses_longer_each_time(attempts: int, pause: int) -> None:
    paused = turn(failures={"migration": failure(attempts)}, now=1000.0 + pause - 1)

    assert paused == migration.failed(failure(attempts), NEW.command)
    assert turn(failures={"migration": failure(attempts)}, now=1000.0 + pause) == NEW


@pytest.mark.parametrize(
    "change",
    [pytest.param({"environment": "before"}, id="configuration"), pytest.param({"fingerprint": "old"}, id="image")],
)
def test_a_failed_migration_is_tried_again_at_once_after_a_change(change: dict[str, typing.Any]) -> None:
    assert turn(failures={"migration": failure(**change)}) == NEW


@pytest.mark.parametrize(("attempts", "kind"), [(1, Waiting), (2, Waiting), (3, Blocked), (4, Blocked)])
def test_the_third_failure_blocks(attempts: int, kind: type[Blocked | Waiting]) -> None:
    problem = migration.failed(failure(attempts, output="no table"), ("python3", "migrate.py"))

    assert problem == kind(
        f"migration failed: python3 migrate.py: no table (attempt {attempts}; it is tried again at a later event, at "
        "once when the configuration changes)"
    )


def request(facts: Facts, candidate: Migration | None = NEW, **container: typing.Any) -> Notes:
    return migration.request(facts, builders.container(**container), candidate)


def test_nothing_is_noted_without_peer_relation() -> None:
    assert request(facts_of(peers=None)) == Notes()


@pytest.mark.parametrize(
    ("candidate", "container", "request_note"),
    [
        pytest.param(NEW, {}, "new", id="a-migration-to-run"),
        pytest.param(NEW, {"migrated": "new"}, "", id="a-finished-migration"),
        pytest.param(None, {}, "", id="no-migration"),
    ],
)
def test_a_follower_asks_in_its_own_databag_only(
    candidate: Migration | None, container: dict[str, typing.Any], request_note: str
) -> None:
    assert request(facts_of(identity=FOLLOWER), candidate, **container) == Notes(unit={REQUEST: request_note})


def test_a_follower_that_cannot_migrate_now_gives_its_turn_away() -> None:
    assert migration.withdraw(facts_of(identity=FOLLOWER)) == Notes(unit={REQUEST: ""})


def test_a_leader_that_cannot_migrate_now_grants_its_turn_to_another_unit() -> None:
    known = peers({TURN: "shop/0 new"}, {REQUEST: "new"}, unit_1={REQUEST: "new"})

    notes = migration.withdraw(facts_of(peers=known))

    assert (notes.unit, notes.app[TURN]) == ({REQUEST: ""}, "shop/1 new")


@pytest.mark.parametrize(
    ("known", "candidate", "holder"),
    [
        pytest.param(peers(), NEW, "shop/0 new", id="the-leader-takes-a-free-turn"),
        pytest.param(peers(unit_1={REQUEST: "old"}), NEW, "shop/0 new", id="the-leader-comes-first"),
        pytest.param(
            peers({TURN: "shop/1 old"}, unit_1={REQUEST: "old"}), NEW, "shop/1 old", id="a-unit-keeps-its-turn"
        ),
        pytest.param(
            peers({TURN: "shop/1 old"}, unit_1={REQUEST: "next"}), NEW, "shop/1 next", id="a-holder-with-a-newer-image"
        ),
        pytest.param(
            peers({TURN: "shop/1 old"}, unit_1={REQUEST: ""}), NEW, "shop/0 new", id="a-holder-that-wants-nothing-more"
        ),
        pytest.param(
            peers({TURN: "shop/1 old"}, unit_1={REQUEST: "old", DONE: "old"}),
            NEW,
            "shop/0 new",
            id="a-holder-that-is-done",
        ),
        pytest.param(peers({TURN: "shop/1 old"}), NEW, "shop/0 new", id="a-holder-that-is-gone"),
        pytest.param(
            peers(unit_10={REQUEST: "old"}, unit_9={REQUEST: "old"}), None, "shop/9 old", id="the-lowest-of-the-others"
        ),
        pytest.param(peers({TURN: "shop/1 old"}, unit_1={}), None, "", id="nothing-to-migrate-frees-the-turn"),
    ],
)
def test_the_leader_grants_one_turn(known: Peers, candidate: Migration | None, holder: str) -> None:
    assert request(facts_of(peers=known), candidate).app[TURN] == holder


def test_the_leader_collects_what_the_units_have_finished() -> None:
    known = peers({DONE: '["a", "b"]'}, unit={DONE: "b"}, unit_1={DONE: "c"})

    assert request(facts_of(peers=known)).app[DONE] == '["a", "b", "c"]'


def test_the_leader_keeps_the_last_ten_finished_migrations() -> None:
    finished = [str(number) for number in range(migration.REMEMBERED + 2)]

    notes = request(facts_of(peers=peers({DONE: json.dumps(finished)})))

    assert json.loads(notes.app[DONE]) == finished[2:]


def test_the_leader_notes_nothing_finished_as_an_empty_value() -> None:
    assert request(facts_of()).app[DONE] == ""


def test_facts_with_notes_are_those_of_the_next_event() -> None:
    facts = facts_of(peers=peers({TURN: "shop/1 old", "other": "1"}, {REQUEST: "old"}))

    noted = migration.with_notes(facts, Notes(app={TURN: ""}, unit={REQUEST: "new"}))

    assert noted.peers == peers({TURN: "", "other": "1"}, {REQUEST: "new"})


def test_facts_without_peer_relation_take_no_notes() -> None:
    facts = facts_of(peers=None)

    assert migration.with_notes(facts, Notes(unit={REQUEST: "new"})) is facts


def test_a_leader_that_has_migrated_notes_it_for_all_and_frees_the_turn() -> None:
    facts = facts_of(peers=peers({DONE: '["new", "old"]'}))

    assert migration.done(facts, NEW) == Notes(unit={DONE: "new", REQUEST: ""}, app={DONE: '["old", "new"]', TURN: ""})


def test_a_follower_that_has_migrated_notes_it_in_its_own_databag() -> None:
    assert migration.done(facts_of(identity=FOLLOWER), NEW) == Notes(unit={DONE: "new", REQUEST: ""})


@dataclasses.dataclass
class Application:
    """Three units and their peer relation, as Juju keeps it between hooks; ``shop/0`` is the leader."""

    images: tuple[str, str, str]
    app: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    units: dict[str, dict[str, str]] = dataclasses.field(
        default_factory=lambda: {f"shop/{number}": {} for number in range(3)}
    )
    migrated: list[str] = dataclasses.field(default_factory=list[str])
    """Fingerprints in the order in which they ran."""

    def facts(self, number: int) -> Facts:
        name = f"shop/{number}"
        others = {unit: dict(databag) for unit, databag in self.units.items() if unit != name}
        known = Peers(app=dict(self.app), unit=dict(self.units[name]), others=others)
        return facts_of(identity=dataclasses.replace(IDENTITY, unit=name, leader=number == 0), peers=known)

    def write(self, number: int, notes: Notes) -> None:
        self.units[f"shop/{number}"] |= notes.unit
        self.app |= notes.app

    def hook(self, number: int) -> None:
        """Run one hook of a unit whose image needs a migration."""
        container, candidate = self.container(number), Migration(command=(), fingerprint=self.images[number])
        self.write(number, migration.request(self.facts(number), container, candidate))
        if migration.turn(self.facts(number), container, candidate, "env") == candidate:
            self.migrated.append(candidate.fingerprint)
            self.write(number, migration.done(self.facts(number), candidate))

    def container(self, number: int) -> ContainerState:
        return builders.container(fingerprint=self.images[number])


ORDERS = sorted(set(itertools.permutations((0, 0, 1, 1, 2, 2))))
"""Each order of two hooks per unit."""


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_each_image_migrates_once_in_any_order_of_hooks(order: tuple[int, ...]) -> None:
    application = Application(images=("new", "old", "new"))

    for number in (*order, *(0, 1, 2) * 3):
        application.hook(number)

    assert sorted(application.migrated) == ["new", "old"]
    assert application.app[TURN] == ""
