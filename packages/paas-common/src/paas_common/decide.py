"""From facts to the wanted workload, or to everything that stands in its way. Nothing here reads or writes."""

import collections.abc
import dataclasses
import typing

import pydantic

from . import environment, facts, integrations, migration, services, settings
from .environment import Variable
from .integrations import Integration, Invalid, Pending, Reading, Ready
from .workload import File, Framework, Hold, Migration, Refusal, Workload, worst

SettingsT = settings.Settings | None
CONFIDENTIAL: typing.Final = ("_PASSWORD", "_CONNECT_STRING", "_NETLOC")
"""How the names of integration variables end that hold a password."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decision:
    """What should be the case, and what to note for the other units on the way there."""

    outcome: Workload | Hold
    notes: migration.Notes = dataclasses.field(default_factory=migration.Notes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Endpoint:
    """One endpoint, read."""

    facts: facts.Endpoint
    integration: Integration[typing.Any]
    reading: Reading
    only: bool
    """No other endpoint of the charm has the same interface."""


def decide(framework: Framework, found: facts.Facts) -> Decision:
    """Say what should run on this unit."""
    options, holds = _options(framework, found)
    key, key_holds = _secret_key(framework, found)
    endpoints = _endpoints(found.endpoints)
    holds += [*key_holds, *_obstacles(found.me, endpoints), *_container(framework, found)]
    hold = worst(holds)
    if hold or options is None or found.image is None or key is None:
        return Decision(outcome=hold or Hold(kind="waiting", reason="waiting for the charm to be set up"))
    variables = _environment(framework, found, options, key, endpoints)
    return _workload(framework, found, found.image, options, variables, endpoints)


def invalid_options(framework: Framework, found: facts.Facts) -> Hold | None:
    """Tell only what is wrong with the configuration."""
    return worst([*_options(framework, found)[1], *_secret_key(framework, found)[1]])


def _options(framework: Framework, found: facts.Facts) -> tuple[SettingsT, list[Hold]]:
    holds: list[Hold] = []
    if missing := [option.name for option in found.options if option.required and option.value is None]:
        advice = " ".join(f"{name}=<value>" for name in missing)
        holds.append(
            Hold(
                kind="blocked",
                reason=f"missing options: {', '.join(missing)} (juju config {found.me.app} {advice})",
            )
        )
    holds += [
        _unreadable(option, option.secret, found.me)
        for option in found.options
        if isinstance(option.secret, facts.Unreadable)
    ]
    given = {option.name: option.value for option in found.options if option.value is not None}
    try:
        return framework.settings.model_validate(given), holds
    except pydantic.ValidationError as error:
        reasons = sorted(settings.problems(error))
        return None, [*holds, Hold(kind="blocked", reason=f"invalid options: {', '.join(reasons)}")]


def _unreadable(option: facts.Option, secret: facts.Unreadable, me: facts.Identity) -> Hold:
    return Hold(
        kind="blocked",
        reason=f"option {option.name} names a secret that {me.app} may not read or that does not exist "
        f"(juju grant-secret {secret.uri} {me.app})",
    )


def _secret_key(framework: Framework, found: facts.Facts) -> tuple[Variable | None, list[Hold]]:
    """Find the secret key: the operator's, else the generated one."""
    declared = {option.name: option for option in found.options}
    for name in framework.key_options:
        text, by_id = declared.get(name), declared.get(f"{name}-id")
        has_text, has_id = (text and text.value is not None), (by_id and by_id.value is not None)
        if has_text and has_id:
            return None, [_invalid(f"{name}, {name}-id (only one of the two may be set)")]
        if text and has_text:
            if not text.value:
                return None, [_invalid(f"{name} (must not be empty)")]
            return _key(framework, str(text.value), f"option {name}"), []
        if by_id and has_id:
            return _key_from_secret(framework, by_id)
    if found.peers is None or found.key is None:
        return None, [Hold(kind="waiting", reason="waiting for peer integration")]
    return _key(framework, found.key, "the generated secret key"), []


def _key_from_secret(framework: Framework, option: facts.Option) -> tuple[Variable | None, list[Hold]]:
    match option.secret:
        case facts.Readable(content=content) if set(content) == {"value"} and content["value"]:
            return _key(framework, content["value"], f"option {option.name}"), []
        case facts.Readable():
            return None, [_invalid(f"{option.name} (the secret must hold one key, value, that is not empty)")]
        case facts.Unreadable():
            return None, []  # told with all other secret options
        case None:
            return None, [_invalid(f"{option.name} (must be the id of a secret: secret:...)")]


def _key(framework: Framework, value: str, source: str) -> Variable:
    return Variable(name=f"{framework.prefix}SECRET_KEY", value=value, source=source, secret=True)


def _invalid(what: str) -> Hold:
    return Hold(kind="blocked", reason=f"invalid options: {what}")


def _endpoints(declared: collections.abc.Sequence[facts.Endpoint]) -> tuple[_Endpoint, ...]:
    """Read every endpoint whose interface we know.

    Of several endpoints of one interface, the one with the customary name, else the first, has the customary
    variables; those of the others start with the endpoint's name.
    """
    return tuple(
        _read(
            end,
            integrations.BY_INTERFACE[end.interface],
            [e for e in declared if e.interface == end.interface],
        )
        for end in declared
        if end.interface in integrations.BY_INTERFACE
    )


def _read(
    end: facts.Endpoint, known: Integration[typing.Any], alike: collections.abc.Sequence[facts.Endpoint]
) -> _Endpoint:
    names = [each.name for each in alike]
    customary = known.endpoint if known.endpoint in names else names[0]
    stem = known.stem if end.name == customary else environment.name(end.name)
    reading = known.read(end.remote, endpoint=end.name, stem=stem) if end.remote else Pending()
    return _Endpoint(facts=end, integration=known, reading=reading, only=len(names) == 1)


def _obstacles(me: facts.Identity, endpoints: collections.abc.Iterable[_Endpoint]) -> list[Hold]:
    holds: list[Hold] = []
    missing: list[_Endpoint] = []
    for end in endpoints:
        remote, required = end.facts.remote, not end.facts.optional
        if remote and end.facts.missing_library:
            holds.append(_library(end, end.facts.missing_library))
        match end.reading:
            case Invalid(reason):
                holds.append(Hold(kind="blocked", reason=reason))
            case Pending() if required and remote:
                holds.append(
                    Hold(
                        kind="waiting",
                        reason=f"waiting for {remote.app} to provide {end.facts.name}",
                        stop=True,
                    )
                )
            case Pending() if required:
                missing.append(end)
            case _:
                continue
    return [*holds, _missing(me, missing)] if missing else holds


def _library(end: _Endpoint, library: str) -> Hold:
    return Hold(
        kind="blocked",
        reason=f"integration {end.facts.name} needs the charm library {library}, which the charm lacks "
        "(charmcraft fetch-libs, then pack and refresh the charm)",
    )


def _missing(me: facts.Identity, missing: collections.abc.Sequence[_Endpoint]) -> Hold:
    names = ", ".join(end.facts.name for end in missing)
    advice = "; ".join(
        f"juju integrate {me.app}{'' if end.only else ':' + end.facts.name} {end.integration.provider}"
        for end in missing
    )
    return Hold(kind="blocked", reason=f"missing integrations: {names} ({advice})", stop=True)


def _container(framework: Framework, found: facts.Facts) -> list[Hold]:
    if found.image is None:
        return [Hold(kind="waiting", reason="waiting for pebble ready")]
    entry = found.image.services.get(framework.name)
    if entry is None:
        has = ", ".join(sorted(found.image.services)) or "none"
        return [
            Hold(
                kind="blocked",
                reason=f"the image has no service {framework.name} (it has: {has}); build it with rockcraft's "
                f"{framework.name}-framework extension",
            )
        ]
    return []


def _environment(
    framework: Framework,
    found: facts.Facts,
    options: settings.Settings,
    key: Variable,
    endpoints: collections.abc.Iterable[_Endpoint],
) -> environment.Environment:
    fixed = {
        f"{framework.prefix}METRICS_PORT": str(framework.metrics_port),
        f"{framework.prefix}METRICS_PATH": framework.metrics_path,
        f"{framework.prefix}BASE_URL": f"http://{found.me.app}.{found.me.model}:{framework.port}",
    }
    return environment.merge(
        [
            _author_options(framework, found),
            _framework_options(framework, options),
            [Variable(name=name, value=value, source="the charm") for name, value in fixed.items()],
            [key],
            _proxies(found.proxies),
            _peers(framework, found),
            *map(_provided, endpoints),
        ]
    )


def _author_options(framework: Framework, found: facts.Facts) -> collections.abc.Iterator[Variable]:
    """Give the options that the charm's author declared; those that a field of the framework shadows are left out."""
    fields = {*framework.settings.model_fields, "secret_key"}
    for option in found.options:
        if option.name.startswith(framework.reserved) or option.name.replace("-", "_") in fields:
            continue
        source = f"option {option.name}"
        if isinstance(option.secret, facts.Readable):
            for name, value in option.secret.content.items():
                yield Variable(
                    name=framework.prefix + environment.name(option.name, name),
                    value=value,
                    source=source,
                    secret=True,
                )
        elif option.value is not None:
            yield Variable(
                name=framework.prefix + environment.name(option.name),
                value=environment.text(option.value),
                source=source,
            )


def _framework_options(framework: Framework, options: settings.Settings) -> collections.abc.Iterator[Variable]:
    for field, value in options.model_dump(exclude_none=True).items():
        alias = framework.settings.model_fields[field].alias or field
        yield Variable(
            name=framework.settings_prefix + environment.name(field),
            value=environment.text(value),
            source=f"option {alias}",
        )


def _proxies(proxies: facts.Text) -> collections.abc.Iterator[Variable]:
    for kind, value in proxies.items():
        for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
            yield Variable(name=name, value=value, source=f"model-config juju-{kind}-proxy")


def _peers(framework: Framework, found: facts.Facts) -> collections.abc.Iterator[Variable]:
    others = sorted(found.peers.others) if found.peers else []
    if others:
        app, model = found.me.app, found.me.model
        names = [f"{unit.replace('/', '-')}.{app}-endpoints.{model}.svc.cluster.local" for unit in others]
        yield Variable(name=f"{framework.prefix}PEER_FQDNS", value=",".join(names), source="the other units")


def _provided(end: _Endpoint) -> list[Variable]:
    given: facts.Text = end.reading.env if isinstance(end.reading, Ready) else {}
    source = f"integration {end.facts.name}"
    return [
        Variable(name=name, value=value, source=source, secret=name.endswith(CONFIDENTIAL))
        for name, value in given.items()
    ]


def _workload(
    framework: Framework,
    found: facts.Facts,
    image: facts.Image,
    options: settings.Settings,
    variables: environment.Environment,
    endpoints: collections.abc.Iterable[_Endpoint],
) -> Decision:
    command = str(image.services[framework.name].get("command", ""))
    if framework.server:
        served = framework.server.command(command, options)
        if isinstance(served, Refusal):
            return Decision(outcome=Hold(kind="blocked", reason=served.reason))
        command = served
    plain = environment.plain(variables)
    candidate = _migration(framework, image, endpoints)
    notes = migration.ask(found, image, candidate)
    turn = migration.turn(migration.noted(found, notes), image, candidate, environment.digest(plain))
    if isinstance(turn, migration.Standstill):
        return Decision(outcome=turn.hold, notes=notes)
    workload = Workload(
        service=framework.name,
        services=services.entries(
            image.services,
            main=framework.name,
            command=command,
            variables=plain,
            schedules=services.schedules(found.me, found.peers, found.planned_units),
        ),
        environment=variables,
        port=framework.port,
        app_dir=framework.app_dir,
        state_dir=framework.state_dir,
        user=framework.user,
        migration=turn.migration if isinstance(turn, migration.Run) else None,
        health=_health(framework.port),
    )
    return Decision(outcome=_with_server(workload, framework, command, options), notes=notes)


def _with_server(workload: Workload, framework: Framework, command: str, options: settings.Settings) -> Workload:
    server = framework.server
    if server is None:
        return workload
    candidate = f"{framework.state_dir}/{server.path.rpartition('/')[2]}"
    return dataclasses.replace(
        workload,
        file=File(path=server.path, candidate=candidate, content=server.render(options, framework.port)),
        checks=server.checks(command, candidate, options),
    )


def _migration(
    framework: Framework, image: facts.Image, endpoints: collections.abc.Iterable[_Endpoint]
) -> Migration | None:
    command = migration.command(image.files, framework.app_dir)
    databases = [end.reading.migrates for end in endpoints if isinstance(end.reading, Ready) and end.reading.migrates]
    return Migration(command=command, fingerprint=migration.fingerprint(image, databases)) if command else None


def _health(port: int) -> dict[str, object]:
    """Ask whether the port takes connections: every three seconds, so that a start is seen soon after it."""
    return {
        "override": "replace",
        "level": "ready",
        "period": "3s",
        "timeout": "2s",
        "threshold": 3,
        "tcp": {"port": port},
    }
