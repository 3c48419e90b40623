"""The plan: services, checks, log targets and workloads, combined from all layers in their order.

The order of fields is that of the plan's text. An annotation is the name of the field's type in messages.
"""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from paas_local.pebble.plan import start_order, users
from paas_local.pebble.plan.durations import Duration

DEFAULT_PERIOD = Duration(10_000_000_000)
DEFAULT_TIMEOUT = Duration(3_000_000_000)
DEFAULT_THRESHOLD = 3
Count = Annotated[int | None, "count"]
"""An integer for which 0 is the same as none."""


class PlanError(ValueError):
    """Layers that do not combine to a valid plan; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service of a layer or the plan."""

    summary: str = ""
    description: str = ""
    startup: Annotated[str, "plan.ServiceStartup"] = ""
    override: Annotated[str, "plan.Override"] = ""
    command: str = ""
    after: tuple[str, ...] | None = None
    before: tuple[str, ...] | None = None
    requires: tuple[str, ...] | None = None
    workload: str = ""
    environment: Mapping[str, str] | None = None
    user_id: int | None = None
    user: str = ""
    group_id: int | None = None
    group: str = ""
    working_dir: str = ""
    on_success: Annotated[str, "plan.ServiceAction"] = ""
    on_failure: Annotated[str, "plan.ServiceAction"] = ""
    on_check_failure: Mapping[str, str] | None = None
    backoff_delay: Duration | None = None
    backoff_factor: float | None = None
    backoff_limit: Duration | None = None
    kill_delay: Duration | None = None

    @property
    def enabled(self) -> bool:
        """True if the service starts with the daemon."""
        return self.startup == "enabled"


@dataclass(frozen=True, kw_only=True)
class HttpCheck:
    """A request that must be answered with a status of 2xx."""

    url: str = ""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class TcpCheck:
    """A port that must accept a connection."""

    port: Count = None
    host: str = ""


@dataclass(frozen=True, kw_only=True)
class ExecCheck:
    """A command that must exit with 0."""

    command: str = ""
    service_context: str = ""
    environment: Mapping[str, str] | None = None
    user_id: int | None = None
    user: str = ""
    group_id: int | None = None
    group: str = ""
    working_dir: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A health check of one kind: HTTP, TCP or exec."""

    override: Annotated[str, "plan.Override"] = ""
    level: Annotated[str, "plan.CheckLevel"] = ""
    startup: Annotated[str, "plan.CheckStartup"] = ""
    period: Duration | None = None
    timeout: Duration | None = None
    threshold: Count = None
    http: HttpCheck | None = None
    tcp: TcpCheck | None = None
    exec: ExecCheck | None = None

    @property
    def enabled(self) -> bool:
        """True unless the check is disabled."""
        return self.startup != "disabled"

    @property
    def effective_period(self) -> Duration:
        """The period, or its default."""
        return self.period or DEFAULT_PERIOD

    @property
    def effective_timeout(self) -> Duration:
        """The timeout or its default, but at most the period."""
        timeout, period = self.timeout or DEFAULT_TIMEOUT, self.effective_period
        return timeout if timeout.nanoseconds < period.nanoseconds else period

    @property
    def kind(self) -> str:
        """The name of the kind in summaries."""
        if self.http is not None:
            return "HTTP"
        return "TCP" if self.tcp is not None else "exec"


@dataclass(frozen=True, kw_only=True)
class LogTarget:
    """A server that receives the logs of services."""

    type: Annotated[str, "plan.LogTargetType"] = ""
    location: str = ""
    services: tuple[str, ...] | None = None
    override: Annotated[str, "plan.Override"] = ""
    labels: Mapping[str, str] | None = None

    def receives(self, service: str) -> bool:
        """Return whether the target receives a service's logs; the last entry that matches decides."""
        for entry in reversed(self.services or ()):
            if entry.removeprefix("-") in (service, "all"):
                return not entry.startswith("-")
        return False


@dataclass(frozen=True, kw_only=True)
class Workload:
    """An environment and a user for several services."""

    override: Annotated[str, "plan.Override"] = ""
    environment: Mapping[str, str] | None = None
    user_id: int | None = None
    user: str = ""
    group_id: int | None = None
    group: str = ""


def runs_as(entry: Service | ExecCheck | Workload) -> users.UserSpec:
    """Return the user and the group that an entry names."""
    return users.UserSpec(user_id=entry.user_id, user=entry.user, group_id=entry.group_id, group=entry.group)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer, before it is combined with others."""

    label: str
    services: Mapping[str, Service] = field(default_factory=dict[str, Service])
    checks: Mapping[str, Check] = field(default_factory=dict[str, Check])
    log_targets: Mapping[str, LogTarget] = field(default_factory=dict[str, LogTarget])
    workloads: Mapping[str, Workload] = field(default_factory=dict[str, Workload])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All layers combined."""

    services: Mapping[str, Service] = field(default_factory=dict[str, Service])
    checks: Mapping[str, Check] = field(default_factory=dict[str, Check])
    log_targets: Mapping[str, LogTarget] = field(default_factory=dict[str, LogTarget])
    workloads: Mapping[str, Workload] = field(default_factory=dict[str, Workload])

    @property
    def links(self) -> start_order.Links:
        """The dependencies between services, and their order."""
        return start_order.Links(
            requires={name: service.requires or () for name, service in self.services.items()},
            after={
                name: (
                    *(service.after or ()),
                    *(other for other, that in self.services.items() if name in (that.before or ())),
                )
                for name, service in self.services.items()
            },
        )


Entry = TypeVar("Entry", Service, Check, LogTarget, Workload)


def combine(layers: Collection[Layer]) -> Plan:
    """Combine layers in their order; later ones override or extend earlier ones."""
    plan = Plan()
    for layer in layers:
        plan = Plan(
            services=_combine_entries(plan.services, layer.services, layer.label, "service"),
            checks=_combine_entries(plan.checks, layer.checks, layer.label, "check"),
            log_targets=_combine_entries(plan.log_targets, layer.log_targets, layer.label, "log target"),
            workloads=_combine_entries(plan.workloads, layer.workloads, layer.label, "workload"),
        )
    return dataclasses.replace(plan, checks={name: _with_defaults(check) for name, check in plan.checks.items()})


def flatten(label: str, layers: Collection[Layer]) -> Layer:
    """Combine layers into one layer."""
    plan = combine(layers)
    return Layer(
        label=label,
        services=plan.services,
        checks=plan.checks,
        log_targets=plan.log_targets,
        workloads=plan.workloads,
    )


def _combine_entries(
    earlier: Mapping[str, Entry], entries: Mapping[str, Entry], label: str, what: str
) -> Mapping[str, Entry]:
    combined = dict(earlier)
    for name, entry in entries.items():
        if not entry.override:
            raise PlanError(f'layer "{label}" must define "override" for {what} "{name}"')
        if entry.override not in ("replace", "merge"):
            raise PlanError(f'layer "{label}" has invalid "override" value for {what} "{name}"')
        old = earlier.get(name)
        combined[name] = entry if old is None or entry.override == "replace" else _merge_entry(old, entry)
    return combined


def _merge_entry(old: Entry, new: Entry) -> Entry:
    return dataclasses.replace(_merge(old, new), override=old.override)


def _merge(old: Any, new: Any) -> Any:
    """Merge one value over another; an empty or missing value keeps the old one."""
    if old is None or new is None or new == "":
        return old if new in (None, "", (), {}) else new
    if isinstance(new, tuple):
        return (*old, *new)
    if isinstance(new, Mapping):
        old_items: dict[str, str] = dict(old)
        new_items: dict[str, str] = dict(new)  # pyright: ignore[reportUnknownArgumentType]  Any, as all fields are
        return {**old_items, **new_items}
    if dataclasses.is_dataclass(new) and not isinstance(new, Duration):
        names = [each.name for each in dataclasses.fields(new)]
        return type(new)(**{name: _merge(getattr(old, name), getattr(new, name)) for name in names})
    return new


def _with_defaults(check: Check) -> Check:
    """Fill in the defaults that the plan's text shows: the threshold, and a timeout of at most the period."""
    return dataclasses.replace(
        check,
        threshold=check.threshold or DEFAULT_THRESHOLD,
        timeout=None if check.timeout is None else check.effective_timeout,
    )


def validate(plan: Plan) -> Plan:
    """Return the plan if it is valid as a whole; raises PlanError."""
    for name, service in sorted(plan.services.items()):
        _validate_service(plan, name, service)
    for name, check in sorted(plan.checks.items()):
        _validate_check(plan, name, check)
    for name, target in sorted(plan.log_targets.items()):
        _validate_target(plan, name, target)
    requirements = (required for _, service in sorted(plan.services.items()) for required in service.requires or ())
    for required in requirements:
        if required not in plan.services:
            raise PlanError(f'service "{required}" does not exist')
    cycle = start_order.cycle(plan.links, plan.services)
    if cycle:
        raise PlanError(f"services in before/after loop: {', '.join(cycle)}")
    return plan


def _validate_service(plan: Plan, name: str, service: Service) -> None:
    if not service.command:
        raise PlanError(f'plan must define "command" for service "{name}"')
    if service.workload and service.workload not in plan.workloads:
        raise PlanError(f'workload "{service.workload}": not defined for service "{name}"')
    if service.workload and runs_as(service) != users.UserSpec():
        raise PlanError(f'plan service "{name}" cannot have user information and a workload at the same time')


def _validate_check(plan: Plan, name: str, check: Check) -> None:
    if sum(kind is not None for kind in (check.http, check.tcp, check.exec)) != 1:
        raise PlanError(f'plan must specify one of "http", "tcp", or "exec" for check "{name}"')
    if check.http is not None and not check.http.url:
        raise PlanError(f'plan must set "url" for http check "{name}"')
    if check.tcp is not None and not check.tcp.port:
        raise PlanError(f'plan must set "port" for tcp check "{name}"')
    if check.exec is not None:
        if not check.exec.command:
            raise PlanError(f'plan must set "command" for exec check "{name}"')
        context = check.exec.service_context
        if context and context not in plan.services:
            raise PlanError(f'plan check "{name}" service context specifies non-existent service "{context}"')


def _validate_target(plan: Plan, name: str, target: LogTarget) -> None:
    if not target.type:
        raise PlanError(f'plan must define "type" ("loki", "opentelemetry" or "syslog") for log target "{name}"')
    if not target.location:
        raise PlanError(f'plan must define "location" for log target "{name}"')
    for entry in target.services or ():
        service = entry.removeprefix("-")
        if service != "all" and service not in plan.services:
            raise PlanError(f'log target "{name}" specifies unknown service "{service}"')


def add(layers: tuple[Layer, ...], layer: Layer, *, merge: bool, inner: bool) -> tuple[Layer, ...]:
    """Add a layer on top, into the layer with its label, or into its group of ``group/name`` labels."""
    labels = [each.label for each in layers]
    if layer.workloads:
        raise PlanError('cannot change immutable section "workloads"')
    if layer.label in labels:
        if not merge:
            raise PlanError(f'layer "{layer.label}" already exists')
        return tuple(flatten(each.label, (each, layer)) if each.label == layer.label else each for each in layers)
    group, slash, _ = layer.label.partition("/")
    members = [place for place, label in enumerate(labels) if slash and label.startswith(f"{group}/")]
    if not members or members[-1] == len(layers) - 1:
        return (*layers, layer)
    if not inner:
        raise InnerLayerError("cannot insert sub-directory layer without 'inner' attribute set")
    return (*layers[: members[-1] + 1], layer, *layers[members[-1] + 1 :])


class InnerLayerError(PlanError):
    """A layer that belongs below others, in a request that does not allow that."""
