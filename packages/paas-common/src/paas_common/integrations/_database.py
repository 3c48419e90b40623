"""The ``data_interfaces`` databag (version 0), which the database interfaces share.

Credentials are in a secret whose id is under ``secret-user``, or in plain text from providers without secrets. TLS is
in the secret under ``secret-tls``, or in plain text. A router between the application and the database sets
``subordinated``; it is usable once one of its units has ``state: ready``.
"""

import collections.abc
import dataclasses
import functools
import json
import typing

import pydantic

from paas_common.values import urls
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap
from paas_common.values.workload import File

from . import _certificates
from ._integration import CharmLibrary, Context, Integration

_TLS_WORDS: typing.Final = {"": False, "enabled": True, "disabled": False}
"""Values of ``tls`` that pydantic does not read as a boolean."""
_SECRETS: typing.Final = ("username", "password", "tls", "tls-ca", "uris", "read-only-uris")
"""Fields that the provider may put into secrets."""
_LIBRARY: typing.Final = CharmLibrary(
    module="charms.data_platform_libs.v0.data_interfaces",
    requirer="DatabaseRequires",
    arguments=lambda endpoint, app: {"relation_name": endpoint, "database_name": app},
    events=("database_created", "endpoints_changed"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dialect:
    """The form of URL that the clients of one database accept."""

    scheme: str
    all_hosts: bool = False
    """The URL names all hosts; clients find the primary among them."""
    tls: collections.abc.Callable[[str | None], StrMap] = lambda _: {}
    """Returns the URL's parameters for TLS; the argument is the path of the CA's certificate, if there is one."""
    tls_env_prefix: str = ""
    """Prefix of the environment variables in which all clients find the same parameters, if they do."""

    def tls_env(self, ca_file: str | None) -> StrMap:
        """Return the parameters for TLS as environment variables; empty if clients read none."""
        if not self.tls_env_prefix:
            return {}
        return {f"{self.tls_env_prefix}{name.upper()}": value for name, value in self.tls(ca_file).items()}


class Database(pydantic.BaseModel):
    """A database and an account for it."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    data: pydantic.Json[dict[str, object]] | None = pydantic.Field(default=None, repr=False)
    """Bookkeeping of the provider's library."""
    database: str = ""
    endpoints: str = ""
    replset: str = ""
    username: str = ""
    password: pydantic.SecretStr = pydantic.SecretStr("")
    uris: urls.SecretUrl = pydantic.SecretStr("")
    tls: bool = False
    tls_ca: str = pydantic.Field(default="", alias="tls-ca")
    """Certificates of the server's CA; empty without TLS or without a CA."""

    @pydantic.field_validator("endpoints")
    @classmethod
    def _check_endpoints(cls, endpoints: str) -> str:
        return urls.check_endpoints(endpoints)

    @pydantic.field_validator("tls", mode="before")
    @classmethod
    def _read_tls(cls, tls: object) -> object:
        return _TLS_WORDS.get(tls, tls) if isinstance(tls, str) else tls

    @pydantic.field_validator("tls_ca")
    @classmethod
    def _check_certificates(cls, tls_ca: str, info: pydantic.ValidationInfo) -> str:
        return _certificates.pem(tls_ca) if tls_ca.strip() and info.data.get("tls") else ""

    @property
    def hosts(self) -> list[str]:
        """Return the addresses, the primary's first."""
        return urls.endpoints(self.endpoints)

    def url(self, dialect: Dialect) -> str:
        """Return the provider's own URL, unless it is missing or does not quote the account correctly."""
        uri, password = self.uris.get_secret_value(), self.password.get_secret_value()
        if uri and (not (self.username and self.hosts) or urls.has_account(uri, self.username, password)):
            return uri
        url = urls.url(
            dialect.scheme,
            ",".join(self.hosts) if dialect.all_hosts else self.hosts[0],
            username=self.username,
            password=password,
            path=f"/{self.database}",
        )
        return urls.with_parameters(url, {"replicaSet": self.replset} if self.replset else {})


def parse(databags: Databags, context: Context) -> Database | None:
    """Return None until there is an address and an account.

    A provider that does not name the database has created the requested one, which has the application's name.
    """
    ready = any(unit.get("state") == "ready" for unit in databags.units)
    if _is_router(databags.app) and not ready:
        return None
    usable = databags.app.get("uris") or all(databags.app.get(key) for key in ("endpoints", "username", "password"))
    name = databags.app.get("database") or context.identity.app
    return Database.model_validate({**databags.app, "database": name}) if usable else None


def _is_router(app: StrMap) -> bool:
    return app.get("subordinated") == "true"


def env(dialect: Dialect, data: Database, context: Context) -> EnvOverrides:
    """Return the URL's variables; ENDPOINTS for several hosts; TLS and TLS_CA_FILE if the server has TLS.

    Parameters for TLS are in environment variables, because not every library that reads a URL accepts them there. They
    apply to all of the application's connections, so each of several databases has them in its own URL; parameters of
    the provider's own URL stay.
    """
    ca_file = _ca_path(context) if data.tls_ca else None
    tls_env: StrMap = dialect.tls_env(ca_file) if data.tls and context.is_only else {}
    parameters: StrMap = dialect.tls(ca_file) if data.tls and not tls_env else {}
    values = {
        "ENDPOINTS": ",".join(data.hosts) if len(data.hosts) > 1 else None,
        "TLS": "true" if data.tls else None,
        "TLS_CA_FILE": ca_file,
    }
    url, password = urls.with_parameters(data.url(dialect), parameters), data.password.get_secret_value()
    return {
        **tls_env,
        **urls.env(context.env_prefix, url, username=data.username, password=password),
        **{f"{context.env_prefix}_{name}": value for name, value in values.items()},
    }


def files(data: Database, context: Context) -> tuple[File, ...]:
    """Return the CA's certificates; clients read them at their start, so new ones restart the application."""
    return (File(path=_ca_path(context), content=data.tls_ca),) if data.tls_ca else ()


def request(context: Context) -> StrMap:
    """Return a request for a database with the application's name, unless there is one.

    The library writes it in relation-created only, on the unit that leads then. A charm may lack the library: its
    successor (dpcharmlibs-interfaces 1.2) writes a form that providers with the library do not understand.
    """
    if context.written.get("database"):
        return {}
    return {"database": context.identity.app, "requested-secrets": json.dumps(_SECRETS)}


def database(name: str, provider: str, dialect: Dialect) -> Integration[Database]:
    """Return the integration of a database whose interface, endpoint and variables have its name."""
    return Integration(
        interface=f"{name}_client",
        endpoint=name,
        env_prefix=f"{name.upper()}_DB",
        provider=provider,
        secret_fields=("secret-user", "secret-tls"),
        library=_LIBRARY,
        parse=parse,
        reads_units=_is_router,
        env=functools.partial(env, dialect),
        files=files,
        request=request,
        database=lambda data: data.database,
    )


def _ca_path(context: Context) -> str:
    return f"{context.folder}/ca.pem"
