"""Drawings of panels, as SVG."""

# The imported package is only in the image, so a type checker does not find it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

import pygal

from .sources import Series

_FORMAT = "%H:%M:%S"


def graph(lines: Iterable[Series], unit: str, step: int) -> str:
    """Draw lines over time; each point has its time and value as a text, too."""
    chart = pygal.DateTimeLine(
        js=(),
        disable_xml_declaration=True,
        width=600,
        height=260,
        legend_at_bottom=True,
        truncate_legend=-1,
        dots_size=1.5,
        allow_interruptions=True,
        no_data_text="No data",
        x_label_rotation=20,
        x_value_formatter=lambda moment: moment.strftime(_FORMAT),
        value_formatter=lambda value: number(value, unit),
    )
    for line in lines:
        chart.add(line.name, list(_points(line, step)))
    return str(chart.render(is_unicode=True))


def _points(line: Series, step: int) -> Iterator[tuple[datetime, float | None]]:
    """Yield the points of a line, with an interruption where there are none."""
    before: float | None = None
    for time, value in line.points:
        if before is not None and time - before > step:
            yield _moment(before + step), None
        before = time
        yield _moment(time), value if abs(value) < float("inf") else None


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, timezone.utc)


def number(value: float, unit: str) -> str:
    """Write a value with its unit."""
    symbol = _SYMBOLS.get(unit, unit)
    if unit == "percentunit":
        value, symbol = value * 100, "%"
    if unit in _BYTES:
        power = next((each for each in _POWERS if abs(value) >= each), 1)
        value, symbol = value / power, f"{_POWERS.get(power, '')}{symbol}"
    return f"{value:.6g} {symbol}".strip()


_POWERS = {2**40: "Ti", 2**30: "Gi", 2**20: "Mi", 2**10: "Ki"}
_BYTES = frozenset({"bytes", "decbytes", "Bps", "binBps"})
_SYMBOLS = {
    "none": "",
    "short": "",
    "percent": "%",
    "bytes": "B",
    "decbytes": "B",
    "Bps": "B/s",
    "binBps": "B/s",
    "reqps": "req/s",
    "ops": "ops/s",
    "cps": "/s",
}
"""Grafana's names of units; other names are the symbols themselves."""
