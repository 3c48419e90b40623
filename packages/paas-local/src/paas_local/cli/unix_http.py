"""HTTP over a unix socket, with the standard library only: a command's start-up stays short."""

import contextlib
import http.client
import os
import socket
import threading
from pathlib import Path
from typing import BinaryIO

from paas_local.api_version import user_agent

_CONNECT_PATIENCE = 5.0
_CHUNK = 65536


class NotListeningError(Exception):
    """No process listens on the socket."""


class UnixConnection(http.client.HTTPConnection):
    """A connection to the server behind a unix socket."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("paas-local", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        """Connect with a short timeout, as a listening server answers at once; raise NotListeningError or OSError."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_CONNECT_PATIENCE)
        try:
            self._connect(connection)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            connection.close()
            raise NotListeningError from error
        except OSError:
            connection.close()
            raise
        connection.settimeout(self.timeout)
        self.sock = connection

    def _connect(self, connection: socket.socket) -> None:
        # the whole path may be too long for a socket
        folder = os.open(self.path.parent, os.O_PATH | os.O_CLOEXEC)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{self.path.name}")
        finally:
            os.close(folder)


def send_request(
    connection: http.client.HTTPConnection, method: str, path: str, document: str, stdin: BinaryIO | None
) -> None:
    """Send a JSON document; with a file, the document is one line, and a thread sends the file's bytes after it."""
    headers = {"Content-Type": "application/json", "User-Agent": user_agent()}
    if stdin is None:
        connection.request(method, path, document, headers)
        return
    connection.putrequest(method, path)
    for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    sent: socket.socket = connection.sock
    sent.sendall(_chunk(document.encode() + b"\n"))
    # the answer may end before the file, which may be a terminal
    threading.Thread(target=_send, args=(sent, stdin), daemon=True).start()


def _send(connection: socket.socket, file: BinaryIO) -> None:
    # the server closes the connection when the command has ended
    with contextlib.suppress(OSError):
        while data := os.read(file.fileno(), _CHUNK):
            connection.sendall(_chunk(data))
        connection.sendall(_chunk(b""))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
