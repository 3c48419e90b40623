"""The service messages-worker, which consumes messages and stores them in PostgreSQL."""

import logging
import os
import time

import pika.exceptions
import psycopg

from app import messages

log = logging.getLogger("messages-worker")
PAUSE = 2


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    log.setLevel(logging.INFO)
    while True:
        # The charm restarts this service with the address of RabbitMQ once it is integrated.
        url = os.environ.get("RABBITMQ_CONNECT_STRING")
        if url:
            work_until_a_server_goes_away(url)
        time.sleep(PAUSE)


def work_until_a_server_goes_away(url: str) -> None:
    try:
        connection = messages.connect(url)
        channel = connection.channel()
        channel.queue_declare(messages.QUEUE, durable=True)
        for method, _, body in channel.consume(messages.QUEUE):
            keep(body.decode())
            channel.basic_ack(method.delivery_tag)
            log.info("kept a message of %s bytes", len(body))
    except (pika.exceptions.AMQPError, OSError, psycopg.OperationalError) as error:
        log.warning("a server does not answer, trying again: %s", error or type(error).__name__)


def keep(text: str) -> None:
    with psycopg.connect(os.environ["POSTGRESQL_DB_CONNECT_STRING"], connect_timeout=5) as connection:
        connection.execute("INSERT INTO messages (text) VALUES (%s)", (text,))


if __name__ == "__main__":
    main()
