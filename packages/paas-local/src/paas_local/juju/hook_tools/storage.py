"""The hook tools for storages."""

from paas_local.juju import events, storage_directives
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags
from paas_local.juju.names import storage_folder


def storage_list(call: Call) -> Reply:
    """Return all storages, or those of one name."""
    name = call.arguments.word(0)
    return call.document([item for item in _all(call) if name in {"", item.partition("/")[0]}])


def storage_get(call: Call) -> Reply:
    """Return a storage's kind and location, by default those of the hook's storage."""
    event = call.context.event
    default = event.storage if isinstance(event, events.Storage) else ""
    item = call.arguments.flags.get("storage", default)
    if not item:
        raise JujuError("no storage instance specified", code=BAD_ARGUMENTS)
    if item not in _all(call):
        raise JujuError(f'invalid value "{item}" for option -s: storage not found', code=BAD_ARGUMENTS)
    entry = {"kind": "filesystem", "location": storage_folder(item)}
    key = call.arguments.word(0)
    return call.document(entry.get(key) if key else entry)


def storage_add(call: Call) -> Reply:
    """Request further storages, which the unit has when the hook has ended."""
    if not call.arguments.words:
        raise JujuError("storage add requires a storage directive", code=BAD_ARGUMENTS)
    try:
        directives = storage_directives.directives(call.arguments.words)
    except JujuError as error:
        raise JujuError(error.message, code=BAD_ARGUMENTS) from None
    for name, directive in directives.items():
        if directive.names_pool_or_size:
            raise JujuError(f'only count can be specified for "{name}"', code=BAD_ARGUMENTS)
    before = call.writes.storage
    return call.writing(
        storage={**before, **{name: before.get(name, 0) + each.count for name, each in directives.items()}}
    )


def _all(call: Call) -> tuple[str, ...]:
    unit = call.context.snapshot.unit(call.context.unit)
    return unit.storage if unit else ()


TOOLS = {
    "storage-list": Tool(run=storage_list, flags=flags()),
    "storage-get": Tool(run=storage_get, flags=flags("storage")),
    "storage-add": Tool(run=storage_add, flags=flags()),
}
