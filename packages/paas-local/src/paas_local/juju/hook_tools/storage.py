"""Which storages a unit has, and where they are in the charm container."""

from paas_local.juju import events
from paas_local.juju.errors import Refused
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags


def location(storage: str) -> str:
    """Name the folder of a storage, such as ``/var/lib/juju/storage/data/0``."""
    return f"/var/lib/juju/storage/{storage}"


def storage_list(call: Call) -> Reply:
    """List all storages, or those of one name."""
    name = call.arguments.word(0)
    return call.document([item for item in _all(call) if name in {"", item.partition("/")[0]}])


def storage_get(call: Call) -> Reply:
    """Describe a storage, by default the hook's."""
    event = call.context.event
    default = event.storage if isinstance(event, events.Storage) else ""
    storage = call.arguments.flags.get("storage", default)
    if not storage:
        raise Refused("no storage instance specified", code=BAD_ARGUMENTS)
    if storage not in _all(call):
        raise Refused(f'invalid value "{storage}" for option -s: storage not found', code=BAD_ARGUMENTS)
    shown = {"kind": "filesystem", "location": location(storage)}
    key = call.arguments.word(0)
    return call.document(shown.get(key) if key else shown)


def storage_add(call: Call) -> Reply:
    """Refuse: a pod's storages are fixed when it starts."""
    raise Refused(f'cannot add storage "{call.arguments.word(0)}": not supported here')


def _all(call: Call) -> tuple[str, ...]:
    unit = call.context.snapshot.unit(call.context.unit)
    return unit.storage if unit else ()


TOOLS = {
    "storage-list": Tool(run=storage_list, flags=flags()),
    "storage-get": Tool(run=storage_get, flags=flags("storage")),
    "storage-add": Tool(run=storage_add, flags=flags()),
}
