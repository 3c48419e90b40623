"""The access of clients, by the user at the other end of the socket."""

import os
import socket
import struct
from collections.abc import Mapping
from typing import Literal

Level = Literal["open", "read", "metrics", "admin"]

_ALLOWED: Mapping[str, frozenset[Level]] = {
    "admin": frozenset(["open", "read", "metrics", "admin"]),
    "read": frozenset(["open", "read", "metrics"]),
    "metrics": frozenset(["open", "metrics"]),
    "untrusted": frozenset(["open"]),
}


def peer(connection: socket.socket | None) -> int | None:
    """Return the user id of the peer; None for a TCP peer."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return uid


def access(uid: int | None, granted: Mapping[int, str]) -> str:
    """Return the access of a user id: as an identity grants it, else admin for root and the daemon's user."""
    if uid is None:
        return "untrusted"
    if uid in granted:
        return granted[uid]
    return "admin" if uid in (0, os.geteuid()) else "read"


def allows(access: str, level: Level) -> bool:
    """Return whether an access is enough for an endpoint of this level."""
    return level in _ALLOWED[access]
