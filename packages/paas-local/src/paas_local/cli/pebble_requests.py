"""Requests to the Pebble of a workload container."""

import contextlib
import http.client
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from paas_local.cli.client import ClientError
from paas_local.cli.unix_http import NotListeningError, UnixConnection

_PATIENCE = 60.0

Query = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Pebble:
    """The Pebble of one container of a unit."""

    unit: str
    socket: Path

    def get(self, path: str, query: Query | None = None) -> Any:
        """Return the result of a query; raise ClientError with the text of Pebble's error."""
        return self._send("GET", _with_query(path, query), None)["result"]

    def change(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request that starts a change, and return the change once it is ready."""
        number = self._send("POST", path, body)["change"]
        return self.get(f"/v1/changes/{number}/wait")

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Send a request that is done at once."""
        self._send("POST", path, body)

    def lines(self, query: Query) -> Iterator[Mapping[str, str]]:
        """Yield the lines of the logs; endless with ``follow``."""
        with self._response("GET", _with_query("/v1/logs", query), None, None) as response:
            while line := response.readline():
                yield json.loads(line)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        with self._response(method, path, body, _PATIENCE) as response:
            answer: Mapping[str, Any] = json.loads(response.read())
        if answer["type"] == "error":
            raise ClientError(answer["result"]["message"])
        return answer

    @contextlib.contextmanager
    def _response(
        self, method: str, path: str, body: Mapping[str, Any] | None, patience: float | None
    ) -> Generator[http.client.HTTPResponse]:
        connection = UnixConnection(self.socket, patience)
        try:
            connection.connect()
            connection.request(method, path, json.dumps(body) if body is not None else None)
            yield connection.getresponse()
        except NotListeningError:
            raise ClientError(f"{self.unit}: its container has no running Pebble; see: paas-local status") from None
        except (OSError, http.client.HTTPException) as error:
            raise ClientError(f"{self.unit}: the Pebble of its container does not answer: {error}") from error
        finally:
            connection.close()


def _with_query(path: str, query: Query | None) -> str:
    return f"{path}?{urlencode(query, doseq=True)}" if query else path
