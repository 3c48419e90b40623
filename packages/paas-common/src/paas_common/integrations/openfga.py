"""OpenFGA, over the ``openfga`` interface (version 1); providers write empty texts for values that are not set yet."""

import pydantic

from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap

from ._integration import Context, Integration, never


class Openfga(pydantic.BaseModel):
    """A server, and the application's store there."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    grpc_api_url: str
    http_api_url: str
    store_id: str = ""
    token: pydantic.SecretStr = pydantic.SecretStr("")


def parse(databags: Databags, _: Context) -> Openfga | None:
    """Return None until both URLs are there."""
    if not (databags.app.get("grpc_api_url") and databags.app.get("http_api_url")):
        return None
    return Openfga.model_validate(databags.app)


def env(data: Openfga, context: Context) -> EnvOverrides:
    """Return each value that is not empty."""
    values = {
        "STORE_ID": data.store_id,
        "TOKEN": data.token,
        "GRPC_API_URL": data.grpc_api_url,
        "HTTP_API_URL": data.http_api_url,
    }
    return {f"{context.env_prefix}_{name}": value for name, value in values.items() if value}


def request(context: Context) -> StrMap:
    """Return a request for a store with the application's name.

    A name that is in the databag stays: the provider creates an empty store for each new name (openfga_k8s v1).
    """
    return {"store_name": context.written.get("store_name") or context.identity.app}


OPENFGA = Integration(
    interface="openfga",
    endpoint="openfga",
    env_prefix="FGA",
    provider="openfga-k8s",
    secret_fields=("token_secret_id",),
    parse=parse,
    reads_units=never,
    env=env,
    request=request,
)
