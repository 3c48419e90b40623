"""What a client of OTLP sends, read into spans: Protobuf, or JSON, where identifiers are written in hexadecimal."""

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
_NANOSECONDS = 1_000_000
"""Of a millisecond."""


class JunkError(Exception):
    """What was sent is no OTLP; the text says why."""


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
        raise JunkError(f"no ExportTraceServiceRequest: {error}") from error
    return tuple(_spans(request, bytes.hex))


def from_json(body: bytes) -> tuple[Span, ...]:
    """Read a request in JSON."""
    try:
        document: object = json.loads(body)
        if not isinstance(document, dict):
            raise JunkError("no ExportTraceServiceRequest: it is not an object")
        known = cast("dict[str, object]", document)
        request = json_format.ParseDict(known, ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError) as error:
        raise JunkError(f"no ExportTraceServiceRequest: {error}") from error
    return tuple(_spans(request, _digits))


def _digits(misread: bytes) -> str:
    """Undo what Protobuf's JSON does to an identifier: it takes the hexadecimal digits for base64."""
    return base64.b64encode(misread).decode().lower()


def _spans(request: ExportTraceServiceRequest, written: Callable[[bytes], str]) -> Iterator[Span]:
    for resource in request.resource_spans:
        service = _attributes(resource.resource.attributes).get("service.name", "unknown_service")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _span(service, span, written)


def _span(service: str, span: trace_pb2.Span, written: Callable[[bytes], str]) -> Span:
    trace, own = written(span.trace_id), written(span.span_id)
    if not (_TRACE.fullmatch(trace) and _SPAN.fullmatch(own)):
        raise JunkError(f"span {span.name!r}: a trace_id has 16 bytes and a span_id 8")
    return Span(
        service=service,
        name=span.name,
        trace=trace,
        id=own,
        parent=written(span.parent_span_id),
        kind=_KINDS.get(span.kind, str(span.kind)),
        start=span.start_time_unix_nano,
        duration=(span.end_time_unix_nano - span.start_time_unix_nano) / _NANOSECONDS,
        status=_STATUSES.get(span.status.code, str(span.status.code)),
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, str]:
    return {pair.key: _text(pair.value) for pair in pairs}


def _text(value: AnyValue) -> str:
    """Write a plain value as it is, any other as OTLP has it in JSON."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind in {"bool_value", "double_value", "int_value"}:
        return json.dumps(getattr(value, kind))
    return json.dumps(json_format.MessageToDict(value))
