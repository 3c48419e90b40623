"""Valkey, over the ``valkey_client`` interface: the ``data_interfaces`` databag, version 1.

Requests and responses are JSON lists. The id of a request is a digest of its resource and a salt; ours follows from
model, application and relation, so that it never changes.
"""

import hashlib
import json

import pydantic

from paas_common.values import facts, urls

from ._integration import Context, Integration

RESOURCE = "*"
SCHEME = "valkey://"
_UNUSED = ("extra-user-roles", "extra-group-roles", "entity-type", "entity-permissions", "secret-mtls", "mtls-cert")


class _Answer(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    endpoints: str = ""
    read_only_endpoints: str = pydantic.Field(default="", alias="read-only-endpoints")
    sentinel_endpoints: str = pydantic.Field(default="", alias="sentinel-endpoints")
    secret_user: str | None = pydantic.Field(default=None, alias="secret-user")
    secret_tls: str | None = pydantic.Field(default=None, alias="secret-tls")
    version: str = ""
    mode: str = ""

    @pydantic.field_validator("endpoints")
    @classmethod
    def _are_endpoints(cls, endpoints: str) -> str:
        if endpoints and not all(map(urls.is_endpoint, endpoints.removeprefix(SCHEME).split(","))):
            raise ValueError("must be host:port, with a port from 1 to 65535 and IPv6 addresses in brackets")
        return endpoints

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(uri for uri in (self.secret_user, self.secret_tls) if uri)


class _Answers(pydantic.BaseModel):
    requests: pydantic.Json[list[_Answer]]


class Valkey(pydantic.BaseModel):
    """A primary, its replicas and sentinels, and the account that may use them."""

    model_config = pydantic.ConfigDict(frozen=True)

    answer: _Answer
    username: str = ""
    password: str = pydantic.Field(default="", repr=False)
    tls: bool = False

    @pydantic.field_validator("tls")
    @classmethod
    def _is_off(cls, tls: bool) -> bool:
        if tls:
            raise ValueError("TLS is not supported; switch it off in the provider")
        return tls


def parse(bags: facts.Databags, _: Context) -> Valkey | None:
    """Return nothing until the request is answered with an address."""
    if not bags.app.get("requests"):
        return None
    answer = next((each for each in _Answers.model_validate(bags.app).requests if each.endpoints), None)
    if answer is None:
        return None
    content = {key: value for uri in answer.secrets for key, value in bags.secrets.get(uri, {}).items()}
    return Valkey.model_validate({**content, "answer": answer})


def env(data: Valkey, context: Context) -> facts.Text:
    """Spell out the primary's address, and name the others."""
    endpoints = data.answer.endpoints.removeprefix(SCHEME)
    address = urls.url("valkey", endpoints, username=data.username, password=data.password)
    family = context.stem.removesuffix("_DB") if context.customary else context.stem
    return {
        **urls.env(context.stem, address, username=data.username, password=data.password),
        f"{context.stem}_READ_ONLY_ENDPOINTS": data.answer.read_only_endpoints,
        f"{context.stem}_SENTINEL_ENDPOINTS": data.answer.sentinel_endpoints,
        f"{family}_MODE": data.answer.mode,
        f"{family}_VERSION": data.answer.version,
    }


def request(context: Context) -> facts.Text:
    """Ask for an account that may use every key."""
    salt = hashlib.sha256(f"{context.me.model}/{context.me.app}/{context.relation}".encode()).hexdigest()[:16]
    number = hashlib.sha256(f"{RESOURCE}:{salt}".encode()).hexdigest()[:16]
    asked = {"resource": RESOURCE, "request-id": number, "salt": salt, "external-node-connectivity": False}
    return {"version": "v1", "requests": json.dumps([{**asked, **dict.fromkeys(_UNUSED)}])}


def secrets(bag: facts.Text) -> tuple[str, ...]:
    """Find the ids of the secrets in the answers."""
    try:
        answers = _Answers.model_validate(bag).requests
    except pydantic.ValidationError:
        return ()  # told where the databag is parsed
    return tuple(uri for answer in answers for uri in answer.secrets)


VALKEY = Integration(
    interface="valkey_client",
    endpoint="valkey",
    stem="VALKEY_DB",
    provider="valkey",
    secrets_inside=secrets,
    parse=parse,
    env=env,
    request=request,
)
