"""RabbitMQ: a message is published here and consumed by the service messages-worker."""

import flask
import pika

from app import integrations, rows

blueprint = flask.Blueprint("messages", __name__, url_prefix="/messages")
QUEUE = "messages"


def connect(url: str) -> pika.BlockingConnection:
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = 5
    return pika.BlockingConnection(parameters)


@blueprint.post("")
def publish():
    text = flask.request.get_json()["text"]
    connection = connect(integrations.needed("RABBITMQ_CONNECT_STRING"))
    try:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True)
        channel.basic_publish("", QUEUE, text.encode(), pika.BasicProperties(delivery_mode=2))
    finally:
        connection.close()
    return flask.jsonify(text=text), 202


@blueprint.get("")
def consumed():
    """List the messages that the worker has consumed."""
    with rows.connect() as connection:
        messages = connection.execute("SELECT text FROM messages ORDER BY id DESC LIMIT 50").fetchall()
    return flask.jsonify([row["text"] for row in messages])
