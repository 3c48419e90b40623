"""Samples of targets, and queries for them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.parser import parse_labels, text_string_to_metric_families

Labels = Mapping[str, str]
_NAME = re.compile(r"^[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)", re.MULTILINE)
_QUERY = re.compile(r"\s*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(?P<matchers>.*)\})?\s*", re.DOTALL)


class InvalidError(Exception):
    """An answer of a target, or a query, that cannot be read; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A value with its labels."""

    name: str
    labels: Labels
    value: float

    def document(self, time: float) -> dict[str, object]:
        """Return the form of Prometheus' answers."""
        return {"metric": {"__name__": self.name, **self.labels}, "value": [time, _number(self.value)]}


@dataclass(frozen=True, kw_only=True)
class Query:
    """The name of a metric, labels, or both."""

    name: str | None
    labels: Labels

    def matches(self, sample: Sample) -> bool:
        """Return whether the query selects a sample."""
        return self.name in {None, sample.name} and self.labels.items() <= sample.labels.items()


def scraped(text: str, labels: Labels) -> Iterator[Sample]:
    """Read the text of a target; a label of the target's own gets the prefix ``exported_`` in it."""
    names = {*_NAME.findall(text)}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                own = {f"exported_{name}" if name in labels else name: value for name, value in sample.labels.items()}
                # The parser adds _total to each counter's name, as OpenMetrics does; Prometheus keeps the name.
                name = sample.name if sample.name in names else sample.name.removesuffix("_total")
                yield Sample(name=name, labels={**own, **labels}, value=float(sample.value))
    except (ValueError, LookupError) as error:
        raise InvalidError(f"the answer is not in the text format of metrics: {error}") from error


def query(text: str) -> Query:
    """Read a query: ``name``, ``name{label="value"}`` or ``{label="value"}``."""
    match = _QUERY.fullmatch(text)
    if match is None or not text.strip():
        raise _unknown(text)
    try:
        labels = dict(parse_labels(match["matchers"] or ""))
    except ValueError as error:
        raise _unknown(text) from error
    return Query(name=labels.pop("__name__", match["name"]), labels=labels)


def select(samples: Iterable[Sample], query: Query) -> list[Sample]:
    """Select the samples of a query."""
    return [sample for sample in samples if query.matches(sample)]


def _unknown(text: str) -> InvalidError:
    return InvalidError(f'{text!r} is not supported; write name{{label="value", other="value"}}')


def _number(value: float) -> str:
    """Write a number in Prometheus' form."""
    special = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
    text = repr(value)
    return special.get(text, text.removesuffix(".0"))
