"""The service tidy-scheduler, which deletes old notes. It runs on one unit of the application."""

import logging
import time

import psycopg

from app import database, jobs

JOB = "tidy-scheduler"
KEEP = 1000
SECONDS = 30
log = logging.getLogger(JOB)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    while True:
        try:
            with database.connect() as connection:
                log.info(tidy(connection))
        except psycopg.OperationalError as error:
            log.warning("the database does not answer, trying again: %s", error)
        time.sleep(SECONDS)


def tidy(connection: database.Connection) -> str:
    removed = connection.execute(
        "DELETE FROM notes WHERE id NOT IN (SELECT id FROM notes ORDER BY id DESC LIMIT %s)", (KEEP,)
    ).rowcount
    summary = f"removed {removed} notes"
    jobs.record(connection, JOB, summary)
    return summary


if __name__ == "__main__":
    main()
