"""An OpenID provider with clients from a file: ``server.py PORT FILE``, run by the charm.

The file is JSON: the id of the signing ``key``, and ``clients`` with the names of Hydra's actions, each with the time
until which its tokens are ``revoked``. A change of the file is read without a restart, so people stay logged in when a
client comes or goes.
"""

# The imported packages are only in the image, so a type checker does not find them.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUntypedBaseClass=false
# pyright: reportMissingModuleSource=false

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The library reads this at import: the URLs of the provider are http, on this machine and between its pods.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import flask
import oidc_provider_mock
import werkzeug.serving
from authlib import jose

# The public API registers only clients with generated ids, and only in memory; its tokens do not name their key.
from oidc_provider_mock._app import OpenIDCode
from oidc_provider_mock._storage import Client, storage

PEOPLE = {
    "ann@example.com": {"name": "Ann Archer", "given_name": "Ann", "family_name": "Archer"},
    "bob@example.com": {"name": "Bob Baker", "given_name": "Bob", "family_name": "Baker"},
}


@dataclass(kw_only=True, frozen=True)
class FileClient(Client):
    """A client of the file."""

    grant_types: list[str]
    response_types: list[str]
    revoked: float
    """The time until which its tokens are invalid."""

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the client may use a grant."""
        return grant_type in self.grant_types

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the client may use a response."""
        return response_type in self.response_types


class State:
    """The file as of its last change, the tokens, and the keys."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = 0
        self._clients: Mapping[str, FileClient] = {}
        self._key = ""
        self._former_keys: list[Any] = []
        self._issued: dict[str, tuple[str, float]] = {}

    def load(self) -> None:
        """Read the file if it has changed, before a request."""
        if (changed := self._file.stat().st_mtime_ns) != self._changed:
            content = json.loads(self._file.read_text())
            self._clients = {entry["client-id"]: client(entry) for entry in content["clients"]}
            self._changed = changed
            self._use_key(content["key"])
            self._remove_revoked()
        storage._clients = self._clients  # noqa: SLF001 - as above

    def remember(self, answer: flask.Response) -> flask.Response:
        """Keep the client of each new token: the library does not."""
        if flask.request.path == "/oauth2/token" and answer.status_code == 200:  # noqa: PLR2004 - OK
            login = flask.request.authorization
            name = login.username if login and login.username else flask.request.form["client_id"]
            tokens = answer.get_json()
            for kind in ("access_token", "refresh_token"):
                if kind in tokens:
                    self._issued[tokens[kind]] = name, time.time()
        return answer

    def keys(self) -> Mapping[str, Any]:
        """Answer with the public keys, the newest first."""
        return jose.KeySet([storage.jwk, *self._former_keys]).as_dict()

    def _use_key(self, key: str) -> None:
        if key != self._key:
            self._former_keys.insert(0, storage.jwk)
            self._key, storage.jwk = key, jose.RSAKey.generate_key(options={"kid": key}, is_private=True)

    def _remove_revoked(self) -> None:
        for token, (name, issued) in list(self._issued.items()):
            owner = self._clients.get(name)
            if owner is None or issued <= owner.revoked:
                storage.remove_access_token(token)
                storage.remove_refresh_token(token)
                del self._issued[token]


def client(entry: Mapping[str, Any]) -> FileClient:
    """Build the library's client from an entry of the file."""
    return FileClient(
        id=entry["client-id"],
        secret=entry["client-secret"],
        redirect_uris=entry["redirect-uris"],
        allowed_scopes=entry["scope"],
        token_endpoint_auth_method=entry["token-endpoint-auth-method"],
        grant_types=entry["grant-types"],
        response_types=entry["response-types"],
        revoked=entry["revoked"],
    )


_token_config = OpenIDCode.get_jwt_config


def with_key_id(self: OpenIDCode, grant: Any, client: Any = None) -> dict[str, Any]:
    """Return the configuration of new tokens, with the id of their key."""
    config = _token_config(self, grant, client)
    return {**config, "kid": config["key"]["kid"]}


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
    OpenIDCode.get_jwt_config = with_key_id
    state = State(file)
    app.before_request(state.load)
    app.after_request(state.remember)
    app.view_functions["oidc-provider-mock.jwks"] = state.keys
    app.add_url_rule("/oauth2/introspect", view_func=introspect, methods=["POST"])
    return app


if __name__ == "__main__":
    werkzeug.serving.run_simple("0.0.0.0", int(sys.argv[1]), application(Path(sys.argv[2])), threaded=True)  # noqa: S104 - of its pod
