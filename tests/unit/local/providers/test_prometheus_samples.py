"""The built-in scraper: answers of targets."""

import pytest
from paas_local.providers.prometheus_k8s.rock.files.prometheus import samples
from paas_local.providers.prometheus_k8s.rock.files.prometheus.samples import InvalidError

TEXT = """\
# HELP requests_total All requests.
# TYPE requests_total counter
requests_total{path="/",job="mine"} 3
requests_total{path="/a \\"b\\""} 1
# TYPE took_seconds summary
took_seconds_sum 0.5
free NaN
"""


def test_a_label_of_the_target_is_exported_if_the_answer_has_another_value():
    read = list(samples.scraped(TEXT, {"job": "ours"}))

    assert [(sample.name, sample.labels) for sample in read] == [
        ("requests_total", {"path": "/", "exported_job": "mine", "job": "ours"}),
        ("requests_total", {"path": '/a "b"', "job": "ours"}),
        ("took_seconds_sum", {"job": "ours"}),
        ("free", {"job": "ours"}),
    ]
    assert [sample.value for sample in read[:3]] == [3, 1, 0.5]


@pytest.mark.parametrize("text", ["<html>", "a{ 1", "a b c d", "a", 'a{b="c} 1', "{"])
def test_refuses_an_answer_in_another_format(text: str):
    with pytest.raises(InvalidError, match="the answer is not in the text format of metrics"):
        list(samples.scraped(text, {}))


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (0.5, "0.5"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"), (float("nan"), "NaN")],
)
def test_writes_numbers_as_prometheus_does(value: float, text: str):
    assert samples.number(float(value)) == text


def test_a_counter_keeps_its_name():
    text = "# TYPE django_requests counter\ndjango_requests 18\n# TYPE notes_total counter\nnotes_total 2\n"

    assert [sample.name for sample in samples.scraped(text, {})] == ["django_requests", "notes_total"]
