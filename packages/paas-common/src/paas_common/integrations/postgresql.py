"""PostgreSQL, over the ``postgresql_client`` interface."""

from . import _database

POSTGRESQL = _database.database("postgresql", "postgresql-k8s")
