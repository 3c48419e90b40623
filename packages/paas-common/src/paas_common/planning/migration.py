"""Whether this unit migrates the database now, and how often a failed migration is tried.

One image against one set of databases is migrated once, by one unit at a time. The leader hands out the turn in the
peer relation's application databag; a unit that wants it says so in its own databag, and notes there what it has
done. The leader takes its own turn at once. A container remembers what it has migrated, for a hook that dies between
the migration and Juju's acceptance of its notes.
"""

import collections.abc
import dataclasses
import json
import typing

import pydantic

from paas_common.values import environment, facts
from paas_common.values.workload import Command, Framework, Hold, Migration

DONE: typing.Final = "migrated"
"""Application databag: JSON list of fingerprints. Unit databag: the last one that the unit has done itself."""
WANTED: typing.Final = "migration-wanted"
TURN: typing.Final = "migration-turn"
REMEMBERED: typing.Final = 10
FIRST_PAUSE: typing.Final = 30.0
LONGEST_PAUSE: typing.Final = 600.0
PATIENCE: typing.Final = 3
"""Failed attempts after which a person is asked to look."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """Migrate now."""

    migration: Migration


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standstill:
    """Nothing may start until the migration has been done, and it is not for now."""

    hold: Hold


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nothing:
    """No migration stands between the image and its start."""


Turn = Run | Standstill | Nothing


def command(framework: Framework, files: frozenset[str]) -> Command | None:
    """Pick the command of the first file in the framework's table that the image has."""
    found = next((words for file, words in framework.migrations.items() if file in files), None)
    return tuple(word.format(app_dir=framework.app_dir) for word in found) if found else None


def fingerprint(image: facts.Image, databases: collections.abc.Iterable[str]) -> str:
    """Tell one pair of image and databases from another; where a database listens does not count."""
    return environment.digest([image.fingerprint, sorted(databases)])


def turn(found: facts.Facts, image: facts.Image, migration: Migration | None, environment_digest: str) -> Turn:
    """Say whether this unit migrates now."""
    if migration is None or _done(found, image, migration.fingerprint):
        return Nothing()
    if failure := _pause(found, image, migration, environment_digest):
        return Standstill(hold=failed(failure, migration.command))
    if not _mine(found, migration.fingerprint):
        return Standstill(hold=Hold(kind="waiting", reason="waiting for the turn to migrate the database"))
    return Run(migration=migration)


def failed(failure: facts.Failure, words: Command) -> Hold:
    """Tell the operator of a migration that did not succeed, with the last lines of its output."""
    said = f": {failure.output}" if failure.output else ""
    return Hold(
        kind="waiting" if failure.attempts < PATIENCE else "blocked",
        reason=f"migration failed: {' '.join(words)}{said} (attempt {failure.attempts}; it is tried again at a "
        "later event, at once when the configuration changes)",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Notes:
    """What a unit writes about migrations into the peer relation; nothing is removed that is not mentioned."""

    unit: facts.Text = dataclasses.field(default_factory=dict[str, str])
    app: facts.Text = dataclasses.field(default_factory=dict[str, str])


def ask(found: facts.Facts, image: facts.Image, migration: Migration | None) -> Notes:
    """Note before the decision: that this unit wants a turn; and, on the leader, whose turn it is.

    An empty value removes the key.
    """
    if found.peers is None:
        return Notes()
    wanted = migration.fingerprint if migration and not _done(found, image, migration.fingerprint) else ""
    mine = {WANTED: wanted}
    if not found.me.leader:
        return Notes(unit=mine)
    wishes = {found.me.unit: wanted} | {name: bag.get(WANTED, "") for name, bag in found.peers.others.items()}
    done = _all_done(found)
    open_wishes = {name: wish for name, wish in wishes.items() if wish and wish not in done}
    holder = found.peers.app.get(TURN, "").partition(" ")[0]
    if holder not in open_wishes:
        holder = found.me.unit if found.me.unit in open_wishes else min(open_wishes, default="", key=facts.unit_number)
    return Notes(
        unit=mine,
        app={
            TURN: f"{holder} {open_wishes[holder]}" if holder else "",
            DONE: json.dumps(done[-REMEMBERED:]) if done else "",
        },
    )


def noted(found: facts.Facts, notes: Notes) -> facts.Facts:
    """Give the facts as they are once the notes are written."""
    if found.peers is None:
        return found
    peers = dataclasses.replace(
        found.peers, app={**found.peers.app, **notes.app}, mine={**found.peers.mine, **notes.unit}
    )
    return dataclasses.replace(found, peers=peers)


def did(found: facts.Facts, migration: Migration) -> Notes:
    """Note that this unit has just migrated."""
    done = [*(each for each in _all_done(found) if each != migration.fingerprint), migration.fingerprint]
    app = {DONE: json.dumps(done[-REMEMBERED:]), TURN: ""} if found.me.leader else {}
    return Notes(unit={DONE: migration.fingerprint, WANTED: ""}, app=app)


def _done(found: facts.Facts, image: facts.Image, wanted: str) -> bool:
    return image.migrated == wanted or wanted in _all_done(found)


def _all_done(found: facts.Facts) -> list[str]:
    if found.peers is None:
        return []
    noted = [bag[DONE] for bag in (found.peers.mine, *found.peers.others.values()) if bag.get(DONE)]
    return list(dict.fromkeys([*_listed(found.peers.app.get(DONE, "[]")), *noted]))


def _listed(text: str) -> list[str]:
    try:
        return pydantic.TypeAdapter(list[str]).validate_json(text)
    except pydantic.ValidationError:
        return []


def _mine(found: facts.Facts, wanted: str) -> bool:
    return found.peers is not None and found.peers.app.get(TURN) == f"{found.me.unit} {wanted}"


def _pause(
    found: facts.Facts, image: facts.Image, migration: Migration, environment_digest: str
) -> facts.Failure | None:
    failure = image.failure
    if failure is None or (failure.fingerprint, failure.environment) != (
        migration.fingerprint,
        environment_digest,
    ):
        return None
    pause = min(FIRST_PAUSE * 2 ** (failure.attempts - 1), LONGEST_PAUSE)
    return failure if found.now < failure.at + pause else None
