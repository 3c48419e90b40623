"""The results of the benchmark of events as SVG plots."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import report
from matplotlib import pyplot as plt

COLOURS = {report.OURS: "#1f77b4", report.PEER: "#d62728", report.EMPTY: "#9e9e9e"}
mpl.use("svg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "paas", "font.size": 9, "axes.axisbelow": True})


def events(results: report.Results, file: Path) -> None:
    """Write bars of the CPU time of each event, one for each charm."""
    measured = {each: charms for each, charms in results.items() if each[1] != report.DEPLOYMENT}
    labels = [f"{event}\n{related} integrations" for related, event in measured]
    figure, axes = plt.subplots(figsize=(8, 0.8 * len(labels)), layout="constrained")
    for place, name in enumerate(COLOURS):
        rows = [number for number, charms in enumerate(measured.values()) if name in charms]
        seconds = [report.median(charms[name], "cpu") for charms in measured.values() if name in charms]
        bars = axes.barh([row + 0.27 * (place - 1) for row in rows], seconds, 0.25, label=name, color=COLOURS[name])
        axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("CPU seconds of an event, its hook tools included")
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    _save(figure, file)


def growth(measured: report.Growth, file: Path) -> None:
    """Write curves of the hook tools and of the CPU time, while one thing grows."""
    figure, rows = plt.subplots(2, len(measured), figsize=(10, 5), layout="constrained", squeeze=False)
    for column, (what, sizes) in enumerate(measured.items()):
        across = [size for size, _, _ in sizes]
        for label, place in (("complete pass", 1), ("nothing new", 2)):
            each = [entry[place] for entry in sizes]
            _curve(rows[0][column], across, [sum(event["tools"].values()) for event in each], label)
            _curve(rows[1][column], across, [event["cpu"] for event in each], label)
        rows[1][column].set_xlabel(what)
    rows[0][0].set_ylabel("hook tools")
    rows[1][0].set_ylabel("CPU seconds")
    rows[0][0].legend()
    _save(figure, file)


def _curve(axes: Any, across: Sequence[float], up: Sequence[float], label: str) -> None:
    axes.plot(across, up, marker="o", label=label)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)


def _save(figure: Any, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
