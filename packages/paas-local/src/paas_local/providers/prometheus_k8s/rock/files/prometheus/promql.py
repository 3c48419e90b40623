"""Queries in PromQL: the parts of it that dashboards use, with Prometheus' results.

A query becomes a function of time, which is called once for each point of a graph.
"""

import heapq
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import promql_parser as parser

from . import ranges, vectors
from .series import Labels, Series, Store
from .vectors import InvalidError, Value, Vector

Query = Callable[[float], Value]
Test = Callable[[Labels], bool]
_AGGREGATES: Mapping[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "min": min,
    "max": max,
    "avg": lambda values: math.fsum(values) / len(values),
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
}
_LARGEST = {"topk": heapq.nlargest, "bottomk": heapq.nsmallest}


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(function(value)) if math.isfinite(value) else value


def _at_least(value: float, bound: float) -> float:
    return max(value, bound)


def _at_most(value: float, bound: float) -> float:
    return min(value, bound)


_OF_ELEMENTS: Mapping[str, Callable[..., float]] = {
    "abs": math.fabs,
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "clamp_min": _at_least,
    "clamp_max": _at_most,
}


def query(text: str, store: Store) -> Query:
    """Return the query of a text."""
    try:
        tree = parser.parse(text)
    except ValueError as error:
        raise InvalidError(str(error)) from None
    return _compiled(tree, store)


def duration(text: str) -> float:
    """Read a duration such as 1m30s, in seconds."""
    return parser.parse_duration(text).total_seconds()


def _compiled(tree: Any, store: Store) -> Query:
    while isinstance(tree, parser.ParenExpr):
        tree = tree.expr
    match tree:
        case parser.NumberLiteral():
            return _constant(tree.val)
        case parser.UnaryExpr():
            inner = _compiled(tree.expr, store)
            return lambda time: vectors.binary("*", inner(time), -1.0, _matching(None), as_bool=False)
        case parser.VectorSelector():
            return _selector(tree, store)
        case parser.Call():
            return _call(tree, store)
        case parser.AggregateExpr():
            return _aggregate(tree, store)
        case parser.BinaryExpr():
            left, right = _compiled(tree.lhs, store), _compiled(tree.rhs, store)
            symbol, matching = str(tree.op), _matching(tree.modifier)
            as_bool = bool(tree.modifier and tree.modifier.return_bool)
            return lambda time: vectors.binary(symbol, left(time), right(time), matching, as_bool=as_bool)
        case _:
            kinds = {
                "MatrixSelector": "a range without a function",
                "SubqueryExpr": "a subquery",
                "StringLiteral": "a text",
            }
            raise InvalidError(f"{kinds.get(type(tree).__name__, type(tree).__name__)} is not supported")


def _constant(value: float) -> Query:
    return lambda _: value


def _selected(tree: parser.VectorSelector, store: Store) -> list[Series]:
    if tree.at is not None or tree.matchers.or_matchers:
        raise InvalidError("@ and or in a selector are not supported")
    tests = [test(each) for each in tree.matchers.matchers]
    return [series for series in store.named(tree.name) if all(each(series.labels) for each in tests)]


def test(matcher: parser.Matcher) -> Test:
    """Return the test of a label."""
    name, value, kind = matcher.name, matcher.value, str(matcher.op).rpartition(".")[2]
    if kind in {"Equal", "NotEqual"}:
        return lambda labels: (labels.get(name, "") == value) == (kind == "Equal")
    try:
        pattern = re.compile(value, re.DOTALL)
    except re.error as error:
        raise InvalidError(f"the pattern {value!r} is not supported: {error}") from None
    return lambda labels: bool(pattern.fullmatch(labels.get(name, ""))) == (kind == "Re")


def _offset(tree: parser.VectorSelector) -> float:
    return tree.offset.total_seconds() if tree.offset else 0.0


def _selector(tree: parser.VectorSelector, store: Store) -> Query:
    selected, offset = [(frozenset(each.labels.items()), each) for each in _selected(tree, store)], _offset(tree)

    def evaluate(time: float) -> Vector:
        values = ((labels, series.at(time - offset)) for labels, series in selected)
        return {labels: value for labels, value in values if value is not None}

    return evaluate


def _call(tree: parser.Call, store: Store) -> Query:
    name = tree.func.name
    if function := ranges.FUNCTIONS.get(name):
        return _range(tree.args[0], store, function, keeps_name=name == "last_over_time")
    if name not in {"time", "vector", "scalar", "histogram_quantile", *_OF_ELEMENTS}:
        raise InvalidError(f"the function {name} is not supported")
    arguments = [_compiled(each, store) for each in tree.args]
    match name:
        case "time":
            return lambda time: time
        case "vector":
            return lambda time: {frozenset[tuple[str, str]](): _scalar(arguments[0](time))}
        case "scalar":
            return lambda time: _only(_vector(arguments[0](time)))
        case "histogram_quantile":
            return lambda time: _quantiles(_scalar(arguments[0](time)), _vector(arguments[1](time)))
        case _:
            first, *others = arguments
            return lambda time: {
                vectors.nameless(labels): _OF_ELEMENTS[name](value, *(_scalar(each(time)) for each in others))
                for labels, value in _vector(first(time)).items()
            }


def _range(tree: Any, store: Store, function: ranges.Function, *, keeps_name: bool) -> Query:
    if not isinstance(tree, parser.MatrixSelector):
        raise InvalidError("a subquery is not supported")
    offset, length = _offset(tree.vector_selector), tree.range.total_seconds()
    selected = [
        (labels if keeps_name else vectors.nameless(labels), series)
        for series in _selected(tree.vector_selector, store)
        for labels in [frozenset(series.labels.items())]
    ]

    def evaluate(time: float) -> Vector:
        end = time - offset
        results = (
            (labels, function(series.between(end - length, end), end - length, end)) for labels, series in selected
        )
        return {labels: value for labels, value in results if value is not None}

    return evaluate


def _quantiles(part: float, vector: Vector) -> Vector:
    histograms: dict[vectors.LabelSet, dict[float, float]] = {}
    for labels, value in vector.items():
        try:
            bound = float(dict(labels)["le"])
        except (KeyError, ValueError):
            continue
        histograms.setdefault(vectors.dropping(["le"])(labels), {})[bound] = value
    return {labels: ranges.quantile(part, buckets) for labels, buckets in histograms.items()}


def _aggregate(tree: parser.AggregateExpr, store: Store) -> Query:
    name, inner = str(tree.op), _compiled(tree.expr, store)
    names = tree.modifier.labels if tree.modifier else []
    without = tree.modifier is not None and str(tree.modifier.type).endswith("Without")
    key = vectors.dropping(names) if without else vectors.keeping(names)
    if name in _LARGEST:
        count = _compiled(tree.param, store)
        return lambda time: _chosen(_LARGEST[name], int(_scalar(count(time))), _vector(inner(time)), key)
    if name not in _AGGREGATES:
        raise InvalidError(f"the aggregation {name} is not supported")
    return lambda time: {
        labels: _AGGREGATES[name](values) for labels, values in vectors.grouped(_vector(inner(time)), key).items()
    }


def _chosen(choose: Callable[..., list[Any]], count: int, vector: Vector, key: vectors.Key) -> Vector:
    groups: dict[vectors.LabelSet, list[vectors.LabelSet]] = {}
    for labels in vector:
        groups.setdefault(key(labels), []).append(labels)
    return {labels: vector[labels] for group in groups.values() for labels in choose(count, group, key=vector.get)}


def _matching(modifier: parser.BinModifier | None) -> vectors.Matching:
    if modifier is None:
        return vectors.Matching(key=vectors.nameless)
    if modifier.fill_values and (modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None):
        raise InvalidError("fill is not supported")
    on = modifier.matching and str(modifier.matching.type).endswith("Include")
    names = modifier.matching.labels if modifier.matching else []
    many = {"ManyToOne": "left", "OneToMany": "right"}.get(str(modifier.card).rpartition(".")[2], "")
    copied = tuple(modifier.group_labels or ())
    return vectors.Matching(key=vectors.keeping(names) if on else vectors.dropping(names), many=many, copied=copied)


def _only(vector: Vector) -> float:
    return next(iter(vector.values())) if len(vector) == 1 else math.nan


def _scalar(value: Value) -> float:
    return math.nan if isinstance(value, Mapping) else value


def _vector(value: Value) -> Vector:
    return value if isinstance(value, Mapping) else {}
