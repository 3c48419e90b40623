"""Built-in providers from the side of a client: relation data, secrets, addresses and actions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from deployment import Deployment


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A deployed provider, related to the client."""

    juju: Deployment
    name: str
    endpoint: str
    """The endpoint of the client."""

    def write(self, **values: str) -> None:
        """Write the client's application databag."""
        words = [f"{name}={value}" for name, value in values.items()]
        ids = json.loads(self.juju("exec", "--unit", "client/0", "--", f"relation-ids {self.endpoint} --format json"))
        self.juju("exec", "--unit", "client/0", "--", "relation-set", "--app", "-r", ids[0], *words)

    def read(self, *keys: str) -> dict[str, str]:
        """Wait until the provider has written some keys; return its application databag."""

        def databag() -> dict[str, str]:
            values: dict[str, str] = self._relation().get("application-data") or {}
            return values if {*keys} <= values.keys() else {}

        return self.juju.wait(f"{', '.join(keys)} of {self.name}", databag)

    def read_unit(self, *keys: str) -> dict[str, str]:
        """Wait until the provider's unit has written some keys; return its databag."""

        def databag() -> dict[str, str]:
            units: dict[str, Any] = self._relation().get("related-units", {})
            values: dict[str, str] = units.get(f"{self.name}/0", {}).get("data", {})
            return values if {*keys} <= values.keys() else {}

        return self.juju.wait(f"{', '.join(keys)} of {self.name}/0", databag)

    def secret(self, uri: str) -> dict[str, str]:
        """Read a secret as the client."""
        return json.loads(self.juju("exec", "--unit", "client/0", "--", "secret-get", uri, "--format", "json"))

    def address(self, number: int = 0) -> tuple[str, int]:
        """Return the address of one of its ports on this machine."""
        parts = urlsplit(self.juju.urls(self.name)[number])
        return parts.hostname or "", parts.port or 0

    def run(self, action: str, *words: str) -> dict[str, Any]:
        """Run an action of the provider; return its results."""
        unit = f"{self.name}/0"
        return json.loads(self.juju("run", unit, action, *words, "--format", "json"))[unit]["results"]

    def _relation(self) -> Mapping[str, Any]:
        shown = self.juju.query("show-unit", unit="client/0")["result"]["client/0"]
        relations: list[dict[str, Any]] = shown.get("relation-info", [])
        of_endpoint = [each for each in relations if each["endpoint"] == self.endpoint]
        return of_endpoint[0] if of_endpoint else {}


def deployed(juju: Deployment, name: str, endpoint: str) -> Provider:
    """Deploy a built-in provider, and integrate the client's endpoint with it, once."""
    if name not in juju.status()["applications"]:
        juju.deploy_provider(name)
        juju("integrate", f"client:{endpoint}", name)
    juju.wait_for(f"{name}/0", "active")
    return Provider(juju=juju, name=name, endpoint=endpoint)
