"""PostgreSQL, over the ``postgresql_client`` interface.

With a CA, clients verify that it signed the server's certificate (``verify-ca``). They do not compare the host name:
not every provider's certificate has the names and addresses that Juju gives the server. A provider that knows better
writes parameters into its own URL, which stay.
"""

from paas_common.values.facts import StrMap

from . import _database


def tls(ca_file: str | None) -> StrMap:
    """Return libpq's parameters.

    Other drivers read them too, as ``PGSSLMODE`` and ``PGSSLROOTCERT``. SQLAlchemy passes parameters of a URL on to
    asyncpg, which does not know them (asyncpg 0.32).
    """
    return {"sslmode": "verify-ca", "sslrootcert": ca_file} if ca_file else {"sslmode": "require"}


POSTGRESQL = _database.database(
    "postgresql", "postgresql-k8s", _database.Dialect(scheme="postgresql", tls=tls, tls_env_prefix="PG")
)
