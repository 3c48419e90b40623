"""Login with OpenID Connect, over the ``oauth`` interface; the endpoint's name is the prefix of the variables."""

import json

import pydantic

from paas_common.values import urls
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap

from ._integration import Context, Integration, never

SCOPES = "openid profile email"
REDIRECT_PATH = "/callback"


class Oauth(pydantic.BaseModel):
    """An identity provider, and the application's client there."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    issuer_url: urls.WebUrl
    authorization_endpoint: urls.WebUrl
    token_endpoint: urls.WebUrl
    userinfo_endpoint: urls.WebUrl
    jwks_endpoint: urls.WebUrl
    client_id: str
    secret: pydantic.SecretStr


def parse(databags: Databags, _: Context) -> Oauth | None:
    """Return None until the client is registered."""
    registered = databags.app.get("client_id") and databags.app.get("secret")
    return Oauth.model_validate(databags.app) if registered else None


def env(data: Oauth, context: Context) -> EnvOverrides:
    """Return what an OAuth client library needs, with the requested scopes."""
    values = {
        "CLIENT_ID": data.client_id,
        "CLIENT_SECRET": data.secret,
        "API_BASE_URL": data.issuer_url,
        "AUTHORIZE_URL": data.authorization_endpoint,
        "ACCESS_TOKEN_URL": data.token_endpoint,
        "USER_URL": data.userinfo_endpoint,
        "CLIENT_KWARGS": json.dumps({"scope": _option(context, "scopes", SCOPES)}),
        "JWKS_URL": data.jwks_endpoint,
    }
    return {f"{context.app_env_prefix}{context.env_prefix}_{name}": value for name, value in values.items()}


def request(context: Context) -> StrMap:
    """Return a request for a client that redirects browsers to the application's URL."""
    path = _option(context, "redirect-path", REDIRECT_PATH)
    return {
        "redirect_uri": f"{context.base_url.rstrip('/')}/{path.lstrip('/')}",
        "scope": _option(context, "scopes", SCOPES),
        "grant_types": json.dumps(["authorization_code"]),
        "audience": json.dumps([]),
        "token_endpoint_auth_method": "client_secret_basic",
    }


def check_options(context: Context) -> str | None:
    """Return an error if the scopes lack ``openid``, which OpenID Connect needs."""
    if "openid" in _option(context, "scopes", SCOPES).split():
        return None
    return f"invalid options: {context.endpoint}-scopes (must contain openid)"


def _option(context: Context, name: str, default: str) -> str:
    return str(context.options.get(f"{context.endpoint}-{name}") or default)


OAUTH = Integration(
    interface="oauth",
    endpoint="oidc",
    provider="hydra",
    secret_fields=("client_secret_id",),
    parse=parse,
    reads_units=never,
    env=env,
    request=request,
    check_options=check_options,
    needs_ingress=True,
)
