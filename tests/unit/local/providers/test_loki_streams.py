"""The built-in receiver of logs: pushes and queries."""

import json
from typing import Any

import cramjam
import pytest
from paas_local.providers.loki_k8s.rock.files.loki import streams
from paas_local.providers.loki_k8s.rock.files.loki.streams import Entry

NOW = 1_700_000_000_000_000_000


def entry(line: str, time: int = NOW, **labels: str) -> Entry:
    return Entry(labels=labels, time=time, line=line)


def push(stream: object = None, values: object = None) -> bytes:
    return json.dumps({"streams": [{"stream": stream or {"job": "a"}, "values": values or [[str(NOW), "x"]]}]}).encode()


def test_reads_json():
    body = push({"pebble_service": "web", "job": "a"}, [[str(NOW), "one"], [str(NOW + 1), "two"]])

    assert streams.from_json(body) == (
        entry("one", pebble_service="web", job="a"),
        entry("two", NOW + 1, pebble_service="web", job="a"),
    )


def test_reads_protobuf_compressed_by_snappy():
    request = streams.PushRequest()
    stream = request.streams.add(labels='{job="a", host="b\\"c"}')
    stream.entries.add(line="one").timestamp.FromNanoseconds(NOW)

    read = streams.from_protobuf(bytes(cramjam.snappy.compress_raw(request.SerializeToString())))

    assert read == (entry("one", job="a", host='b"c'),)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="bytes"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no streams"),
        pytest.param(push(stream=["job"]), id="labels that are a list"),
        pytest.param(push(values=[["soon", "x"]]), id="no time"),
        pytest.param(push(values=[[str(NOW)]]), id="no line"),
    ],
)
def test_refuses_invalid_json(body: bytes):
    with pytest.raises(streams.InvalidError, match="not a push request"):
        streams.from_json(body)


@pytest.mark.parametrize("body", [b"junk", b"", bytes(cramjam.snappy.compress_raw(b"junk"))])
def test_refuses_invalid_protobuf(body: bytes):
    with pytest.raises(streams.InvalidError, match="not a push request"):
        streams.from_protobuf(body)


@pytest.mark.parametrize(
    ("text", "labels"),
    [("{}", {}), ('{a="b"}', {"a": "b"}), (' {a="b", c="}"} ', {"a": "b", "c": "}"})],
)
def test_reads_a_selector(text: str, labels: dict[str, str]):
    assert streams.selector(text) == labels


@pytest.mark.parametrize("text", ["a", '{a!="b"}', '{a="b"} |= "x"', "{a}", '{a=~"("}', '{a=~".*"}'])
def test_refuses_an_unsupported_query(text: str):
    with pytest.raises(streams.InvalidError, match="is not supported; write"):
        streams.matching(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{}", ["old", "new", "middle", "x"]),
        ('{a=~"b|c"}', ["old", "new", "middle"]),
        ('{a=~".+", a!="b"}', ["x"]),
        ('{a=~".+", c!~"d"}', ["middle", "x"]),
    ],
)
def test_a_query_selects_streams(text: str, names: list[str]):
    assert [each.line for each in ENTRIES if streams.matching(text)(each.labels)] == names


@pytest.mark.parametrize(
    "text", [str(NOW), str(NOW // 10**9), f"{NOW // 10**9}.0", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20"]
)
def test_reads_times(text: str):
    assert streams.timestamp(text) == NOW


def test_refuses_an_invalid_time():
    with pytest.raises(streams.InvalidError, match="'soon' must be a time"):
        streams.timestamp("soon")


ENTRIES = (
    entry("old", 1, a="b", c="d"),
    entry("new", 3, a="b", c="d"),
    entry("middle", 2, a="b"),
    entry("x", 2, a="e"),
)


def select(**query: Any) -> list[dict[str, Any]]:
    parameters: dict[str, Any] = {"start": 0, "end": None, "limit": 9, "forward": False, **query}
    return streams.select(ENTRIES, streams.matching('{a="b"}'), **parameters)


def test_returns_streams_with_the_newest_lines_first():
    assert select() == [
        {"stream": {"a": "b", "c": "d"}, "values": [["3", "new"], ["1", "old"]]},
        {"stream": {"a": "b"}, "values": [["2", "middle"]]},
    ]


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ({"limit": 1}, ["new"]),
        ({"limit": 1, "forward": True}, ["old"]),
        ({"start": 2, "end": 3}, ["middle"]),
    ],
)
def test_selects_by_time_and_limit(query: dict[str, Any], lines: list[str]):
    assert [line for stream in select(**query) for _, line in stream["values"]] == lines
