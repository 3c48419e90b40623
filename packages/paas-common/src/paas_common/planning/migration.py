"""The turn to migrate the databases.

An image and its databases are migrated once, by one unit at a time. A unit asks for a turn in its own databag of the
peer relation; the leader grants turns in the application databag and takes its own at once. A unit records a finished
migration in its databag, and in its container, for a hook that is killed before Juju stores the databag.
"""

import collections.abc
import dataclasses
import json
import typing

import pydantic

from paas_common.planning import retries
from paas_common.values import environment
from paas_common.values.facts import CommandFailure, ContainerState, Facts, StrMap, unit_number
from paas_common.values.status import Problem, Waiting
from paas_common.values.workload import Command, Migration

DONE: typing.Final = "migrated"
"""Application databag: JSON list of fingerprints. Unit databag: the unit's last finished migration."""
FORCED: typing.Final = "migrations-forced"
"""Application databag: how often an operator has forced a migration; part of each fingerprint."""
REQUEST: typing.Final = "migration-request"
TURN: typing.Final = "migration-turn"
REMEMBERED: typing.Final = 10
"""Fingerprints that the application databag keeps."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Notes:
    """Entries about migrations in the peer relation; an empty value removes a key."""

    unit: StrMap = dataclasses.field(default_factory=dict[str, str])
    app: StrMap = dataclasses.field(default_factory=dict[str, str])
    """The application databag, which the leader writes."""


def command(commands: collections.abc.Mapping[str, Command], app_dir: str, files: frozenset[str]) -> Command | None:
    """Return the command of the first file of the table that the image has in the application's folder."""
    words = next((words for file, words in commands.items() if file in files), None)
    return tuple(word.format(app_dir=app_dir) for word in words) if words else None


def fingerprint(container: ContainerState, databases: collections.abc.Iterable[str], forced: str = "") -> str:
    """Return what identifies an image, its databases and how often a migration was forced.

    The databases' addresses do not count.
    """
    return environment.digest([container.fingerprint, sorted(databases), *([forced] if forced else [])])


def force(facts: Facts) -> Notes:
    """Return the leader's notes that make a migration due on all units."""
    return Notes(app={FORCED: str(int(forced(facts) or "0") + 1)})


def forced(facts: Facts) -> str:
    """Return how often an operator has forced a migration; empty if never."""
    return facts.peers.app.get(FORCED, "") if facts.peers else ""


def turn(
    facts: Facts, container: ContainerState, migration: Migration | None, environment_digest: str
) -> Migration | Problem | None:
    """Return the migration if this unit must run it now, a problem if nothing may start yet, else None."""
    if migration is None or _is_done(facts, container, migration.fingerprint):
        return None
    if failure := retries.paused(container, "migration", migration.fingerprint, environment_digest, facts.now):
        return failed(failure, migration.command)
    if not _has_turn(facts, migration.fingerprint):
        return Waiting("waiting for the turn to migrate the database")
    return migration


def failed(failure: CommandFailure, command: Command) -> Problem:
    """Return the status of a failed migration."""
    return retries.problem("migration", failure, command)


def request(facts: Facts, container: ContainerState, migration: Migration | None) -> Notes:
    """Return the notes before the migration: this unit's request for a turn and, on the leader, whose turn it is."""
    if migration is None or _is_done(facts, container, migration.fingerprint):
        return withdraw(facts)
    return _requested(facts, migration.fingerprint)


def withdraw(facts: Facts) -> Notes:
    """Return the notes of a unit that cannot migrate now: another unit can have its turn."""
    return _requested(facts, "")


def _requested(facts: Facts, fingerprint: str) -> Notes:
    if facts.peers is None:
        return Notes()
    return Notes(unit={REQUEST: fingerprint}, app=_granted(facts, fingerprint))


def _granted(facts: Facts, own_request: str) -> StrMap:
    """Return whose turn it is; ``own_request`` is the fingerprint that the leader itself must migrate."""
    if facts.peers is None or not facts.identity.leader:
        return {}
    name = facts.identity.unit
    requests = {name: own_request} | {other: databag.get(REQUEST, "") for other, databag in facts.peers.others.items()}
    done = _all_done(facts)
    open_requests = {name: request for name, request in requests.items() if request and request not in done}
    holder = facts.peers.app.get(TURN, "").partition(" ")[0]
    if holder not in open_requests:
        holder = name if name in open_requests else min(open_requests, default="", key=unit_number)
    return {
        TURN: f"{holder} {open_requests[holder]}" if holder else "",
        DONE: json.dumps(done[-REMEMBERED:]) if done else "",
    }


def with_notes(facts: Facts, notes: Notes) -> Facts:
    """Return the facts as they are once the notes are written."""
    if facts.peers is None:
        return facts
    peers = dataclasses.replace(
        facts.peers, app={**facts.peers.app, **notes.app}, unit={**facts.peers.unit, **notes.unit}
    )
    return dataclasses.replace(facts, peers=peers)


def done(facts: Facts, migration: Migration) -> Notes:
    """Return the notes after this unit has migrated."""
    finished = [*(each for each in _all_done(facts) if each != migration.fingerprint), migration.fingerprint]
    app = {DONE: json.dumps(finished[-REMEMBERED:]), TURN: ""} if facts.identity.leader else {}
    return Notes(unit={DONE: migration.fingerprint, REQUEST: ""}, app=app)


def _is_done(facts: Facts, container: ContainerState, fingerprint: str) -> bool:
    return container.migrated == fingerprint or fingerprint in _all_done(facts)


def _all_done(facts: Facts) -> list[str]:
    if facts.peers is None:
        return []
    units = [databag[DONE] for databag in (facts.peers.unit, *facts.peers.others.values()) if databag.get(DONE)]
    return list(dict.fromkeys([*_fingerprints(facts.peers.app.get(DONE, "[]")), *units]))


def _fingerprints(text: str) -> list[str]:
    try:
        return pydantic.TypeAdapter(list[str]).validate_json(text)
    except pydantic.ValidationError:
        return []


def _has_turn(facts: Facts, fingerprint: str) -> bool:
    return facts.peers is not None and facts.peers.app.get(TURN) == f"{facts.identity.unit} {fingerprint}"
