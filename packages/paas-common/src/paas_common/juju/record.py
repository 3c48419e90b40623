"""The record of the last pass that left nothing to do, by which an event that brings nothing new is recognised at once.

The record is a file in the charm's folder, next to the state of ops, and is lost with the pod. A pass removes it before
it changes anything and writes it when ops commits, so a failed or killed pass leaves none. What that pass wrote to Juju
is compared once more at the next event, because Juju may have refused it after the charm's process had ended.

Each event loads this module, so it imports no other one.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import typing

import ops
import ops.pebble

if typing.TYPE_CHECKING:
    import collections.abc
    import pathlib

FILE: typing.Final = ".paas-record.json"
_FORMAT: typing.Final = 3
_HOOKS: typing.Final = ("update-status", "config-changed", "start", "leader-elected")
"""Hooks that bring nothing but options and leadership, which are always compared."""
_STEPS: typing.Final = ("created", "joined", "changed", "departed")
"""Steps of a relation that bring nothing but databags of its endpoint."""
_ENVIRONMENT: typing.Final = (
    "JUJU_UNIT_NAME",
    "JUJU_MODEL_NAME",
    "JUJU_MODEL_UUID",
    "JUJU_VERSION",
    "JUJU_CHARM_HTTP_PROXY",
    "JUJU_CHARM_HTTPS_PROXY",
    "JUJU_CHARM_NO_PROXY",
)
_CHARM_FILES: typing.Final = ("metadata.yaml", "config.yaml", "paas-config.yaml")


class Endpoint(typing.NamedTuple):
    """The databags of one endpoint's relations that a pass reads."""

    remote_units: bool = False
    remote_app: bool = False
    app: bool = False
    unit: bool = False
    library: bool = False
    """A charm library handles the endpoint's events."""
    keys: tuple[str, ...] = ()
    """The only keys of the remote units' databags that count; if empty, all keys count, and the units themselves."""


class Record(typing.NamedTuple):
    """The state in which an event changes nothing; databags, options and the plan are digests."""

    surroundings: str
    leader: bool
    options: str
    secret_options: list[str]
    planned_units: int
    """0 if the pass did not read it."""
    endpoints: dict[str, Endpoint]
    databags: dict[str, dict[str, str]]
    """Endpoint → relation and owner → digest."""
    lowest_unit: int
    """The lowest number among the application's units that have joined."""
    contributions: dict[str, str]
    """Endpoint → digest of its contribution to the application, if it adds anything."""
    base_url: str
    unhandled: list[str]
    """Endpoints whose charm library has not handled these databags in an event of its own."""
    unconfirmed: list[str]
    """Endpoints whose own databags differ from those of the record before: the pass may have written them."""
    unconfirmed_ports: list[int]
    app_status: bool
    """The leader sets the application's status."""
    container: str
    check: str
    """Empty without a check."""
    plan: str
    services: dict[str, bool]
    """Name → true if the service runs."""


News = typing.Literal["nothing", "endpoint", "anything"]
"""The possible effect of an event: nothing, something that only concerns its own endpoint, or anything."""


def news(charm: ops.CharmBase, record: Record | None) -> News:
    """Return what this event can have brought since the record; ``endpoint`` means that Pebble is not compared yet."""
    hook, endpoint = _hook(), event_endpoint()
    step = hook.removeprefix(f"{endpoint.replace('_', '-')}-relation-") if endpoint else ""
    if record is None or _has_deferred_events(charm) or not (_brings_no_databag(hook, record) or step in _STEPS):
        return "anything"
    if not _same_in_juju(charm, record):
        return "anything"
    if endpoint in charm.meta.peers and not _same_peers(charm, record, endpoint):
        return "anything"
    if endpoint and not _same_endpoint(charm, record, endpoint, step):
        return "anything" if endpoint in charm.meta.peers else "endpoint"
    return "nothing" if same_in_pebble(charm, record) else "anything"


def is_early(charm: ops.CharmBase) -> bool:
    """Return whether this is an install hook without the peer relation, so that no application can run yet."""
    peers = charm.meta.peers
    return _hook() == "install" and bool(peers) and not any(charm.model.relations[name] for name in peers)


def confirm(charm: ops.CharmBase, record: Record) -> None:
    """Note that Juju has stored what the pass wrote."""
    if record.unconfirmed or record.unconfirmed_ports:
        write(charm, record._replace(unconfirmed=[], unconfirmed_ports=[]))


def load(charm: ops.CharmBase, surroundings: str) -> Record | None:
    """Return the record; None if there is none, or if it was made in other surroundings."""
    try:
        document: object = json.loads(_path(charm).read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    fields = typing.cast("dict[str, typing.Any]", document)
    if fields.get("surroundings") != surroundings:
        return None
    record = Record(**fields)
    return record._replace(endpoints={name: Endpoint(*entry) for name, entry in record.endpoints.items()})


def remove(charm: ops.CharmBase) -> None:
    """Remove the record."""
    _path(charm).unlink(missing_ok=True)


def write(charm: ops.CharmBase, record: Record) -> None:
    """Write the record, as a whole or not at all."""
    path = _path(charm)
    new = path.with_name(f"{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(record._asdict()))
    new.replace(path)


def digest(value: object) -> str:
    """Return a digest of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def surroundings(charm: ops.CharmBase) -> str:
    """Return a digest of everything that Juju tells without a hook tool, and of the charm's version."""
    charm_type = type(charm)
    code = getattr(sys.modules[charm_type.__module__], "__file__", None)
    files = [charm.charm_dir / name for name in (*_CHARM_FILES, *([code] if code else []))]
    contents = [file.read_bytes().hex() if file.exists() else None for file in files]
    variables = [os.environ.get(name, "") for name in _ENVIRONMENT]
    return digest([_FORMAT, charm_type.__qualname__, variables, contents])


def options(charm: ops.CharmBase, secrets: collections.abc.Mapping[str, collections.abc.Mapping[str, str]]) -> str:
    """Return a digest of the options and of the contents of the secrets that they name."""
    return digest([dict(charm.config), {name: dict(content) for name, content in secrets.items()}])


def databags(charm: ops.CharmBase, name: str, endpoint: Endpoint) -> dict[str, str]:
    """Return a digest of each databag of an endpoint's relations that counts, by relation and owner."""
    contents = {key: _content(databag, endpoint) for key, databag in _databags(charm, name, endpoint).items()}
    return {key: digest(content) for key, content in contents.items() if content is not None}


def own(charm: ops.CharmBase, digests: collections.abc.Mapping[str, str]) -> dict[str, str]:
    """Return the digests of the databags that this unit may write."""
    return {key: each for key, each in digests.items() if _owner(key) in (charm.app.name, charm.unit.name)}


def plan(plan: ops.pebble.Plan) -> str:
    """Return a digest of Pebble's plan."""
    return digest(plan.to_dict())


def services(services: collections.abc.Mapping[str, ops.pebble.ServiceInfo]) -> dict[str, bool]:
    """Return whether each service runs."""
    return {name: service.is_running() for name, service in sorted(services.items())}


def event_endpoint() -> str:
    """Return the endpoint of the event; empty if the event is not one of a relation."""
    return os.environ.get("JUJU_RELATION", "")


def _hook() -> str:
    folder, _, hook = os.environ.get("JUJU_DISPATCH_PATH", "").partition("/")
    return hook.replace("_", "-") if folder == "hooks" else ""


def _brings_no_databag(hook: str, record: Record) -> bool:
    return hook in _HOOKS or hook == f"{record.container.replace('_', '-')}-pebble-ready"


def _same_endpoint(charm: ops.CharmBase, record: Record, name: str, step: str) -> bool:
    """Return whether the endpoint has the same databags, and no charm library has to handle the event."""
    endpoint = record.endpoints.get(name)
    if endpoint is None or name in record.unhandled or (endpoint.library and step != "changed"):
        return False
    # Juju sends an event for each changed databag, so that of another unit has its own event
    owners = {os.environ.get("JUJU_REMOTE_APP", ""), os.environ.get("JUJU_REMOTE_UNIT", "")}
    return _same_databags(charm, record, name, owners)


def _same_peers(charm: ops.CharmBase, record: Record, name: str) -> bool:
    """Return whether the unit with the lowest number, which runs the schedulers, is the same as before.

    If it may be this unit, or if the other units were not counted yet, a complete pass has to find out.
    """
    others = [unit for relation in charm.model.relations[name] for unit in relation.units]
    numbers = [int(unit.name.rpartition("/")[2]) for unit in (charm.unit, *others)]
    own, lowest = numbers[0], min(numbers)
    counted = record.planned_units > 0 or not others
    return counted and lowest == record.lowest_unit and (lowest < own or own == 0)


def _same_in_juju(charm: ops.CharmBase, record: Record) -> bool:
    return (
        charm.unit.is_leader() == record.leader
        and _options(charm, record.secret_options) == record.options
        and (not record.planned_units or charm.app.planned_units() == record.planned_units)
        and all(_same_databags(charm, record, name, {charm.app.name, charm.unit.name}) for name in record.unconfirmed)
        and (not record.unconfirmed_ports or _open_ports(charm) == record.unconfirmed_ports)
        and charm.unit.status == ops.ActiveStatus()
        and (not record.app_status or charm.app.status == ops.ActiveStatus())
    )


def same_in_pebble(charm: ops.CharmBase, record: Record) -> bool:
    """Return whether Pebble's plan, services and check are as the pass left them."""
    container = charm.unit.get_container(record.container)
    try:
        if plan(container.get_plan()) != record.plan or services(container.get_services()) != record.services:
            return False
        if not record.check:
            return True
        check = container.get_checks(record.check).get(record.check)
    except (ops.pebble.Error, OSError):
        return False
    # a failure before the threshold, as during a restart, does not count in a complete pass either
    return check is not None and check.status == ops.pebble.CheckStatus.UP


def _options(charm: ops.CharmBase, names: list[str]) -> str | None:
    ids = {name: str(charm.config.get(name, "")) for name in names}
    if not all(ids.values()):
        return None
    try:
        secrets = {name: charm.model.get_secret(id=secret_id) for name, secret_id in ids.items()}
        return options(charm, {name: secret.get_content(refresh=True) for name, secret in secrets.items()})
    except (ops.SecretNotFoundError, ops.ModelError):
        return None


def _same_databags(charm: ops.CharmBase, record: Record, name: str, owners: set[str]) -> bool:
    """Return whether the endpoint has the same relations and owners, and some owners the same databags."""
    endpoint, before = record.endpoints[name], record.databags[name]
    databags = _databags(charm, name, endpoint)
    if not endpoint.keys and databags.keys() != before.keys():
        return False
    contents = {key: _content(databag, endpoint) for key, databag in databags.items() if _owner(key) in owners}
    now = {key: digest(content) for key, content in contents.items() if content is not None}
    return now == {key: each for key, each in before.items() if _owner(key) in owners}


_Databag = tuple[ops.Relation, "ops.Unit | ops.Application"]


def _databags(charm: ops.CharmBase, name: str, endpoint: Endpoint) -> dict[str, _Databag | None]:
    """Return the databags of an endpoint's relations that a pass reads, and an entry for each relation."""
    databags: dict[str, _Databag | None] = {}
    for relation in charm.model.relations[name]:
        if not relation.active:
            continue
        entities: list[ops.Unit | ops.Application] = []
        entities += [relation.app] if endpoint.remote_app else []
        entities += relation.units if endpoint.remote_units else []
        entities += [charm.app] if endpoint.app else []
        entities += [charm.unit] if endpoint.unit else []
        databags[str(relation.id)] = None
        databags |= {f"{relation.id} {entity.name}": (relation, entity) for entity in entities}
    return databags


def _owner(key: str) -> str:
    return key.partition(" ")[2]


def _content(databag: _Databag | None, endpoint: Endpoint) -> dict[str, str] | None:
    """Return what counts of a databag; None if nothing does."""
    if databag is None:
        return {}
    relation, entity = databag
    content = dict(relation.data[entity])
    if endpoint.keys and entity in relation.units:
        return {key: content[key] for key in endpoint.keys if content.get(key)} or None
    return content


def _open_ports(charm: ops.CharmBase) -> list[int]:
    return sorted(port.port for port in charm.unit.opened_ports() if port.port is not None)


def _has_deferred_events(charm: ops.CharmBase) -> bool:
    """Return whether a handler has deferred an event: a charm library's handlers are not there on the short path."""
    storage = getattr(charm.framework, "_storage", None)  # ops has no public name for it
    return storage is None or any(True for _ in storage.notices())


def _path(charm: ops.CharmBase) -> pathlib.Path:
    return charm.charm_dir / FILE
