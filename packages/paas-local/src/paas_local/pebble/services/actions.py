"""What a request on services sets going: which tasks, in which lanes, under which summary."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paas_local.pebble.plan import start_order
from paas_local.pebble.plan.plan import Plan, Service
from paas_local.pebble.services.changes import Change, Changes, Stage, Step
from paas_local.pebble.services.services import Services


class BadActionError(ValueError):
    """The request makes no change; the message says why."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind: str = kind


@dataclass(frozen=True, kw_only=True)
class Course:
    """Services to stop, then services to start, in lanes."""

    summary: str
    stop: start_order.Lanes = ()
    start: start_order.Lanes = ()


_VERBS = {"start": "Start", "stop": "Stop", "restart": "Restart", "autostart": "Autostart", "replan": "Replan"}


def course(action: str, names: Sequence[str], plan: Plan, given: Mapping[str, Service]) -> Course:
    """Decide what a request means for this plan and the services already started with ``given``."""
    if action in ("autostart", "replan"):
        if names:
            raise BadActionError(f"{action} accepts no service names")
        return _replan(plan, given) if action == "replan" else _autostart(plan)
    if not names:
        raise BadActionError(f"must specify services for {action} action")
    if action not in _VERBS:
        raise BadActionError(f'invalid action "{action}"')
    for name in names:
        if name not in plan.services:
            raise BadActionError(f'cannot {action} services: service "{name}" does not exist')
    links = plan.links
    if action == "start":
        return _course(action, names[0], start=start_order.start(links, names))
    if action == "stop":
        return _course(action, names[0], stop=start_order.stop(links, links.needing(names)))
    return _course(action, names[0], stop=start_order.stop(links, names), start=start_order.start(links, names))


def _course(action: str, first: str, *, stop: start_order.Lanes = (), start: start_order.Lanes = ()) -> Course:
    more = len({name for lane in (*stop, *start) for name in lane}) - 1
    also = f" and {more} more" if more else ""
    return Course(summary=f'{_VERBS[action]} service "{first}"{also}', stop=stop, start=start)


def _autostart(plan: Plan) -> Course:
    enabled = sorted(name for name, service in plan.services.items() if service.enabled)
    if not enabled:
        raise BadActionError("no default services", "no-default-services")
    return _course("autostart", enabled[0], start=start_order.start(plan.links, enabled))


def _replan(plan: Plan, given: Mapping[str, Service]) -> Course:
    """Restart what differs from what it was last given, running or not; start what is enabled."""
    changed = [name for name, service in given.items() if plan.services.get(name) != service]
    enabled = [name for name, service in plan.services.items() if service.enabled]
    stop = start_order.stop(plan.links, plan.links.needing(changed))
    start = start_order.start(plan.links, [*changed, *enabled])
    names = sorted({name for lane in (*stop, *start) for name in lane})
    if not names:
        return Course(summary="Replan - no services")
    return _course("replan", names[0], stop=stop, start=start)


def run(changes: Changes, services: Services, action: str, names: Sequence[str]) -> Change:
    """Set a request going."""
    todo = course(action, names, services.plan(), services.given)
    return _run(changes, services, action, todo)


def stop_all(changes: Changes, services: Services) -> Change:
    """Stop whatever is up, because the daemon ends."""
    lanes = start_order.stop(services.plan().links, services.up)
    return _run(changes, services, "stop", Course(summary="Stop all running services", stop=lanes))


def _run(changes: Changes, services: Services, action: str, todo: Course) -> Change:
    names = {name for lane in (*todo.stop, *todo.start) for name in lane}
    stages = [
        _stage("stop", todo.stop, services),
        _stage("start", todo.start, services),
    ]
    return changes.run(action, todo.summary, stages, services=names)


def _stage(kind: str, lanes: Iterable[Sequence[str]], services: Services) -> Stage:
    return [[_step(kind, name, services) for name in lane] for lane in lanes]


def _step(kind: str, name: str, services: Services) -> Step:
    work = services.start if kind == "start" else services.stop
    return Step(kind=kind, summary=f'{_VERBS[kind]} service "{name}"', work=lambda task: work(name, task))
