"""The built-in providers, with real servers: what a client reads in its databags is enough to use them."""

import json
import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
import yaml
from deployment import Deployment

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


def deployed(juju: Deployment, name: str, endpoint: str) -> Provider:
    """Deploy a built-in provider, and integrate the client's endpoint with it."""
    juju("deploy", name)
    juju("integrate", f"client:{endpoint}", name)
    juju.wait_for(f"{name}/0", "active")
    return Provider(juju=juju, name=name, endpoint=endpoint)


def test_redis_keeps_a_key(juju: Deployment):
    provider = deployed(juju, "redis-k8s", "redis")

    unit, app = provider.told_by_unit("hostname", "port"), provider.told("leader-host")

    assert (unit["port"], app["leader-host"]) == ("6379", "redis-k8s.test.svc.cluster.local")
    host, port = provider.address()
    with redis.Redis(host=host, port=port, decode_responses=True) as connection:
        connection.set("word", "kept")
        assert connection.get("word") == "kept"


def test_valkey_lets_in_whom_it_gave_an_account(juju: Deployment):
    provider = deployed(juju, "valkey", "valkey")
    request = {"resource": "*", "request-id": "4be8724a07a5c71e", "salt": "1eGdSSiKF2Jrpa3Y"}

    provider.ask(version="v1", requests=json.dumps([request]))

    (answer,) = json.loads(provider.told("version", "data", "requests")["requests"])
    account = provider.secret(answer["secret-user"])
    assert answer["endpoints"] == "valkey.test.svc.cluster.local:6379"
    host, port = provider.address()
    name, password = account["username"], account["password"]
    with redis.Redis(host=host, port=port, username=name, password=password, decode_responses=True) as connection:
        connection.set("word", "kept")
        assert connection.get("word") == "kept"
    with redis.Redis(host=host, port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("word")
