"""The connection to PostgreSQL, one for each request that needs it."""

import os

import flask
import psycopg
from psycopg.rows import DictRow, dict_row

Connection = psycopg.Connection[DictRow]


def connect(*, autocommit: bool = False) -> Connection:
    """Open a connection to the database that the charm was integrated with."""
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
    """Commit what a request did, or undo it when the request failed."""
    connection: Connection | None = flask.g.pop("connection", None)
    if connection is None:
        return
    with connection:
        if error is not None:
            connection.rollback()


def unavailable(error: psycopg.OperationalError) -> tuple[flask.Response, int]:
    """Answer for every route while the server is away; the next request tries again."""
    flask.current_app.logger.warning("the database does not answer: %s", error)
    return flask.jsonify(error="the database does not answer"), 503
