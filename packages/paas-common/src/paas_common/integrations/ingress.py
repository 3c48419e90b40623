"""A way in from outside, over the ``ingress`` interface (version 2)."""

import pydantic

from paas_common.values import facts, urls

from ._integration import Context, Integration


class _Route(pydantic.BaseModel):
    url: urls.WebUrl


class Ingress(pydantic.BaseModel):
    """Where the application is reached; exactly the provider's text."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    ingress: pydantic.Json[_Route]


def parse(bags: facts.Databags, _: Context) -> Ingress | None:
    """Return nothing until the provider has made a route."""
    return Ingress.model_validate(bags.app) if bags.app.get("ingress") else None


def address(data: Ingress) -> str:
    """Give the application's address."""
    return data.ingress.url


def env(data: Ingress, context: Context) -> facts.Text:
    """Name the address of a further ingress; that of the customary one is the application's own."""
    if context.customary:
        return {}
    prefix = urls.prefix(data.ingress.url)
    path = {f"{context.stem}_BASE_PATH": prefix} if prefix else {}
    return {f"{context.stem}_BASE_URL": data.ingress.url, **path}


INGRESS = Integration(
    interface="ingress",
    endpoint="ingress",
    stem=None,
    provider="traefik-k8s",
    library="charms.traefik_k8s.v2.ingress",
    parse=parse,
    env=env,
    address=address,
    of_extension=True,
)
