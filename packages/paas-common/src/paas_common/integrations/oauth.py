"""Login with OpenID Connect, over the ``oauth`` interface; the endpoint's name names the variables."""

import json

import pydantic

from paas_common.values import facts, urls

from ._integration import Context, Integration

SCOPES = "openid profile email"
REDIRECT_PATH = "/callback"


class Oauth(pydantic.BaseModel):
    """A provider, and the client that is registered there for us."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    issuer_url: urls.WebUrl
    authorization_endpoint: urls.WebUrl
    token_endpoint: urls.WebUrl
    userinfo_endpoint: urls.WebUrl
    jwks_endpoint: urls.WebUrl
    client_id: str
    secret: str = pydantic.Field(repr=False)


def parse(bags: facts.Databags, _: Context) -> Oauth | None:
    """Return nothing until the client is registered."""
    return Oauth.model_validate(bags.app) if bags.app.get("client_id") and bags.app.get("secret") else None


def env(data: Oauth, context: Context) -> facts.Text:
    """Name what a client library needs; the scopes are ours, not all that the provider offers."""
    given = {
        "CLIENT_ID": data.client_id,
        "CLIENT_SECRET": data.secret,
        "API_BASE_URL": data.issuer_url,
        "AUTHORIZE_URL": data.authorization_endpoint,
        "ACCESS_TOKEN_URL": data.token_endpoint,
        "USER_URL": data.userinfo_endpoint,
        "CLIENT_KWARGS": json.dumps({"scope": _option(context, "scopes", SCOPES)}),
        "JWKS_URL": data.jwks_endpoint,
    }
    return {f"{context.prefix}{context.stem}_{name}": value for name, value in given.items()}


def request(context: Context) -> facts.Text:
    """Ask for a client that sends people back to the application's address."""
    path = _option(context, "redirect-path", REDIRECT_PATH)
    return {
        "redirect_uri": f"{context.base_url.rstrip('/')}/{path.lstrip('/')}",
        "scope": _option(context, "scopes", SCOPES),
        "grant_types": json.dumps(["authorization_code"]),
        "audience": json.dumps([]),
        "token_endpoint_auth_method": "client_secret_basic",
    }


def refusal(context: Context) -> str | None:
    """Refuse scopes without the one that makes it OpenID Connect."""
    if "openid" in _option(context, "scopes", SCOPES).split():
        return None
    return f"invalid options: {context.endpoint}-scopes (must contain openid)"


def _option(context: Context, name: str, default: str) -> str:
    return str(context.options.get(f"{context.endpoint}-{name}") or default)


OAUTH = Integration(
    interface="oauth",
    endpoint="oidc",
    stem=None,
    provider="hydra",
    secrets=("client_secret_id",),
    parse=parse,
    env=env,
    request=request,
    refusal=refusal,
    needs_ingress=True,
)
