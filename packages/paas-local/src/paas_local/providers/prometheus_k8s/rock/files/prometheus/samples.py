"""Samples in the answers of targets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = Mapping[str, str]
_NAME = re.compile(r"^[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)", re.MULTILINE)


class InvalidError(Exception):
    """An answer of a target that cannot be read; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A value with its labels."""

    name: str
    labels: Labels
    value: float


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


def number(value: float) -> str:
    """Write a number in Prometheus' form."""
    special = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
    text = repr(value)
    return special.get(text, text.removesuffix(".0"))
