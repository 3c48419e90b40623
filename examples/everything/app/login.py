"""OpenID Connect: a login with a provider. Authlib reads the ``OIDC_`` settings itself."""

import flask
import requests
from authlib.integrations.flask_client import OAuth

from app import integrations

blueprint = flask.Blueprint("login", __name__, url_prefix="/login")
oauth = OAuth()


def set_up(app: flask.Flask) -> None:
    oauth.init_app(app)
    if app.config.get("OIDC_CLIENT_ID"):
        oauth.register("oidc", jwks_uri=app.config["OIDC_JWKS_URL"], overwrite=True)


def provider():
    integrations.needed("FLASK_OIDC_CLIENT_ID")
    return oauth.create_client("oidc")


@blueprint.get("")
def start():
    base = flask.current_app.config["BASE_URL"].rstrip("/")
    return provider().authorize_redirect(base + flask.current_app.config["OIDC_REDIRECT_PATH"])


@blueprint.get("/callback")
def callback():
    token = provider().authorize_access_token()
    answer = requests.get(
        flask.current_app.config["OIDC_USER_URL"],
        headers={"Authorization": f"Bearer {token['access_token']}"},
        timeout=5,
    )
    answer.raise_for_status()
    flask.session["person"] = answer.json()
    return flask.jsonify(answer.json())
