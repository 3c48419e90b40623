"""Traces, over the ``tracing`` interface (version 2): where to send them as OTLP over HTTP."""

import json

import pydantic

from paas_common.values import facts, urls

from ._integration import Context, Integration

PROTOCOL = "otlp_http"


class _Protocol(pydantic.BaseModel):
    name: str


class _Receiver(pydantic.BaseModel):
    protocol: _Protocol
    url: urls.WebUrl


class Tracing(pydantic.BaseModel):
    """What the backend receives."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    receivers: pydantic.Json[list[_Receiver]]


def parse(bags: facts.Databags, _: Context) -> Tracing | None:
    """Return nothing until there is a receiver for our protocol."""
    if not bags.app.get("receivers"):
        return None
    data = Tracing.model_validate(bags.app)
    return data if _address(data) else None


def env(data: Tracing, context: Context) -> facts.Text:
    """Name the variables that OpenTelemetry's own libraries read; the address is exactly the provider's."""
    return {
        f"{context.stem}_SERVICE_NAME": context.me.app,
        f"{context.stem}_EXPORTER_OTLP_ENDPOINT": _address(data) or "",
    }


def request(_: Context) -> facts.Text:
    """Ask for the one protocol that applications are told of."""
    return {"receivers": json.dumps([PROTOCOL])}


def _address(data: Tracing) -> str | None:
    return next((receiver.url for receiver in data.receivers if receiver.protocol.name == PROTOCOL), None)


TRACING = Integration(
    interface="tracing",
    endpoint="tracing",
    stem="OTEL",
    provider="tempo-coordinator-k8s",
    parse=parse,
    env=env,
    request=request,
)
