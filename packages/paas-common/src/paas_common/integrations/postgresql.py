"""PostgreSQL, over the ``postgresql_client`` interface."""

import functools

from . import _database
from ._integration import Integration

POSTGRESQL = Integration(
    interface="postgresql_client",
    endpoint="postgresql",
    stem="POSTGRESQL_DB",
    provider="postgresql-k8s",
    secrets=_database.SECRETS,
    library=_database.LIBRARY,
    parse=functools.partial(_database.parse, "postgresql"),
    env=_database.env,
    migrates=_database.name,
)
