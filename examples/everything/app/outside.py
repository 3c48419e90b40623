"""HTTP proxy: requests to other networks use it; ``requests`` reads ``http_proxy`` itself."""

import flask
import requests

blueprint = flask.Blueprint("outside", __name__)


@blueprint.get("/outside")
def outside():
    """Request the URL of the option ``outside-url``; return its status."""
    url = flask.current_app.config["OUTSIDE_URL"]
    try:
        answer = requests.get(url, timeout=10, allow_redirects=False)
    except requests.RequestException as error:
        # The text may contain the address of the proxy with its password.
        flask.abort(502, f"{url} was not reached: {type(error).__name__}")
    return flask.jsonify(url=url, status=answer.status_code, via=answer.headers.get("Via"))
