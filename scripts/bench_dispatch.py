"""Benchmark of a charm's events under Juju's own protocol, compared with paas-charm; ``make bench`` runs it by hand.

Each event is a fresh Python process whose hook tools are processes and whose Pebble is behind a socket that counts the
requests. Three charms take turns in one run: ours, paas-charm's and an empty one. They have the same metadata, the same
charm libraries, and the same versions of Python and ops. The result replaces the part of ``docs/benchmarks.md`` between
its markers, and the plots next to it.
"""

# ruff: noqa: T201 - the benchmark prints
import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).with_name("bench")))

import charm_folders
import report
from client import Unit

DOCS = charm_folders.ROOT / "docs"
OURS, PEER, EMPTY = "ours", "paas-charm", "empty ops charm"
Results = dict[tuple[str, str], dict[str, list[dict[str, Any]]]]
"""Measurements by number of integrations and event, then by charm."""
EVENTS = {
    "update-status": ("run", "update-status"),
    "unchanged config-changed": ("run", "config-changed"),
    "unchanged relation-changed": ("run", "relation-changed", "postgresql"),
}
GROWTH = {"relations": (1, 10, 25, 50), "options": (1, 100, 250, 500), "kB of databag": (1, 25, 50, 100),
          "peer units": (1, 25, 50, 100)}  # fmt: skip


def main() -> None:
    """Measure, print and write the tables and the plots."""
    arguments = argparse.ArgumentParser(description="Measure the events of a charm, and compare with paas-charm.")
    arguments.add_argument("--runs", type=int, default=7, help="measurements of each event")
    arguments.add_argument("--no-growth", action="store_true", help="leave out the measurements of growth")
    arguments.add_argument("--dry", action="store_true", help="print only; leave the docs as they are")
    options = arguments.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as top, contextlib.ExitStack() as stack:
        folder = Path(top)
        pythons = environments(folder)
        imports = import_times(pythons, options.runs)
        results: Results = defaultdict(lambda: defaultdict(list))
        for related in (0, len(charm_folders.INTEGRATIONS)):
            measure_side_by_side(stack, folder, pythons, related, options.runs, results)
        growth = {} if options.no_growth else measure_growth(folder, pythons)
    text = document(imports, results, growth, options.runs, time.monotonic() - began)
    print(text)
    if not options.dry:
        write(text, results, growth)


def environments(folder: Path) -> dict[str, Path]:
    """Create the Python environments of the charms and of the workload."""
    requirements = {
        OURS: ("paas-flask", *charm_folders.SAME),
        PEER: (charm_folders.PEER, *charm_folders.SAME),
        "workload": charm_folders.WORKLOAD,
    }
    return {name: charm_folders.environment(folder / name, *words) for name, words in requirements.items()}


def start(folder: Path, pythons: dict[str, Path], name: str, metadata: dict[str, Any], **spec: Any) -> Unit:
    """Start a unit of one of the charms."""
    texts = {OURS: charm_folders.OURS, PEER: charm_folders.THEIRS, EMPTY: charm_folders.EMPTY}
    folder.mkdir(parents=True)
    return Unit(
        folder,
        python=str(pythons.get(name, pythons[OURS])),
        charm=str(charm_folders.create(folder, texts[name], metadata)),
        workload_python=str(pythons["workload"]),
        workload_path="",
        application=charm_folders.APPLICATION,
        **spec,
    )


def import_times(pythons: dict[str, Path], runs: int) -> dict[str, float]:
    """Return the seconds that a Python needs for an import, the interpreter's own start included."""
    programs = {
        "import ops": (pythons[OURS], "import ops"),
        "import paas_flask": (pythons[OURS], "import paas_flask"),
    }
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        for name, (python, program) in programs.items():
            began = time.perf_counter()
            subprocess.run([python, "-c", program], check=False, capture_output=True)
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in times.items()}


def measure_side_by_side(
    stack: contextlib.ExitStack, folder: Path, pythons: dict[str, Path], related: int, runs: int, results: Results
) -> None:
    """Deploy the charms with some integrations, and measure each event in turns."""
    integrations = charm_folders.INTEGRATIONS[:related]
    units = {
        name: stack.enter_context(
            start(folder / f"{name}-{related}", pythons, name, charm_folders.charmcraft(), integrations=integrations)
        )
        for name in (OURS, PEER, EMPTY)
    }
    for name, unit in units.items():
        results[str(related), "deployment"][name] = unit.call("settle")
        unit.call("run", "update-status")
    for run in range(runs):
        for event, words in EVENTS.items():
            for name, unit in units.items():
                if related or "relation" not in event:
                    results[str(related), event][name].append(unit.call(*words))
        for name in (OURS, PEER):
            units[name].call("configure", "greeting", f"Hello {run}")
            results[str(related), "a changed option"][name].append(units[name].call("run", "config-changed"))
            units[name].call("restart-container")
            results[str(related), "first start"][name] += units[name].call("settle")
            units[name].call("run", "update-status")
    for event, words in EVENTS.items():
        for name, unit in units.items():
            if related or "relation" not in event:
                results[str(related), event][name][0]["modules"] = unit.call("modules", *words[1:])["modules"]


def measure_growth(
    folder: Path, pythons: dict[str, Path]
) -> dict[str, list[tuple[int, dict[str, Any], dict[str, Any]]]]:
    """Measure a complete pass and an event that brings nothing new, while one thing grows."""
    growth: dict[str, list[tuple[int, dict[str, Any], dict[str, Any]]]] = {}
    for what, sizes in GROWTH.items():
        growth[what] = []
        for size in sizes:
            relations = size if what == "relations" else 1
            metadata = charm_folders.charmcraft(options=size if what == "options" else 1, further=relations)
            integrations = [charm_folders.redis(number) for number in range(relations)]
            peers = size if what == "peer units" else 0
            place = folder / f"growth-{what}-{size}".replace(" ", "-")
            with start(place, pythons, OURS, metadata, integrations=integrations, peers=peers) as unit:
                unit.call("skip")
                if what == "kB of databag":
                    unit.call("pad", "redis-0", str(1000 * size))
                unit.call("run", "config-changed")
                complete = min((unit.call("run", "upgrade-charm") for _ in range(3)), key=lambda each: each["wall"])
                unit.call("run", "update-status")
                short = min((unit.call("run", "update-status") for _ in range(3)), key=lambda each: each["wall"])
                growth[what].append((size, complete, short))
    return growth


def document(imports: dict[str, float], results: Results, growth: Any, runs: int, took: float) -> str:
    """Return the tables."""
    head = ("event", "charm", "wall", "CPU", "hook tools", "Pebble requests", "modules", "peak", "wall, ours / theirs")
    rows: list[tuple[object, ...]] = []
    for (related, event), charms in results.items():
        if event == "deployment":
            continue
        for name, measured in charms.items():
            ratio = report.median(charms[OURS], "wall") / report.median(measured, "wall")
            rows.append(
                (
                    f"{event}, {related} integrations",
                    name,
                    f"{report.median(measured, 'wall'):.2f} s",
                    f"{report.median(measured, 'cpu'):.2f} s",
                    report.calls(measured, "tools"),
                    report.calls(measured, "requests"),
                    len(measured[0]["modules"]) or "",
                    f"{report.median(measured, 'peak'):.0f} MiB",
                    "" if name == OURS else f"{ratio:.2f}",
                )
            )
    deployments = [
        (
            f"{related} integrations",
            name,
            len(measured),
            sum(sum(event["tools"].values()) for event in measured),
            sum(sum(event["requests"].values()) for event in measured),
            f"{sum(event['wall'] for event in measured):.0f} s",
        )
        for (related, event), charms in results.items()
        if event == "deployment"
        for name, measured in charms.items()
    ]
    python, day = sys.version.split()[0], time.strftime("%Y-%m-%d")
    measured_with = f"Measured on {day} with Python {python}; medians of {runs} processes each, in turns with"
    parts = [
        f"{measured_with} {charm_folders.PEER}; the whole run took {took:.0f} s. CPU includes the hook tools.",
        report.table(("program", "wall"), [(f"`{name}`", f"{seconds:.2f} s") for name, seconds in imports.items()]),
        "![Wall time of an event](dispatch.svg)",
        report.table(head, rows),
        "Deployment until nothing is due:",
        report.table(("related", "charm", "events", "hook tools", "Pebble requests", "wall"), deployments),
        "Hook tools by name:",
        tools_table(results),
    ]
    if growth:
        parts += ["![Hook tools of a complete pass while one thing grows](growth.svg)", growth_table(growth)]
    return "\n\n".join(parts)


def tools_table(results: Results) -> str:
    """Return the hook tools of each event by name."""
    rows = [
        (
            f"{event}, {related} integrations",
            name,
            ", ".join(f"{count} {tool}" for tool, count in sorted(measured[-1]["tools"].items())),
        )
        for (related, event), charms in results.items()
        if event != "deployment"
        for name, measured in charms.items()
    ]
    return report.table(("event", "charm", "hook tools"), rows)


def growth_table(growth: Any) -> str:
    """Return a complete pass and an event that brings nothing new, by size."""
    rows = [
        (
            f"{size} {what}",
            *(cell for event in both for cell in (sum(event["tools"].values()), f"{event['wall']:.2f} s")),
        )
        for what, sizes in growth.items()
        for size, *both in sizes
    ]
    head = ("size", "complete pass: hook tools", "wall", "nothing new: hook tools", "wall")
    return report.table(head, rows)


def write(text: str, results: Results, growth: Any) -> None:
    """Write the tables and the plots into the docs."""
    page = DOCS / "benchmarks.md"
    marked = re.compile(r"(<!-- dispatch -->\n).*(<!-- /dispatch -->)", re.DOTALL)
    page.write_text(marked.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page.read_text()))
    groups = {
        f"{event}, {related} integrations": {name: report.median(each, "wall") for name, each in charms.items()}
        for (related, event), charms in results.items()
        if event != "deployment"
    }
    (DOCS / "dispatch.svg").write_text(report.bars("Wall time of an event", groups, "s"))
    if growth:
        curves = {
            f"{what} (to {sizes[-1][0]})": [(size, sum(full["tools"].values())) for size, full, _ in sizes]
            for what, sizes in growth.items()
        }
        plot = report.lines("Hook tools of a complete pass", curves, "number", "hook tools")
        (DOCS / "growth.svg").write_text(plot)


if __name__ == "__main__":
    main()
