"""The relations to Prometheus, Grafana and Loki: reading them, the files for them, and writing our databags."""

import collections.abc
import os
import pathlib

import ops

from paas_common import observability
from paas_common.juju import databag, record
from paas_common.values.facts import Facts, Identity, Observability, ObservabilityRelation

CUSTOM = "cos_custom"
"""Folder of the charm's own dashboards and alert rules, in the charm's folder."""


def endpoints(meta: ops.CharmMeta, own_endpoints: collections.abc.Container[str]) -> collections.abc.Iterator[str]:
    """Return the names of the observability endpoints, by their interfaces and roles, without the author's own."""
    for declared, interfaces in ((meta.provides, observability.PROVIDED), (meta.requires, observability.REQUIRED)):
        for name, endpoint in declared.items():
            if endpoint.interface_name in interfaces and name not in own_endpoints:
                yield name


def read(
    charm: ops.CharmBase,
    identity: Identity,
    cos: pathlib.Path | None,
    own_endpoints: collections.abc.Container[str],
) -> Observability:
    """Read the relations; the leader, which writes the application databags, also reads the files for them."""
    relations = tuple(_relations(charm, identity, own_endpoints))
    folders = {observability.FOLDERS[relation.interface] for relation in relations} if identity.leader else set[str]()
    custom = charm.charm_dir / CUSTOM
    version = ops.JujuVersion(os.environ.get("JUJU_VERSION", "0.0.0"))
    return Observability(
        relations=relations,
        files=dict(_files("cos", cos, folders)) | dict(_files(CUSTOM, custom, folders)),
        unused_files=tuple(_unused_files(custom)) if folders else (),
        juju_version=str(version),
        forwards_logs=version.supports_pebble_log_forwarding,
    )


def reads(interface: str, *, leader: bool) -> record.Endpoint:
    """Return what is read of a relation."""
    return record.Endpoint(
        remote_units=interface == observability.LOGS, app=leader, unit=interface == observability.METRICS
    )


def write(charm: ops.CharmBase, facts: Facts, databags: collections.abc.Iterable[observability.Databags]) -> None:
    """Write what differs: each unit into its own databag, the leader into the application's."""
    relations = {relation.id: relation for relation in facts.observability.relations}
    for built in databags:
        before = relations[built.relation_id]
        relation = charm.model.get_relation(before.endpoint, before.id)
        if relation is None:
            continue
        databag.write(relation.data[charm.unit], before.unit_databag, built.unit)
        if facts.identity.leader:
            databag.write(relation.data[charm.app], before.app_databag, built.app)


def _relations(
    charm: ops.CharmBase, identity: Identity, own_endpoints: collections.abc.Container[str]
) -> collections.abc.Iterator[ObservabilityRelation]:
    for name in endpoints(charm.meta, own_endpoints):
        for relation in charm.model.relations[name]:
            # ops lists a broken relation in its own last hook, but as inactive.
            if relation.active:
                yield _relation(charm, identity, relation, charm.meta.relations[name].interface_name or "")


def _relation(
    charm: ops.CharmBase, identity: Identity, relation: ops.Relation, interface: str
) -> ObservabilityRelation:
    binding = charm.model.get_binding(relation) if interface == observability.METRICS else None
    address = binding.network.bind_address if binding else None
    read = reads(interface, leader=identity.leader)
    units = relation.units if read.remote_units else set[ops.Unit]()
    return ObservabilityRelation(
        endpoint=relation.name,
        interface=interface,
        app=relation.app.name,
        id=relation.id,
        units={unit.name: dict(relation.data[unit]) for unit in units},
        app_databag=dict(relation.data[charm.app]) if read.app else {},
        unit_databag=dict(relation.data[charm.unit]) if read.unit else {},
        address=str(address) if address else None,
    )


def _files(
    name: str, root: pathlib.Path | None, folders: collections.abc.Iterable[str]
) -> collections.abc.Iterator[tuple[str, str]]:
    if root is None:
        return
    for folder in sorted(folders):
        for file in sorted(root.joinpath(folder).rglob("*")):
            if file.is_file() and file.name.endswith(observability.SUFFIXES[folder]):
                # The parser reports text that is not UTF-8, by its surrogates.
                text = file.read_text(encoding="utf-8", errors="surrogateescape")
                yield f"{name}/{file.relative_to(root)}", text


def _unused_files(custom: pathlib.Path) -> collections.abc.Iterator[str]:
    if custom.is_dir():
        yield from (
            f"{custom.name}/{entry.name}"
            for entry in sorted(custom.iterdir())
            if not (entry.is_dir() and entry.name in observability.SUFFIXES)
        )
