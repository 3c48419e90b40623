"""Identities: users with more or less access than their user id alone has."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paas_local.pebble.api import bodies

ACCESS = ("admin", "read", "metrics", "untrusted")
FIELDS = {
    "access": "string",
    "local": {"user-id": "int"},
    "basic": {"password": "string"},
    "cert": {"pem": "string"},
}
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]*")
_CHOICES = '"admin", "read", "metrics", or "untrusted"'


class BadIdentityError(ValueError):
    """A change of identities that is refused; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A client, by user id or by a password."""

    access: str
    user_id: int | None = None
    has_password: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document in answers, without the password."""
        return {
            "access": self.access,
            **({} if self.user_id is None else {"local": {"user-id": self.user_id}}),
            **({"basic": {"password": "*****"}} if self.has_password else {}),
        }


def read(name: str, fields: Mapping[str, Any]) -> Identity:
    """Read one identity of a request; raises BadIdentityError."""
    access = fields.get("access", "")
    if not access:
        raise BadIdentityError(f"access value must be specified ({_CHOICES})")
    if access not in ACCESS:
        raise BadIdentityError(f'invalid access value "{access}", must be {_CHOICES}')
    local, basic, cert = fields.get("local"), fields.get("basic"), fields.get("cert")
    if local is not None and "user-id" not in local:
        raise BadIdentityError("local identity must specify user-id")
    if basic is not None and not basic.get("password"):
        raise BadIdentityError("basic identity must specify password (hashed)")
    if cert is not None:
        raise BadIdentityError("cert identity must include a PEM-encoded certificate")
    if local is None and basic is None:
        raise BadIdentityError('identity must have at least one type ("local", "basic", or "cert")')
    if not _NAME.fullmatch(name):
        raise BadIdentityError(
            'identity name "" invalid: must start with an alphabetic character and only contain '
            "alphanumeric characters, underscore, and hyphen"
        )
    return Identity(access=access, user_id=None if local is None else local["user-id"], has_password=basic is not None)


def decode(action: str, identities: Mapping[str, Any]) -> dict[str, Identity | None]:
    """Read the identities of a request; null is valid only for the actions replace and remove."""
    decoded: dict[str, Identity | None] = {}
    for name, value in sorted(identities.items()):
        if value is None:
            if action in ("add", "update"):
                raise BadIdentityError(f'identity value for "{name}" must not be null for {action} operation')
            decoded[name] = None
        elif action == "remove":
            raise BadIdentityError(f'identity value for "{name}" must be null for remove operation')
        else:
            try:
                decoded[name] = read(name, bodies.nested(value, FIELDS))
            except BadIdentityError as error:
                raise BadIdentityError(f'invalid identity for "{name}": {error}') from None
    return decoded


def change(current: Mapping[str, Identity], action: str, identities: Mapping[str, Any]) -> dict[str, Identity]:
    """Return the identities after a request; raises BadIdentityError."""
    if action not in ("add", "update", "replace", "remove"):
        raise BadIdentityError(f'invalid action "{action}", must be "add", "update", "replace", or "remove"')
    decoded = decode(action, identities)
    existing = sorted(set(decoded) & set(current))
    missing = sorted(set(decoded) - set(current))
    if action == "add" and existing:
        raise BadIdentityError(f"identities already exist: {', '.join(existing)}")
    if action in ("update", "remove") and missing:
        raise BadIdentityError(f"identities do not exist: {', '.join(missing)}")
    combined = {**current, **decoded}
    after = {name: identity for name, identity in combined.items() if identity is not None}
    _check_unique(after)
    return after


def _check_unique(identities: Mapping[str, Identity]) -> None:
    by_uid: dict[int, list[str]] = {}
    for name, identity in sorted(identities.items()):
        if identity.user_id is not None:
            by_uid.setdefault(identity.user_id, []).append(name)
    for uid, names in by_uid.items():
        if len(names) > 1:
            raise BadIdentityError(f"cannot have multiple identities with user ID {uid} ({', '.join(names)})")


class Identities:
    """The identities of this daemon and of those before it."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._identities: dict[str, Identity] = {}
        self._on_change: Callable[[], None] = on_change

    def kept(self) -> dict[str, Any]:
        """Return the identities, for the next daemon."""
        return {name: dataclasses.asdict(identity) for name, identity in self._identities.items()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take over the identities of an earlier daemon."""
        self._identities = {name: Identity(**fields) for name, fields in kept.items()}

    def change(self, action: str, identities: Mapping[str, Any]) -> None:
        """Apply a request, completely or not at all; raises BadIdentityError."""
        self._identities = change(self._identities, action, identities)
        self._on_change()

    @property
    def granted(self) -> dict[int, str]:
        """User id to access."""
        return {each.user_id: each.access for each in self._identities.values() if each.user_id is not None}

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document in answers."""
        return {name: identity.document for name, identity in sorted(self._identities.items())}
