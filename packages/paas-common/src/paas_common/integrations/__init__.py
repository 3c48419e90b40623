"""Every integration the charms know, by interface; what a charm does not declare is not even loaded."""

import collections.abc
import dataclasses
import importlib
import typing

from paas_common.integrations._integration import Context, Integration, Invalid, Pending, Reading, Ready

_PLACES: typing.Final = {
    "openfga": "openfga:OPENFGA",
    "rabbitmq": "rabbitmq:RABBITMQ",
    "redis": "redis:REDIS",
    "valkey_client": "valkey:VALKEY",
    "s3": "s3:S3_STORAGE",
    "postgresql_client": "postgresql:POSTGRESQL",
    "mysql_client": "mysql:MYSQL",
    "mongodb_client": "mongodb:MONGODB",
    "saml": "saml:SAML",
    "smtp": "smtp:SMTP",
    "tracing": "tracing:TRACING",
    "oauth": "oauth:OAUTH",
    "http_proxy": "http_proxy:HTTP_PROXY",
    "ingress": "ingress:INGRESS",
}
"""Interface to the module in this folder, and the name there."""


@dataclasses.dataclass(frozen=True)
class Known(collections.abc.Mapping[str, Integration[typing.Any]]):
    """Integrations by their interfaces; an author's come before ours, of which each is loaded when it is asked for.

    To build the models of all of them takes a tenth of the time in which a charm is loaded.
    """

    own: collections.abc.Mapping[str, Integration[typing.Any]] = dataclasses.field(
        default_factory=dict[str, Integration[typing.Any]]
    )

    def __getitem__(self, interface: str) -> Integration[typing.Any]:
        if interface in self.own:
            return self.own[interface]
        module, _, name = _PLACES[interface].partition(":")
        return getattr(importlib.import_module(f"{__name__}.{module}"), name)

    def __contains__(self, interface: object) -> bool:
        return interface in self.own or interface in _PLACES

    def __iter__(self) -> collections.abc.Iterator[str]:
        return iter(dict.fromkeys([*_PLACES, *self.own]))

    def __len__(self) -> int:
        return len(_PLACES.keys() | self.own.keys())


BY_INTERFACE: typing.Final = Known()

__all__ = ["BY_INTERFACE", "Context", "Integration", "Invalid", "Known", "Pending", "Reading", "Ready"]
