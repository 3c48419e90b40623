"""Valkey, over the ``valkey_client`` interface: the ``data_interfaces`` databag, version 1.

Requests and responses are JSON lists. The id of a request is a digest of its resource and a salt. The salt is derived
from model, application and relation, so the id never changes. The provider appends the response to a new request and
keeps the older ones; a field that it has not set is ``null`` (dpcharmlibs-interfaces 1.2).
"""

import hashlib
import json
import typing

import pydantic

from paas_common.values import urls
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap

from ._integration import Context, Integration, never
from ._json import is_json_list

RESOURCE = "*"
SCHEME = "valkey://"
_UNUSED = ("extra-user-roles", "extra-group-roles", "entity-type", "entity-permissions", "secret-mtls", "mtls-cert")


class _Answer(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    request_id: str = pydantic.Field(default="", alias="request-id")
    endpoints: str = ""
    read_only_endpoints: str = pydantic.Field(default="", alias="read-only-endpoints")
    sentinel_endpoints: str = pydantic.Field(default="", alias="sentinel-endpoints")
    secret_user: str | None = pydantic.Field(default=None, alias="secret-user")
    secret_tls: str | None = pydantic.Field(default=None, alias="secret-tls")
    version: str = ""
    mode: str = ""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _drop_unset(cls, answer: object) -> object:
        if not isinstance(answer, dict):
            return answer
        fields = typing.cast("dict[str, object]", answer)
        return {name: value for name, value in fields.items() if value is not None}

    @pydantic.field_validator("endpoints")
    @classmethod
    def _check_endpoints(cls, endpoints: str) -> str:
        return ",".join(urls.endpoints(urls.check_endpoints(endpoints.removeprefix(SCHEME))))

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(uri for uri in (self.secret_user, self.secret_tls) if uri)


class _Answers(pydantic.BaseModel):
    requests: pydantic.Json[list[_Answer]]

    def answer(self, written: StrMap) -> _Answer | None:
        """Return the answer to our request; the newest one on a unit that cannot read the request."""
        try:
            ids = {request.request_id for request in _Answers.model_validate(written).requests}
        except pydantic.ValidationError:
            return self.requests[-1] if self.requests else None
        return next((answer for answer in self.requests if answer.request_id in ids), None)


class Valkey(pydantic.BaseModel):
    """A primary, its replicas and sentinels, and an account for them."""

    model_config = pydantic.ConfigDict(frozen=True)

    answer: _Answer
    username: str = ""
    password: pydantic.SecretStr = pydantic.SecretStr("")
    tls: bool = False

    @pydantic.field_validator("tls")
    @classmethod
    def _check_tls(cls, tls: bool) -> bool:
        if tls:
            raise ValueError("TLS is not supported; disable it in the provider")
        return tls


def parse(databags: Databags, context: Context) -> Valkey | None:
    """Return None until the answer has an address."""
    if not databags.app.get("requests"):
        return None
    answer = _Answers.model_validate(databags.app).answer(context.written)
    if answer is None or not answer.endpoints:
        return None
    content = {key: value for uri in answer.secrets for key, value in databags.secrets.get(uri, {}).items()}
    return Valkey.model_validate({**content, "answer": answer})


def env(data: Valkey, context: Context) -> EnvOverrides:
    """Return the variables of the primary's URL, the other addresses, the mode and the version."""
    username, password = data.username, data.password.get_secret_value()
    url = urls.url("valkey", data.answer.endpoints, username=username, password=password)
    prefix = context.env_prefix
    server_prefix = prefix.removesuffix("_DB") if context.is_default else prefix
    return {
        **urls.env(prefix, url, username=username, password=password),
        f"{prefix}_READ_ONLY_ENDPOINTS": data.answer.read_only_endpoints,
        f"{prefix}_SENTINEL_ENDPOINTS": data.answer.sentinel_endpoints,
        f"{server_prefix}_MODE": data.answer.mode,
        f"{server_prefix}_VERSION": data.answer.version,
    }


def request(context: Context) -> StrMap:
    """Return a request for an account that may use every key; a request that is in the databag stays."""
    if is_json_list(context.written.get("requests", "")):
        return {"version": context.written.get("version", "v1"), "requests": context.written["requests"]}
    identity = context.identity
    salt = _digest(f"{identity.model}/{identity.app}/{context.relation_id}")
    request_id = _digest(f"{RESOURCE}:{salt}")
    fields = {"resource": RESOURCE, "request-id": request_id, "salt": salt, "external-node-connectivity": False}
    return {"version": "v1", "requests": json.dumps([{**fields, **dict.fromkeys(_UNUSED)}])}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def secret_ids(databag: StrMap, written: StrMap) -> tuple[str, ...]:
    """Return the ids of the secrets in the answer."""
    try:
        answer = _Answers.model_validate(databag).answer(written)
    except pydantic.ValidationError:
        return ()  # parse() reports it
    return answer.secrets if answer else ()


VALKEY = Integration(
    interface="valkey_client",
    endpoint="valkey",
    env_prefix="VALKEY_DB",
    provider="valkey",
    secret_ids=secret_ids,
    parse=parse,
    reads_units=never,
    env=env,
    request=request,
)
