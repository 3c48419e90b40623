"""Stand-in for the connection of python-libjuju to a controller; it has written answers, and refuses other requests."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from juju.client import client, facade_versions
from juju.delta import get_entity_delta
from juju.model import Model

ANSWERS: Mapping[str, Any] = json.loads((Path(__file__).parent / "juju_answers.json").read_text())
"""Answers by facade and method, and entities as a watcher reports them, in the form of Juju 3.5.

The status follows a recording of the library's own tests; the other answers were written from the library's code.
"""


@dataclass
class Connection:
    """A connection that records the requests."""

    requests: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    uploads: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    facades: Mapping[str, int] = field(
        default_factory=lambda: {name: max(numbers) for name, numbers in _versions().items()}
    )
    is_open = True
    is_using_old_client = False

    async def rpc(self, msg: dict[str, Any], encoder: Any = None) -> dict[str, Any]:
        """Answer a request."""
        assert self.facades[msg["type"]] == msg["version"]
        name = f"{msg['type']}.{msg['request']}"
        parameters = json.loads(json.dumps(msg.get("params", {}), cls=encoder))
        self.requests.append((name, parameters))
        assert name in ANSWERS["facades"], f"unexpected request {name} {parameters}"
        return {"request-id": len(self.requests), "response": ANSWERS["facades"][name]}

    def https_connection(self) -> tuple["Connection", dict[str, str], str]:
        """Return a connection for uploads, its headers and the prefix of its paths."""
        return self, {}, "/model/5d5bfbd1"

    def request(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> None:
        """Record an upload."""
        content = body if isinstance(body, bytes) else body.read()
        self.uploads.append((f"{method} {path}", content.decode(errors="replace")))

    def getresponse(self) -> Any:
        """Answer an upload."""
        response = io.BytesIO(json.dumps(ANSWERS["upload"]).encode())
        response.status = 200  # type: ignore[attr-defined]
        return response


def _versions() -> Mapping[str, Any]:
    return facade_versions.client_facade_versions


def model(connection: Connection) -> Model:
    """Return a model that is connected, with an application in it."""
    model = Model()
    model._connector._connection = connection  # pyright: ignore[reportPrivateUsage]
    model._info = client.ModelInfo(agent_version=client.Number.from_json("3.6.11"))  # pyright: ignore[reportPrivateUsage]
    for kind, entity in ANSWERS["entities"]:
        model.state.apply_delta(get_entity_delta(client.Delta((kind, "add", entity))))
    return model
