"""Data sources, and their answers to the queries of panels."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from .panels import Panel, Query
from .view import View

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LINES = 100
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class NotDrawnError(Exception):
    """A panel that is not drawn; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A server that answers queries."""

    uid: str
    type: str
    url: str
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line of a graph."""

    name: str
    points: Sequence[tuple[float, float]]
    """Times and values."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a log."""

    time: float
    unit: str
    text: str


class Sources:
    """The data sources of a file, which is read for each page."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> list[Source]:
        """Return all sources."""
        return [Source(**entry) for entry in json.loads(self._file.read_text(encoding="utf-8"))]


async def series(session: aiohttp.ClientSession, sources: Sequence[Source], panel: Panel, view: View) -> list[Series]:
    """Return the lines of a panel."""
    lines: list[Series] = []
    for query in panel.queries:
        source = _source(sources, query, view, "prometheus")
        parameters = {"query": view.filled(query.text), "start": view.start, "end": view.end, "step": view.step}
        data = await _ask(session, f"{source.url}/api/v1/query_range", parameters)
        for row in data["result"]:
            points = [(float(time), float(value)) for time, value in row["values"]]
            lines.append(Series(name=_name(query.legend, row["metric"]), points=points))
    return lines


async def values(session: aiohttp.ClientSession, sources: Sequence[Source], panel: Panel, view: View) -> list[Series]:
    """Return the values of a panel at the end of the time range."""
    lines: list[Series] = []
    for query in panel.queries:
        source = _source(sources, query, view, "prometheus")
        data = await _ask(session, f"{source.url}/api/v1/query", {"query": view.filled(query.text), "time": view.end})
        scalar = data["resultType"] == "scalar"
        rows: list[dict[str, Any]] = [{"metric": {}, "value": data["result"]}] if scalar else data["result"]
        for row in rows:
            time, value = row["value"]
            lines.append(Series(name=_name(query.legend, row["metric"]), points=[(float(time), float(value))]))
    return lines


async def logs(session: aiohttp.ClientSession, sources: Sequence[Source], panel: Panel, view: View) -> list[Line]:
    """Return the newest lines of a panel, in the order of their times."""
    lines: list[Line] = []
    for query in panel.queries:
        source = _source(sources, query, view, "loki")
        parameters = {"query": view.filled(query.text), "start": view.start, "end": view.end, "limit": _LINES}
        data = await _ask(session, f"{source.url}/loki/api/v1/query_range", parameters)
        for stream in data["result"]:
            unit = stream["stream"].get("juju_unit", "")
            lines += [Line(time=int(time) / 1e9, unit=unit, text=text) for time, text in stream["values"]]
    return sorted(lines, key=lambda line: line.time)[-_LINES:]


def _source(sources: Sequence[Source], query: Query, view: View, kind: str) -> Source:
    """Return the source of a query: the one that it names, else the first of its type."""
    kind = query.source_type or kind
    uid = view.filled(query.source_uid)
    matching = [source for source in sources if source.type == kind]
    named = [source for source in matching if source.uid == uid]
    if not matching:
        raise NotDrawnError(f"no data source of the type {kind} is related (grafana-source)")
    return (named or matching)[0]


async def _ask(session: aiohttp.ClientSession, url: str, parameters: Mapping[str, Any]) -> Any:
    try:
        async with session.get(url, params=parameters, timeout=_TIMEOUT) as answer:
            text = await answer.text()
            if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise NotDrawnError(_reason(text))
            return json.loads(text)["data"]
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
        raise NotDrawnError(f"{url} does not answer: {error or type(error).__name__}") from error


def _reason(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, LookupError, TypeError):
        return text.strip()


def _name(legend: str, labels: Mapping[str, str]) -> str:
    """Return the name of a line: its legend with the values of labels, else as Prometheus writes it."""
    if legend and legend != "__auto":
        return _LABEL.sub(lambda match: labels.get(match[1], ""), legend)
    others = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    return labels.get("__name__", "") + (f"{{{others}}}" if others else "") or "value"
