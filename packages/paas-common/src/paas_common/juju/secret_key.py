"""The generated secret key: an application-owned Juju secret, whose id is in the peer relation.

After a rotation, the secret has the previous key too, so that an application can accept what it has signed with it.

The key of paas_charm is taken over, so that sessions stay valid. paas_charm 1 left it in plain text in the application
databag; it also stays there, so that the charm can be refreshed back to paas_charm, which waits for it. paas_charm 2
left a secret with a label. On a Juju without secrets (before 3.0.3) the key is in plain text in the databag only.
"""

import logging
import os
import secrets

import ops

from paas_common.values.facts import StrMap

logger = logging.getLogger(__name__)

CONTENT = "value"
PREVIOUS = "previous"
TAKEN_OVER = "refreshed-from-paas-charm"
"""Key of the application databag: the major version of paas_charm, if that did not leave a plain key."""
SIZE = 64
"""Bytes of randomness."""


def ensure(charm: ops.CharmBase, relation: ops.Relation, plain_field: str, label: str) -> StrMap:
    """Return the key and the previous one, as far as they exist.

    The leader makes the key, or takes it over, if it is missing or if its secret is lost.

    Raises ``ops.SecretNotFoundError`` or ``ops.ModelError`` if Juju does not return the secret.
    """
    databag = relation.data[charm.app]
    secret_id, plain = databag.get(_id_field(plain_field)), databag.get(plain_field)
    if secret_id:
        try:
            return charm.model.get_secret(id=secret_id).get_content(refresh=True)
        except ops.SecretNotFoundError:
            if not charm.unit.is_leader():
                raise
            logger.warning("the secret of the secret key is lost: the leader makes it again")
    elif not plain and (labelled := _labelled(charm, label)):
        if charm.unit.is_leader():
            databag[_id_field(plain_field)] = labelled.get_info().id
            databag[TAKEN_OVER] = "2"
        return labelled.get_content(refresh=True)
    elif not charm.unit.is_leader():
        return {CONTENT: plain} if plain else {}
    key = plain or _generate()
    _store(charm, relation, plain_field, label, key)
    return {CONTENT: key}


def rotate(charm: ops.CharmBase, relation: ops.Relation, plain_field: str, label: str) -> None:
    """Replace the key; a count in the databag makes the other units read the new revision."""
    databag = relation.data[charm.app]
    secret_id = databag.get(_id_field(plain_field))
    if secret_id is None:
        _store(charm, relation, plain_field, label, _generate())
        return
    key, secret = _generate(), charm.model.get_secret(id=secret_id)
    secret.set_content({CONTENT: key, PREVIOUS: secret.get_content(refresh=True)[CONTENT]})
    if databag.get(plain_field):
        databag[plain_field] = key
    rotations = f"{plain_field}_rotations"
    databag[rotations] = str(int(databag.get(rotations, "0")) + 1)


def _labelled(charm: ops.CharmBase, label: str) -> ops.Secret | None:
    """Return the secret that paas_charm 2 has made; None if there is none."""
    if not _has_secrets():
        return None
    try:
        return charm.model.get_secret(label=label)
    except ops.SecretNotFoundError:
        return None


def _store(charm: ops.CharmBase, relation: ops.Relation, plain_field: str, label: str, key: str) -> None:
    databag = relation.data[charm.app]
    if not _has_secrets():
        databag[plain_field] = key
        return
    # A secret that is lost may still have its label, which only one secret can have.
    secret = charm.app.add_secret({CONTENT: key}, label=None if databag.get(_id_field(plain_field)) else label)
    databag[_id_field(plain_field)] = secret.id or ""


def _has_secrets() -> bool:
    return ops.JujuVersion(os.environ.get("JUJU_VERSION", "0.0.0")).has_secrets


def _id_field(plain_field: str) -> str:
    return f"{plain_field}_id"


def _generate() -> str:
    return secrets.token_urlsafe(SIZE)
