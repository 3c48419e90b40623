"""Requests to Loki: pushed lines with labels, in JSON or in Protobuf compressed by Snappy, and queries."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast

import cramjam
import promql_parser
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, timestamp_pb2
from google.protobuf.message import DecodeError
from prometheus_client.parser import parse_labels

Labels = Mapping[str, str]
_NANOSECONDS = 1_000_000_000
_IN_SECONDS = 10**11
"""Loki reads smaller numbers as seconds, larger ones as nanoseconds."""
_Selector = promql_parser.VectorSelector
_SELECTOR = re.compile(r"\s*\{(?P<matchers>.*)\}\s*", re.DOTALL)

# The part of Loki's push.proto that is read here.
_PUSH = {
    "name": "push.proto",
    "package": "logproto",
    "syntax": "proto3",
    "dependency": [timestamp_pb2.DESCRIPTOR.name],
    "messageType": [
        {
            "name": "PushRequest",
            "field": [
                {
                    "name": "streams",
                    "number": 1,
                    "label": "LABEL_REPEATED",
                    "type": "TYPE_MESSAGE",
                    "typeName": ".logproto.Stream",
                }
            ],
        },
        {
            "name": "Stream",
            "field": [
                {"name": "labels", "number": 1, "type": "TYPE_STRING"},
                {
                    "name": "entries",
                    "number": 2,
                    "label": "LABEL_REPEATED",
                    "type": "TYPE_MESSAGE",
                    "typeName": ".logproto.Entry",
                },
            ],
        },
        {
            "name": "Entry",
            "field": [
                {
                    "name": "timestamp",
                    "number": 1,
                    "type": "TYPE_MESSAGE",
                    "typeName": ".google.protobuf.Timestamp",
                },
                {"name": "line", "number": 2, "type": "TYPE_STRING"},
            ],
        },
    ],
}


def _push_request() -> type[Any]:
    descriptor_pool.Default().Add(json_format.ParseDict(_PUSH, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName("logproto.PushRequest"))


PushRequest = _push_request()


class InvalidError(Exception):
    """A request that cannot be read; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line, with the labels of its stream."""

    labels: Labels
    time: int
    """Nanoseconds since 1970."""
    line: str


def from_json(body: bytes) -> tuple[Entry, ...]:
    """Read a push in JSON: labels in an object, times in nanoseconds."""
    try:
        streams = cast("dict[str, Any]", json.loads(body))["streams"]
        return tuple(
            Entry(labels=_plain(stream["stream"]), time=int(value[0]), line=str(value[1]))
            for stream in streams
            for value in stream["values"]
        )
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise InvalidError(f"not a push request: {type(error).__name__}: {error}") from error


def from_protobuf(body: bytes) -> tuple[Entry, ...]:
    """Read a push in Protobuf: labels are written as a selector."""
    request = PushRequest()
    try:
        request.ParseFromString(bytes(cramjam.snappy.decompress_raw(body)))
    except (cramjam.DecompressionError, DecodeError) as error:
        raise InvalidError(f"not a push request: {error}") from error
    return tuple(
        Entry(labels=selector(stream.labels), time=entry.timestamp.ToNanoseconds(), line=entry.line)
        for stream in request.streams
        for entry in stream.entries
    )


def _plain(labels: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in labels.items()}


def selector(text: str) -> Labels:
    """Read the labels of a stream, which are written as a selector."""
    unsupported = InvalidError(f'{text!r} is not supported; write {{name="value", other="value"}}')
    match = _SELECTOR.fullmatch(text)
    if match is None:
        raise unsupported
    try:
        return parse_labels(match["matchers"])
    except ValueError as error:
        raise unsupported from error


def matching(text: str) -> Callable[[Labels], bool]:
    """Read a stream selector, whose matchers are those of PromQL; an empty one selects all streams."""
    if not text.strip(" {}"):
        return lambda _: True
    unsupported = InvalidError(f'{text!r} is not supported; write {{name="value", other=~"pattern"}}')
    if not _SELECTOR.fullmatch(text):
        raise unsupported
    try:
        tree = promql_parser.parse(text)
        matchers = [_test(each) for each in tree.matchers.matchers] if isinstance(tree, _Selector) else []
    except (ValueError, re.error) as error:
        raise unsupported from error
    return lambda labels: all(test(labels) for test in matchers)


def _test(matcher: promql_parser.Matcher) -> Callable[[Labels], bool]:
    name, value, kind = matcher.name, matcher.value, str(matcher.op).rpartition(".")[2]
    if kind in {"Equal", "NotEqual"}:
        return lambda labels: (labels.get(name, "") == value) == (kind == "Equal")
    pattern = re.compile(value, re.DOTALL)
    return lambda labels: bool(pattern.fullmatch(labels.get(name, ""))) == (kind == "Re")


def timestamp(text: str) -> int:
    """Read a time in one of Loki's forms: nanoseconds, seconds, or RFC 3339."""
    try:
        if text.isdecimal():
            return int(text) * (_NANOSECONDS if int(text) < _IN_SECONDS else 1)
        if re.fullmatch(r"\d+\.\d*", text):
            return int(float(text) * _NANOSECONDS)
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise InvalidError(f"{text!r} must be a time in nanoseconds, seconds or RFC 3339") from error
    time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return int(time.timestamp() * _NANOSECONDS)


def select(
    entries: Iterable[Entry],
    selects: Callable[[Labels], bool],
    *,
    start: int,
    end: int | None,
    limit: int,
    forward: bool,
) -> list[dict[str, Any]]:
    """Return the answer to a query in Loki's form: streams with their lines, the newest first unless forward."""
    selected = [
        entry
        for entry in entries
        if selects(entry.labels) and start <= entry.time and (end is None or entry.time < end)
    ]
    streams: dict[tuple[tuple[str, str], ...], list[list[str]]] = {}
    for entry in sorted(selected, key=lambda entry: entry.time, reverse=not forward)[:limit]:
        streams.setdefault(tuple(sorted(entry.labels.items())), []).append([str(entry.time), entry.line])
    return [{"stream": dict(stream), "values": values} for stream, values in streams.items()]
