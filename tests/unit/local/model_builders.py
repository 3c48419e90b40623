"""Small models with good defaults, and functions that run the due hooks of their units."""

import dataclasses
from collections.abc import Callable, Sequence

from paas_local.juju import events, hook_commit, next_hook, operations, pod_changes
from paas_local.juju.charm import Action, Charm, Container, Endpoint, Option
from paas_local.juju.hook_context import HookContext
from paas_local.juju.lifecycle import remove_unit
from paas_local.juju.model import Model

NOW = 1_795_410_000.0

FLASK = Charm(
    name="flask-k8s",
    folder="/charms/flask-k8s",
    endpoints={
        "secret-storage": Endpoint(name="secret-storage", interface="secret-storage", role="peer"),
        "db": Endpoint(name="db", interface="postgresql_client", role="requirer", limit=1),
        "metrics": Endpoint(name="metrics", interface="prometheus_scrape", role="provider"),
    },
    containers={"app": Container(name="app", resource="app-image")},
    images=("app-image",),
    options={
        "debug": Option(type="boolean", description="Debug mode."),
        "workers": Option(type="int", default=2),
        "ratio": Option(type="float"),
        "greeting": Option(default="hello"),
        "key": Option(type="secret"),
    },
    actions={
        "rotate": Action(),
        "backup": Action(
            schema={
                "type": "object",
                "properties": {"name": {"type": "string"}, "level": {"type": "integer", "default": 3}},
                "required": ["name"],
                "additionalProperties": False,
            },
        ),
    },
)
POSTGRES = Charm(
    name="postgresql-k8s",
    folder="/charms/postgresql-k8s",
    endpoints={
        "database-peers": Endpoint(name="database-peers", interface="postgresql_peers", role="peer"),
        "database": Endpoint(name="database", interface="postgresql_client", role="provider"),
    },
    storage=("pgdata",),
)
PLAIN = Charm(name="plain", folder="/charms/plain")

Write = Callable[[HookContext], HookContext]
UnitHook = tuple[str, str]


def empty(name: str = "demo", uuid: str = "11111111-2222-4333-8444-555555555555") -> Model:
    return operations.add_model(name, uuid, NOW)


def deployed(model: Model, charm: Charm = PLAIN, name: str = "", units: int = 1) -> Model:
    request = operations.Request(
        charm=charm,
        application=name or charm.name,
        resources=dict.fromkeys(charm.images, "/rocks/some"),
        config={},
    )
    taken = len(model.units)
    addresses = [f"10.152.0.{taken + index + 2}" for index in range(units)]
    model = operations.deploy(model, request, addresses, NOW)
    for unit in model.units[taken:]:
        model = pod_changes.pod_started(model, unit.name, NOW)
    return model


def turn(model: Model, unit: str, *, write: Write | None = None) -> tuple[Model, events.Event | None]:
    """Run the next hook of one unit successfully."""
    event = next_hook.next_event(model, unit, NOW)
    if event is None:
        return model, None
    model = hook_commit.begin(model, unit, event, NOW)
    context = HookContext(unit=unit, event=event, snapshot=model)
    model = hook_commit.commit(model, write(context) if write else context, NOW)
    after = model.unit(unit)
    # as its agent does once the pod has ended
    return (remove_unit(model, unit) if after and after.local_state.removed else model), event


def run(
    model: Model, units: Sequence[str] | None = None, *, write: Write | None = None
) -> tuple[Model, list[UnitHook]]:
    """Run the due hooks of all units in turn, one hook each, until none is due."""
    hooks: list[UnitHook] = []
    while True:
        before = len(hooks)
        for name in units or [unit.name for unit in model.units]:
            model, event = turn(model, name, write=write)
            if event is not None:
                hooks.append((name, spelled(event)))
        if len(hooks) == before:
            return model, hooks


def spelled(event: events.Event) -> str:
    """Return an event's hook with its remote unit and its departing unit."""
    if not isinstance(event, events.Related):
        return events.hook(event)
    departing = f" departing={event.departing}" if event.departing else ""
    return f"{events.hook(event)}{f' {event.unit}' if event.unit else ''}{departing}"


def hooks_of(hooks: Sequence[UnitHook], unit: str) -> list[str]:
    return [event for name, event in hooks if name == unit]


def writing(context: HookContext, relation: int, owner: str, **data: str) -> HookContext:
    """Return the context of a hook after it has written to a databag."""
    databags = {**context.writes.databags, (relation, owner): data}
    return dataclasses.replace(context, writes=dataclasses.replace(context.writes, databags=databags))


def idle(model: Model) -> Model:
    """Return the model after all due hooks have run."""
    return run(model)[0]
