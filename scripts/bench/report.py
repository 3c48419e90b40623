"""The results of the benchmark as Markdown tables and SVG plots."""

import html
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

COLOURS = ("#1f77b4", "#d62728", "#9e9e9e")
WIDTH, BAR, LEFT = 760, 14, 300


def median(results: Sequence[Mapping[str, Any]], key: str) -> float:
    """Return the median of a measurement."""
    return statistics.median(result[key] for result in results)


def calls(results: Sequence[Mapping[str, Any]], key: str) -> int:
    """Return the number of calls of one event; the largest, if events differ."""
    return max(sum(result[key].values()) for result in results)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def bars(title: str, groups: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Return a plot with one group of bars for each event, one bar for each charm."""
    longest = max(value for group in groups.values() for value in group.values())
    names = list(next(iter(groups.values())))
    parts = [_text(10, 20, title, size=15)]
    parts += [
        f'<rect x="{10 + 180 * place}" y="30" width="12" height="12" fill="{COLOURS[place]}"/>'
        + _text(28 + 180 * place, 41, name)
        for place, name in enumerate(names)
    ]
    y = 60
    for group, values in groups.items():
        parts.append(_text(10, y + BAR, group))
        for place, name in enumerate(names):
            if name in values:
                width = (WIDTH - LEFT - 90) * values[name] / longest
                parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[place]}"/>')
                parts.append(_text(LEFT + width + 6, y + 11, f"{values[name]:.2f} {unit}"))
                y += BAR + 2
        y += 12
    return _svg(WIDTH, y, parts)


def lines(title: str, curves: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str) -> str:
    """Return a plot of curves; each axis is relative to the largest value of its curve."""
    high = max(y for curve in curves.values() for _, y in curve)
    parts = [
        _text(10, 20, title, size=15),
        f'<path d="M60 40 V260 H{WIDTH - 40}" fill="none" stroke="#333"/>',
        _text(60, 285, f"0 to the largest {across}"),
        _text(10, 36, f"{high:.0f} {up}"),
    ]
    colours = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
    for place, (name, curve) in enumerate(curves.items()):
        widest = max(x for x, _ in curve)
        points = " ".join(f"{60 + (WIDTH - 100) * x / widest:.1f},{260 - 215 * y / high:.1f}" for x, y in curve)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colours[place]}" stroke-width="2"/>')
        parts.append(f'<rect x="{60 + 175 * place}" y="295" width="12" height="12" fill="{colours[place]}"/>')
        parts.append(_text(78 + 175 * place, 306, name))
    return _svg(WIDTH, 320, parts)


def _text(x: float, y: float, text: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}">{html.escape(text)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])
