"""What came over the charm's endpoints: read, named, and what of it stands in the way."""

import collections.abc
import dataclasses
import typing

from paas_common import integrations
from paas_common.integrations import Context, Integration, Invalid, Pending, Reading, Ready
from paas_common.planning import extensions
from paas_common.values import environment, facts
from paas_common.values.environment import Variable
from paas_common.values.facts import Text
from paas_common.values.workload import Framework, Hold

CONFIDENTIAL: typing.Final = (
    "_PASSWORD",
    "_CONNECT_STRING",
    "_CONNECT_STRINGS",
    "_NETLOC",
    "_SECRET",
    "_SECRET_KEY",
    "_TOKEN",
    "_proxy",
    "_PROXY",
)
"""How the names of integration variables end that hold a password."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint, read."""

    facts: facts.Endpoint
    integration: Integration[typing.Any]
    context: Context
    reading: Reading
    asks: Text = dataclasses.field(default_factory=dict[str, str])
    """What the leader asks of the other side, where no library does."""
    only: bool
    """No other endpoint of the charm has the same interface."""


def read(
    framework: Framework, found: facts.Facts, own_address: str, extension: extensions.Author
) -> tuple[Endpoint, ...]:
    """Read every endpoint whose interface we know.

    Of several endpoints of one interface, the one with the customary name, else the first, has the customary
    variables; those of the others start with the endpoint's name.
    """
    ways_in = {
        end.name: _read(framework, found, own_address, extension, end)
        for end in found.endpoints
        if extension.known[end.interface].address
    }
    public = address(ways_in.values()) or own_address
    ends = [ways_in.get(end.name) or _read(framework, found, public, extension, end) for end in found.endpoints]
    known = [dataclasses.replace(end, context=dataclasses.replace(end.context, base_url=public)) for end in ends]
    return tuple(_asking(extension, end) for end in known)


def address(ends: collections.abc.Iterable[Endpoint]) -> str | None:
    """Find where the application is reached: what the first related ingress says, or nothing yet."""
    way_in = _way_in(ends)
    return way_in.reading.address if way_in and isinstance(way_in.reading, Ready) else None


def _way_in(ends: collections.abc.Iterable[Endpoint]) -> Endpoint | None:
    """Find the ingress that counts: of those that are related the customary one, else the first."""
    related = [end for end in ends if end.integration.address and end.facts.remote]
    return min(related, key=lambda end: not end.context.customary, default=None)


def requests(ends: collections.abc.Iterable[Endpoint]) -> dict[str, facts.Text]:
    """Give what the leader asks of each other side."""
    return {end.facts.name: end.asks for end in ends if end.asks}


def _asking(extension: extensions.Author, end: Endpoint) -> Endpoint:
    remote, known = end.facts.remote, end.integration
    if remote is None or known.request is None:
        return end
    if known not in extension.integrations:
        return dataclasses.replace(end, asks=known.request(end.context))
    asked = extensions.request(known, remote, end.context)
    if isinstance(asked, Invalid):
        return dataclasses.replace(end, reading=asked)
    return dataclasses.replace(end, asks=asked)


def _read(
    framework: Framework, found: facts.Facts, own_address: str, extension: extensions.Author, end: facts.Endpoint
) -> Endpoint:
    known = extension.known[end.interface]
    names = [each.name for each in found.endpoints if each.interface == end.interface]
    customary = end.name == (known.endpoint if known.endpoint in names else names[0])
    context = Context(
        me=found.me,
        endpoint=end.name,
        relation=end.remote.relation if end.remote else 0,
        stem=known.stem if known.stem and customary else environment.name(end.name),
        customary=customary,
        prefix=framework.prefix,
        options={option.name: option.value for option in found.options if option.value is not None},
        base_url=own_address,
        folder=f"{framework.state_dir}/{end.name}",
    )
    reading = _reading(extension, known, end.remote, context) if end.remote else Pending()
    return Endpoint(facts=end, integration=known, context=context, reading=reading, only=len(names) == 1)


def _reading(
    extension: extensions.Author, known: Integration[typing.Any], remote: facts.Remote, context: Context
) -> Reading:
    if known in extension.integrations:
        return extensions.reading(known, remote, context)
    return known.read(remote, context)


def obstacles(me: facts.Identity, endpoints: collections.abc.Sequence[Endpoint]) -> list[Hold]:
    """Tell what is missing, awaited or unusable."""
    holds = _namesakes(endpoints)
    missing: list[Endpoint] = []
    way_in = _way_in(endpoints)
    for end in endpoints:
        remote, required = end.facts.remote, not end.facts.optional
        if remote and end.facts.missing_library:
            holds.append(_library(end, end.facts.missing_library))
        if remote and (refusal := end.integration.refusal(end.context)):
            holds.append(Hold(kind="blocked", reason=refusal))
        if remote and end.integration.needs_ingress and not (way_in and isinstance(way_in.reading, Ready)):
            holds.append(_ingress(me, end, way_in))
        match end.reading:
            case Invalid(reason):
                holds.append(Hold(kind="blocked", reason=reason))
            case Pending() if remote and (required or end.integration.blocks_when_pending):
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


def _ingress(me: facts.Identity, end: Endpoint, way_in: Endpoint | None) -> Hold:
    if way_in and isinstance(way_in.reading, Pending):
        return dataclasses.replace(waiting(way_in), stop=False)
    return Hold(
        kind="blocked",
        reason=f"integration {end.facts.name} needs an ingress, so that browsers find the way back "
        f"(juju integrate {me.app} {integrations.BY_INTERFACE['ingress'].provider})",
    )


def _namesakes(endpoints: collections.abc.Sequence[Endpoint]) -> list[Hold]:
    """Tell which endpoints would set each other's variables: ``mysql-db`` those of ``mysql``."""
    named: dict[str, list[str]] = {}
    for end in endpoints:
        named.setdefault(end.context.stem, []).append(end.facts.name)
    return [
        Hold(
            kind="blocked",
            reason=f"endpoints {' and '.join(sorted(names))} would both set {stem}_… (rename one in charmcraft.yaml)",
            stop=True,
        )
        for stem, names in named.items()
        if len(names) > 1
    ]


def _missing(me: facts.Identity, missing: collections.abc.Sequence[Endpoint]) -> Hold:
    names = ", ".join(end.facts.name for end in missing)
    advice = "; ".join(
        f"juju integrate {me.app}{'' if end.only else ':' + end.facts.name} {end.integration.provider}"
        for end in missing
    )
    return Hold(kind="blocked", reason=f"missing integrations: {names} ({advice})", stop=True)


def variables(end: Endpoint) -> list[Variable]:
    """Give what the application gets to know of an endpoint; nothing while it is not ready."""
    if not isinstance(end.reading, Ready):
        return []
    source, marked = f"integration {end.facts.name}", end.reading.secret
    return [
        Variable(name=name, value=value, source=source, secret=name in marked or name.endswith(CONFIDENTIAL))
        for name, value in end.reading.env.items()
    ]
