"""How the server runs in its container, and what is said to it in SQL.

The functions that make text are pure; :class:`Server` talks to Pebble and tells all of its failures as one.
"""

import contextlib
import re
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass

import ops

PORT = 5432
SERVICE = "postgresql"
DATA = "/var/lib/pg/data/18"
RESERVED = frozenset({"postgres", "template0", "template1"})

_PROGRAM = ("/bin/python3", "/postgresql/pg.py")
_SUPERUSER = "operator"
_SOCKETS = "/tmp"  # noqa: S108 - in the server's own container
_ACCESS_FILE = f"{DATA}/pg_hba.conf"
# Only the server's own container reaches its socket; everybody else is in the pods' network.
_ACCESS = f"""\
local all all trust
host all {_SUPERUSER} all reject
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
host all all 10.152.0.0/16 scram-sha-256
"""
_USER = re.compile(r"relation_id_(\d+)")
_LONGEST_NAME = 63
_STATE = r"""
SELECT 'version', split_part(current_setting('server_version'), ' ', 1);
SELECT 'user', rolname FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'relation\_id\_%';
"""


class NotReadyError(Exception):
    """The server cannot be used yet; the text is for the status."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """What one relation asks for, and the user it gets."""

    relation: int
    name: str
    password: str
    told: bool = True
    """Whether the password is published already."""

    @property
    def user(self) -> str:
        """Name the user as the clients know it from the real charm."""
        return f"relation_id_{self.relation}"


@dataclass(frozen=True, kw_only=True)
class State:
    """What the server says of itself."""

    version: str
    relations: frozenset[int]
    """Those whose user may log in."""


def layer() -> ops.pebble.LayerDict:
    """Describe the service and the check of the server."""
    command = (*_PROGRAM, "postgres", "-D", DATA, "-p", str(PORT), "-k", _SOCKETS, "-c", "listen_addresses=*")
    return {
        "summary": "PostgreSQL",
        "services": {
            SERVICE: {
                "override": "replace",
                "summary": "PostgreSQL",
                "command": " ".join(command),
                "startup": "enabled",
                # It writes what it has in memory before it ends.
                "kill-delay": "30s",
            }
        },
        "checks": {SERVICE: {"override": "replace", "level": "ready", "tcp": {"port": PORT}}},
    }


def creation(database: Database) -> str:
    """Write the SQL that makes a user and its database where they are not there.

    All users of a database act as its owner, a role that nobody logs in as: what one relation's user has
    made belongs to the next one too, after the application was removed and deployed again.
    """
    owner = _literal(f"{database.name[: _LONGEST_NAME - 6]}_owner")
    user, name = _literal(database.user), _literal(database.name)
    return "\n".join(
        [
            _unless_there(f"format('CREATE ROLE %I NOLOGIN', {owner})", "pg_roles", "rolname", owner),
            _unless_there(f"format('CREATE ROLE %I', {user})", "pg_roles", "rolname", user),
            _unless_there(f"format('CREATE DATABASE %I OWNER %I', {name}, {owner})", "pg_database", "datname", name),
            _run(f"format('REVOKE ALL ON DATABASE %I FROM PUBLIC', {name})"),
            _run(f"format('GRANT %I TO %I', {owner}, {user})"),
            _run(f"format('ALTER ROLE %I IN DATABASE %I SET role = %L', {user}, {name}, {owner})"),
            _run(f"format('ALTER ROLE %I LOGIN PASSWORD %L', {user}, {_literal(database.password)})"),
        ]
    )


def removal(relations: Iterable[int]) -> str:
    """Write the SQL that shuts users out; their databases stay."""
    users = [f"relation_id_{relation}" for relation in sorted(relations)]
    return "\n".join(
        f"ALTER ROLE {user} NOLOGIN;\nSELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}';"
        for user in users
    )


def parse(answer: str) -> State:
    """Read what :data:`_STATE` answers: lines of a word and a value."""
    rows = [line.partition("|") for line in answer.splitlines()]
    users = [_USER.fullmatch(value) for word, _, value in rows if word == "user"]
    return State(
        version=next(value for word, _, value in rows if word == "version"),
        relations=frozenset(int(user[1]) for user in users if user),
    )


def uri(database: Database, endpoint: str) -> str:
    """Write the address with everything in it; names and passwords of ours need no quoting."""
    return f"postgresql://{database.user}:{database.password}@{endpoint}/{database.name}"


class Server:
    """The server in its container."""

    def __init__(self, container: ops.Container, patience: float) -> None:
        self._container = container
        self._patience = patience

    def initialised(self) -> bool:
        """Tell whether there is a data folder, whole."""
        with self._told("the container does not answer"):
            return self._container.exists(f"{DATA}/PG_VERSION")

    def initialise(self) -> None:
        """Make the data folder, under another name until it is whole."""
        unfinished = f"{DATA}.new"
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        with self._told("initialising the database failed"):
            self._container.remove_path(unfinished, recursive=True)
            self._execute("initdb", "-D", unfinished, "-U", _SUPERUSER, "--auth=trust", *locale)
            self._container.exec(["mv", unfinished, DATA]).wait_output()

    def run(self) -> None:
        """Bring the server up, as it should be; nothing happens to one that is."""
        with self._told("the database server does not start"):
            if self._access() != _ACCESS:
                self._container.push(_ACCESS_FILE, _ACCESS, permissions=0o600)
                self._container.restart(SERVICE) if self._runs() else None
            self._container.add_layer("charm", ops.pebble.Layer(layer()), combine=True)
            self._container.replan()

    def state(self) -> State:
        """Ask the server, with patience for one that has just been started."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return parse(self._ask(_STATE))
            except ops.pebble.Error as error:
                if time.monotonic() >= until:
                    raise NotReadyError("waiting for the database server to answer") from error
            time.sleep(0.2)

    def change(self, sql: str) -> None:
        """Carry out what :func:`creation` or :func:`removal` has written."""
        with self._told("the database server refused a change"):
            self._ask(sql)

    def _access(self) -> str:
        with self._container.pull(_ACCESS_FILE) as file:
            return file.read()

    def _runs(self) -> bool:
        services = self._container.get_services(SERVICE)
        return SERVICE in services and services[SERVICE].is_running()

    def _ask(self, sql: str) -> str:
        words = ("-h", _SOCKETS, "-p", str(PORT), "-U", _SUPERUSER, "-d", "postgres", "-v", "ON_ERROR_STOP=1")
        return self._execute("psql", *words, "-X", "-q", "-A", "-t", stdin=sql)

    def _execute(self, *command: str, stdin: str | None = None) -> str:
        process = self._container.exec([*_PROGRAM, *command], stdin=stdin, timeout=120)
        answer, _ = process.wait_output()
        return answer

    @contextlib.contextmanager
    def _told(self, words: str) -> Generator[None]:
        try:
            yield
        except ops.pebble.Error as error:
            said = str(getattr(error, "stderr", None) or "").strip().splitlines()
            raise NotReadyError(": ".join([words, *said[-1:]])) from error


def _unless_there(statement: str, table: str, column: str, value: str) -> str:
    return f"SELECT {statement} WHERE NOT EXISTS (SELECT FROM {table} WHERE {column} = {value}) \\gexec"  # noqa: S608 - quoted


def _run(statement: str) -> str:
    return f"SELECT {statement} \\gexec"


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def published(database: Database, *, application: str, model: str, version: str) -> Mapping[str, str]:
    """Write what the client finds in the relation, or in the secrets that the relation names."""
    domain = f"{model}.svc.cluster.local:{PORT}"
    primary = f"{application}-primary.{domain}"
    return {
        "database": database.name,
        "username": database.user,
        "password": database.password,
        "uris": uri(database, primary),
        "endpoints": primary,
        "read-only-endpoints": f"{application}-replicas.{domain}",
        "tls": "False",
        "version": version,
    }
