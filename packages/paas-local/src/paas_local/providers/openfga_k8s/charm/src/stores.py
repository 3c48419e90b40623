"""The stores of an OpenFGA server, over its HTTP API."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

HTTP_PORT, GRPC_PORT = 8080, 8081
_SERVER = f"http://127.0.0.1:{HTTP_PORT}"


class StoreError(Exception):
    """The server refuses a store; the text is its reason."""


def exists(store: str, token: str) -> bool:
    """Return whether the server has a store."""
    try:
        _ask(f"/stores/{store}", token)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == HTTPStatus.NOT_FOUND:
                return False
            raise
    return True


def create(name: str, token: str) -> str:
    """Create a store; return its id."""
    try:
        return str(_ask("/stores", token, {"name": name})["id"])
    except urllib.error.HTTPError as error:
        with error:
            if error.code == HTTPStatus.BAD_REQUEST:
                raise StoreError(str(json.load(error).get("message"))) from error
            raise


def _ask(path: str, token: str, body: Mapping[str, str] | None = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(_SERVER + path, content, headers)  # noqa: S310 - of this pod
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        return json.load(answer)
