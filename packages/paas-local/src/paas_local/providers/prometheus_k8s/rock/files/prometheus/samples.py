"""What a target says of itself, and which of it a query asks for."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.parser import parse_labels, text_string_to_metric_families

Labels = Mapping[str, str]
_NAME = re.compile(r"^[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)", re.MULTILINE)
_QUERY = re.compile(r"\s*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(?P<matchers>.*)\})?\s*", re.DOTALL)


class JunkError(Exception):
    """What was scraped or asked cannot be read; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A value, with all of its labels."""

    name: str
    labels: Labels
    value: float

    def written(self, time: float) -> dict[str, object]:
        """Write it as Prometheus answers it."""
        return {"metric": {"__name__": self.name, **self.labels}, "value": [time, _number(self.value)]}


@dataclass(frozen=True, kw_only=True)
class Query:
    """A metric's name, labels that it has, or both."""

    name: str | None
    labels: Labels

    def wants(self, sample: Sample) -> bool:
        """Tell whether a sample is asked for."""
        return self.name in {None, sample.name} and self.labels.items() <= sample.labels.items()


def scraped(text: str, labels: Labels) -> Iterator[Sample]:
    """Read the text of a target; where it uses one of the target's own labels, its value is set apart."""
    names = {*_NAME.findall(text)}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                given = {f"exported_{name}" if name in labels else name: value for name, value in sample.labels.items()}
                # The parser ends each counter's name in _total, as OpenMetrics does; Prometheus leaves it as it is.
                name = sample.name if sample.name in names else sample.name.removesuffix("_total")
                yield Sample(name=name, labels={**given, **labels}, value=float(sample.value))
    except (ValueError, LookupError) as error:
        raise JunkError(f"the answer is no metrics: {error}") from error


def query(text: str) -> Query:
    """Read a query: ``name``, ``name{label="value"}`` or ``{label="value"}``."""
    found = _QUERY.fullmatch(text)
    if found is None or not text.strip():
        raise _unknown(text)
    try:
        labels = dict(parse_labels(found["matchers"] or ""))
    except ValueError as error:
        raise _unknown(text) from error
    return Query(name=labels.pop("__name__", found["name"]), labels=labels)


def chosen(samples: Iterable[Sample], wanted: Query) -> list[Sample]:
    """Choose what a query asks for."""
    return [sample for sample in samples if wanted.wants(sample)]


def _unknown(text: str) -> JunkError:
    return JunkError(f'{text!r} is not understood here; ask as name{{label="value", other="value"}}')


def _number(value: float) -> str:
    """Write a number as Prometheus does."""
    special = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
    text = repr(value)
    return special.get(text, text.removesuffix(".0"))
