"""Authorization, over the ``openfga`` interface (version 1). Providers write empty texts for what is not set yet."""

import pydantic

from paas_common.values import facts

from ._integration import Context, Integration


class Openfga(pydantic.BaseModel):
    """A server, and the store made for us."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    grpc_api_url: str
    http_api_url: str
    store_id: str = ""
    token: str = pydantic.Field(default="", repr=False)


def parse(bags: facts.Databags, _: Context) -> Openfga | None:
    """Return nothing until both addresses are there."""
    if not (bags.app.get("grpc_api_url") and bags.app.get("http_api_url")):
        return None
    return Openfga.model_validate(bags.app)


def env(data: Openfga, context: Context) -> facts.Text:
    """Name each value that is set."""
    given = {
        "STORE_ID": data.store_id,
        "TOKEN": data.token,
        "GRPC_API_URL": data.grpc_api_url,
        "HTTP_API_URL": data.http_api_url,
    }
    return {f"{context.stem}_{name}": value for name, value in given.items() if value}


def request(context: Context) -> facts.Text:
    """Ask for a store named after the application."""
    return {"store_name": context.me.app}


OPENFGA = Integration(
    interface="openfga",
    endpoint="openfga",
    stem="FGA",
    provider="openfga-k8s",
    secrets=("token_secret_id",),
    parse=parse,
    env=env,
    request=request,
)
