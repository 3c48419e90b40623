"""The generated secret key: an application-owned Juju secret, whose id stands in the peer relation.

A plain key that an earlier charm left in the application databag is taken over, so that nobody is logged out. Where
Juju has no secrets (before 3.0.3) the key stays in plain text in the databag.
"""

import os
import secrets

import ops

CONTENT = "value"
SIZE = 64
"""Bytes of randomness."""


def ensure(charm: ops.CharmBase, relation: ops.Relation, plain_field: str) -> str | None:
    """Give the key; the leader makes it, or takes it over, where it is missing.

    Raises ``ops.SecretNotFoundError`` or ``ops.ModelError`` when Juju does not hand over the secret.
    """
    bag = relation.data[charm.app]
    stored, plain = bag.get(_id_field(plain_field)), bag.get(plain_field)
    if stored:
        return charm.model.get_secret(id=stored).get_content(refresh=True)[CONTENT]
    if not charm.unit.is_leader():
        return plain
    key = plain or _generate()
    _store(charm, relation, plain_field, key)
    return key


def rotate(charm: ops.CharmBase, relation: ops.Relation, plain_field: str) -> None:
    """Replace the key; the count in the databag tells the other units, which then read the new revision."""
    bag = relation.data[charm.app]
    stored = bag.get(_id_field(plain_field))
    if stored is None:
        _store(charm, relation, plain_field, _generate())
        return
    charm.model.get_secret(id=stored).set_content({CONTENT: _generate()})
    rotations = f"{plain_field}_rotations"
    bag[rotations] = str(int(bag.get(rotations, "0")) + 1)


def _store(charm: ops.CharmBase, relation: ops.Relation, plain_field: str, key: str) -> None:
    bag = relation.data[charm.app]
    if not ops.JujuVersion(os.environ.get("JUJU_VERSION", "0.0.0")).has_secrets:
        bag[plain_field] = key
        return
    secret = charm.app.add_secret({CONTENT: key})
    bag[_id_field(plain_field)] = secret.id or ""
    bag.pop(plain_field, None)


def _id_field(plain_field: str) -> str:
    return f"{plain_field}_id"


def _generate() -> str:
    return secrets.token_urlsafe(SIZE)
