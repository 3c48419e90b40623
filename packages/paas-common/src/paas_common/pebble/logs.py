"""The last lines of a service, from Pebble's log endpoint, for which ``ops`` has no method."""

import http.client
import json
import socket
import urllib.parse

_TIMEOUT = 2.0
"""Seconds."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT)
        self.sock.connect(self._path)


def tail(socket_path: str, service: str, lines: int) -> list[str]:
    """Return up to ``lines`` lines, oldest first; none if Pebble does not answer, because a status needs none."""
    connection = _UnixConnection(socket_path)
    try:
        connection.request("GET", f"/v1/logs?services={urllib.parse.quote(service)}&n={lines}")
        response = connection.getresponse()
        body = response.read() if response.status == http.client.OK else b""
    except (OSError, http.client.HTTPException):
        return []
    finally:
        connection.close()
    return [message for line in body.splitlines() if (message := _message(line)) is not None]


def _message(line: bytes) -> str | None:
    """Return the message of an entry; None for a line of another form."""
    try:
        return str(json.loads(line)["message"])
    except (ValueError, TypeError, KeyError):
        return None
