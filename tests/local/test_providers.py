"""The built-in providers, with real servers: what a client reads in its databags is enough to use them."""

import json
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pika
import pymysql
import pytest
import redis
import yaml
from deployment import Deployment
from pika.exceptions import ConnectionClosedByBroker

Found = TypeVar("Found")

CLIENT = Path(__file__).parent / "clients/charm"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A deployed provider, related to the client."""

    juju: Deployment
    name: str
    endpoint: str
    """The client's."""

    def ask(self, **values: str) -> None:
        """Write into the client's application databag."""
        words = [f"{name}={value}" for name, value in values.items()]
        ids = json.loads(self.juju("exec", "--unit", "client/0", "--", f"relation-ids {self.endpoint} --format json"))
        self.juju("exec", "--unit", "client/0", "--", "relation-set", "--app", "-r", ids[0], *words)

    def told(self, *keys: str) -> dict[str, str]:
        """Wait until the provider's application has written some keys; give all of its databag."""

        def looked() -> dict[str, str]:
            found: dict[str, str] = self._relation().get("application-data") or {}
            return found if {*keys} <= found.keys() else {}

        return self.juju.wait(f"{', '.join(keys)} of {self.name}", looked)

    def told_by_unit(self, *keys: str) -> dict[str, str]:
        """Wait for the databag of the provider's unit likewise."""

        def looked() -> dict[str, str]:
            units: dict[str, Any] = self._relation().get("related-units", {})
            found: dict[str, str] = units.get(f"{self.name}/0", {}).get("data", {})
            return found if {*keys} <= found.keys() else {}

        return self.juju.wait(f"{', '.join(keys)} of {self.name}/0", looked)

    def secret(self, uri: str) -> dict[str, str]:
        """Read a secret as the client may."""
        return json.loads(self.juju("exec", "--unit", "client/0", "--", "secret-get", uri, "--format", "json"))

    def address(self, number: int = 0) -> tuple[str, int]:
        """Give where one of its ports is published on this machine."""
        parts = urlsplit(self.juju("url", self.name).split()[number])
        return parts.hostname or "", parts.port or 0

    def _relation(self) -> Mapping[str, Any]:
        shown = yaml.safe_load(self.juju("show-unit", "client/0"))["client/0"]
        relations: list[dict[str, Any]] = shown.get("relation-info", [])
        of_endpoint = [each for each in relations if each["endpoint"] == self.endpoint]
        return of_endpoint[0] if of_endpoint else {}


@pytest.fixture(scope="module")
def juju() -> Generator[Deployment]:
    """Give a model with the client in it."""
    with TemporaryDirectory(prefix="paas-") as home:
        environment = {**os.environ, "PAAS_LOCAL_HOME": home, "JUJU_MODEL": "test"}
        deployment = Deployment(home=Path(home), environment=environment)
        try:
            deployment("add-model", "test", "--no-switch")
            deployment("deploy", str(CLIENT))
            yield deployment
        finally:
            deployment.run("destroy-model", "test", "--no-prompt")
            deployment.run("shutdown")


def _unless(error: type[Exception], look: Callable[[], Found]) -> Found | None:
    try:
        return look()
    except error:
        return None


def deployed(juju: Deployment, name: str, endpoint: str) -> Provider:
    """Deploy a built-in provider, and integrate the client's endpoint with it."""
    juju("deploy", name)
    juju("integrate", f"client:{endpoint}", name)
    juju.wait_for(f"{name}/0", "active")
    return Provider(juju=juju, name=name, endpoint=endpoint)


def database(provider: Provider) -> tuple[dict[str, str], dict[str, str]]:
    """Ask for a database called orders; give the databag and the secret that answer."""
    provider.ask(**{"database": "orders", "requested-secrets": '["username","password","uris"]'})
    told = provider.told("endpoints", "secret-user")
    return told, provider.secret(told["secret-user"])


def test_mysql_keeps_rows_of_a_client_in_its_database(juju: Deployment):
    provider = deployed(juju, "mysql-k8s", "mysql_client")

    told, login = database(provider)

    assert told["endpoints"] == "mysql-k8s-primary.test.svc.cluster.local:3306"
    host, port = provider.address()

    def connect() -> pymysql.Connection:
        return pymysql.connect(
            host=host, port=port, user=login["username"], password=login["password"], database=told["database"]
        )

    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE words (word TEXT)")
        cursor.execute("INSERT INTO words VALUES ('kept')")
        connection.commit()
        cursor.execute("SHOW DATABASES")
        assert [name for (name,) in cursor.fetchall()] == ["information_schema", "orders"]
    juju.kill("mariadbd")
    again = juju.wait("connection", lambda: _unless(pymysql.err.OperationalError, connect))
    assert again
    with again, again.cursor() as cursor:
        cursor.execute("SELECT word FROM words")
        assert cursor.fetchall() == (("kept",),)
    juju("remove-relation", "client:mysql_client", "mysql-k8s")
    juju.wait("refusal", lambda: _unless(pymysql.err.OperationalError, connect) is None)


def test_rabbitmq_delivers_a_message(juju: Deployment):
    provider = deployed(juju, "rabbitmq-k8s", "rabbitmq")
    provider.ask(username="web", vhost="/")

    told = provider.told("hostname", "password")

    assert told["hostname"] == "rabbitmq-k8s.test.svc.cluster.local"
    host, port = provider.address()
    login = pika.PlainCredentials("web", told["password"])

    connection = pika.BlockingConnection(pika.ConnectionParameters(host, port, "/", login))
    channel = connection.channel()
    channel.queue_declare("words", durable=True)
    channel.basic_publish("", "words", b"kept")
    assert channel.basic_get("words", auto_ack=True)[2] == b"kept"
    juju("remove-relation", "client:rabbitmq", "rabbitmq-k8s")
    with pytest.raises(ConnectionClosedByBroker, match="user 'web' is deleted"):
        connection.sleep(60)


def test_redis_keeps_a_key(juju: Deployment):
    provider = deployed(juju, "redis-k8s", "redis")

    unit, app = provider.told_by_unit("hostname", "port"), provider.told("leader-host")

    assert (unit["port"], app["leader-host"]) == ("6379", "redis-k8s.test.svc.cluster.local")
    host, port = provider.address()
    with redis.Redis(host=host, port=port, decode_responses=True) as connection:
        connection.set("word", "kept")
        assert connection.get("word") == "kept"
