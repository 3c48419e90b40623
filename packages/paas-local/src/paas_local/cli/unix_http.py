"""HTTP over a unix socket, with the standard library only: a command's start-up stays short."""

import http.client
import os
import socket
from pathlib import Path

_CONNECT_PATIENCE = 5.0


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
