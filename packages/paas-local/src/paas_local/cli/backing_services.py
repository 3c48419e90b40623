"""The backing services that a charm requires, and those that a model still lacks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paas_local.build import yaml_files

ProvidedEndpoints = Mapping[str, Mapping[str, str]]
"""The name of each built-in charm, to its endpoints with their interfaces."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A required endpoint, and the built-in charm that provides its interface."""

    endpoint: str
    interface: str
    provider: str | None
    """The built-in charm, or None if there is none for the interface."""
    provider_endpoint: str = ""


def requirements(metadata: Mapping[str, Any], built_in: ProvidedEndpoints) -> tuple[Requirement, ...]:
    """Return the endpoints that a charm requires: those with ``optional: false``."""
    endpoints = yaml_files.mappings(metadata, "requires", file="metadata.yaml")
    return tuple(
        _requirement(endpoint, str(declared.get("interface", "")), built_in)
        for endpoint, declared in endpoints.items()
        if declared.get("optional") is False
    )


def provided_endpoints(charms: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the endpoints that charms provide, with their interfaces."""
    return {
        name: {
            endpoint: str(declared.get("interface", ""))
            for endpoint, declared in yaml_files.mappings(charm, "provides").items()
        }
        for name, charm in charms.items()
    }


def missing(
    application: str, requirements: Iterable[Requirement], integrations: Iterable[Mapping[str, str]]
) -> Iterator[tuple[Requirement, str, str]]:
    """Yield the requirements without a relation, each with the two ends to integrate."""
    related = {row["requirer"] for row in integrations}
    for requirement in requirements:
        end = f"{application}:{requirement.endpoint}"
        if end not in related and requirement.provider is not None:
            yield requirement, end, f"{requirement.provider}:{requirement.provider_endpoint}"


def _requirement(endpoint: str, interface: str, built_in: ProvidedEndpoints) -> Requirement:
    for provider, endpoints in built_in.items():
        for provider_endpoint, provided in endpoints.items():
            if provided == interface:
                return Requirement(
                    endpoint=endpoint, interface=interface, provider=provider, provider_endpoint=provider_endpoint
                )
    return Requirement(endpoint=endpoint, interface=interface, provider=None)
