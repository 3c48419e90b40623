"""Functions of PromQL over the values of a time range, and over the buckets of a histogram."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

Points = Sequence[tuple[float, float]]
"""Times and values."""
Function = Callable[[Points, float, float], float | None]
"""A function of the points, and of the start and the end of the range; None if the points are too few."""


def extrapolated(points: Points, start: float, end: float, *, counter: bool, per_second: bool) -> float | None:
    """Return the change over a range: that of the points, and as much again as fits before and after them.

    A counter that became smaller has been reset to zero. The rules for the edges are those of Prometheus.
    """
    if len(points) < 2:  # noqa: PLR2004 - a change is between two
        return None
    (first, least), (last, newest) = points[0], points[-1]
    change = newest - least
    if counter:
        change += sum(before for (_, before), (_, after) in itertools.pairwise(points) if after < before)
    covered = last - first
    pause = covered / (len(points) - 1)
    before, after = (each if each < pause * 1.1 else pause / 2 for each in (first - start, end - last))
    if counter and change > 0 and least >= 0:
        before = min(before, covered * least / change)  # a counter is not below zero
    return change * (covered + before + after) / covered / (end - start if per_second else 1)


def _instant(points: Points, *, counter: bool, per_second: bool) -> float | None:
    if len(points) < 2:  # noqa: PLR2004 - as above
        return None
    (first, before), (last, after) = points[-2:]
    change = after if counter and after < before else after - before
    return change / (last - first) if per_second else change


def _over_time(function: Callable[[list[float]], float]) -> Function:
    return lambda points, _start, _end: function([value for _, value in points]) if points else None


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


FUNCTIONS: Mapping[str, Function] = {
    "rate": lambda points, start, end: extrapolated(points, start, end, counter=True, per_second=True),
    "increase": lambda points, start, end: extrapolated(points, start, end, counter=True, per_second=False),
    "delta": lambda points, start, end: extrapolated(points, start, end, counter=False, per_second=False),
    "irate": lambda points, _start, _end: _instant(points, counter=True, per_second=True),
    "idelta": lambda points, _start, _end: _instant(points, counter=False, per_second=False),
    "avg_over_time": _over_time(_mean),
    "min_over_time": _over_time(min),
    "max_over_time": _over_time(max),
    "sum_over_time": _over_time(math.fsum),
    "count_over_time": _over_time(lambda values: float(len(values))),
    "last_over_time": _over_time(lambda values: values[-1]),
}


def quantile(part: float, buckets: Mapping[float, float]) -> float:
    """Return the quantile of a histogram, whose buckets have the counts up to their upper bounds."""
    bounds = sorted(buckets)
    if len(bounds) < 2 or bounds[-1] != math.inf or not buckets[math.inf] or math.isnan(part):  # noqa: PLR2004
        return math.nan
    if not 0 <= part <= 1:
        return math.copysign(math.inf, part)
    counts: list[float] = []
    for bound in bounds:  # scrapes of several units may differ by a little: a count is never below the one before
        counts.append(max(buckets[bound], counts[-1] if counts else 0))
    rank = part * counts[-1]
    index = next(number for number, count in enumerate(counts) if count >= rank)
    if index == len(bounds) - 1:
        return bounds[-2]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    lower, below = (bounds[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    inside = counts[index] - below
    return lower + (bounds[index] - lower) * ((rank - below) / inside if inside else 0)
