"""The built-in receiver of traces: requests in OTLP."""

import base64
import json
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from paas_local.providers.tempo_coordinator_k8s.rock.files.tempo import spans
from paas_local.providers.tempo_coordinator_k8s.rock.files.tempo.spans import Span

TRACE, OWN, PARENT = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "eee19b7ec3c1b173"
ATTRIBUTES: list[dict[str, Any]] = [
    {"key": "http.request.method", "value": {"stringValue": "GET"}},
    {"key": "http.response.status_code", "value": {"intValue": "200"}},
    {"key": "sampled", "value": {"boolValue": True}},
    {"key": "nothing", "value": {}},
    {"key": "tags", "value": {"arrayValue": {"values": [{"stringValue": "a"}]}}},
]
SPAN: dict[str, Any] = {
    "traceId": TRACE.upper(),
    "spanId": OWN,
    "parentSpanId": PARENT,
    "name": "GET /",
    "kind": 2,
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": "1544712660002500000",
    "status": {"code": 2},
    "attributes": ATTRIBUTES,
    "ofALaterVersion": 1,
}
READ = Span(
    service="shop",
    name="GET /",
    trace=TRACE,
    id=OWN,
    parent=PARENT,
    kind="server",
    start=1544712660000000000,
    duration=2.5,
    status="error",
    attributes={
        "http.request.method": "GET",
        "http.response.status_code": "200",
        "sampled": "true",
        "nothing": "{}",
        "tags": '{"arrayValue": {"values": [{"stringValue": "a"}]}}',
    },
)


def request(**changed: Any) -> dict[str, Any]:
    name = {"key": "service.name", "value": {"stringValue": "shop"}}
    return {"resourceSpans": [{"resource": {"attributes": [name]}, "scopeSpans": [{"spans": [{**SPAN, **changed}]}]}]}


def in_json(document: Any) -> tuple[Span, ...]:
    return spans.from_json(json.dumps(document).encode())


def test_reads_json():
    assert in_json(request()) == (READ,)


def test_reads_protobuf():
    identifiers = {"traceId": TRACE, "spanId": OWN, "parentSpanId": PARENT}
    encoded = {key: base64.b64encode(bytes.fromhex(digits)).decode() for key, digits in identifiers.items()}
    message = json_format.ParseDict(request(**encoded), ExportTraceServiceRequest(), ignore_unknown_fields=True)

    assert spans.from_protobuf(message.SerializeToString()) == (READ,)


def test_a_request_without_spans_is_valid():
    assert spans.from_protobuf(b"") == ()
    assert in_json({}) == ()


def test_a_service_without_a_name_has_the_name_of_the_specification():
    (span,) = in_json({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": TRACE, "spanId": OWN}]}]}]})

    assert span == Span(service="unknown_service", name="", trace=TRACE, id=OWN)


def test_an_unknown_kind_is_a_number():
    (span,) = in_json(request(kind=99))

    assert span.kind == "99"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="bytes"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"resourceSpans": 3}', id="a number for a list"),
        pytest.param(json.dumps(request(traceId="abc")).encode(), id="a short identifier"),
        pytest.param(json.dumps(request(traceId="z" * 32)).encode(), id="one that is not hexadecimal"),
        pytest.param(json.dumps(request(traceId="")).encode(), id="no identifier"),
    ],
)
def test_refuses_invalid_json(body: bytes):
    with pytest.raises(spans.InvalidError):
        spans.from_json(body)


def test_refuses_invalid_protobuf():
    with pytest.raises(spans.InvalidError, match="not an ExportTraceServiceRequest"):
        spans.from_protobuf(b"junk")
