"""What clients ask of Valkey, the server's list of accounts that follows, and what the clients are answered.

The databags are those of ``data_interfaces``, version 1: requests and answers are JSON lists, matched by an id.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

Text = Mapping[str, str]
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_PATTERN = re.compile(r"[!-~]+")


class InvalidError(Exception):
    """A databag has not what the interface wants; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """An account that somebody asks for."""

    id: str
    resource: str
    """Pattern of the keys that it may use."""
    asked: Mapping[str, Any]
    """All of the request, for the answer."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of the server."""

    name: str
    password: str = field(repr=False)
    keys: str
    admin: bool = False

    @property
    def line(self) -> str:
        """Write it as the server's list of accounts has it; of the password there is only the digest."""
        digest = hashlib.sha256(self.password.encode()).hexdigest()
        commands = "+@all" if self.admin else "+@all -@admin"
        return f"user {self.name} on #{digest} ~{self.keys} &* {commands}"


def read(app: Text) -> tuple[Request, ...]:
    """Read the requests of a client; none until it has asked."""
    if "requests" not in app:
        return ()
    try:
        listed = json.loads(app["requests"])
    except ValueError:
        raise InvalidError("requests (must be JSON)") from None
    if not isinstance(listed, list):
        raise InvalidError("requests (must be a list)")
    return tuple(map(_request, cast("list[object]", listed)))


def _request(asked: object) -> Request:
    if not isinstance(asked, dict):
        raise InvalidError("requests (must have objects)")
    found = cast("dict[str, Any]", asked)
    number, resource = found.get("request-id"), found.get("resource")
    if not isinstance(number, str) or not _ID.fullmatch(number):
        raise InvalidError("requests.request-id (must be letters and digits)")
    if not isinstance(resource, str) or not _PATTERN.fullmatch(resource):
        raise InvalidError("requests.resource (must be a pattern of keys)")
    return Request(id=number, resource=resource, asked=found)


def listed(accounts: Iterable[Account]) -> str:
    """Write the server's list of accounts: nobody is let in without a password."""
    return "".join(f"{line}\n" for line in ("user default off", *(account.line for account in accounts)))


def answered(requests: Iterable[tuple[Request, Text]]) -> Text:
    """Write the answers; what is the same in each is put to each."""
    pairs = tuple(requests)
    known = {request.id: request.asked for request, _ in pairs}
    answers = [
        {"resource": request.resource, "request-id": request.id, "salt": request.asked.get("salt"), **answer}
        for request, answer in pairs
    ]
    return {"version": "v1", "data": json.dumps(known, sort_keys=True), "requests": json.dumps(answers)}
