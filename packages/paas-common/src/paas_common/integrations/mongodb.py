"""MongoDB, over the ``mongodb_client`` interface; its URL usually names several hosts without ports."""

from paas_common.values.facts import StrMap

from . import _database


def tls(ca_file: str | None) -> StrMap:
    """Return the parameters of the connection string that all drivers share."""
    return {"tls": "true", **({"tlsCAFile": ca_file} if ca_file else {})}


MONGODB = _database.database("mongodb", "mongodb-k8s", _database.Dialect(scheme="mongodb", all_hosts=True, tls=tls))
