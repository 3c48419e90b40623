"""Traces, over the ``tracing`` interface (version 2): the backend's OTLP address over HTTP.

Tempo writes the receivers that any charm has requested to all charms (LIBPATCH 11); URLs of other protocols may have no
scheme.
"""

import json

import pydantic

from paas_common.values import urls
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap

from ._integration import Context, Integration, never

PROTOCOL = "otlp_http"


class _Protocol(pydantic.BaseModel):
    name: str


class _Receiver(pydantic.BaseModel):
    protocol: _Protocol
    url: str

    @pydantic.field_validator("url")
    @classmethod
    def _check_url(cls, url: str, info: pydantic.ValidationInfo) -> str:
        protocol: _Protocol | None = info.data.get("protocol")
        if protocol is not None and protocol.name == PROTOCOL and not urls.is_web_url(url):
            raise ValueError("must be a URL with http or https")
        return url


class Tracing(pydantic.BaseModel):
    """The backend's receivers."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    receivers: pydantic.Json[list[_Receiver]]

    @property
    def url(self) -> str | None:
        """Return the URL of the OTLP receiver, unchanged."""
        return next((receiver.url for receiver in self.receivers if receiver.protocol.name == PROTOCOL), None)


def parse(databags: Databags, _: Context) -> Tracing | None:
    """Return None until there is a receiver for OTLP over HTTP."""
    if not databags.app.get("receivers"):
        return None
    data = Tracing.model_validate(databags.app)
    return data if data.url else None


def env(data: Tracing, context: Context) -> EnvOverrides:
    """Return the variables that OpenTelemetry's libraries read."""
    return {
        f"{context.env_prefix}_SERVICE_NAME": context.identity.app,
        f"{context.env_prefix}_EXPORTER_OTLP_ENDPOINT": data.url,
    }


def request(_: Context) -> StrMap:
    """Return a request for a receiver of OTLP over HTTP."""
    return {"receivers": json.dumps([PROTOCOL])}


TRACING = Integration(
    interface="tracing",
    endpoint="tracing",
    env_prefix="OTEL",
    provider="tempo-coordinator-k8s",
    parse=parse,
    reads_units=never,
    env=env,
    request=request,
)
