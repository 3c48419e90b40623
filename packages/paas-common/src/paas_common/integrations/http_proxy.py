"""A forward proxy, over the ``http_proxy`` interface.

Requests and responses are lists, matched by an id that the requirer chooses; ours follows from model, application and
relation, so that every unit knows it and it never changes.
"""

import json
import typing
import urllib.parse
import uuid

import pydantic

from paas_common.values import facts, urls

from ._integration import Context, Integration

_OURS: typing.Final = uuid.UUID("5f2b5bd4-3c1d-4a27-9d35-64a1a52e0c3f")

_REFUSALS: typing.Final = ("rejected", "invalid", "unsupported", "error")


class _Response(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    status: str
    http_proxy: urls.UrlOrNothing = ""
    https_proxy: urls.UrlOrNothing = ""
    user: str | None = None

    @pydantic.field_validator("status")
    @classmethod
    def _is_no_refusal(cls, status: str) -> str:
        if status in _REFUSALS:
            raise ValueError(f"the provider answers {status}; see its own status")
        return status


class _Account(pydantic.BaseModel):
    username: str
    password: str = pydantic.Field(repr=False)


class HttpProxy(pydantic.BaseModel):
    """Where the proxy listens, with the account in the address."""

    model_config = pydantic.ConfigDict(frozen=True)

    http: str = pydantic.Field(repr=False)
    https: str = pydantic.Field(repr=False)


class _Responses(pydantic.BaseModel):
    responses: pydantic.Json[list[_Response]]


def parse(bags: facts.Databags, _: Context) -> HttpProxy | None:
    """Return nothing until a response is ready; a relation carries one request, so there is one response."""
    if not bags.app.get("responses"):
        return None
    responses = _Responses.model_validate(bags.app).responses
    ready = next((response for response in responses if response.status == "ready"), None)
    if ready is None or not (ready.http_proxy and ready.https_proxy):
        return None
    account = _Account.model_validate(bags.secrets.get(ready.user, {})) if ready.user else None
    return HttpProxy(http=_with(ready.http_proxy, account), https=_with(ready.https_proxy, account))


def env(data: HttpProxy, context: Context) -> facts.Text:
    """Name the proxies in both cases, because programs differ; those of a further endpoint nobody uses unasked."""
    if not context.customary:
        return {f"{context.stem}_HTTP_PROXY": data.http, f"{context.stem}_HTTPS_PROXY": data.https}
    return {"http_proxy": data.http, "HTTP_PROXY": data.http, "https_proxy": data.https, "HTTPS_PROXY": data.https}


def request(context: Context) -> facts.Text:
    """Ask for a proxy to everywhere, with whatever authentication the provider has."""
    ours = uuid.uuid5(_OURS, f"{context.me.model}/{context.me.app}/{context.relation}")
    return {"requests": json.dumps([{"requirer": str(ours), "domains": [], "auth": []}])}


def accounts(bag: facts.Text) -> tuple[str, ...]:
    """Find the ids of the secrets that hold accounts."""
    try:
        responses = _Responses.model_validate(bag).responses
    except pydantic.ValidationError:
        return ()  # told where the databag is parsed
    return tuple(response.user for response in responses if response.user)


def _with(address: str, account: _Account | None) -> str:
    """Put the account into the address."""
    if account is None:
        return address
    parts = urllib.parse.urlsplit(address)
    return urls.url(parts.scheme, parts.netloc, username=account.username, password=account.password)


HTTP_PROXY = Integration(
    interface="http_proxy",
    endpoint="http-proxy",
    stem=None,
    provider="squid-forward-proxy",
    secrets_inside=accounts,
    parse=parse,
    env=env,
    request=request,
    blocks_when_pending=True,
)
