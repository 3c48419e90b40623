"""Requests of clients, the server's list of accounts, and the answers to clients.

The databags are those of ``data_interfaces``, version 1: requests and answers are JSON lists, matched by an id.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

StrMap = Mapping[str, str]
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_FIELDS = (
    "endpoints", "read-only-endpoints", "secret-user", "secret-tls", "secret-extra", "secret-entity", "version",
    "prefix-resources", "mtls-cert", "entity-name", "entity-password", "password",
)  # fmt: skip
"""The fields of an answer (dpcharmlibs-interfaces 1.2)."""
_PATTERN = re.compile(r"[!-~]+")


class InvalidError(Exception):
    """A databag that is invalid for the interface; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request for an account."""

    id: str
    resource: str
    """The pattern of the keys that the account may use."""
    fields: Mapping[str, Any]
    """The complete request, for the answer."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of the server."""

    name: str
    password: str = field(repr=False)
    keys: str
    admin: bool = False

    @property
    def line(self) -> str:
        """The account in the server's list, with the digest of its password."""
        digest = hashlib.sha256(self.password.encode()).hexdigest()
        commands = "+@all" if self.admin else "+@all -@admin"
        return f"user {self.name} on #{digest} ~{self.keys} &* {commands}"


def read(app: StrMap) -> tuple[Request, ...]:
    """Read the requests of a client; none until it has written any."""
    if "requests" not in app:
        return ()
    try:
        listed = json.loads(app["requests"])
    except ValueError:
        raise InvalidError("requests (must be JSON)") from None
    if not isinstance(listed, list):
        raise InvalidError("requests (must be a list)")
    return tuple(map(_request, cast("list[object]", listed)))


def _request(item: object) -> Request:
    if not isinstance(item, dict):
        raise InvalidError("requests (must have objects)")
    fields = cast("dict[str, Any]", item)
    number, resource = fields.get("request-id"), fields.get("resource")
    if not isinstance(number, str) or not _ID.fullmatch(number):
        raise InvalidError("requests.request-id (must be letters and digits)")
    if not isinstance(resource, str) or not _PATTERN.fullmatch(resource):
        raise InvalidError("requests.resource (must be a pattern of keys)")
    return Request(id=number, resource=resource, fields=fields)


def document(accounts: Iterable[Account]) -> str:
    """Write the server's list of accounts; the account without a password is off."""
    return "".join(f"{line}\n" for line in ("user default off", *(account.line for account in accounts)))


def response(requests: Iterable[tuple[Request, StrMap]]) -> StrMap:
    """Write the databag that answers requests; a field that is not set is null, as in the real charm's answers."""
    pairs = tuple(requests)
    by_id = {request.id: request.fields for request, _ in pairs}
    answers = [
        {
            "resource": request.resource,
            "request-id": request.id,
            "salt": request.fields.get("salt"),
            **dict.fromkeys(_FIELDS),
            **answer,
        }
        for request, answer in pairs
    ]
    return {"version": "v1", "data": json.dumps(by_id, sort_keys=True), "requests": json.dumps(answers)}
