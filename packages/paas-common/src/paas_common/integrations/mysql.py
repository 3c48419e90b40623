"""MySQL, over the ``mysql_client`` interface."""

from . import _database

MYSQL = _database.database("mysql", "mysql-k8s")
