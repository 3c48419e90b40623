"""What the built-in receiver of logs reads and answers."""

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


def test_reads_what_pebble_sends():
    body = push({"pebble_service": "web", "job": "a"}, [[str(NOW), "one"], [str(NOW + 1), "two"]])

    assert streams.from_json(body) == (
        entry("one", pebble_service="web", job="a"),
        entry("two", NOW + 1, pebble_service="web", job="a"),
    )


def test_reads_protobuf_packed_by_snappy():
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
def test_refuses_junk_in_json(body: bytes):
    with pytest.raises(streams.JunkError, match="no push request"):
        streams.from_json(body)


@pytest.mark.parametrize("body", [b"junk", b"", bytes(cramjam.snappy.compress_raw(b"junk"))])
def test_refuses_junk_in_protobuf(body: bytes):
    with pytest.raises(streams.JunkError, match="no push request"):
        streams.from_protobuf(body)


@pytest.mark.parametrize(
    ("text", "labels"),
    [("{}", {}), ('{a="b"}', {"a": "b"}), (' {a="b", c="}"} ', {"a": "b", "c": "}"})],
)
def test_reads_a_selector(text: str, labels: dict[str, str]):
    assert streams.selector(text) == labels


@pytest.mark.parametrize("text", ["", "a", '{a=~"b"}', '{a!="b"}', '{a="b"} |= "x"', "{a}"])
def test_refuses_what_a_selector_cannot_say_here(text: str):
    with pytest.raises(streams.JunkError, match="is not understood here; ask as"):
        streams.selector(text)


@pytest.mark.parametrize(
    "text", [str(NOW), str(NOW // 10**9), f"{NOW // 10**9}.0", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20"]
)
def test_reads_times(text: str):
    assert streams.moment(text) == NOW


def test_refuses_no_time():
    with pytest.raises(streams.JunkError, match="'soon' is no time"):
        streams.moment("soon")


ENTRIES = (
    entry("old", 1, a="b", c="d"),
    entry("new", 3, a="b", c="d"),
    entry("middle", 2, a="b"),
    entry("x", 2, a="e"),
)


def chosen(**asked: Any) -> list[dict[str, Any]]:
    given: dict[str, Any] = {"start": 0, "end": None, "limit": 9, "forward": False, **asked}
    return streams.chosen(ENTRIES, {"a": "b"}, **given)


def test_answers_in_streams_the_newest_first():
    assert chosen() == [
        {"stream": {"a": "b", "c": "d"}, "values": [["3", "new"], ["1", "old"]]},
        {"stream": {"a": "b"}, "values": [["2", "middle"]]},
    ]


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({"limit": 1}, ["new"]),
        ({"limit": 1, "forward": True}, ["old"]),
        ({"start": 2, "end": 3}, ["middle"]),
    ],
)
def test_answers_within_limits(asked: dict[str, Any], lines: list[str]):
    assert [line for stream in chosen(**asked) for _, line in stream["values"]] == lines
