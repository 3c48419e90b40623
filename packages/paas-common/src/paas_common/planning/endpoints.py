"""The meaning of the databags of all endpoints, and the problems in them."""

import collections.abc
import dataclasses
import typing

from paas_common import integrations
from paas_common.integrations import Context, Integration, Integrations, Invalid, Pending, Reading, Ready, Unavailable
from paas_common.planning import guard
from paas_common.values import environment
from paas_common.values.environment import Variable
from paas_common.values.facts import Endpoint, Facts, Identity, Relation, StrMap, UnrelatedEndpoint
from paas_common.values.framework import FrameworkSpec
from paas_common.values.status import Blocked, Problem, Waiting
from paas_common.values.workload import File

_READ_AGAIN: typing.Final = "it is read again at the next event"
SHORTEST_SECRET: typing.Final = 4
"""Characters; shorter databag values are not masked in an error, because ports and switches occur in any text."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadEndpoint:
    """One endpoint, and the meaning of its databags."""

    endpoint: Endpoint
    integration: Integration[typing.Any]
    context: Context
    reading: Reading
    request: StrMap = dataclasses.field(default_factory=dict[str, str])
    """The content of the leader's application databag; empty if a charm library writes it."""

    @property
    def ready(self) -> Ready | None:
        """Return the data, once it is complete."""
        return self.reading if isinstance(self.reading, Ready) else None

    @property
    def related(self) -> bool:
        """Return whether the endpoint has a relation."""
        return self.endpoint.relation is not None


Endpoints = collections.abc.Sequence[ReadEndpoint]


def read(spec: FrameworkSpec, facts: Facts, known: Integrations, cluster_url: str) -> tuple[ReadEndpoint, ...]:
    """Read all endpoints of known interfaces.

    Ingresses come first, because the other integrations know the application's URL. Of several endpoints with one
    interface, the one with the default name, else the first, sets the default variables; the variables of the others
    start with the endpoint's name.
    """
    ingresses = {
        endpoint.name: _read(spec, facts, known, endpoint, cluster_url)
        for endpoint in facts.endpoints
        if known[endpoint.interface].url
    }
    base_url = public_url(tuple(ingresses.values())) or cluster_url
    read = [
        ingresses.get(endpoint.name) or _read(spec, facts, known, endpoint, base_url) for endpoint in facts.endpoints
    ]
    ingress = _ingress(read)
    return tuple(_with_request(known, _after_ingress(each, ingress), base_url) for each in read)


def public_url(endpoints: Endpoints) -> str | None:
    """Return the application's URL at the related ingress; None without one."""
    ingress = _ingress(endpoints)
    return ingress.ready.url if ingress and ingress.ready else None


def requests(endpoints: Endpoints) -> dict[str, StrMap]:
    """Return what the leader writes, by endpoint."""
    return {read.endpoint.name: read.request for read in endpoints if read.request}


def variables(endpoints: Endpoints) -> collections.abc.Iterator[tuple[Variable, ...]]:
    """Return the variables of each ready endpoint."""
    return (read.ready.variables for read in endpoints if read.ready)


def files(endpoints: Endpoints) -> tuple[File, ...]:
    """Return the files of all ready endpoints."""
    return tuple(file for read in endpoints if read.ready for file in read.ready.files)


def databases(endpoints: Endpoints) -> list[str]:
    """Return what identifies the databases of all ready endpoints."""
    return [read.ready.database for read in endpoints if read.ready and read.ready.database]


def tracebacks(endpoints: Endpoints) -> tuple[str, ...]:
    """Return the tracebacks of integrations whose own code failed."""
    readings = (read.reading for read in endpoints)
    return tuple(reading.traceback for reading in readings if isinstance(reading, Invalid) and reading.traceback)


def _ingress(endpoints: Endpoints) -> ReadEndpoint | None:
    """Return the ingress that gives the application's URL: of the related ones the default, else the first."""
    related = [read for read in endpoints if read.integration.url and read.related]
    return min(related, key=lambda read: not read.context.is_default, default=None)


def _read(spec: FrameworkSpec, facts: Facts, known: Integrations, endpoint: Endpoint, base_url: str) -> ReadEndpoint:
    integration = known[endpoint.interface]
    names = [each.name for each in facts.endpoints if each.interface == endpoint.interface]
    is_default = endpoint.name == (integration.endpoint if integration.endpoint in names else names[0])
    prefix = integration.env_prefix if is_default else None
    context = Context(
        identity=facts.identity,
        endpoint=endpoint.name,
        relation_id=endpoint.relation.id if endpoint.relation else 0,
        env_prefix=prefix or environment.name(endpoint.name),
        is_default=is_default,
        is_only=len(names) == 1,
        app_env_prefix=spec.env_prefix,
        options=facts.option_values,
        base_url=base_url,
        folder=f"{spec.state_dir}/{endpoint.name}",
        written=endpoint.relation.request if endpoint.relation else {},
    )
    return ReadEndpoint(
        endpoint=endpoint,
        integration=integration,
        context=context,
        reading=_reading(known, integration, endpoint.relation, context) if endpoint.relation else Pending(),
    )


def _reading(
    known: Integrations, integration: Integration[typing.Any], relation: Relation, context: Context
) -> Reading:
    if integration.interface not in known.own:
        return integration.read(relation, context)
    reading = guard.run(_name(context), _secrets(relation), lambda: integration.read(relation, context))
    match reading:
        case guard.Failure(reason, traceback):
            return Invalid(reason, traceback)
        case Invalid(reason):  # a validator of the charm may show the value
            subject, colon, rules = reason.partition(": ")
            return Invalid(subject + colon + environment.mask(rules, _secrets(relation)))
        case _:
            return reading


def _after_ingress(read: ReadEndpoint, ingress: ReadEndpoint | None) -> ReadEndpoint:
    """Return an optional endpoint that needs an ingress as pending until the ingress has a URL."""
    waits = read.endpoint.optional and _lacks(read, ingress)
    return dataclasses.replace(read, reading=Pending()) if waits and read.ready else read


def _with_request(known: Integrations, read: ReadEndpoint, base_url: str) -> ReadEndpoint:
    read = dataclasses.replace(read, context=dataclasses.replace(read.context, base_url=base_url))
    relation, request = read.endpoint.relation, read.integration.request
    if relation is None or request is None:
        return read
    if read.integration.interface not in known.own:
        return dataclasses.replace(read, request=request(read.context))
    texts = guard.run(_name(read.context), _secrets(relation), lambda: _texts(request(read.context)))
    if isinstance(texts, guard.Failure):
        return dataclasses.replace(read, reading=Invalid(texts.reason, texts.traceback))
    return dataclasses.replace(read, request=texts)


def _name(context: Context) -> str:
    return f"the charm's own integration {context.endpoint}"


def _secrets(relation: Relation) -> list[str]:
    """Return what the remote side has written, without texts so short that they occur anywhere."""
    databags = (relation.databags.app, *relation.databags.units, *relation.databags.secrets.values())
    return [value for databag in databags for value in databag.values() if len(value) >= SHORTEST_SECRET]


def _texts(request: collections.abc.Mapping[str, object]) -> StrMap:
    return {name: guard.check_type(str, value) for name, value in request.items()}


def problems(
    identity: Identity, endpoints: Endpoints, unrelated: collections.abc.Sequence[UnrelatedEndpoint] = ()
) -> list[Problem]:
    """Return everything that is missing, awaited or invalid; nothing is known of ``unrelated`` but the interface."""
    problems = [*_same_prefix(endpoints), *_lacking_ingress(identity, endpoints, optional=False)]
    missing: list[ReadEndpoint] = []
    for read in endpoints:
        required = not read.endpoint.optional
        if read.related:
            problems += _of_related(read)
        match read.reading:
            case Invalid(reason):
                problems.append(Blocked(reason))
            case Unavailable():
                name = read.endpoint.name
                problems.append(Waiting(f"waiting for Juju to return a secret of {name} ({_READ_AGAIN})"))
            case Pending() if read.related and required:
                problems.append(waiting(read))
            case Pending() if required and not read.related:
                missing.append(read)
            case _:
                continue
    return [*problems, _missing(identity, missing, unrelated)] if missing or unrelated else problems


def advice(identity: Identity, endpoints: Endpoints) -> tuple[Blocked, ...]:
    """Return the problems of optional endpoints that a person must solve while the application runs without them."""
    problems = _lacking_ingress(identity, endpoints, optional=True)
    return tuple(problem for problem in problems if isinstance(problem, Blocked))


def waiting(read: ReadEndpoint) -> Waiting:
    """Return the status of an endpoint whose remote side has not written everything."""
    provider = read.endpoint.relation.app if read.endpoint.relation else read.integration.provider
    return Waiting(f"waiting for {provider} to provide {read.endpoint.name}", stop=True)


def _of_related(read: ReadEndpoint) -> collections.abc.Iterator[Blocked]:
    if read.endpoint.missing_library and read.integration.request is None:
        yield Blocked(
            f"integration {read.endpoint.name} needs the charm library {read.endpoint.missing_library}, which the "
            "charm lacks (charmcraft fetch-libs, then pack and refresh the charm)"
        )
    if error := read.integration.check_options(read.context):
        yield Blocked(error)


def _lacking_ingress(identity: Identity, endpoints: Endpoints, *, optional: bool) -> collections.abc.Iterator[Problem]:
    ingress = _ingress(endpoints)
    for read in endpoints:
        if read.related and read.endpoint.optional == optional and _lacks(read, ingress):
            yield _no_ingress(identity, read, ingress)


def _lacks(read: ReadEndpoint, ingress: ReadEndpoint | None) -> bool:
    """Return whether an endpoint needs an ingress that has no URL."""
    return read.integration.needs_ingress and not (ingress and ingress.ready)


def _no_ingress(identity: Identity, read: ReadEndpoint, ingress: ReadEndpoint | None) -> Problem:
    if ingress and isinstance(ingress.reading, Pending):
        return dataclasses.replace(waiting(ingress), stop=False)
    return Blocked(
        f"integration {read.endpoint.name} needs an ingress, so that browsers reach the application "
        f"(juju integrate {identity.app} {integrations.BUILT_IN['ingress'].provider})"
    )


def _same_prefix(endpoints: Endpoints) -> collections.abc.Iterator[Problem]:
    """Return the endpoints that would set each other's variables, such as ``mysql-db`` and ``mysql``."""
    names: dict[str, list[str]] = {}
    for read in endpoints:
        names.setdefault(read.context.env_prefix, []).append(read.endpoint.name)
    for prefix, sharing in names.items():
        if len(sharing) > 1:
            yield Blocked(
                f"endpoints {' and '.join(sorted(sharing))} would both set {prefix}_… (rename one in charmcraft.yaml)",
                stop=True,
            )


def _missing(identity: Identity, missing: Endpoints, unrelated: collections.abc.Sequence[UnrelatedEndpoint]) -> Blocked:
    commands = {
        **{read.endpoint.name: _integrate_command(identity, read) for read in missing},
        **{
            endpoint.name: f"juju integrate {identity.app}:{endpoint.name} <a provider of {endpoint.interface}>"
            for endpoint in unrelated
        },
    }
    return Blocked(f"missing integrations: {', '.join(commands)} ({'; '.join(commands.values())})", stop=True)


def _integrate_command(identity: Identity, read: ReadEndpoint) -> str:
    own = identity.app if read.context.is_only else f"{identity.app}:{read.endpoint.name}"
    return f"juju integrate {own} {read.integration.provider}"
