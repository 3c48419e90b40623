"""The application's URL outside the cluster, over the ``ingress`` interface (version 2)."""

import json
import typing

import pydantic

from paas_common.values import urls
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap

from ._integration import CharmLibrary, Context, Integration, PublishPort, never

_NO_ROUTE: typing.Final = (None, "", "null")
_WRITES_OPEN: typing.Final = 21
"""The library's first LIBPATCH that writes whether the port is open."""


class _Route(pydantic.BaseModel):
    url: urls.WebUrl


class Ingress(pydantic.BaseModel):
    """The application's URL, as the provider wrote it."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    ingress: pydantic.Json[_Route]


def parse(databags: Databags, _: Context) -> Ingress | None:
    """Return None until the provider has made a route; it may write ``null`` before."""
    return Ingress.model_validate(databags.app) if databags.app.get("ingress") not in _NO_ROUTE else None


def published(port: int, patch: int, is_open: bool) -> StrMap:
    """Return what the library writes into the application databag for a port."""
    return {"port": json.dumps(port), "is_port_open": "true" if is_open and patch >= _WRITES_OPEN else ""}


def url(data: Ingress) -> str:
    """Return the application's URL."""
    return data.ingress.url


def env(data: Ingress, context: Context) -> EnvOverrides:
    """Return the URL of a further ingress; the default one is the application's base URL."""
    if context.is_default:
        return {}
    prefix = urls.path_prefix(data.ingress.url)
    path = {f"{context.env_prefix}_BASE_PATH": prefix} if prefix else {}
    return {f"{context.env_prefix}_BASE_URL": data.ingress.url, **path}


INGRESS = Integration(
    interface="ingress",
    endpoint="ingress",
    provider="traefik-k8s",
    library=CharmLibrary(
        module="charms.traefik_k8s.v2.ingress",
        requirer="IngressPerAppRequirer",
        arguments=lambda endpoint, _: {"relation_name": endpoint, "strip_prefix": True},
        events=("ready", "revoked"),
        publish_port=PublishPort(method="provide_ingress_requirements", databag=published),
    ),
    parse=parse,
    reads_units=never,
    env=env,
    url=url,
    optional_by_default=True,
)
