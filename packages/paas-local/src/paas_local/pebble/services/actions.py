"""Changes of services: from a request to the tasks that start and stop them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paas_local.pebble.plan import start_order
from paas_local.pebble.plan.plan import Plan, Service
from paas_local.pebble.services.changes import Change, Changes, Stage, Step
from paas_local.pebble.services.services import Services


class BadActionError(ValueError):
    """A request without a change; the message says why."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind: str = kind


@dataclass(frozen=True, kw_only=True)
class ServiceChange:
    """Services to stop, and then services to start, in lanes."""

    summary: str
    stop: start_order.Lanes = ()
    start: start_order.Lanes = ()


_SUMMARIES = {"start": "Start", "stop": "Stop", "restart": "Restart", "autostart": "Autostart", "replan": "Replan"}


def decide(action: str, names: Sequence[str], plan: Plan, configs: Mapping[str, Service]) -> ServiceChange:
    """Decide which services a request stops and starts; ``configs`` are those of the started services."""
    if action in ("autostart", "replan"):
        if names:
            raise BadActionError(f"{action} accepts no service names")
        return _replan(plan, configs) if action == "replan" else _autostart(plan)
    if not names:
        raise BadActionError(f"must specify services for {action} action")
    if action not in _SUMMARIES:
        raise BadActionError(f'invalid action "{action}"')
    for name in names:
        if name not in plan.services:
            raise BadActionError(f'cannot {action} services: service "{name}" does not exist')
    links = plan.links
    if action == "start":
        return _service_change(action, names[0], start=start_order.start(links, names))
    if action == "stop":
        return _service_change(action, names[0], stop=start_order.stop(links, links.requiring(names)))
    return _service_change(action, names[0], stop=start_order.stop(links, names), start=start_order.start(links, names))


def _service_change(
    action: str, first: str, *, stop: start_order.Lanes = (), start: start_order.Lanes = ()
) -> ServiceChange:
    more = len({name for lane in (*stop, *start) for name in lane}) - 1
    also = f" and {more} more" if more else ""
    return ServiceChange(summary=f'{_SUMMARIES[action]} service "{first}"{also}', stop=stop, start=start)


def _autostart(plan: Plan) -> ServiceChange:
    enabled = sorted(name for name, service in plan.services.items() if service.enabled)
    if not enabled:
        raise BadActionError("no default services", "no-default-services")
    return _service_change("autostart", enabled[0], start=start_order.start(plan.links, enabled))


def _replan(plan: Plan, configs: Mapping[str, Service]) -> ServiceChange:
    """Restart services whose plan entry has changed since their start; start enabled ones."""
    changed = [name for name, service in configs.items() if plan.services.get(name) != service]
    enabled = [name for name, service in plan.services.items() if service.enabled]
    stop = start_order.stop(plan.links, plan.links.requiring(changed))
    start = start_order.start(plan.links, [*changed, *enabled])
    names = sorted({name for lane in (*stop, *start) for name in lane})
    if not names:
        return ServiceChange(summary="Replan - no services")
    return _service_change("replan", names[0], stop=stop, start=start)


def run(changes: Changes, services: Services, action: str, names: Sequence[str]) -> Change:
    """Start the change of a request; raises BadActionError."""
    decision = decide(action, names, services.plan(), services.configs)
    return _run(changes, services, action, decision)


def stop_all(changes: Changes, services: Services) -> Change:
    """Stop all running services, because the daemon ends."""
    lanes = start_order.stop(services.plan().links, services.up)
    return _run(changes, services, "stop", ServiceChange(summary="Stop all running services", stop=lanes))


def _run(changes: Changes, services: Services, action: str, decision: ServiceChange) -> Change:
    names = {name for lane in (*decision.stop, *decision.start) for name in lane}
    stages = [
        _stage("stop", decision.stop, services),
        _stage("start", decision.start, services),
    ]
    return changes.run(action, decision.summary, stages, services=names)


def _stage(kind: str, lanes: Iterable[Sequence[str]], services: Services) -> Stage:
    return [[_step(kind, name, services) for name in lane] for lane in lanes]


def _step(kind: str, name: str, services: Services) -> Step:
    work = services.start if kind == "start" else services.stop
    return Step(kind=kind, summary=f'{_SUMMARIES[kind]} service "{name}"', work=lambda task: work(name, task))
