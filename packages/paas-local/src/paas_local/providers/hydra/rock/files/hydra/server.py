"""An OpenID provider whose clients stand in a file: ``server.py PORT FILE``, run by the charm.

The file is JSON, a list of objects with ``id``, ``secret``, ``redirect_uri`` and ``scope``. It is read again when it
has changed, so that nobody is logged out because a client came or went.
"""

# What it imports is in the image only, so that a type checker finds none of it.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# The provider's addresses are http, on this machine and between its pods; the library reads this when it is imported.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import flask
import oidc_provider_mock
import werkzeug.serving

# By itself the library registers only clients that it names, and forgets them when it ends.
from oidc_provider_mock._storage import Client, storage

PEOPLE = {
    "ann@example.com": {"name": "Ann Archer", "given_name": "Ann", "family_name": "Archer"},
    "bob@example.com": {"name": "Bob Baker", "given_name": "Bob", "family_name": "Baker"},
}


class Clients:
    """The clients of the file, as of its last change."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = 0
        self._known: Mapping[str, Any] = {}

    def known(self) -> Mapping[str, Any]:
        """Give each client by its id."""
        changed = self._file.stat().st_mtime_ns
        if changed != self._changed:
            self._known = {each["id"]: client(each) for each in json.loads(self._file.read_text())}
            self._changed = changed
        return self._known


def client(given: Mapping[str, str]) -> Any:
    """Make the library's client."""
    return Client(
        id=given["id"],
        secret=given["secret"],
        redirect_uris=[given["redirect_uri"]],
        allowed_scopes=given["scope"].split(),
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
    )


def introspect() -> Mapping[str, Any]:
    """Tell whether an access token is good (RFC 7662)."""
    token = storage.get_access_token(flask.request.form.get("token", ""))
    if token is None or token.is_expired():
        return {"active": False}
    return {"active": True, "sub": token.user_id, "scope": token.scope, "exp": int(token.expires_at.timestamp())}


def application(file: Path) -> flask.Flask:
    """Make the provider."""
    people = [
        oidc_provider_mock.User(sub=email, claims={"email": email, "preferred_username": email, **claims})
        for email, claims in PEOPLE.items()
    ]
    app = oidc_provider_mock.app(require_client_registration=True, user_claims=people)
    # The library turns on a debugger, which runs whatever code it is given.
    app.debug = False
    app.wsgi_app = app.wsgi_app.app
    clients = Clients(file)

    def take_clients() -> None:
        storage._clients = clients.known()  # noqa: SLF001 - as above

    app.before_request(take_clients)
    app.add_url_rule("/oauth2/introspect", view_func=introspect, methods=["POST"])
    return app


if __name__ == "__main__":
    werkzeug.serving.run_simple("0.0.0.0", int(sys.argv[1]), application(Path(sys.argv[2])), threaded=True)  # noqa: S104 - of its pod
