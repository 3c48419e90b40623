"""The SQL that the charm sends."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paas_local.providers.common.clients import Client

RESERVED = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
STATE = "SELECT VERSION(); SELECT User FROM mysql.user WHERE User LIKE 'relation-%';"
ADMINISTRATOR = "root"
_WILD = str.maketrans({"_": r"\_", "%": r"\%"})


def creation(client: "Client") -> str:
    """Write the SQL that creates a user and its database where they do not exist."""
    user, password = _literal(client.user), _literal(client.password)
    # GRANT reads the name of a database as a pattern.
    pattern = _name(client.database.replace("\\", r"\\").translate(_WILD))
    return "\n".join(
        [
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES');",
            f"CREATE DATABASE IF NOT EXISTS {_name(client.database)} CHARACTER SET utf8mb4;",
            f"CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY {password};",
            f"GRANT ALL PRIVILEGES ON {pattern}.* TO {user}@'%';",
        ]
    )


def removal(relations: Iterable[int]) -> str:
    """Write the SQL that removes users, and ends their connections."""
    users = [_literal(f"relation-{relation}") for relation in sorted(relations)]
    return "\n".join(f"DROP USER IF EXISTS {user}@'%';\nKILL USER {user}@'%';" for user in users)


def password(text: str) -> str:
    """Write the SQL that lets the administrator log in over the network with a password."""
    user = f"{_literal(ADMINISTRATOR)}@'%'"
    return "\n".join(
        [
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES');",
            f"CREATE OR REPLACE USER {user} IDENTIFIED BY {_literal(text)};",
            f"GRANT ALL PRIVILEGES ON *.* TO {user} WITH GRANT OPTION;",
        ]
    )


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _name(text: str) -> str:
    quoted = text.replace("`", "``")
    return f"`{quoted}`"
