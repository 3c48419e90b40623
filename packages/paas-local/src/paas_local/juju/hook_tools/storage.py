"""The hook tools for storages."""

from paas_local.juju import events
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
    storage = call.arguments.flags.get("storage", default)
    if not storage:
        raise JujuError("no storage instance specified", code=BAD_ARGUMENTS)
    if storage not in _all(call):
        raise JujuError(f'invalid value "{storage}" for option -s: storage not found', code=BAD_ARGUMENTS)
    entry = {"kind": "filesystem", "location": storage_folder(storage)}
    key = call.arguments.word(0)
    return call.document(entry.get(key) if key else entry)


def storage_add(call: Call) -> Reply:
    """Fail: a pod's storages are fixed when it starts."""
    raise JujuError(f'cannot add storage "{call.arguments.word(0)}": not supported here')


def _all(call: Call) -> tuple[str, ...]:
    unit = call.context.snapshot.unit(call.context.unit)
    return unit.storage if unit else ()


TOOLS = {
    "storage-list": Tool(run=storage_list, flags=flags()),
    "storage-get": Tool(run=storage_get, flags=flags("storage")),
    "storage-add": Tool(run=storage_add, flags=flags()),
}
