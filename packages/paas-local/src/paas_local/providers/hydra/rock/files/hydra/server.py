"""An OpenID provider with clients from a file: ``server.py PORT FILE``, run by the charm.

The file is JSON, a list of objects with ``id``, ``secret``, ``redirect_uri`` and ``scope``. A change of the file is
read without a restart, so people stay logged in when a client comes or goes.
"""

# The imported packages are only in the image, so a type checker does not find them.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# The library reads this at import: the URLs of the provider are http, on this machine and between its pods.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import flask
import oidc_provider_mock
import werkzeug.serving

# The public API registers only clients with generated ids, and only in memory.
from oidc_provider_mock._storage import Client, storage

PEOPLE = {
    "ann@example.com": {"name": "Ann Archer", "given_name": "Ann", "family_name": "Archer"},
    "bob@example.com": {"name": "Bob Baker", "given_name": "Bob", "family_name": "Baker"},
}


class Clients:
    """The clients in the file, as of its last change."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = 0
        self._clients: Mapping[str, Any] = {}

    def by_id(self) -> Mapping[str, Any]:
        """Return the clients by their ids."""
        changed = self._file.stat().st_mtime_ns
        if changed != self._changed:
            self._clients = {entry["id"]: client(entry) for entry in json.loads(self._file.read_text())}
            self._changed = changed
        return self._clients


def client(entry: Mapping[str, str]) -> Any:
    """Build the library's client from an entry of the file."""
    return Client(
        id=entry["id"],
        secret=entry["secret"],
        redirect_uris=[entry["redirect_uri"]],
        allowed_scopes=entry["scope"].split(),
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
    )


def introspect() -> Mapping[str, Any]:
    """Answer if an access token is valid (RFC 7662)."""
    token = storage.get_access_token(flask.request.form.get("token", ""))
    if token is None or token.is_expired():
        return {"active": False}
    return {"active": True, "sub": token.user_id, "scope": token.scope, "exp": int(token.expires_at.timestamp())}


def application(file: Path) -> flask.Flask:
    """Build the provider."""
    people = [
        oidc_provider_mock.User(sub=email, claims={"email": email, "preferred_username": email, **claims})
        for email, claims in PEOPLE.items()
    ]
    app = oidc_provider_mock.app(require_client_registration=True, user_claims=people)
    # The library turns on a debugger that runs any code from the browser.
    app.debug = False
    app.wsgi_app = app.wsgi_app.app
    clients = Clients(file)

    def load_clients() -> None:
        storage._clients = clients.by_id()  # noqa: SLF001 - as above

    app.before_request(load_clients)
    app.add_url_rule("/oauth2/introspect", view_func=introspect, methods=["POST"])
    return app


if __name__ == "__main__":
    werkzeug.serving.run_simple("0.0.0.0", int(sys.argv[1]), application(Path(sys.argv[2])), threaded=True)  # noqa: S104 - of its pod
