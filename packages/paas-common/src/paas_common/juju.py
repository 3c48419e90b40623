"""The Juju side: read the model into facts, write notes, report the status. No decisions."""

import collections.abc
import os
import pathlib
import time

import ops
import yaml

from . import facts, integrations, migration, paas_config, secret_key
from .workload import Framework, Hold

PEERS = ("secret-storage", "peers")
"""The peer endpoint's name, by generation of charmcraft's extensions."""


def read(
    charm: ops.CharmBase,
    framework: Framework,
    *,
    missing_libraries: facts.Text,
    image: facts.Image | None,
) -> facts.Facts:
    """Take the snapshot of this dispatch; a leader that finds no secret key makes one."""
    me = facts.Identity(app=charm.app.name, unit=charm.unit.name, model=charm.model.name, leader=charm.unit.is_leader())
    peers = _peers(charm, me)
    # Asking for the plan costs a hook tool call, and a unit without lower number to fear needs no answer.
    planned = charm.app.planned_units() if me.number else 1
    return facts.Facts(
        me=me,
        options=tuple(_options(charm)),
        endpoints=tuple(_endpoints(charm, missing_libraries)),
        peers=peers,
        planned_units=planned,
        key=_key(charm, framework),
        paas_config=_paas_config(charm.charm_dir),
        proxies=_proxies(os.environ),
        image=image,
        now=time.time(),
    )


def note(charm: ops.CharmBase, found: facts.Facts, notes: migration.Notes) -> None:
    """Write what differs into the peer relation; an empty value removes the key."""
    relation = peer(charm)
    if relation is None or found.peers is None:
        return
    _write(relation.data[charm.unit], found.peers.mine, notes.unit)
    if found.me.leader:
        _write(relation.data[charm.app], found.peers.app, notes.app)


def request(charm: ops.CharmBase) -> None:
    """Have the library ask again where a leader finds that its application has asked for nothing.

    The library asks in relation-created on the unit that leads then; if that unit goes before its hook ends, nobody
    else would.
    """
    for name, meta in charm.meta.requires.items():
        known = integrations.BY_INTERFACE.get(meta.interface_name or "")
        if known is None or known.library is None:
            continue
        for relation in charm.model.relations[name]:
            if relation.active and not relation.data[charm.app].get("database"):
                charm.on[name].relation_created.emit(relation, relation.app)


def report(charm: ops.CharmBase, port: int | None, hold: Hold | None) -> None:
    """Open the port, and set the status, each only where it differs.

    The application's status is left to Juju, which shows the worst of the units'.
    """
    if port is not None and charm.unit.opened_ports() != {ops.Port("tcp", port)}:
        charm.unit.set_ports(port)
    status = ops.StatusBase.from_name(hold.kind, hold.reason) if hold else ops.ActiveStatus()
    if charm.unit.status != status:
        charm.unit.status = status


def peer(charm: ops.CharmBase) -> ops.Relation | None:
    """Find the peer relation; nothing while Juju has not made it, or where the charm declares none."""
    name = next((name for name in PEERS if name in charm.meta.peers), None)
    return charm.model.get_relation(name) if name else None


def plain_key_field(framework: Framework) -> str:
    """Name the databag key under which earlier charms kept the secret key in plain text."""
    return f"{framework.name}_secret_key"


def _key(charm: ops.CharmBase, framework: Framework) -> str | None:
    relation = peer(charm)
    if relation is None:
        return None
    try:
        return secret_key.ensure(charm, relation, plain_key_field(framework))
    except (ops.SecretNotFoundError, ops.ModelError):
        return None


def _peers(charm: ops.CharmBase, me: facts.Identity) -> facts.Peers | None:
    relation = peer(charm)
    if relation is None:
        return None
    return facts.Peers(
        app=dict(relation.data[charm.app]),
        mine=dict(relation.data[charm.unit]),
        others={unit.name: dict(relation.data[unit]) for unit in relation.units if unit.name != me.unit},
    )


def _options(charm: ops.CharmBase) -> collections.abc.Iterator[facts.Option]:
    required = _required_options(charm.charm_dir)
    for name, meta in charm.meta.config.items():
        value = charm.config.get(name)
        plain = value if isinstance(value, facts.Value) else None
        secret = _secret(charm, plain) if meta.type == "secret" and isinstance(plain, str) else None
        yield facts.Option(name=name, type=meta.type, required=name in required, value=plain, secret=secret)


def _required_options(charm_dir: pathlib.Path) -> frozenset[str]:
    """Find the options with ``optional: false``, a key of charmcraft's that ``ops`` does not read."""
    path = charm_dir / "config.yaml"
    text = path.read_text() if path.exists() else ""
    if "optional" not in text:  # most charms: no need to parse the file again
        return frozenset()
    options: dict[str, dict[str, object]] = yaml.safe_load(text).get("options") or {}
    return frozenset(name for name, declared in options.items() if declared.get("optional") is False)


def _paas_config(charm_dir: pathlib.Path) -> str:
    path = charm_dir / paas_config.FILE
    # What is not UTF-8 is refused where the text is parsed, by the characters that stand for it here.
    return path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""


def _secret(charm: ops.CharmBase, uri: str) -> facts.Secret | None:
    if not uri.startswith("secret:"):
        return None
    try:
        return facts.Readable(content=charm.model.get_secret(id=uri).get_content(refresh=True))
    except (ops.SecretNotFoundError, ops.ModelError):
        return facts.Unreadable(uri=uri)


def _endpoints(charm: ops.CharmBase, missing_libraries: facts.Text) -> collections.abc.Iterator[facts.Endpoint]:
    for name, meta in charm.meta.requires.items():
        known = integrations.BY_INTERFACE.get(meta.interface_name or "")
        if known is None:
            continue
        # A broken relation is still listed in its own last hook, but no longer active.
        relation = next((each for each in charm.model.relations[name] if each.active), None)
        yield facts.Endpoint(
            name=name,
            interface=known.interface,
            optional=bool(meta.optional),
            remote=_remote(charm, relation, known.secrets) if relation else None,
            missing_library=missing_libraries.get(name),
        )


def _remote(charm: ops.CharmBase, relation: ops.Relation, secrets: tuple[str, ...]) -> facts.Remote:
    app = dict(relation.data[relation.app])
    unreadable: list[str] = []
    for field in secrets:
        if uri := app.pop(field, None):
            try:
                app |= charm.model.get_secret(id=uri).get_content(refresh=True)
            except (ops.SecretNotFoundError, ops.ModelError):
                unreadable.append(field)
    units = sorted(relation.units, key=lambda unit: facts.unit_number(unit.name))
    bags = facts.Databags(
        app=app, units=tuple(dict(relation.data[unit]) for unit in units), unreadable=tuple(unreadable)
    )
    return facts.Remote(app=relation.app.name, relation=relation.id, bags=bags)


def _proxies(environ: collections.abc.Mapping[str, str]) -> dict[str, str]:
    found = {kind: environ.get(f"JUJU_CHARM_{kind.upper()}_PROXY", "") for kind in ("http", "https", "no")}
    return {kind: value for kind, value in found.items() if value}


def _write(bag: ops.RelationDataContent, before: facts.Text, wanted: facts.Text) -> None:
    for name, value in wanted.items():
        if value != before.get(name, ""):
            bag[name] = value
