"""MongoDB, over the ``mongodb_client`` interface; its address usually names several hosts without ports."""

from . import _database

MONGODB = _database.database("mongodb", "mongodb-k8s")
