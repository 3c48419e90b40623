"""Connections to the server as its administrator."""

import contextlib
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import pymongo
import pymongo.errors
from pymongo.database import Database

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common.provider import NotReadyError
else:
    from provider import NotReadyError

PORT = 27017
ADMINISTRATOR = "operator"
USERS = "admin"
"""The database that all users of FerretDB belong to."""
RESERVED = frozenset({"admin", "config", "local"})
_TIMEOUT_MS = 10_000


@contextlib.contextmanager
def administration(password: str) -> Generator[Database[Mapping[str, Any]]]:
    """Yield the database for the administrator's commands; errors become NotReadyError."""
    options: dict[str, Any] = {
        "username": ADMINISTRATOR,
        "password": password,
        "authSource": USERS,
        "serverSelectionTimeoutMS": _TIMEOUT_MS,
        "socketTimeoutMS": _TIMEOUT_MS,
    }
    try:
        with pymongo.MongoClient[Mapping[str, Any]]("127.0.0.1", PORT, **options) as client:
            yield client[USERS]
    except pymongo.errors.OperationFailure as error:
        reason = (error.details or {}).get("errmsg", f"code {error.code}")
        raise NotReadyError(f"the server refuses a change: {reason}") from error
    except pymongo.errors.PyMongoError as error:
        raise NotReadyError(f"waiting for the server to answer on port {PORT}") from error
