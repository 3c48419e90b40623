"""A forward proxy, over the ``http_proxy`` interface.

Requests and responses are lists, matched by an id that the requirer chooses. The id is derived from model, application
and relation, so every unit knows it and it never changes.
"""

import json
import typing
import urllib.parse
import uuid

import pydantic

from paas_common.values import urls
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap

from ._integration import Context, Integration, never
from ._json import is_json_list

_NAMESPACE: typing.Final = uuid.UUID("5f2b5bd4-3c1d-4a27-9d35-64a1a52e0c3f")
_FAILURES: typing.Final = ("rejected", "invalid", "unsupported", "error")


class _Response(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    status: str
    http_proxy: urls.OptionalUrl = ""
    https_proxy: urls.OptionalUrl = ""
    user: str | None = None

    @pydantic.field_validator("status")
    @classmethod
    def _check_status(cls, status: str) -> str:
        if status in _FAILURES:
            raise ValueError(f"the provider answers {status}; see its own status")
        return status


class _Account(pydantic.BaseModel):
    username: str
    password: pydantic.SecretStr


class HttpProxy(pydantic.BaseModel):
    """URLs of the proxy, with the account in them."""

    model_config = pydantic.ConfigDict(frozen=True)

    http: pydantic.SecretStr
    https: pydantic.SecretStr


class _Responses(pydantic.BaseModel):
    responses: pydantic.Json[list[_Response]]


def parse(databags: Databags, _: Context) -> HttpProxy | None:
    """Return None until a response is ready; a relation has one request, so it has one response."""
    if not databags.app.get("responses"):
        return None
    responses = _Responses.model_validate(databags.app).responses
    ready = next((response for response in responses if response.status == "ready"), None)
    if ready is None or not (ready.http_proxy and ready.https_proxy):
        return None
    account = _Account.model_validate(databags.secrets.get(ready.user, {})) if ready.user else None
    return HttpProxy(http=_with_account(ready.http_proxy, account), https=_with_account(ready.https_proxy, account))


def env(data: HttpProxy, context: Context) -> EnvOverrides:
    """Return the proxies in lower and upper case; those of a further endpoint have its prefix."""
    if not context.is_default:
        return {f"{context.env_prefix}_HTTP_PROXY": data.http, f"{context.env_prefix}_HTTPS_PROXY": data.https}
    return {"http_proxy": data.http, "HTTP_PROXY": data.http, "https_proxy": data.https, "HTTPS_PROXY": data.https}


def request(context: Context) -> StrMap:
    """Return a request for a proxy to all domains, with any authentication.

    A request that is in the databag stays, because the provider's approval belongs to its id.
    """
    if is_json_list(context.written.get("requests", "")):
        return {"requests": context.written["requests"]}
    name = f"{context.identity.model}/{context.identity.app}/{context.relation_id}"
    return {"requests": json.dumps([{"requirer": str(uuid.uuid5(_NAMESPACE, name)), "domains": [], "auth": []}])}


def secret_ids(databag: StrMap, _: StrMap) -> tuple[str, ...]:
    """Return the ids of the secrets that hold accounts."""
    try:
        responses = _Responses.model_validate(databag).responses
    except pydantic.ValidationError:
        return ()  # parse() reports it
    return tuple(response.user for response in responses if response.user)


def _with_account(url: str, account: _Account | None) -> pydantic.SecretStr:
    if account is None:
        return pydantic.SecretStr(url)
    parts = urllib.parse.urlsplit(url)
    password = account.password.get_secret_value()
    return pydantic.SecretStr(urls.url(parts.scheme, parts.netloc, username=account.username, password=password))


HTTP_PROXY = Integration(
    interface="http_proxy",
    endpoint="http-proxy",
    provider="squid-forward-proxy",
    secret_ids=secret_ids,
    parse=parse,
    reads_units=never,
    env=env,
    request=request,
)
