"""What the database interfaces share: the ``data_interfaces`` databag (version 0) of a provider.

Credentials arrive in a secret whose id is under ``secret-user``, or in plain text from providers without secrets. A
router between us and the database sets ``subordinated`` and is usable once one of its units says ``state: ready``.
Whether the server speaks TLS stands likewise in the secret under ``secret-tls``, or in plain text.
"""

import collections.abc
import dataclasses
import functools
import typing

import pydantic

from paas_common.values import facts, urls
from paas_common.values.workload import File

from . import _certificates
from ._integration import Context, Integration

_SWITCH: typing.Final = {"": False, "enabled": True, "disabled": False}
"""How some providers write it, besides the usual words for true and false."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dialect:
    """How the clients of one database want its address."""

    scheme: str
    all_hosts: bool = False
    """Clients find the primary by themselves among all hosts that the address names."""
    tls: collections.abc.Callable[[str | None], facts.Text] = lambda _: {}
    """Parameters that ask for TLS, given the file of the certificate authority where one is known."""


class Database(pydantic.BaseModel):
    """A database and the account that may use it."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    data: pydantic.Json[dict[str, object]] | None = pydantic.Field(default=None, repr=False)
    """What the provider's library notes for itself."""
    database: str = ""
    endpoints: str = ""
    replset: str = ""
    username: str = ""
    password: str = pydantic.Field(default="", repr=False)
    uris: urls.UrlOrNothing = pydantic.Field(default="", repr=False)
    tls: bool = False
    tls_ca: str = pydantic.Field(default="", alias="tls-ca")
    """Certificates of who vouches for the server; empty where nobody is named, or without TLS."""

    @pydantic.field_validator("endpoints")
    @classmethod
    def _are_endpoints(cls, endpoints: str) -> str:
        if endpoints and not all(urls.is_endpoint(endpoint.strip()) for endpoint in endpoints.split(",")):
            raise ValueError("must be host:port, with a port from 1 to 65535 and IPv6 addresses in brackets")
        return endpoints

    @pydantic.field_validator("tls", mode="before")
    @classmethod
    def _switched(cls, tls: object) -> object:
        return _SWITCH.get(tls, tls) if isinstance(tls, str) else tls

    @pydantic.field_validator("tls_ca")
    @classmethod
    def _are_certificates(cls, tls_ca: str, found: pydantic.ValidationInfo) -> str:
        return _certificates.pem(tls_ca) if tls_ca.strip() and found.data.get("tls") else ""

    @property
    def hosts(self) -> list[str]:
        """Where it listens, the one to use first."""
        return [endpoint.strip() for endpoint in self.endpoints.split(",") if endpoint.strip()]

    def url(self, dialect: Dialect, ca_file: str | None) -> str:
        """Give the address with all that a client must know to connect; what the provider says in it stays."""
        return urls.with_parameters(self._address(dialect), dialect.tls(ca_file) if self.tls else {})

    def _address(self, dialect: Dialect) -> str:
        """Give the provider's own address, unless it is missing or names the account in a way no client can read."""
        known = self.username and self.hosts
        if self.uris and (not known or urls.carries(self.uris, self.username, self.password)):
            return self.uris
        address = urls.url(
            dialect.scheme,
            ",".join(self.hosts) if dialect.all_hosts else self.hosts[0],
            username=self.username,
            password=self.password,
            path=f"/{self.database}",
        )
        return urls.with_parameters(address, {"replicaSet": self.replset} if self.replset else {})


def parse(bags: facts.Databags, context: Context) -> Database | None:
    """Return nothing until there is an address and an account.

    A provider that does not name the database has made the one that was asked for, which is named like the application.
    """
    ready = any(unit.get("state") == "ready" for unit in bags.units)
    if bags.app.get("subordinated") == "true" and not ready:
        return None
    usable = bags.app.get("uris") or all(bags.app.get(key) for key in ("endpoints", "username", "password"))
    named = bags.app.get("database") or context.me.app
    return Database.model_validate({**bags.app, "database": named}) if usable else None


def env(dialect: Dialect, data: Database, context: Context) -> facts.Text:
    """Spell out the address; say which other hosts there are, and whether the server speaks TLS, where it is so."""
    ca_file = _ca_path(context) if data.tls_ca else None
    given = {
        "ENDPOINTS": ",".join(data.hosts) if len(data.hosts) > 1 else None,
        "TLS": "true" if data.tls else None,
        "TLS_CA_FILE": ca_file,
    }
    return {
        **urls.env(context.stem, data.url(dialect, ca_file), username=data.username, password=data.password),
        **{f"{context.stem}_{name}": value for name, value in given.items() if value is not None},
    }


def files(data: Database, context: Context) -> tuple[File, ...]:
    """Hand over the certificates; clients read them when they start, so that new ones need a restart."""
    return (File(path=_ca_path(context), content=data.tls_ca),) if data.tls_ca else ()


def naming(data: Database) -> str:
    """Tell one database from another, whatever its address is at the moment."""
    return data.database


def database(name: str, provider: str, dialect: Dialect) -> Integration[Database]:
    """Describe a database whose interface, endpoint and variables go by its name."""
    return Integration(
        interface=f"{name}_client",
        endpoint=name,
        stem=f"{name.upper()}_DB",
        provider=provider,
        secrets=("secret-user", "secret-tls"),
        library="charms.data_platform_libs.v0.data_interfaces",
        parse=parse,
        env=functools.partial(env, dialect),
        files=files,
        migrates=naming,
    )


def _ca_path(context: Context) -> str:
    return f"{context.folder}/ca.pem"
