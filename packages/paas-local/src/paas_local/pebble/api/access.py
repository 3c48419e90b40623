"""Who is at the other end of the socket, and what they may do."""

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
    """Tell the user id of the peer; a TCP peer has none."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return uid


def access(uid: int | None, granted: Mapping[int, str]) -> str:
    """Name what a user id may do: what an identity grants, else by the daemon's own user."""
    if uid is None:
        return "untrusted"
    if uid in granted:
        return granted[uid]
    return "admin" if uid in (0, os.geteuid()) else "read"


def allows(access: str, level: Level) -> bool:
    """Whether someone with this access may use an endpoint of this level."""
    return level in _ALLOWED[access]
