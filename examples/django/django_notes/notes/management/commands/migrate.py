"""The ``migrate`` command of Django, with a lock.

The units of one application may start together. The lock lets one unit migrate while the others wait and then have
nothing to do.
"""

from django.core.management.commands import migrate
from django.db import connections

LOCK = 4_027_761_002  # any number that is the same in every unit


class Command(migrate.Command):
    def handle(self, *args, **options):
        with connections[options["database"]].cursor() as cursor:
            # The lock ends with the connection, also if a migration fails.
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        super().handle(*args, **options)
