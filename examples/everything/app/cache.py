"""Redis and Valkey: keys that expire."""

import flask
import redis

from app import integrations

blueprint = flask.Blueprint("cache", __name__)
SECONDS = 600


def server(kind: str) -> redis.Redis:
    """Connect to one of the two servers, which have the same protocol."""
    if kind not in {"redis", "valkey"}:
        flask.abort(404)
    # redis-py accepts only the URL scheme redis.
    url = integrations.needed(f"{kind.upper()}_DB_CONNECT_STRING").replace("valkey://", "redis://", 1)
    return redis.Redis.from_url(url, decode_responses=True, socket_connect_timeout=5)


@blueprint.put("/cache/<kind>/<key>")
def keep(kind: str, key: str):
    server(kind).set(key, flask.request.get_data(as_text=True), ex=SECONDS)
    return "", 204


@blueprint.get("/cache/<kind>/<key>")
def look(kind: str, key: str):
    value = server(kind).get(key)
    if value is None:
        flask.abort(404)
    return value, {"Content-Type": "text/plain"}
