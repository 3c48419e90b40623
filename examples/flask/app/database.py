"""The connection to PostgreSQL: one per request that needs it."""

import os

import flask
import psycopg
from psycopg.rows import DictRow, dict_row

Connection = psycopg.Connection[DictRow]


def connect(*, autocommit: bool = False) -> Connection:
    """Open a connection to the integrated database."""
    return psycopg.connect(
        os.environ["POSTGRESQL_DB_CONNECT_STRING"],
        autocommit=autocommit,
        connect_timeout=5,
        row_factory=dict_row,
    )


def of_request() -> Connection:
    """Open a connection at the request's first query and keep it until the request ends."""
    if "connection" not in flask.g:
        flask.g.connection = connect()
    return flask.g.connection


def close(error: BaseException | None) -> None:
    """Commit the transaction of a request, or roll it back if the request failed."""
    connection: Connection | None = flask.g.pop("connection", None)
    if connection is None:
        return
    with connection:
        if error is not None:
            connection.rollback()


def unavailable(error: psycopg.OperationalError) -> tuple[flask.Response, int]:
    """Return 503 for any route while the database does not answer."""
    flask.current_app.logger.warning("the database does not answer: %s", error)
    return flask.jsonify(error="the database does not answer"), 503
