"""PostgreSQL: rows of a table."""

import flask
import psycopg
from psycopg.rows import dict_row

from app import integrations

blueprint = flask.Blueprint("rows", __name__, url_prefix="/rows")


def connect() -> psycopg.Connection[dict[str, object]]:
    return psycopg.connect(integrations.needed("POSTGRESQL_DB_CONNECT_STRING"), connect_timeout=5, row_factory=dict_row)


@blueprint.get("")
def index():
    with connect() as connection:
        return flask.jsonify(connection.execute("SELECT id, text FROM rows ORDER BY id DESC LIMIT 50").fetchall())


@blueprint.post("")
def add():
    with connect() as connection:
        row = connection.execute(
            "INSERT INTO rows (text) VALUES (%s) RETURNING id, text", (flask.request.get_json()["text"],)
        ).fetchone()
    return flask.jsonify(row), 201
