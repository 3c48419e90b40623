"""The integrations by interface; the module of an interface is imported when the charm declares it."""

import collections.abc
import dataclasses
import importlib
import typing

from ._integration import (
    CharmLibrary,
    Context,
    Integration,
    Invalid,
    Pending,
    Reading,
    Ready,
    Unavailable,
)

_BUILT_IN: typing.Final = {
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
"""Interface → module of this folder, and the name of its value."""


@dataclasses.dataclass(frozen=True)
class Integrations(collections.abc.Mapping[str, Integration[typing.Any]]):
    """Integrations by interface: the charm's own, then the built-in ones, each imported at its first use."""

    own: collections.abc.Mapping[str, Integration[typing.Any]] = dataclasses.field(
        default_factory=dict[str, Integration[typing.Any]]
    )
    """The charm's own integrations; one with a built-in interface replaces the built-in."""

    def __getitem__(self, interface: str) -> Integration[typing.Any]:
        if interface in self.own:
            return self.own[interface]
        module, _, name = _BUILT_IN[interface].partition(":")
        return getattr(importlib.import_module(f"{__name__}.{module}"), name)

    def __contains__(self, interface: object) -> bool:
        return interface in self.own or interface in _BUILT_IN

    def __iter__(self) -> collections.abc.Iterator[str]:
        return iter(dict.fromkeys([*_BUILT_IN, *self.own]))

    def __len__(self) -> int:
        return len(_BUILT_IN.keys() | self.own.keys())


BUILT_IN: typing.Final = Integrations()

__all__ = [
    "BUILT_IN",
    "CharmLibrary",
    "Context",
    "Integration",
    "Integrations",
    "Invalid",
    "Pending",
    "Reading",
    "Ready",
    "Unavailable",
]
