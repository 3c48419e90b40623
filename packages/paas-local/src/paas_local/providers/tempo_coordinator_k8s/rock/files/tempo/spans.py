"""Spans in requests of OTLP: in Protobuf, or in JSON with identifiers in hexadecimal."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

_TRACE, _SPAN = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}")
_KINDS = {number: name.removeprefix("SPAN_KIND_").lower() for name, number in trace_pb2.Span.SpanKind.items()}
_STATUSES = {number: name.removeprefix("STATUS_CODE_").lower() for name, number in trace_pb2.Status.StatusCode.items()}
_NANOSECONDS_PER_MILLISECOND = 1_000_000


class InvalidError(Exception):
    """A request that is not OTLP; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A step of a trace; its identifiers are hexadecimal."""

    service: str
    name: str
    trace: str
    id: str
    parent: str = ""
    kind: str = "unspecified"
    start: int = 0
    """Nanoseconds since 1970."""
    duration: float = 0
    """Milliseconds."""
    status: str = "unset"
    attributes: dict[str, str] = field(default_factory=dict[str, str])


def from_protobuf(body: bytes) -> tuple[Span, ...]:
    """Read a request in Protobuf."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise InvalidError(f"not an ExportTraceServiceRequest: {error}") from error
    return tuple(_spans(request, bytes.hex))


def from_json(body: bytes) -> tuple[Span, ...]:
    """Read a request in JSON."""
    try:
        document: object = json.loads(body)
        if not isinstance(document, dict):
            raise InvalidError("not an ExportTraceServiceRequest: it is not an object")
        fields = cast("dict[str, object]", document)
        request = json_format.ParseDict(fields, ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError) as error:
        raise InvalidError(f"not an ExportTraceServiceRequest: {error}") from error
    return tuple(_spans(request, _hexadecimal))


def _hexadecimal(identifier: bytes) -> str:
    """Return the hexadecimal digits of an identifier, which Protobuf's JSON has decoded as base64."""
    return base64.b64encode(identifier).decode().lower()


def _spans(request: ExportTraceServiceRequest, to_hex: Callable[[bytes], str]) -> Iterator[Span]:
    for resource in request.resource_spans:
        service = _attributes(resource.resource.attributes).get("service.name", "unknown_service")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _span(service, span, to_hex)


def _span(service: str, span: trace_pb2.Span, to_hex: Callable[[bytes], str]) -> Span:
    trace, own = to_hex(span.trace_id), to_hex(span.span_id)
    if not (_TRACE.fullmatch(trace) and _SPAN.fullmatch(own)):
        raise InvalidError(f"span {span.name!r}: trace_id must have 16 bytes, span_id 8")
    return Span(
        service=service,
        name=span.name,
        trace=trace,
        id=own,
        parent=to_hex(span.parent_span_id),
        kind=_KINDS.get(span.kind, str(span.kind)),
        start=span.start_time_unix_nano,
        duration=(span.end_time_unix_nano - span.start_time_unix_nano) / _NANOSECONDS_PER_MILLISECOND,
        status=_STATUSES.get(span.status.code, str(span.status.code)),
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, str]:
    return {pair.key: _text(pair.value) for pair in pairs}


def _text(value: AnyValue) -> str:
    """Write a scalar as text, any other value as OTLP's JSON."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind in {"bool_value", "double_value", "int_value"}:
        return json.dumps(getattr(value, kind))
    return json.dumps(json_format.MessageToDict(value))
