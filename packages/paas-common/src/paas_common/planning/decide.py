"""From facts to the wanted workload, or to everything that stands in its way. Nothing here reads or writes."""

import collections.abc
import dataclasses

from paas_common import observability
from paas_common.integrations import Ready
from paas_common.planning import endpoints, extensions, migration, options, services
from paas_common.planning.endpoints import Endpoint
from paas_common.planning.options import Options
from paas_common.values import environment, facts, urls
from paas_common.values.environment import Variable
from paas_common.values.workload import File, Framework, Hold, Migration, Refusal, Serving, Workload, worst


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decision:
    """What should be the case, and what to note for the other units on the way there."""

    outcome: Workload | Hold
    notes: migration.Notes = dataclasses.field(default_factory=migration.Notes)
    requests: collections.abc.Mapping[str, facts.Text] = dataclasses.field(default_factory=dict[str, facts.Text])
    """What the leader asks over each endpoint."""
    port: int | None = None
    """Where the application listens, once the options are valid."""
    messages: tuple[observability.Message, ...] = ()
    """What those that watch the application are told."""
    faults: tuple[Hold, ...] = ()
    """What a person has to put right, while the application runs on."""
    situation: extensions.Situation | None = None
    """What the author's code has decided by, once the application can run."""


def decide(framework: Framework, found: facts.Facts, extension: extensions.Author) -> Decision:
    """Say what should run on this unit."""
    given = options.read(framework, found)
    port = None if isinstance(given, list) else given.ports.app
    own_address = f"http://{found.me.app}.{found.me.model}:{port or framework.ports.app}"
    ends = endpoints.read(framework, found, own_address, extension)
    decision = _decide(framework, found, extension, given, ends)
    report = observability.report(found, None if isinstance(given, list) else (given.ports, given.paas_config))
    return dataclasses.replace(
        decision, requests=endpoints.requests(ends), port=port, messages=report.messages, faults=report.faults
    )


def _decide(
    framework: Framework,
    found: facts.Facts,
    extension: extensions.Author,
    given: Options | list[Hold],
    ends: tuple[Endpoint, ...],
) -> Decision:
    obstacles = [
        *endpoints.obstacles(found.me, ends),
        *_database(framework, found, extension, ends),
        *_image(framework, found),
    ]
    if isinstance(given, list) or obstacles or found.image is None:
        holds = [*(given if isinstance(given, list) else ()), *obstacles]
        return Decision(outcome=worst(holds))
    variables = _environment(framework, found, found.image, given, ends)
    files = _files(framework, given, ends)
    taken = {*(file.path for file in files), f"{framework.state_dir}/charm.json"}
    added = extensions.ask(extension, _situation(framework, found, given, variables), variables, taken)
    if isinstance(added, Hold):
        return Decision(outcome=added)
    if unfit := environment.unfit(added.environment):
        return Decision(outcome=Hold(kind="blocked", reason=unfit))
    decision = _workload(framework, found, found.image, given, added.environment, ends)
    if not isinstance(decision.outcome, Workload):
        return decision
    workload = dataclasses.replace(
        decision.outcome,
        files=(*files, *added.files),
        more_ports=added.ports,
        announces_starts=extension.awaits_starts,
    )
    return dataclasses.replace(decision, outcome=workload, situation=added.situation)


def _situation(
    framework: Framework, found: facts.Facts, given: Options, variables: environment.Environment
) -> extensions.Situation:
    return extensions.Situation(
        app=found.me.app,
        unit=found.me.unit,
        model=found.me.model,
        leader=found.me.leader,
        options={option.name: option.value for option in found.options if option.value is not None},
        environment=environment.plain(variables),
        port=given.ports.app,
        base_url=variables[f"{framework.prefix}BASE_URL"].value,
        app_dir=framework.app_dir,
    )


def _files(framework: Framework, given: Options, ends: collections.abc.Iterable[Endpoint]) -> tuple[File, ...]:
    server = framework.server
    return (
        *(server.files(given.settings, _serving(given, ends)) if server else ()),
        *(file for end in ends if isinstance(end.reading, Ready) for file in end.reading.files),
    )


def invalid_options(framework: Framework, found: facts.Facts) -> Hold | None:
    """Tell only what is wrong with the configuration."""
    given = options.read(framework, found)
    return worst(given) if isinstance(given, list) else None


def _image(framework: Framework, found: facts.Facts) -> list[Hold]:
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


def _database(
    framework: Framework,
    found: facts.Facts,
    extension: extensions.Author,
    ends: collections.abc.Iterable[Endpoint],
) -> list[Hold]:
    """Refuse to go on without a database, where the framework cannot; a required one is told of already."""
    databases = [end for end in ends if end.integration.migrates]
    if not framework.requires_database or any(
        isinstance(end.reading, Ready) or not end.facts.optional for end in databases
    ):
        return []
    if awaited := [endpoints.waiting(end) for end in databases if end.facts.remote]:
        return awaited
    known = ", ".join(name for name, each in extension.known.items() if each.migrates)
    declare = f"the charm declares none: add one of {known} to charmcraft.yaml"
    advice = " or ".join(
        f"juju integrate {found.me.app}:{end.facts.name} {end.integration.provider}" for end in databases
    )
    return [
        Hold(
            kind="blocked",
            reason=f"{framework.name.title()} requires a database integration to work ({advice or declare})",
            stop=True,
        )
    ]


def _environment(
    framework: Framework,
    found: facts.Facts,
    image: facts.Image,
    given: Options,
    ends: collections.abc.Iterable[Endpoint],
) -> environment.Environment:
    own_address = f"http://{found.me.app}.{found.me.model}:{given.ports.app}"
    base_url = endpoints.address(ends) or own_address
    key = [given.key]
    merged = environment.merge(
        [
            [] if given.key_is_operators else key,
            options.of_author(framework, found),
            options.of_framework(framework, given.settings),
            _of_charm(framework, given, base_url),
            key if given.key_is_operators else [],
            _proxies(found.proxies),
            _peers(framework, found),
            *map(endpoints.variables, ends),
        ]
    )
    there = services.environment(image.services[framework.name]) | environment.plain(merged)
    return environment.merge([merged.values(), _of_server(framework, there, _serving(given, ends))])


def _serving(given: Options, ends: collections.abc.Iterable[Endpoint]) -> Serving:
    ready = [end for end in ends if isinstance(end.reading, Ready) and end.context.customary]
    return Serving(
        port=given.ports.app,
        json_logs=given.paas_config.json_logs,
        public=endpoints.address(ends),
        traces=any(end.integration.interface == "tracing" for end in ready),
    )


def _of_server(framework: Framework, there: facts.Text, serving: Serving) -> collections.abc.Iterator[Variable]:
    if framework.server:
        for name, value in framework.server.variables(there, serving).items():
            yield Variable(name=name, value=value, source="the charm")


def _of_charm(framework: Framework, given: Options, base_url: str) -> collections.abc.Iterator[Variable]:
    values = {
        **dict.fromkeys(framework.port_names, str(given.ports.app)),
        **dict.fromkeys(framework.metrics_port_names, str(given.ports.metrics)),
        **dict.fromkeys(framework.metrics_path_names, given.ports.metrics_path),
        f"{framework.prefix}BASE_URL": base_url,
        **({f"{framework.prefix}BASE_PATH": prefix} if (prefix := urls.prefix(base_url)) else {}),
        **framework.derived(given.settings, base_url),
    }
    for name, value in values.items():
        yield Variable(name=name, value=value, source="the charm")


def _proxies(proxies: facts.Text) -> collections.abc.Iterator[Variable]:
    for kind, value in proxies.items():
        for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
            yield Variable(name=name, value=value, source=f"model-config juju-{kind}-proxy")


def _peers(framework: Framework, found: facts.Facts) -> collections.abc.Iterator[Variable]:
    others = sorted(found.peers.others) if found.peers else []
    if others:
        names = [found.me.pod(unit) for unit in others]
        yield Variable(name=f"{framework.prefix}PEER_FQDNS", value=",".join(names), source="the other units")


def _workload(
    framework: Framework,
    found: facts.Facts,
    image: facts.Image,
    given: Options,
    variables: environment.Environment,
    ends: collections.abc.Iterable[Endpoint],
) -> Decision:
    server = framework.server
    brought = str(image.services[framework.name].get("command", ""))
    command = server.command(brought, given.settings) if server else brought
    if isinstance(command, Refusal):
        return Decision(outcome=Hold(kind="blocked", reason=command.reason))
    plain = environment.plain(variables)
    candidate = _migration(framework, image, ends)
    notes = migration.ask(found, image, candidate)
    turn = migration.turn(migration.noted(found, notes), image, candidate, environment.digest(plain))
    if isinstance(turn, migration.Standstill):
        return Decision(outcome=turn.hold, notes=notes)
    schedules = services.schedules(found.me, found.peers, found.planned_units)
    workload = Workload(
        service=framework.name,
        services=services.entries(
            image.services, main=framework.name, command=command, variables=plain, schedules=schedules
        ),
        environment=variables,
        port=given.ports.app,
        app_dir=framework.app_dir,
        state_dir=framework.state_dir,
        user=framework.user,
        migration=turn.migration if isinstance(turn, migration.Run) else None,
        health=_health(given.ports.app),
        checks=server.checks(command, given.settings) if server else (),
        idle=() if schedules else services.schedulers(image.services),
        log_targets=observability.targets(found),
    )
    return Decision(outcome=workload, notes=notes)


def _migration(framework: Framework, image: facts.Image, ends: collections.abc.Iterable[Endpoint]) -> Migration | None:
    command = migration.command(framework, image.files)
    databases = [end.reading.migrates for end in ends if isinstance(end.reading, Ready) and end.reading.migrates]
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
