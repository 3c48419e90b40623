"""The Juju side: read the model into facts, write notes, report the status. No decisions."""

import collections.abc
import os
import pathlib
import time
import typing

import ops
import yaml

from paas_common import integrations
from paas_common.juju import charm_libraries, databag, observability_relations, secret_key
from paas_common.planning import migration
from paas_common.values import facts, paas_config
from paas_common.values.workload import Framework, Hold

PEERS = ("secret-storage", "peers")
"""The peer endpoint's name, by generation of charmcraft's extensions."""


def read(
    charm: ops.CharmBase,
    framework: Framework,
    *,
    interfaces: charm_libraries.Interfaces,
    missing_libraries: facts.Text,
    image: facts.Image | None,
) -> facts.Facts:
    """Take the snapshot of this dispatch; a leader that finds no secret key makes one."""
    me = facts.Identity(
        app=charm.app.name,
        unit=charm.unit.name,
        model=charm.model.name,
        leader=charm.unit.is_leader(),
        model_uuid=charm.model.uuid,
        charm=charm.meta.name,
    )
    peers = _peers(charm, me)
    # Asking for the plan costs a hook tool call, and a unit without lower number to fear needs no answer.
    planned = charm.app.planned_units() if me.number else 1
    return facts.Facts(
        me=me,
        options=tuple(_options(charm)),
        endpoints=tuple(_endpoints(charm, interfaces, missing_libraries)),
        watched=observability_relations.read(charm, me, framework.cos),
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
    databag.write(relation.data[charm.unit], found.peers.mine, notes.unit)
    if found.me.leader:
        databag.write(relation.data[charm.app], found.peers.app, notes.app)


def ask(
    charm: ops.CharmBase,
    found: facts.Facts,
    interfaces: charm_libraries.Interfaces,
    requests: collections.abc.Mapping[str, facts.Text],
) -> None:
    """Write what differs of what is asked of the other side; the caller leads.

    A library asks by itself in relation-created, on the unit that leads then; if that unit goes before its hook ends,
    nobody else would. So it is told of the relation again where nothing has been asked.
    """
    for end in found.endpoints:
        relation = next((each for each in charm.model.relations[end.name] if each.active), None)
        if relation is None or end.remote is None or end.missing_library:
            continue
        databag.write(relation.data[charm.app], end.remote.asked, requests.get(end.name, {}))
        if interfaces[end.interface].library in charm_libraries.ASKS_ONCE and not end.remote.asked:
            charm.on[end.name].relation_created.emit(relation, relation.app)


def report(charm: ops.CharmBase, ports: collections.abc.Set[int], hold: Hold | None) -> None:
    """Open the ports, if any are known, and set the status, each only where it differs.

    The application's status is left to Juju, which shows the worst of the units'.
    """
    if ports and charm.unit.opened_ports() != {ops.Port("tcp", port) for port in ports}:
        charm.unit.set_ports(*sorted(ports))
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
        named = meta.type == "secret" and isinstance(plain, str) and plain.startswith("secret:")
        secret = _secret(charm, str(plain)) if named else None
        yield facts.Option(name=name, type=meta.type, required=name in required, value=plain, secret=secret)


def _required_options(charm_dir: pathlib.Path) -> frozenset[str]:
    """Find the options with ``optional: false``, a key of charmcraft's that ``ops`` does not read."""
    options = _declared(charm_dir / "config.yaml", "options")
    return frozenset(name for name, declared in options.items() if declared.get("optional") is False)


def _says_required(charm_dir: pathlib.Path, endpoint: str) -> bool:
    """Tell whether an endpoint says ``optional: false``; to ``ops`` that is the same as to say nothing."""
    return _declared(charm_dir / "metadata.yaml", "requires").get(endpoint, {}).get("optional") is False


def _declared(path: pathlib.Path, section: str) -> dict[str, dict[str, object]]:
    """Read a section of a file that ``ops`` has read before, where it says anything of what is optional."""
    text = path.read_text() if path.exists() else ""
    if "optional" not in text:  # no need to parse the file again
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, loader).get(section) or {}  # noqa: S506  either loader is a safe one


def _paas_config(charm_dir: pathlib.Path) -> str:
    path = charm_dir / paas_config.FILE
    # What is not UTF-8 is refused where the text is parsed, by the characters that stand for it here.
    return path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""


def _secret(charm: ops.CharmBase, uri: str) -> facts.Secret:
    try:
        return facts.Readable(content=charm.model.get_secret(id=uri).get_content(refresh=True))
    except (ops.SecretNotFoundError, ops.ModelError):
        return facts.Unreadable(uri=uri)


def _endpoints(
    charm: ops.CharmBase, interfaces: charm_libraries.Interfaces, missing_libraries: facts.Text
) -> collections.abc.Iterator[facts.Endpoint]:
    for name, meta in charm.meta.requires.items():
        known = interfaces.get(meta.interface_name or "")
        if known is None:
            continue
        # A broken relation is still listed in its own last hook, but no longer active.
        relation = next((each for each in charm.model.relations[name] if each.active), None)
        yield facts.Endpoint(
            name=name,
            interface=known.interface,
            optional=bool(meta.optional)
            or (known.of_extension and name == known.endpoint and not _says_required(charm.charm_dir, name)),
            remote=_remote(charm, relation, known) if relation else None,
            missing_library=missing_libraries.get(name),
        )


def _remote(charm: ops.CharmBase, relation: ops.Relation, known: integrations.Integration[typing.Any]) -> facts.Remote:
    app = dict(relation.data[relation.app])
    # A provider may write a bare id, or an empty text for what is not set yet.
    top = {field: _secret_uri(app.pop(field)) for field in known.secrets if app.get(field)}
    inside = {uri: uri for uri in known.secrets_inside(app)}
    found = {name: _secret(charm, uri) for name, uri in {**top, **inside}.items()}
    for field in top:
        if isinstance(secret := found[field], facts.Readable):
            app |= secret.content
    units = sorted(relation.units, key=lambda unit: facts.unit_number(unit.name))
    bags = facts.Databags(
        app=app,
        units=tuple(dict(relation.data[unit]) for unit in units),
        secrets={uri: secret.content for uri in inside if isinstance(secret := found[uri], facts.Readable)},
        unreadable=tuple(name for name, secret in found.items() if not isinstance(secret, facts.Readable)),
    )
    asked = dict(relation.data[charm.app]) if charm.unit.is_leader() else {}
    return facts.Remote(app=relation.app.name, relation=relation.id, bags=bags, asked=asked)


def _secret_uri(text: str) -> str:
    return text if text.startswith("secret:") else f"secret:{text}"


def _proxies(environ: collections.abc.Mapping[str, str]) -> dict[str, str]:
    found = {kind: environ.get(f"JUJU_CHARM_{kind.upper()}_PROXY", "") for kind in ("http", "https", "no")}
    return {kind: value for kind, value in found.items() if value}
