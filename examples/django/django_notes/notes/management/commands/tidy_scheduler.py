"""The service tidy-scheduler, which deletes old notes. It runs on one unit of the application."""

import logging
import time

from django.core.management import BaseCommand
from django.db import Error, connection, transaction

from notes.models import Job, Note

JOB = "tidy-scheduler"
KEEP = 1000
SECONDS = 30
log = logging.getLogger(f"notes.{JOB}")


class Command(BaseCommand):
    help = "Delete old notes, until stopped."

    def handle(self, **_):
        while True:
            try:
                log.info(tidy())
            except Error as error:
                log.warning("the database does not answer, trying again: %s", error)
            connection.close()
            time.sleep(SECONDS)


@transaction.atomic
def tidy() -> str:
    newest = Note.objects.order_by("-id").values("pk")[:KEEP]
    removed, _ = Note.objects.exclude(pk__in=newest).delete()
    summary = f"removed {removed} notes"
    Job.record(JOB, summary)
    return summary
