"""A built-in provider as its client sees it: what is asked for, what is told, and where it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml
from deployment import Deployment


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

    def run(self, action: str, *words: str) -> dict[str, Any]:
        """Run an action of the provider; give its results."""
        unit = f"{self.name}/0"
        return json.loads(self.juju("run", unit, action, *words, "--format", "json"))[unit]["results"]

    def _relation(self) -> Mapping[str, Any]:
        shown = yaml.safe_load(self.juju("show-unit", "client/0"))["client/0"]
        relations: list[dict[str, Any]] = shown.get("relation-info", [])
        of_endpoint = [each for each in relations if each["endpoint"] == self.endpoint]
        return of_endpoint[0] if of_endpoint else {}


def deployed(juju: Deployment, name: str, endpoint: str) -> Provider:
    """Deploy a built-in provider, and integrate the client's endpoint with it, once."""
    if name not in juju.status()["applications"]:
        juju("deploy", name)
        juju("integrate", f"client:{endpoint}", name)
    juju.wait_for(f"{name}/0", "active")
    return Provider(juju=juju, name=name, endpoint=endpoint)
