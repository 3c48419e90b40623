"""HTTP proxy: what lies outside is asked through it; ``requests`` reads ``http_proxy`` by itself."""

import flask
import requests

blueprint = flask.Blueprint("outside", __name__)


@blueprint.get("/outside")
def outside():
    """Ask for the address that the operator has set, and tell how it answered."""
    url = flask.current_app.config["OUTSIDE_URL"]
    try:
        answer = requests.get(url, timeout=10, allow_redirects=False)
    except requests.RequestException as error:
        # The text may hold the proxy's address, and with it a password.
        flask.abort(502, f"{url} was not reached: {type(error).__name__}")
    return flask.jsonify(url=url, status=answer.status_code, via=answer.headers.get("Via"))
