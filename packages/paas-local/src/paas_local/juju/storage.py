"""The storage of units: the number of each name, and what charms and operators add."""

import dataclasses
import re
from collections.abc import Iterable, Mapping

from paas_local.juju.charm import Charm, StorageRange
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext
from paas_local.juju.model import Application, Model, with_unit
from paas_local.juju.names import unit_tag

SINGULAR = StorageRange()
_POOL = re.compile(r"[a-zA-Z]+[-?a-zA-Z0-9]*")
_COUNT = re.compile(r"-?[0-9]+")
_SIZE = re.compile(r"-?[0-9]+(\.[0-9]+)?[MGTPEZY](i?B)?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Directive:
    """The wanted number of instances of a storage; a pool or a size may be wanted too."""

    count: int = 1
    names_pool_or_size: bool = False


def directives(words: Iterable[str]) -> dict[str, Directive]:
    """Return the directives in ``NAME`` and ``NAME=POOL,COUNT,SIZE`` words, whose fields come in any order."""
    parsed: dict[str, Directive] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not name:
            raise JujuError(f'expected "name=directive" or "name", got "{word}"')
        if name in parsed:
            raise JujuError(f'storage "{name}" specified more than once')
        parsed[name] = _directive(name, text) if equals else Directive()
    return parsed


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


def _directive(name: str, text: str) -> Directive:
    fields = [field for field in text.split(",") if field]
    where = f'cannot parse directive for storage "{name}"'
    if not fields:
        raise JujuError(f"{where}: storage directives require at least one field to be specified")
    directive = Directive()
    for field in fields:
        if _COUNT.fullmatch(field):
            if int(field) < 1:
                raise JujuError(f'{where}: cannot parse count: count must be greater than zero, got "{field}"')
            directive = dataclasses.replace(directive, count=int(field))
        elif _POOL.fullmatch(field) or _SIZE.fullmatch(field):
            directive = dataclasses.replace(directive, names_pool_or_size=True)
        else:
            raise JujuError(f'{where}: unrecognized storage directive "{field}" not valid')
    return directive
