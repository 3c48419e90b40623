"""What came over the charm's endpoints: read, named, and what of it stands in the way."""

import collections.abc
import dataclasses
import typing

from . import environment, facts, integrations
from .environment import Variable
from .integrations import Integration, Invalid, Pending, Reading, Ready
from .workload import Hold

CONFIDENTIAL: typing.Final = ("_PASSWORD", "_CONNECT_STRING", "_NETLOC")
"""How the names of integration variables end that hold a password."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint, read."""

    facts: facts.Endpoint
    integration: Integration[typing.Any]
    reading: Reading
    only: bool
    """No other endpoint of the charm has the same interface."""


def read(declared: collections.abc.Sequence[facts.Endpoint]) -> tuple[Endpoint, ...]:
    """Read every endpoint whose interface we know.

    Of several endpoints of one interface, the one with the customary name, else the first, has the customary
    variables; those of the others start with the endpoint's name.
    """
    return tuple(
        _read_one(
            end,
            integrations.BY_INTERFACE[end.interface],
            [e for e in declared if e.interface == end.interface],
        )
        for end in declared
        if end.interface in integrations.BY_INTERFACE
    )


def _read_one(
    end: facts.Endpoint, known: Integration[typing.Any], alike: collections.abc.Sequence[facts.Endpoint]
) -> Endpoint:
    names = [each.name for each in alike]
    customary = known.endpoint if known.endpoint in names else names[0]
    stem = known.stem if end.name == customary else environment.name(end.name)
    reading = known.read(end.remote, endpoint=end.name, stem=stem) if end.remote else Pending()
    return Endpoint(facts=end, integration=known, reading=reading, only=len(names) == 1)


def obstacles(me: facts.Identity, endpoints: collections.abc.Iterable[Endpoint]) -> list[Hold]:
    """Tell what is missing, awaited or unusable."""
    holds: list[Hold] = []
    missing: list[Endpoint] = []
    for end in endpoints:
        remote, required = end.facts.remote, not end.facts.optional
        if remote and end.facts.missing_library:
            holds.append(_library(end, end.facts.missing_library))
        match end.reading:
            case Invalid(reason):
                holds.append(Hold(kind="blocked", reason=reason))
            case Pending() if required and remote:
                holds.append(waiting(end))
            case Pending() if required:
                missing.append(end)
            case _:
                continue
    return [*holds, _missing(me, missing)] if missing else holds


def waiting(end: Endpoint) -> Hold:
    """Tell that the other side has not answered yet."""
    who = end.facts.remote.app if end.facts.remote else end.integration.provider
    return Hold(kind="waiting", reason=f"waiting for {who} to provide {end.facts.name}", stop=True)


def _library(end: Endpoint, library: str) -> Hold:
    return Hold(
        kind="blocked",
        reason=f"integration {end.facts.name} needs the charm library {library}, which the charm lacks "
        "(charmcraft fetch-libs, then pack and refresh the charm)",
    )


def _missing(me: facts.Identity, missing: collections.abc.Sequence[Endpoint]) -> Hold:
    names = ", ".join(end.facts.name for end in missing)
    advice = "; ".join(
        f"juju integrate {me.app}{'' if end.only else ':' + end.facts.name} {end.integration.provider}"
        for end in missing
    )
    return Hold(kind="blocked", reason=f"missing integrations: {names} ({advice})", stop=True)


def variables(end: Endpoint) -> list[Variable]:
    """Give what the application gets to know of an endpoint; nothing while it is not ready."""
    given: facts.Text = end.reading.env if isinstance(end.reading, Ready) else {}
    source = f"integration {end.facts.name}"
    return [
        Variable(name=name, value=value, source=source, secret=name.endswith(CONFIDENTIAL))
        for name, value in given.items()
    ]
