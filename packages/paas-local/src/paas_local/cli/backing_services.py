"""Which built-in applications a charm cannot do without, and what of that a model still lacks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paas_local.build import yaml_files

Provides = Mapping[str, Mapping[str, str]]
"""Name of a built-in application to its endpoints, each with its interface."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """A required endpoint, and who can serve it."""

    endpoint: str
    interface: str
    provider: str | None
    """The built-in application; nothing if there is none for the interface."""
    at: str = ""
    """Its endpoint."""


def needs(metadata: Mapping[str, Any], built_in: Provides) -> tuple[Need, ...]:
    """Find what a charm requires; an endpoint is required when it says ``optional: false``."""
    required = yaml_files.mappings(metadata, "requires", file="metadata.yaml")
    return tuple(
        _need(endpoint, str(declared.get("interface", "")), built_in)
        for endpoint, declared in required.items()
        if declared.get("optional") is False
    )


def provided(charms: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Read from charms what they provide."""
    return {
        name: {
            endpoint: str(declared.get("interface", ""))
            for endpoint, declared in yaml_files.mappings(charm, "provides").items()
        }
        for name, charm in charms.items()
    }


def lacking(
    application: str, wanted: Iterable[Need], integrations: Iterable[Mapping[str, str]]
) -> Iterator[tuple[Need, str, str]]:
    """Give the needs that nobody serves, each with the two ends to integrate."""
    served = {row["requirer"] for row in integrations}
    for need in wanted:
        end = f"{application}:{need.endpoint}"
        if end not in served and need.provider is not None:
            yield need, end, f"{need.provider}:{need.at}"


def _need(endpoint: str, interface: str, built_in: Provides) -> Need:
    for provider, endpoints in built_in.items():
        for at, offered in endpoints.items():
            if offered == interface:
                return Need(endpoint=endpoint, interface=interface, provider=provider, at=at)
    return Need(endpoint=endpoint, interface=interface, provider=None)
