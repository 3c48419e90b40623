"""Vectors of PromQL: values by their labels, and the operators on them."""

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

LabelSet = frozenset[tuple[str, str]]
Vector = Mapping[LabelSet, float]
Value = float | Vector
Key = Callable[[LabelSet], LabelSet]
NAME = "__name__"


class InvalidError(Exception):
    """A query that cannot be answered; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Matching:
    """The elements of two vectors that belong together, and the labels of their results."""

    key: Key
    many: str = ""
    """The side that may have several elements for one of the other: ``left``, ``right`` or empty."""
    copied: tuple[str, ...] = ()
    """The labels that results have from the other side."""


def keeping(names: Iterable[str]) -> Key:
    """Return the function that keeps some labels."""
    kept = frozenset(names)
    return lambda labels: frozenset(each for each in labels if each[0] in kept)


def dropping(names: Iterable[str]) -> Key:
    """Return the function that drops some labels, and the name."""
    dropped = frozenset(names) | {NAME}
    return lambda labels: frozenset(each for each in labels if each[0] not in dropped)


nameless = dropping(())


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right and not math.isinf(left) else math.nan


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": _remainder,
    "^": _power,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SETS = frozenset({"and", "or", "unless"})


def binary(symbol: str, left: Value, right: Value, matching: Matching, *, as_bool: bool) -> Value:
    """Return the result of an operator between two values."""
    if symbol not in {*_ARITHMETIC, *_COMPARISONS, *SETS}:
        raise InvalidError(f"the operator {symbol} is not supported")
    filters = symbol in _COMPARISONS and not as_bool

    def apply(one: float, other: float, kept: float) -> float | None:
        if symbol in _ARITHMETIC:
            return _ARITHMETIC[symbol](one, other)
        true = _COMPARISONS[symbol](one, other)
        return (kept if true else None) if filters else float(true)

    labels: Key = (lambda labels: labels) if filters else nameless
    if not isinstance(left, Mapping):
        if not isinstance(right, Mapping):
            result = apply(left, right, left)
            return math.nan if result is None else result
        return _present((labels(each), apply(left, value, value)) for each, value in right.items())
    if not isinstance(right, Mapping):
        return _present((labels(each), apply(value, right, value)) for each, value in left.items())
    if symbol in SETS:
        return _combined(symbol, left, right, matching.key)
    return _matched(left, right, matching, apply)


def _present(results: Iterable[tuple[LabelSet, float | None]]) -> Vector:
    return {labels: value for labels, value in results if value is not None}


def _combined(symbol: str, left: Vector, right: Vector, key: Key) -> Vector:
    if symbol == "or":
        present = {*map(key, left)}
        return {**left, **{labels: value for labels, value in right.items() if key(labels) not in present}}
    present = {*map(key, right)}
    return {labels: value for labels, value in left.items() if (key(labels) in present) == (symbol == "and")}


def _matched(
    left: Vector, right: Vector, matching: Matching, apply: Callable[[float, float, float], float | None]
) -> Vector:
    swapped = matching.many == "right"
    many, one = (right, left) if swapped else (left, right)
    others: dict[LabelSet, LabelSet] = {}
    for labels in one:
        if others.setdefault(matching.key(labels), labels) is not labels:
            raise InvalidError("found duplicate series for the match group (name labels with on or ignoring)")
    results: dict[LabelSet, float] = {}
    for labels, value in many.items():
        other = others.get(matching.key(labels))
        if other is None:
            continue
        pair = (one[other], value) if swapped else (value, one[other])
        result = apply(*pair, pair[0])
        if result is None:
            continue
        if matching.many:
            target = dropping(matching.copied)(labels) | keeping(matching.copied)(other)
        else:
            target = matching.key(labels)
        if target in results:
            raise InvalidError("multiple matches for labels (use group_left or group_right)")
        results[target] = result
    return results


def grouped(vector: Vector, key: Key) -> dict[LabelSet, list[float]]:
    """Return the values of each group."""
    groups: dict[LabelSet, list[float]] = {}
    for labels, value in vector.items():
        groups.setdefault(key(labels), []).append(value)
    return groups
