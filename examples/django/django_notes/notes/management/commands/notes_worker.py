"""The service notes-worker, which counts the words of each new note.

PostgreSQL notifies it of new notes, so it does not poll. Several workers share the notes.
"""

import logging
import time

from django.core.management import BaseCommand
from django.db import Error, connection, transaction

from notes.models import Job, Note

JOB = "notes-worker"
log = logging.getLogger(f"notes.{JOB}")


class Command(BaseCommand):
    help = "Count the words of new notes, until stopped."

    def handle(self, **_):
        while True:
            try:
                work()
            except Error as error:
                log.warning("the database does not answer, trying again: %s", error)
            connection.close()
            time.sleep(2)


def work() -> None:
    """Count the words of all new notes, at each notification and at least once a minute."""
    with connection.cursor() as cursor:
        cursor.execute("LISTEN note_added")
    with connection.wrap_database_errors:
        while True:
            while count_one():
                pass
            for _ in connection.connection.notifies(timeout=60, stop_after=1):
                pass


@transaction.atomic
def count_one() -> bool:
    note = Note.objects.select_for_update(skip_locked=True).filter(words=None).order_by("id").first()
    if note is None:
        return False
    note.words = len(note.text.split())
    note.save(update_fields=["words"])
    Job.record(JOB, f"note {note.pk} has {note.words} words")
    log.info("note %s has %s words", note.pk, note.words)
    return True
