"""Reads the Juju model into facts."""

import collections.abc
import os
import pathlib
import time
import typing

import ops
import yaml

from paas_common.integrations import Integration, Integrations
from paas_common.juju import observability_relations, record, secret_key
from paas_common.planning import migration
from paas_common.values import paas_config
from paas_common.values.facts import (
    ContainerState,
    Databags,
    Endpoint,
    Facts,
    Identity,
    JujuSecret,
    Option,
    OptionValue,
    Peers,
    ReadableSecret,
    Relation,
    StrMap,
    UnavailableSecret,
    UnreadableSecret,
    UnrelatedEndpoint,
    unit_number,
)
from paas_common.values.framework import FrameworkSpec

PEERS = ("secret-storage", "peers")
"""Names of the peer endpoint, the older extension's first."""


def read(
    charm: ops.CharmBase,
    spec: FrameworkSpec,
    *,
    known: Integrations,
    own_endpoints: collections.abc.Container[str],
    missing_libraries: StrMap,
    container: ContainerState | None,
) -> Facts:
    """Read the facts of this dispatch; a leader without a secret key makes one."""
    identity = _identity(charm)
    key = _secret_key(charm, spec)  # before the peers: the leader notes the key in their databag
    peers = _peers(charm, identity)
    # planned_units() costs a hook tool, and an application of one unit does not need it
    planned = charm.app.planned_units() if identity.number or (peers and peers.others) else 0
    return Facts(
        identity=identity,
        options=tuple(_options(charm)),
        endpoints=tuple(_endpoints(charm, known, own_endpoints, missing_libraries)),
        unrelated=tuple(_unrelated(charm, known, own_endpoints)),
        observability=observability_relations.read(charm, identity, spec.cos, own_endpoints),
        peers=peers,
        declares_peers=any(name in charm.meta.peers for name in PEERS),
        planned_units=planned,
        secret_key=key.get(secret_key.CONTENT),
        previous_key=key.get(secret_key.PREVIOUS),
        paas_config=_paas_config(charm.charm_dir),
        proxies=_proxies(os.environ),
        container=container,
        now=time.time(),
    )


def read_endpoint(
    charm: ops.CharmBase, spec: FrameworkSpec, name: str, *, known: Integrations, missing_libraries: StrMap
) -> Facts:
    """Read the facts that one endpoint needs, as if no other endpoint were related."""
    identity, others = _identity(charm), charm.meta.relations.keys() - {name}
    return Facts(
        identity=identity,
        options=tuple(_options(charm)),
        endpoints=tuple(_endpoints(charm, known, (), missing_libraries, unread=others)),
        observability=observability_relations.read(charm, identity, spec.cos, others),
        paas_config=_paas_config(charm.charm_dir),
    )


def endpoints_read(known: Integrations, facts: Facts) -> dict[str, record.Endpoint]:
    """Return what was read of each related endpoint, apart from the peers'."""
    leader = facts.identity.leader
    read = {
        endpoint.name: _reads(known[endpoint.interface], endpoint.relation.databags.app, leader=leader)
        for endpoint in facts.endpoints
        if endpoint.relation
    }
    for relation in facts.observability.relations:
        read[relation.endpoint] = observability_relations.reads(relation.interface, leader=leader)
    return read


def peers_read(charm: ops.CharmBase) -> dict[str, record.Endpoint]:
    """Return what was read of the peer endpoint, if it is related."""
    relation = peer_relation(charm)
    if relation is None:
        return {}
    keys = (migration.DONE, migration.REQUEST)
    return {relation.name: record.Endpoint(remote_units=charm.unit.is_leader(), app=True, unit=True, keys=keys)}


def peer_relation(charm: ops.CharmBase) -> ops.Relation | None:
    """Return the peer relation; None while Juju has not created it, or if the charm declares none."""
    name = next((name for name in PEERS if name in charm.meta.peers), None)
    return charm.model.get_relation(name) if name else None


def plain_key_field(spec: FrameworkSpec) -> str:
    """Return the databag key under which earlier charms kept the secret key in plain text."""
    return f"{spec.name}_secret_key"


def key_label(spec: FrameworkSpec) -> str:
    """Return the label of the secret with the secret key; paas_charm 2 finds the key by the same label."""
    return f"{spec.name}-secret-key"


def refreshed_from_paas_charm(spec: FrameworkSpec, facts: Facts) -> bool:
    """Return whether paas_charm ran this application before: it leaves its secret key."""
    return facts.peers is not None and any(
        facts.peers.app.get(key) for key in (plain_key_field(spec), secret_key.TAKEN_OVER)
    )


def required_endpoints(
    charm: ops.CharmBase, known: Integrations, own_endpoints: collections.abc.Container[str]
) -> collections.abc.Iterator[str]:
    """Return the names of required endpoints of unknown interfaces that the author does not keep."""
    observed = observability_relations.endpoints(charm.meta, own_endpoints)
    handled = {*observed, *(name for name, meta in charm.meta.requires.items() if meta.interface_name in known)}
    for name in charm.meta.requires:
        if name not in handled and name not in own_endpoints and _is_required(charm.charm_dir, name):
            yield name


def _unrelated(
    charm: ops.CharmBase, known: Integrations, own_endpoints: collections.abc.Container[str]
) -> collections.abc.Iterator[UnrelatedEndpoint]:
    for name in required_endpoints(charm, known, own_endpoints):
        if not any(relation.active for relation in charm.model.relations[name]):
            yield UnrelatedEndpoint(name=name, interface=charm.meta.requires[name].interface_name or "")


def _identity(charm: ops.CharmBase) -> Identity:
    return Identity(
        app=charm.app.name,
        unit=charm.unit.name,
        model=charm.model.name,
        leader=charm.unit.is_leader(),
        model_uuid=charm.model.uuid,
        charm=charm.meta.name,
    )


def _secret_key(charm: ops.CharmBase, spec: FrameworkSpec) -> StrMap:
    relation = peer_relation(charm)
    if relation is None:
        return {}
    try:
        return secret_key.ensure(charm, relation, plain_key_field(spec), key_label(spec))
    except (ops.SecretNotFoundError, ops.ModelError):
        return {}


def _peers(charm: ops.CharmBase, identity: Identity) -> Peers | None:
    relation = peer_relation(charm)
    if relation is None:
        return None
    return Peers(
        app=dict(relation.data[charm.app]),
        unit=dict(relation.data[charm.unit]),
        others={
            unit.name: dict(relation.data[unit]) if identity.leader else {}
            for unit in relation.units
            if unit.name != identity.unit
        },
    )


def _options(charm: ops.CharmBase) -> collections.abc.Iterator[Option]:
    required = _required_options(charm.charm_dir)
    for name, meta in charm.meta.config.items():
        raw = charm.config.get(name)
        value = raw if isinstance(raw, OptionValue) else None
        names_secret = meta.type == "secret" and isinstance(value, str) and value.startswith("secret:")
        secret = _secret(charm, str(value)) if names_secret else None
        yield Option(name=name, type=meta.type, required=name in required, value=value, secret=secret)


def _required_options(charm_dir: pathlib.Path) -> frozenset[str]:
    """Return the options with ``optional: false``, a key of charmcraft that ``ops`` does not read."""
    options = _declared(charm_dir / "config.yaml", "options")
    return frozenset(name for name, declared in options.items() if declared.get("optional") is False)


def _is_required(charm_dir: pathlib.Path, endpoint: str) -> bool:
    """Return whether an endpoint has ``optional: false``, which ``ops`` does not tell from a missing key."""
    return _declared(charm_dir / "metadata.yaml", "requires").get(endpoint, {}).get("optional") is False


def _declared(path: pathlib.Path, section: str) -> dict[str, dict[str, object]]:
    """Return a section of a file that ``ops`` has parsed, if the file has the word ``optional``."""
    text = path.read_text() if path.exists() else ""
    if "optional" not in text:  # the file need not be parsed again
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, loader).get(section) or {}  # noqa: S506  both loaders are safe


def _paas_config(charm_dir: pathlib.Path) -> str:
    path = charm_dir / paas_config.FILE
    # The parser reports text that is not UTF-8, by its surrogates.
    return path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""


def _secret(charm: ops.CharmBase, uri: str) -> JujuSecret:
    try:
        return ReadableSecret(content=charm.model.get_secret(id=uri).get_content(refresh=True))
    except ops.SecretNotFoundError:
        return UnreadableSecret(uri=uri)
    except ops.ModelError as error:
        # Juju 3.6 prints "permission denied" for a secret without grant. Anything else passes, such as a sealed Vault.
        denied = "permission denied" in str(error)
        return UnreadableSecret(uri=uri) if denied else UnavailableSecret(uri=uri)


def _endpoints(
    charm: ops.CharmBase,
    known: Integrations,
    own_endpoints: collections.abc.Container[str],
    missing_libraries: StrMap,
    *,
    unread: collections.abc.Container[str] = (),
) -> collections.abc.Iterator[Endpoint]:
    """Read the endpoints; those in ``unread`` are as if they had no relation."""
    for name, meta in charm.meta.requires.items():
        integration = known.get(meta.interface_name or "")
        if integration is None or name in own_endpoints:
            continue
        # ops lists a broken relation in its own last hook, but as inactive.
        relations = () if name in unread else charm.model.relations[name]
        relation = next((relation for relation in relations if relation.active), None)
        by_default = integration.optional_by_default and name == integration.endpoint
        yield Endpoint(
            name=name,
            interface=integration.interface,
            optional=bool(meta.optional) or (by_default and not _is_required(charm.charm_dir, name)),
            relation=_relation(charm, relation, integration) if relation else None,
            missing_library=missing_libraries.get(name),
        )


def _reads(integration: Integration[typing.Any], app: StrMap, *, leader: bool) -> record.Endpoint:
    return record.Endpoint(
        remote_app=True,
        remote_units=integration.reads_units(app),
        app=leader and integration.request is not None,
        library=integration.library is not None,
    )


def _relation(charm: ops.CharmBase, relation: ops.Relation, integration: Integration[typing.Any]) -> Relation:
    app = dict(relation.data[relation.app])
    reads = _reads(integration, app, leader=charm.unit.is_leader())
    # A provider may write an id without its scheme, or an empty text for a secret that it has not made yet.
    fields = {field: _secret_uri(app.pop(field)) for field in integration.secret_fields if app.get(field)}
    request = dict(relation.data[charm.app]) if reads.app else {}
    deeper = {uri: uri for uri in integration.secret_ids(app, request)}
    secrets = {name: _secret(charm, uri) for name, uri in {**fields, **deeper}.items()}
    for field in fields:
        if isinstance(secret := secrets[field], ReadableSecret):
            app |= secret.content
    units = sorted(relation.units if reads.remote_units else (), key=lambda unit: unit_number(unit.name))
    databags = Databags(
        app=app,
        units=tuple(dict(relation.data[unit]) for unit in units),
        secrets={uri: secret.content for uri in deeper if isinstance(secret := secrets[uri], ReadableSecret)},
        unreadable=tuple(name for name, secret in secrets.items() if isinstance(secret, UnreadableSecret)),
        unavailable=tuple(name for name, secret in secrets.items() if isinstance(secret, UnavailableSecret)),
    )
    return Relation(app=relation.app.name, id=relation.id, databags=databags, request=request)


def _secret_uri(text: str) -> str:
    return text if text.startswith("secret:") else f"secret:{text}"


def _proxies(environ: collections.abc.Mapping[str, str]) -> dict[str, str]:
    values = {kind: environ.get(f"JUJU_CHARM_{kind.upper()}_PROXY", "") for kind in ("http", "https", "no")}
    return {kind: value for kind, value in values.items() if value}
