"""The service notes-worker, which counts the words of each new note.

PostgreSQL notifies it of new notes, so it does not poll. Several workers share the notes.
"""

import logging
import time

import psycopg

from app import database, jobs

JOB = "notes-worker"
log = logging.getLogger(JOB)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    while True:
        work_until_the_database_goes_away()
        time.sleep(2)


def work_until_the_database_goes_away() -> None:
    try:
        with database.connect(autocommit=True) as connection:
            work(connection)
    except psycopg.OperationalError as error:
        log.warning("the database does not answer, trying again: %s", error)


def work(connection: database.Connection) -> None:
    """Count the words of all new notes, at each notification and at least once a minute."""
    connection.execute("LISTEN note_added")
    while True:
        while counted := count_one(connection):
            log.info("note %s has %s words", counted["id"], counted["words"])
        for _ in connection.notifies(timeout=60, stop_after=1):
            pass


def count_one(connection: database.Connection) -> dict[str, int] | None:
    with connection.transaction():
        note = connection.execute(
            "SELECT id, text FROM notes WHERE words IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
        ).fetchone()
        if note is None:
            return None
        words = len(note["text"].split())
        connection.execute("UPDATE notes SET words = %s WHERE id = %s", (words, note["id"]))
        jobs.record(connection, JOB, f"note {note['id']} has {words} words")
    return {"id": note["id"], "words": words}


if __name__ == "__main__":
    main()
