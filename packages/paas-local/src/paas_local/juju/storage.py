"""The storage of units: the number of each name, and what charms and operators add."""

import dataclasses
from collections.abc import Iterable, Mapping

from paas_local.juju.charm import Charm, StorageRange
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext
from paas_local.juju.model import Application, Model, with_unit
from paas_local.juju.names import unit_tag

SINGULAR = StorageRange()


def check(charm: Charm, counts: Mapping[str, int]) -> None:
    """Raise JujuError unless a charm can have these numbers of instances."""
    for name, count in counts.items():
        if name not in charm.storage:
            raise JujuError(f'charm "{charm.name}" has no store called "{name}"')
        allowed = charm.multiple.get(name, SINGULAR)
        where = f'charm "{charm.name}" store "{name}"'
        if count < allowed.minimum:
            raise JujuError(f"{where}: {allowed.minimum} instances required, {count} specified")
        if allowed.maximum is not None and count > allowed.maximum:
            raise JujuError(f"{where}: at most {allowed.maximum} instances supported, {count} specified")


def with_new_unit(model: Model, application: Application) -> tuple[Model, tuple[str, ...]]:
    """Return the model, and the ids of the storage of a new unit: the wanted numbers, or the smallest allowed ones."""
    charm = application.charm
    names = [
        name
        for name in charm.storage
        for _ in range(application.storage.get(name, charm.multiple.get(name, SINGULAR).minimum))
    ]
    return _new_ids(model, names)


def commit(model: Model, context: HookContext) -> Model:
    """Add the storage that a hook has requested to its unit."""
    unit = model.unit(context.unit)
    if unit is None:
        return model
    for name, count in context.writes.storage.items():
        current = sum(item.partition("/")[0] == name for item in unit.storage)
        _check_addition(model.applications[unit.application].charm, unit.name, name, current, count)
        model, ids = _new_ids(model, [name] * count)
        unit = dataclasses.replace(unit, storage=(*unit.storage, *ids))
    return with_unit(model, unit)


def _new_ids(model: Model, names: Iterable[str]) -> tuple[Model, tuple[str, ...]]:
    ids = tuple(f"{name}/{number}" for number, name in enumerate(names, model.next_storage))
    return dataclasses.replace(model, next_storage=model.next_storage + len(ids)), ids


def _check_addition(charm: Charm, unit: str, name: str, current: int, count: int) -> None:
    where = f"adding storage {name} for {unit_tag(unit)}"
    if name not in charm.storage:
        raise JujuError(f'{where}: storage "{name}" not found')
    allowed = charm.multiple.get(name, SINGULAR)
    if allowed == SINGULAR:
        raise JujuError(f"{where}: cannot attach, storage is singular")
    if allowed.maximum is not None and current + count > allowed.maximum:
        raise JujuError(
            f"{where}: attaching {count} storage instance{'s' if count > 1 else ''} brings the total to "
            f"{current + count}, exceeding the maximum of {allowed.maximum}"
        )
