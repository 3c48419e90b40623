"""The SQL that the charm sends, and the server's table of access."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paas_local.providers.common.clients import Client

RESERVED = frozenset({"postgres", "template0", "template1"})
SUPERUSER = "operator"
USER_PREFIX = "relation_id_"
# Only processes in the server's own container reach its socket; all others come through the pods' network.
ACCESS = """\
local all all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
host all all 10.152.0.0/16 scram-sha-256
"""
STATE = r"""
SELECT split_part(current_setting('server_version'), ' ', 1);
SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'relation\_id\_%';
"""
"""Prints a line with the version, and a line for each client's user that may log in."""
_LONGEST_NAME = 63
_MOST = 2147483647
_SETTINGS = {
    "connection_statement_timeout": ("statement_timeout", range(_MOST + 1)),
    "experimental_max_connections": ("max_connections", range(10, 262144)),
    "logging_log_connections": ("log_connections", (False, True)),
    "logging_log_disconnections": ("log_disconnections", (False, True)),
    "logging_log_lock_waits": ("log_lock_waits", (False, True)),
    "logging_log_min_duration_statement": ("log_min_duration_statement", range(-1, _MOST + 1)),
    "memory_work_mem": ("work_mem", range(64, _MOST + 1)),
    "request_deadlock_timeout": ("deadlock_timeout", range(1, _MOST + 1)),
    "request_lock_timeout": ("lock_timeout", range(_MOST + 1)),
    "session_idle_in_transaction_session_timeout": ("idle_in_transaction_session_timeout", range(_MOST + 1)),
}
"""Option of the charm to the setting of the server and its valid values."""


class InvalidOptionError(Exception):
    """An option that the server would not start with; the text names the option and the rule."""


def settings(options: Mapping[str, object]) -> Iterator[str]:
    """Yield the settings of the options that have a value, as ``work_mem=4096``."""
    for option, (setting, valid) in _SETTINGS.items():
        value = options.get(option)
        if value is None:
            continue
        if value not in valid:
            raise InvalidOptionError(f"invalid option {option} (must be from {valid[0]} to {valid[-1]})")
        yield f"{setting}={str(value).lower()}"


def password(text: str) -> str:
    """Write the SQL that sets the superuser's password, with which it may log in over the network."""
    return _run(f"format('ALTER ROLE %I PASSWORD %L', {_literal(SUPERUSER)}, {_literal(text)})")


def creation(client: "Client") -> str:
    """Write the SQL that creates a user and its database where they do not exist.

    All users of a database act as its owner, a role that cannot log in: the objects of one relation's user belong to
    the next user too, after the application was removed and deployed again.
    """
    owner = _literal(f"{client.database[: _LONGEST_NAME - 6]}_owner")
    user, name = _literal(client.user), _literal(client.database)
    return "\n".join(
        [
            _unless_there(f"format('CREATE ROLE %I NOLOGIN', {owner})", "pg_roles", "rolname", owner),
            _unless_there(f"format('CREATE ROLE %I', {user})", "pg_roles", "rolname", user),
            _unless_there(f"format('CREATE DATABASE %I OWNER %I', {name}, {owner})", "pg_database", "datname", name),
            _run(f"format('REVOKE ALL ON DATABASE %I FROM PUBLIC', {name})"),
            _run(f"format('GRANT %I TO %I', {owner}, {user})"),
            _run(f"format('ALTER ROLE %I IN DATABASE %I SET role = %L', {user}, {name}, {owner})"),
            _run(f"format('ALTER ROLE %I LOGIN PASSWORD %L', {user}, {_literal(client.password)})"),
        ]
    )


def extension(databases: Iterable[str], name: str) -> str:
    """Write the psql commands that add an extension to databases that exist."""
    commands = (f"\\connect {_identifier(database)}\nCREATE EXTENSION IF NOT EXISTS {name};" for database in databases)
    return "\n".join(commands)


def removal(relations: Iterable[int]) -> str:
    """Write the SQL that takes users' right to log in, and ends their connections; their databases stay."""
    users = [f"{USER_PREFIX}{relation}" for relation in sorted(relations)]
    return "\n".join(
        f"ALTER ROLE {user} NOLOGIN;\nSELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}';"
        for user in users
    )


def _unless_there(statement: str, table: str, column: str, value: str) -> str:
    return f"SELECT {statement} WHERE NOT EXISTS (SELECT FROM {table} WHERE {column} = {value}) \\gexec"  # noqa: S608 - quoted


def _run(statement: str) -> str:
    return f"SELECT {statement} \\gexec"


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _identifier(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"'
