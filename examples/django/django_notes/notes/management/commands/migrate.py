"""Django's own ``migrate``, one at a time.

The units of one application may start together, and the charm runs this on each. A lock lets one of them
work while the others wait and then find nothing to do.
"""

from django.core.management.commands import migrate
from django.db import connections

LOCK = 4_027_761_002  # any number, the same in every unit


class Command(migrate.Command):
    def handle(self, *args, **options):
        with connections[options["database"]].cursor() as cursor:
            # It ends with the connection, thus also when a migration fails.
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        super().handle(*args, **options)
