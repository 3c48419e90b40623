"""The plan for this unit, made in two stages: the charm class's own methods are asked between them.

``draft`` reads options and endpoints and builds the environment. ``complete`` adds what the methods returned, the
migration's turn and the services.
"""

import collections.abc
import dataclasses
import functools
import typing

from paas_common import observability
from paas_common.integrations import Integrations
from paas_common.planning import endpoints, migration, options, retries, services
from paas_common.planning.endpoints import ReadEndpoint
from paas_common.planning.options import Options
from paas_common.values import environment, framework, urls
from paas_common.values.environment import Environment, Variable
from paas_common.values.extension import Additions, WorkloadContext
from paas_common.values.facts import ContainerState, Facts, StrMap
from paas_common.values.framework import FrameworkSpec, Serving
from paas_common.values.status import Blocked, Problem, Waiting, combine
from paas_common.values.workload import BeforeStart, File, LayerEntry, Migration, Workload

NOTES_FILE: typing.Final = "charm.json"
"""The charm's notes, in the framework's ``state_dir``."""
_CHARM: typing.Final = "the charm"
"""Source of variables that no option or integration sets."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft:
    """An application that can run, before the charm class's own methods are asked."""

    spec: FrameworkSpec
    facts: Facts
    container: ContainerState
    options: Options
    endpoints: tuple[ReadEndpoint, ...]
    cluster_url: str
    """The application's URL inside the cluster."""

    @property
    def base_url(self) -> str:
        """Return the application's URL: the ingress's, else the one inside the cluster."""
        return endpoints.public_url(self.endpoints) or self.cluster_url

    @functools.cached_property
    def environment(self) -> Environment:
        """Return the application's environment without the changes of the charm class's methods."""
        return _environment(self)

    @functools.cached_property
    def files(self) -> tuple[File, ...]:
        """Return the files of the server and the integrations."""
        server = self.spec.server
        server_files = server.files(self.options.settings, _serving(self)) if server else ()
        return (*server_files, *endpoints.files(self.endpoints))

    @property
    def charm_paths(self) -> frozenset[str]:
        """Return the paths of files that the charm class's methods must not write."""
        return frozenset((*(file.path for file in self.files), f"{self.spec.state_dir}/{NOTES_FILE}"))

    @property
    def context(self) -> WorkloadContext:
        """Return the argument of the charm class's methods."""
        identity = self.facts.identity
        return WorkloadContext(
            app=identity.app,
            unit=identity.unit,
            model=identity.model,
            leader=identity.leader,
            options=self.facts.option_values,
            environment=environment.plain(self.environment),
            port=self.options.ports.app,
            base_url=self.environment[f"{self.spec.env_prefix}BASE_URL"].text,  # an option may override it
            app_dir=self.spec.app_dir,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Published:
    """Data for other applications, written whether or not this one can run."""

    requests: collections.abc.Mapping[str, StrMap] = dataclasses.field(default_factory=dict[str, StrMap])
    """The leader's request, by endpoint."""
    port: int | None = None
    """Port for the ingress, once its options are valid."""
    observability_databags: tuple[observability.Databags, ...] = ()
    problems: tuple[Blocked, ...] = ()
    """Problems that do not stop the application."""
    tracebacks: tuple[str, ...] = ()
    """Errors of the charm's own integrations, without secrets, for ``juju debug-log``."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """The workload, or the problem that stops it, and the notes for the other units."""

    outcome: Workload | Problem
    notes: migration.Notes = dataclasses.field(default_factory=migration.Notes)


def draft(spec: FrameworkSpec, facts: Facts, known: Integrations) -> tuple[Draft | Problem, Published]:
    """Return the draft, or why the application cannot run; and what is published in both cases."""
    read_options = options.read(spec, facts)
    valid = read_options if isinstance(read_options, Options) else None
    addresses = (valid.ports, valid.paas_config) if valid else options.addresses(spec, facts)
    port = addresses[0].app if addresses else spec.ports.app
    cluster_url = f"http://{facts.identity.app}.{facts.identity.model}:{port}"
    read_endpoints = endpoints.read(spec, facts, known, cluster_url)
    databags = observability.publish(facts, addresses)
    published = Published(
        requests=endpoints.requests(read_endpoints),
        port=port if addresses else None,
        observability_databags=databags.databags,
        problems=(*endpoints.advice(facts.identity, read_endpoints), *databags.problems),
        tracebacks=endpoints.tracebacks(read_endpoints),
    )
    problems = [
        *(() if isinstance(read_options, Options) else read_options),
        *endpoints.problems(facts.identity, read_endpoints, facts.unrelated),
        *_database_problems(spec, facts, known, read_endpoints),
        *_container_problems(spec, facts),
    ]
    if problems or valid is None or facts.container is None:
        return combine(problems), published
    ready = Draft(
        spec=spec,
        facts=facts,
        container=facts.container,
        options=valid,
        endpoints=read_endpoints,
        cluster_url=cluster_url,
    )
    return ready, published


def complete(draft: Draft, additions: Additions, *, calls_after_start: bool = False) -> Plan:
    """Return the plan for a draft and what the charm class's methods add to it."""
    if reason := environment.unencodable(additions.environment):
        return Plan(outcome=Blocked(reason), notes=migration.withdraw(draft.facts))
    spec, facts, container = draft.spec, draft.facts, draft.container
    image_command = str(container.services[spec.name].get("command", ""))
    command = spec.server.command(image_command, draft.options.settings) if spec.server else image_command
    if isinstance(command, Blocked):
        return Plan(outcome=command, notes=migration.withdraw(facts))
    plain = environment.plain(additions.environment)
    runs_schedulers = services.runs_schedulers(facts.identity, facts.peers, facts.planned_units)
    of_image = services.entries(
        container.services, main=spec.name, command=command, variables=plain, runs_schedulers=runs_schedulers
    )
    added = services.added(
        additions.services,
        defaults={"user": spec.user, "working-dir": spec.app_dir},
        variables=plain,
        runs_schedulers=runs_schedulers,
        former=[name for name in services.applied(container.applied) if name not in container.services],
    )
    workload = Workload(
        service=spec.name,
        services={**of_image, **added},
        environment=additions.environment,
        port=draft.options.ports.app,
        extra_ports=additions.ports,
        app_dir=spec.app_dir,
        state_dir=spec.state_dir,
        user=spec.user,
        files=(*draft.files, *additions.files),
        migration=_migration(draft),
        before_start=_before_start(draft),
        health=_health_check(draft.options),
        health_path=draft.options.paas_config.health_path,
        checks=spec.server.checks(command, draft.options.settings) if spec.server else (),
        idle=(
            *(() if runs_schedulers else services.schedulers(container.services)),
            *(name for name, entry in added.items() if entry["startup"] == "disabled"),
        ),
        calls_after_start=calls_after_start,
        log_targets=observability.targets(facts),
    )
    if problem := retries.of_workload(container, workload, facts.now):
        return Plan(outcome=problem, notes=migration.withdraw(facts))
    notes = migration.request(facts, container, workload.migration)
    turn = migration.turn(
        migration.with_notes(facts, notes), container, workload.migration, retries.environment_digest(workload)
    )
    if isinstance(turn, Blocked | Waiting):
        return Plan(outcome=turn, notes=notes)
    return Plan(outcome=dataclasses.replace(workload, migration=turn), notes=notes)


def _container_problems(spec: FrameworkSpec, facts: Facts) -> collections.abc.Iterator[Problem]:
    if facts.container is None:
        yield Waiting("Waiting for pebble ready")
    elif spec.name not in facts.container.services:
        names = ", ".join(sorted(facts.container.services)) or "none"
        yield Blocked(
            f"the image has no service {spec.name} (it has: {names}); build it with rockcraft's "
            f"{spec.name}-framework extension"
        )


def _database_problems(
    spec: FrameworkSpec, facts: Facts, known: Integrations, read: endpoints.Endpoints
) -> list[Problem]:
    """Return why a framework that requires a database has none; a required endpoint reports it itself."""
    databases = [each for each in read if each.integration.database]
    if not spec.requires_database or any(each.ready or not each.endpoint.optional for each in databases):
        return []
    if related := [each for each in databases if each.related]:
        return [endpoints.waiting(each) for each in related]
    interfaces = ", ".join(name for name, integration in known.items() if integration.database)
    declare = f"the charm declares none: add one of {interfaces} to charmcraft.yaml"
    commands = " or ".join(
        f"juju integrate {facts.identity.app}:{each.endpoint.name} {each.integration.provider}" for each in databases
    )
    return [Blocked(f"{spec.name.title()} requires a database integration to work ({commands or declare})", stop=True)]


def _environment(draft: Draft) -> Environment:
    """Return the application's environment; later groups override earlier ones.

    What the charm's author declares as an option wins over a default of the same name. An address, the operator's
    secret key, and data of other applications are facts, and win over an option.
    """
    spec, facts, key = draft.spec, draft.facts, [draft.options.secret_key]
    generated = draft.options.key_is_generated
    merged = environment.merge(
        [
            key if generated else [],
            [draft.options.key_fallbacks] if draft.options.key_fallbacks else [],
            _defaults(draft),
            options.framework_variables(spec, draft.options.settings),
            options.charm_variables(spec, facts),
            _addresses(draft),
            [] if generated else key,
            _proxies(facts.proxies),
            _peers(spec, facts),
            *endpoints.variables(draft.endpoints),
        ]
    )
    present = services.environment(draft.container.services[spec.name]) | environment.plain(merged)
    return environment.merge([merged.values(), _server_variables(draft, present)])


def _defaults(draft: Draft) -> collections.abc.Iterator[Variable]:
    spec, ports = draft.spec, draft.options.ports
    values: environment.EnvOverrides = {
        **dict.fromkeys(spec.metrics_port_variables, str(ports.metrics)),
        **dict.fromkeys(spec.metrics_path_variables, ports.metrics_path),
        f"{spec.env_prefix}BASE_PATH": urls.path_prefix(draft.base_url) or None,
        **spec.derived_env(draft.options.settings, draft.base_url),
    }
    return environment.variables(values, _CHARM)


def _addresses(draft: Draft) -> collections.abc.Iterator[Variable]:
    spec = draft.spec
    values = dict.fromkeys(spec.port_variables, str(draft.options.ports.app))
    return environment.variables({**values, f"{spec.env_prefix}BASE_URL": draft.base_url}, _CHARM)


def _server_variables(draft: Draft, present: StrMap) -> collections.abc.Iterator[Variable]:
    server = draft.spec.server
    return environment.variables(server.variables(present, _serving(draft)) if server else {}, _CHARM)


def _serving(draft: Draft) -> Serving:
    defaults = [each for each in draft.endpoints if each.ready and each.context.is_default]
    return Serving(
        port=draft.options.ports.app,
        json_logs=draft.options.paas_config.json_logs,
        public_url=endpoints.public_url(draft.endpoints),
        traces=any(each.integration.interface == "tracing" for each in defaults),
    )


def _proxies(proxies: StrMap) -> collections.abc.Iterator[Variable]:
    for kind, value in proxies.items():
        for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
            yield Variable(name=name, value=urls.hidden(value), source=f"model-config juju-{kind}-proxy")


def _peers(spec: FrameworkSpec, facts: Facts) -> collections.abc.Iterator[Variable]:
    """Yield the names of the other units that Juju plans: at a change of their number, all are named at once."""
    identity, planned = facts.identity, facts.planned_units
    joined = facts.peers.others if facts.peers else ()
    units = [f"{identity.app}/{number}" for number in range(planned)] if planned > 1 else joined
    if others := sorted(unit for unit in units if unit != identity.unit):
        hosts = ",".join(facts.identity.pod_fqdn(unit) for unit in others)
        yield Variable(name=f"{spec.env_prefix}PEER_FQDNS", value=hosts, source="the other units")


def _migration(draft: Draft) -> Migration | None:
    command = migration.command(draft.spec.migrations, draft.spec.app_dir, draft.container.files)
    if command is None:
        return None
    databases = endpoints.databases(draft.endpoints)
    return Migration(
        command=command, fingerprint=migration.fingerprint(draft.container, databases, migration.forced(draft.facts))
    )


def _before_start(draft: Draft) -> BeforeStart | None:
    container = draft.container
    command = migration.command(framework.BEFORE_START, draft.spec.app_dir, container.files)
    if command is None or container.before_start_done:
        return None
    return BeforeStart(command=command, fingerprint=container.fingerprint)


def _health_check(options: Options) -> LayerEntry | None:
    """Return the check of the application: every three seconds, so that a start is seen soon."""
    if not options.paas_config.checks_health:
        return None
    port, path = options.ports.app, options.paas_config.health_path
    return {
        "override": "replace",
        "level": "ready",
        "period": "3s",
        "timeout": "2s",
        "threshold": 3,
        **({"http": {"url": f"http://localhost:{port}{path}"}} if path else {"tcp": {"port": port}}),
    }
