"""MySQL, over the ``mysql_client`` interface.

Its URL never asks for TLS: each driver has parameters of its own and refuses those of other drivers.
"""

from . import _database

MYSQL = _database.database("mysql", "mysql-k8s", _database.Dialect(scheme="mysql"))
