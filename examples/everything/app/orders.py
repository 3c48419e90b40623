"""MySQL: a second database."""

import os
from contextlib import closing

import flask
import pymysql
import pymysql.cursors

from app import integrations

blueprint = flask.Blueprint("orders", __name__, url_prefix="/orders")


def connect() -> pymysql.Connection:
    integrations.needed("MYSQL_DB_CONNECT_STRING")
    return pymysql.connect(
        host=os.environ["MYSQL_DB_HOSTNAME"],
        port=int(os.environ.get("MYSQL_DB_PORT", "3306")),
        user=os.environ["MYSQL_DB_USERNAME"],
        password=os.environ["MYSQL_DB_PASSWORD"],
        database=os.environ["MYSQL_DB_NAME"],
        connect_timeout=5,
        cursorclass=pymysql.cursors.DictCursor,
    )


@blueprint.get("")
def index():
    with closing(connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, item FROM orders ORDER BY id DESC LIMIT 50")
        return flask.jsonify(cursor.fetchall())


@blueprint.post("")
def add():
    item = flask.request.get_json()["item"]
    with closing(connect()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders (item) VALUES (%s)", (item,))
        connection.commit()
        return flask.jsonify(id=cursor.lastrowid, item=item), 201
