"""Pages with dashboards."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from html import escape
from typing import Any

import aiohttp

from . import drawing
from .panels import Panel, panels
from .sources import NotDrawnError, Source, logs, series, values
from .view import View

_STYLE = """
body { font: 14px sans-serif; margin: 1em; background: #f4f5f5; color: #24292e }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(36em, 1fr)); gap: .7em }
.panel { background: white; padding: .7em; overflow: auto; max-height: 26em }
h2 { font-size: 1em; margin: 0 } .value { font-size: 1.8em } .reason { color: #a33 }
"""
_GRAPHS = frozenset({"timeseries", "graph"})
_VALUES = frozenset({"stat", "singlestat", "gauge", "bargauge"})
_SPANS = {"now-5m": "5 minutes", "now-15m": "15 minutes", "now-1h": "1 hour"}


def index(dashboards: Mapping[str, Mapping[str, Any]], prefix: str) -> str:
    """Write the page with all dashboards."""
    rows = "".join(
        f'<li><a href="{escape(prefix)}/d/{escape(uid)}">{escape(str(entry["dashboard"]["title"]))}</a> '
        f"({escape(', '.join(entry['applications']))})</li>"
        for uid, entry in dashboards.items()
    )
    return _page("Dashboards", f"<ul>{rows}</ul>" if rows else "<p>No application has sent a dashboard.</p>")


async def dashboard(document: Mapping[str, Any], sources: Sequence[Source], view: View, prefix: str) -> str:
    """Write the page of a dashboard, with its panels drawn."""
    async with aiohttp.ClientSession() as session:
        drawn = [await _section(session, sources, panel, view) for panel in panels(document)]
    spans = " ".join(f'<a href="?from={start}&amp;to=now">{text}</a>' for start, text in _SPANS.items())
    top = f'<p><a href="{escape(prefix)}/">Dashboards</a> | last {spans} | times are UTC</p>'
    return _page(str(document["title"]), f"{top}<main>{''.join(drawn)}</main>")


async def _section(session: aiohttp.ClientSession, sources: Sequence[Source], panel: Panel, view: View) -> str:
    try:
        content = await _content(session, sources, panel, view)
    except NotDrawnError as reason:
        content = f'<p class="reason">Not drawn: {escape(str(reason))}</p>'
    title = f'<h2 title="{escape(panel.description)}">{escape(panel.title or panel.type)}</h2>'
    return f'<section class="panel">{title}{content}</section>'


async def _content(session: aiohttp.ClientSession, sources: Sequence[Source], panel: Panel, view: View) -> str:
    if panel.type in _GRAPHS:
        return drawing.graph(await series(session, sources, panel, view), panel.unit, view.step)
    if panel.type in _VALUES:
        texts = [
            f'<span title="{escape(line.name)}">{escape(drawing.number(line.points[-1][1], panel.unit))}</span>'
            for line in await values(session, sources, panel, view)
            if math.isfinite(line.points[-1][1])
        ]
        return f'<p class="value">{" ".join(texts) or "No data"}</p>'
    if panel.type == "logs":
        lines = [
            f"{datetime.fromtimestamp(line.time, timezone.utc):%H:%M:%S} {line.unit} {line.text}"
            for line in await logs(session, sources, panel, view)
        ]
        return f'<pre class="logs">{escape(chr(10).join(lines))}</pre>'
    raise NotDrawnError(f"panels of the type {panel.type} are not supported")


def _page(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f"<!doctype html><html><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>"
