"""Queries of the built-in scraper; the expected values follow from the rules of Prometheus."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from paas_local.providers.prometheus_k8s.rock.files.prometheus import promql, series
from paas_local.providers.prometheus_k8s.rock.files.prometheus.vectors import InvalidError

ROOT = Path(__file__).parents[4]
END = 1300.0


@pytest.fixture
def store() -> series.Store:
    """Return an hour's end of scrapes every five seconds: counters, a counter that is reset, a histogram, a gauge."""
    store = series.Store()
    for number in range(61):
        time = 1000.0 + 5 * number
        store.append("requests", {"unit": "web/0", "code": "200"}, time, 2.0 * number)
        store.append("requests", {"unit": "web/1", "code": "500"}, time, 1.0 * number)
        store.append("reset", {}, time, float(number % 30))
        store.append("up", {"unit": "web/0"}, time, 1.0)
        store.append("up", {"unit": "web/1"}, time, 0.0)
        for bound, count in (("0.1", number), ("0.5", 2 * number), ("+Inf", 2 * number)):
            store.append("took_bucket", {"unit": "web/0", "le": bound}, time, float(count))
    return store


def answer(store: series.Store, text: str, time: float = END) -> dict[str, float] | float:
    """Return the values of a query by their labels, written as in Prometheus."""
    value = promql.query(text, store)(time)
    if not isinstance(value, Mapping):
        return value
    return {",".join(f"{name}={text}" for name, text in sorted(labels)): each for labels, each in value.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 ^ 2", 19.0),
        ("-7 % 4", -3.0),
        ("1 / 0", math.inf),
        ("1 > bool 2", 0.0),
        ("time()", END),
        ("up", {"__name__=up,unit=web/0": 1.0, "__name__=up,unit=web/1": 0.0}),
        ('up{unit!~"web/1|x"}', {"__name__=up,unit=web/0": 1.0}),
        ('{__name__="up", unit="web/1", none=""}', {"__name__=up,unit=web/1": 0.0}),
        ('up{unit=~"web"}', {}),
        ("up == 0", {"__name__=up,unit=web/1": 0.0}),
        ("up == bool 0", {"unit=web/0": 0.0, "unit=web/1": 1.0}),
        ("-up", {"unit=web/0": -1.0, "unit=web/1": -0.0}),
        (
            "requests offset 1m",
            {"__name__=requests,code=200,unit=web/0": 96.0, "__name__=requests,code=500,unit=web/1": 48.0},
        ),
        ("rate(requests[1m])", {"code=200,unit=web/0": 0.4, "code=500,unit=web/1": 0.2}),
        ("increase(requests[1m])", {"code=200,unit=web/0": 24.0, "code=500,unit=web/1": 12.0}),
        ("irate(requests[1m])", {"code=200,unit=web/0": 0.4, "code=500,unit=web/1": 0.2}),
        ("sum by (code) (rate(requests[1m]))", {"code=200": 0.4, "code=500": 0.2}),
        ("sum without (code, unit) (rate(requests[1m]))", {"": 0.6}),
        ("avg(up)", {"": 0.5}),
        ("min(up)", {"": 0.0}),
        ("max(up)", {"": 1.0}),
        ("count(up)", {"": 2.0}),
        ("topk(1, requests)", {"__name__=requests,code=200,unit=web/0": 120.0}),
        ("bottomk(1, requests)", {"__name__=requests,code=500,unit=web/1": 60.0}),
        ("rate(reset[1m])", {"": 10 / 55}),
        ("rate(requests[5s])", {}),
        ('sum(rate(requests{code=~"5.."}[1m])) / sum(rate(requests[1m]))', {"": 1 / 3}),
        ("requests * on (unit) up", {"unit=web/0": 120.0, "unit=web/1": 0.0}),
        ("requests * on (unit) group_left () up", {"code=200,unit=web/0": 120.0, "code=500,unit=web/1": 0.0}),
        ("up * on (unit) group_right () requests", {"code=200,unit=web/0": 120.0, "code=500,unit=web/1": 0.0}),
        ("up / ignoring (code) requests", {"unit=web/0": 1 / 120, "unit=web/1": 0.0}),
        ("up and on (unit) requests{code='200'}", {"__name__=up,unit=web/0": 1.0}),
        ("up unless on (unit) requests{code='200'}", {"__name__=up,unit=web/1": 0.0}),
        ("none or vector(0)", {"": 0.0}),
        ("scalar(up{unit='web/0'}) + 1", 2.0),
        ("clamp_max(requests, 100) > 70", {"code=200,unit=web/0": 100.0}),
        ("max_over_time(reset[1m])", {"": 29.0}),
        ("avg_over_time(up[1m])", {"unit=web/0": 1.0, "unit=web/1": 0.0}),
        ("histogram_quantile(0.25, sum by (le) (rate(took_bucket[1m])))", {"": 0.05}),
        ("histogram_quantile(0.75, rate(took_bucket[1m]))", {"unit=web/0": 0.3}),
        ("histogram_quantile(1, rate(took_bucket[1m]))", {"unit=web/0": 0.5}),
        ("histogram_quantile(2, rate(took_bucket[1m]))", {"unit=web/0": math.inf}),
    ],
)
def test_a_query_has_the_value_of_prometheus(store: series.Store, text: str, expected: dict[str, float] | float):
    assert answer(store, text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        # the range begins with the counter: nothing before it is added
        ([(1250, 0), (1260, 10), (1270, 20), (1280, 30), (1290, 40)], (40 + 10) / 60),
        # far from the edges: half a pause is added to each side
        ([(1265, 100), (1270, 110), (1275, 120)], (20 + 20 * 0.25 * 2) / 60),
        # a counter cannot have been below zero
        ([(1265, 1), (1270, 11), (1275, 21)], (20 + 1 + 20 * 0.25) / 60),
    ],
)
def test_a_rate_is_extrapolated_to_the_edges_of_the_range(points: list[tuple[float, float]], expected: float):
    store = series.Store()
    for time, value in points:
        store.append("requests", {}, time, value)

    assert answer(store, "rate(requests[1m])") == pytest.approx({"": expected})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no expression found in input"),
        ("{}", "vector selector must contain at least one non-empty matcher"),
        ("sum(", "unclosed left parenthesis"),
        ("up[5m]", "a range without a function is not supported"),
        ("max_over_time(up[5m:1m])", "a subquery is not supported"),
        ('label_replace(up, "a", "b", "c", "d")', "the function label_replace is not supported"),
        ("quantile(0.5, up)", "the aggregation quantile is not supported"),
        ("up @ 1", "@ and or in a selector are not supported"),
        ('"text"', "a text is not supported"),
    ],
)
def test_a_query_that_cannot_be_answered_is_an_error(store: series.Store, text: str, words: str):
    with pytest.raises(InvalidError) as caught:
        promql.query(text, store)

    assert str(caught.value) == words


def test_a_value_belongs_to_one_series_of_the_other_side(store: series.Store):
    with pytest.raises(InvalidError, match="found duplicate series for the match group"):
        answer(store, "up / on () requests")


def test_a_series_ends_with_the_scrape_that_has_it_no_longer():
    store = series.Store()
    one = store.append("up", {}, 100, 1)
    one.ends.append(105)
    store.append("up", {}, 120, 1)

    assert [one.at(time) for time in (99, 100, 104, 105, 119, 120)] == [None, 1, 1, None, None, 1]
    assert one.at(120 + series.LOOKBACK) is None


def test_values_are_removed_after_an_hour():
    store = series.Store()
    kept = store.append("up", {"unit": "a"}, 0, 1)
    store.append("up", {"unit": "b"}, 0, 1)
    store.append("up", {"unit": "a"}, series.RETENTION + 1, 1)

    store.expire(series.RETENTION + 1)

    assert (len(store), list(kept.times)) == (1, [series.RETENTION + 1])


FILES = sorted(ROOT.glob("packages/*/src/**/grafana_dashboards/*.json"))


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in FILES])
def test_the_panels_of_our_dashboards_can_be_drawn(file: Path, store: series.Store):
    panels = json.loads(file.read_text())["panels"]
    queries = [
        target["expr"].replace("$__rate_interval", "1m")
        for panel in panels
        for target in panel.get("targets", ())
        if target["datasource"]["type"] == "prometheus"
    ]

    assert queries
    assert [answer(store, query) for query in queries]
