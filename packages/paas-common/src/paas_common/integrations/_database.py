"""What the database interfaces share: the ``data_interfaces`` databag (version 0) of a provider.

Credentials arrive in a secret whose id is under ``secret-user``, or in plain text from providers without secrets. A
router between us and the database sets ``subordinated`` and is usable once one of its units says ``state: ready``.
"""

import functools

import pydantic

from paas_common import facts, urls

from ._integration import Context, Integration


class Database(pydantic.BaseModel):
    """A database and the account that may use it."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    scheme: str
    database: str = ""
    endpoints: str = ""
    username: str = ""
    password: str = pydantic.Field(default="", repr=False)
    uris: str = pydantic.Field(default="", repr=False)

    @pydantic.field_validator("endpoints")
    @classmethod
    def _has_real_ports(cls, endpoints: str) -> str:
        for endpoint in endpoints.split(",") if endpoints else ():
            host, colon, port = endpoint.strip().rpartition(":")
            highest_port = 65535
            if colon and not (host and port.isdecimal() and 0 < int(port) <= highest_port):
                raise ValueError("must be host:port, with a port from 1 to 65535")
        return endpoints

    @pydantic.field_validator("uris")
    @classmethod
    def _is_an_address(cls, uris: str) -> str:
        if uris and not urls.is_url(uris):
            raise ValueError("must be a URL")
        return uris

    @property
    def url(self) -> str:
        """The provider's own address, unless it is missing or names the account in a way no client can read."""
        known = self.username and self.endpoints
        if self.uris and (not known or urls.carries(self.uris, self.username, self.password)):
            return self.uris
        return urls.url(
            self.scheme,
            self.endpoints.split(",")[0].strip(),
            username=self.username,
            password=self.password,
            path=f"/{self.database}",
        )


def parse(scheme: str, bags: facts.Databags, _: Context) -> Database | None:
    """Return nothing until there is an address and an account."""
    ready = any(unit.get("state") == "ready" for unit in bags.units)
    if bags.app.get("subordinated") == "true" and not ready:
        return None
    usable = bags.app.get("uris") or all(bags.app.get(key) for key in ("endpoints", "username", "password"))
    return Database.model_validate({**bags.app, "scheme": scheme}) if usable else None


def env(data: Database, context: Context) -> facts.Text:
    """Spell out the address."""
    return urls.env(context.stem, data.url, username=data.username, password=data.password)


def naming(data: Database) -> str:
    """Tell one database from another, whatever its address is at the moment."""
    return data.database


def database(name: str, provider: str) -> Integration[Database]:
    """Describe a database whose interface, endpoint, scheme and variables go by its name."""
    return Integration(
        interface=f"{name}_client",
        endpoint=name,
        stem=f"{name.upper()}_DB",
        provider=provider,
        secrets=("secret-user", "secret-tls"),
        library="charms.data_platform_libs.v0.data_interfaces",
        parse=functools.partial(parse, name),
        env=env,
        migrates=naming,
    )
