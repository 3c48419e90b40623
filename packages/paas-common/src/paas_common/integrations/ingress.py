"""A way in from outside, over the ``ingress`` interface (version 2)."""

import pydantic

from paas_common import facts, urls

from ._integration import Context, Integration


class _Route(pydantic.BaseModel):
    url: urls.Url


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


INGRESS = Integration(
    interface="ingress",
    endpoint="ingress",
    stem=None,
    provider="traefik-k8s",
    library="charms.traefik_k8s.v2.ingress",
    parse=parse,
    address=address,
    of_extension=True,
)
