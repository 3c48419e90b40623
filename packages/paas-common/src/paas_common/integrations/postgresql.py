"""PostgreSQL, over the ``postgresql_client`` interface.

With a certificate authority clients verify that the server's certificate is of it (``verify-ca``). They do not compare
the host's name: the authority is the deployment's own, not every provider's certificate carries the names and addresses
under which Juju makes it reachable, and a provider that knows better says so in its own address, which is kept.
"""

from paas_common.values import facts

from . import _database


def tls(ca_file: str | None) -> facts.Text:
    """Ask in the words of libpq, which other drivers understand too."""
    return {"sslmode": "verify-ca", "sslrootcert": ca_file} if ca_file else {"sslmode": "require"}


POSTGRESQL = _database.database("postgresql", "postgresql-k8s", _database.Dialect(scheme="postgresql", tls=tls))
