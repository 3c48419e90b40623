"""The service tidy-scheduler: keeps only the newest notes. One of it runs, however many units there are."""

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
    help = "Remove old notes, for ever."

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
