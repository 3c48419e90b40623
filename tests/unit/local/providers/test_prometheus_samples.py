"""What the built-in scraper reads in an answer, and in a query."""

import pytest
from paas_local.providers.prometheus_k8s.rock.files.prometheus import samples
from paas_local.providers.prometheus_k8s.rock.files.prometheus.samples import JunkError, Query, Sample

TEXT = """\
# HELP requests_total All requests.
# TYPE requests_total counter
requests_total{path="/",job="mine"} 3
requests_total{path="/a \\"b\\""} 1
# TYPE took_seconds summary
took_seconds_sum 0.5
free NaN
"""


def test_reads_an_answer_and_sets_apart_what_the_target_calls_otherwise():
    found = list(samples.scraped(TEXT, {"job": "ours"}))

    assert [(sample.name, sample.labels) for sample in found] == [
        ("requests_total", {"path": "/", "exported_job": "mine", "job": "ours"}),
        ("requests_total", {"path": '/a "b"', "job": "ours"}),
        ("took_seconds_sum", {"job": "ours"}),
        ("free", {"job": "ours"}),
    ]
    assert [sample.value for sample in found[:3]] == [3, 1, 0.5]


@pytest.mark.parametrize("text", ["<html>", "a{ 1", "a b c d", "a", 'a{b="c} 1', "{"])
def test_refuses_what_is_no_answer(text: str):
    with pytest.raises(JunkError, match="the answer is no metrics"):
        list(samples.scraped(text, {}))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("up", Query(name="up", labels={})),
        (' up{job="a", x="}"} ', Query(name="up", labels={"job": "a", "x": "}"})),
        ('{job="a"}', Query(name=None, labels={"job": "a"})),
        ('{__name__="up"}', Query(name="up", labels={})),
        ("{}", Query(name=None, labels={})),
    ],
)
def test_reads_a_query(text: str, wanted: Query):
    assert samples.query(text) == wanted


@pytest.mark.parametrize("text", ["", " ", "sum(up)", "up == 0", 'up{a=~"b"}', "up[5m]", "up{a}"])
def test_refuses_what_a_query_cannot_say_here(text: str):
    with pytest.raises(JunkError, match="is not understood here; ask as"):
        samples.query(text)


UP = Sample(name="up", labels={"job": "a", "unit": "0"}, value=1)
DOWN = Sample(name="up", labels={"job": "b"}, value=0)
OTHER = Sample(name="other", labels={"job": "a"}, value=2)


@pytest.mark.parametrize(
    ("text", "found"),
    [("up", [UP, DOWN]), ('up{job="a"}', [UP]), ('{job="a"}', [UP, OTHER]), ("{}", [UP, DOWN, OTHER]), ("none", [])],
)
def test_chooses(text: str, found: list[Sample]):
    assert samples.chosen([UP, DOWN, OTHER], samples.query(text)) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (0.5, "0.5"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"), (float("nan"), "NaN")],
)
def test_writes_numbers_as_prometheus_does(value: float, text: str):
    written = Sample(name="up", labels={"job": "a"}, value=float(value)).written(5)

    assert written == {"metric": {"__name__": "up", "job": "a"}, "value": [5, text]}


def test_a_counter_keeps_the_name_that_it_was_given():
    text = "# TYPE django_requests counter\ndjango_requests 18\n# TYPE notes_total counter\nnotes_total 2\n"

    assert [sample.name for sample in samples.scraped(text, {})] == ["django_requests", "notes_total"]
