"""The Juju side of those that watch the application: their relations, the files for them, and what they are told."""

import collections.abc
import os
import pathlib

import ops

from paas_common import observability
from paas_common.juju import databag
from paas_common.values import facts

CUSTOM = "cos_custom"
"""The folder, in the charm's own, of what its author adds."""


def endpoints(meta: ops.CharmMeta) -> collections.abc.Iterator[str]:
    """Name the endpoints over which an application can be watched; their interface and role tell."""
    for declared, interfaces in ((meta.provides, observability.PROVIDED), (meta.requires, observability.REQUIRED)):
        yield from (name for name, end in declared.items() if end.interface_name in interfaces)


def read(charm: ops.CharmBase, me: facts.Identity, packaged: pathlib.Path | None) -> facts.Watched:
    """Look who is there; the leader, who speaks for the application, also reads what it is to be told."""
    found = tuple(_watchers(charm, me))
    folders = {observability.FOLDERS[watcher.interface] for watcher in found} if me.leader else set[str]()
    custom = charm.charm_dir / CUSTOM
    version = ops.JujuVersion(os.environ.get("JUJU_VERSION", "0.0.0"))
    return facts.Watched(
        watchers=found,
        files=dict(_files("cos", packaged, folders)) | dict(_files(CUSTOM, custom, folders)),
        strays=tuple(_strays(custom)) if folders else (),
        juju=str(version),
        forwards_logs=version.supports_pebble_log_forwarding,
    )


def tell(charm: ops.CharmBase, found: facts.Facts, messages: collections.abc.Iterable[observability.Message]) -> None:
    """Write what differs: each unit into its own databag, the leader into the application's."""
    watchers = {watcher.relation: watcher for watcher in found.watched.watchers}
    for message in messages:
        watcher = watchers[message.relation]
        relation = charm.model.get_relation(watcher.endpoint, watcher.relation)
        if relation is None:
            continue
        databag.write(relation.data[charm.unit], watcher.told_by_me, message.unit)
        if found.me.leader:
            databag.write(relation.data[charm.app], watcher.told, message.app)


def _watchers(charm: ops.CharmBase, me: facts.Identity) -> collections.abc.Iterator[facts.Watcher]:
    for name in endpoints(charm.meta):
        for relation in charm.model.relations[name]:
            # A broken relation is still listed in its own last hook, but no longer active.
            if relation.active:
                yield _watcher(charm, me, relation, charm.meta.relations[name].interface_name or "")


def _watcher(charm: ops.CharmBase, me: facts.Identity, relation: ops.Relation, interface: str) -> facts.Watcher:
    binding = charm.model.get_binding(relation) if interface == observability.METRICS else None
    address = binding.network.bind_address if binding else None
    units = relation.units if interface == observability.LOGS else set[ops.Unit]()
    return facts.Watcher(
        endpoint=relation.name,
        interface=interface,
        app=relation.app.name,
        relation=relation.id,
        units={unit.name: dict(relation.data[unit]) for unit in units},
        told=dict(relation.data[charm.app]) if me.leader else {},
        told_by_me=dict(relation.data[charm.unit]) if interface == observability.METRICS else {},
        address=str(address) if address else None,
    )


def _files(
    name: str, root: pathlib.Path | None, folders: collections.abc.Iterable[str]
) -> collections.abc.Iterator[tuple[str, str]]:
    for folder in sorted(folders) if root else ():
        for file in sorted((root or pathlib.Path()).joinpath(folder).rglob("*")):
            if file.is_file() and file.name.endswith(observability.ENDINGS[folder]):
                # What is not UTF-8 is refused where the text is parsed, by the characters that stand for it here.
                text = file.read_text(encoding="utf-8", errors="surrogateescape")
                yield f"{name}/{file.relative_to(root or file)}", text


def _strays(custom: pathlib.Path) -> collections.abc.Iterator[str]:
    if custom.is_dir():
        yield from (
            f"{custom.name}/{entry.name}"
            for entry in sorted(custom.iterdir())
            if not (entry.is_dir() and entry.name in observability.ENDINGS)
        )
