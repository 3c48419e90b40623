"""Which users were given more or less access than their user id alone would have."""

import re
from collections.abc import Mapping
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
    """The identities stay as they are; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Someone, by user id or by a password."""

    access: str
    user_id: int | None = None
    has_password: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """What clients see; a password never comes back."""
        return {
            "access": self.access,
            **({} if self.user_id is None else {"local": {"user-id": self.user_id}}),
            **({"basic": {"password": "*****"}} if self.has_password else {}),
        }


def read(name: str, given: Mapping[str, Any]) -> Identity:
    """Read one identity from a request."""
    access = given.get("access", "")
    if not access:
        raise BadIdentityError(f"access value must be specified ({_CHOICES})")
    if access not in ACCESS:
        raise BadIdentityError(f'invalid access value "{access}", must be {_CHOICES}')
    local, basic, cert = given.get("local"), given.get("basic"), given.get("cert")
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


def decode(action: str, given: Mapping[str, Any]) -> dict[str, Identity | None]:
    """Read what a request says about each name; null is allowed only where it means something."""
    found: dict[str, Identity | None] = {}
    for name, value in sorted(given.items()):
        if value is None:
            if action in ("add", "update"):
                raise BadIdentityError(f'identity value for "{name}" must not be null for {action} operation')
            found[name] = None
        elif action == "remove":
            raise BadIdentityError(f'identity value for "{name}" must be null for remove operation')
        else:
            try:
                found[name] = read(name, bodies.narrow(value, FIELDS))
            except BadIdentityError as error:
                raise BadIdentityError(f'invalid identity for "{name}": {error}') from None
    return found


def change(known: Mapping[str, Identity], action: str, given: Mapping[str, Any]) -> dict[str, Identity]:
    """Decide what the identities are after a request."""
    if action not in ("add", "update", "replace", "remove"):
        raise BadIdentityError(f'invalid action "{action}", must be "add", "update", "replace", or "remove"')
    found = decode(action, given)
    existing = sorted(set(found) & set(known))
    missing = sorted(set(found) - set(known))
    if action == "add" and existing:
        raise BadIdentityError(f"identities already exist: {', '.join(existing)}")
    if action in ("update", "remove") and missing:
        raise BadIdentityError(f"identities do not exist: {', '.join(missing)}")
    combined = {**known, **found}
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
    """All identities, for the life of this daemon."""

    def __init__(self) -> None:
        self._known: dict[str, Identity] = {}

    def change(self, action: str, given: Mapping[str, Any]) -> None:
        """Do what a request asks, all of it or nothing."""
        self._known = change(self._known, action, given)

    @property
    def granted(self) -> dict[int, str]:
        """The access of user ids."""
        found = self._known.values()
        return {each.user_id: each.access for each in found if each.user_id is not None}

    @property
    def document(self) -> dict[str, Any]:
        """What clients see."""
        return {name: identity.document for name, identity in sorted(self._known.items())}
