"""Benchmark of a charm's events under Juju's own protocol, compared with paas-charm; ``make bench`` runs it by hand.

Each event is a fresh Python process whose hook tools are processes and whose Pebble is behind a socket that counts the
requests. Three charms take turns in one run: ours, paas-charm's and an empty one. They have the same metadata, the same
charm libraries, and the same versions of Python and ops. The result replaces the part of ``docs/benchmarks.md`` between
its markers, and the plots next to it.
"""

# ruff: noqa: T201 - the benchmark prints
import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).with_name("bench")))

import charm_folders
import plots
import report
import simulate_controller
from client import Unit
from report import EMPTY, OURS, PEER

DOCS = charm_folders.ROOT / "docs"
EVENTS = {
    "update-status": ("run", "update-status"),
    "unchanged config-changed": ("run", "config-changed"),
    "unchanged relation-changed": ("run", "relation-changed", "postgresql"),
}
GROWTH = {"relations": (1, 10, 25, 50), "options": (1, 100, 250, 500), "kB of databag": (1, 25, 50, 100),
          "peer units": (1, 25, 50, 100)}  # fmt: skip
Results = dict[tuple[int, str], dict[str, list[dict[str, Any]]]]


def main() -> None:
    """Measure, print and write the tables and the plots."""
    arguments = argparse.ArgumentParser(description="Measure the events of a charm, and compare with paas-charm.")
    arguments.add_argument("--runs", type=int, default=5, help="measurements of each event")
    arguments.add_argument("--no-growth", action="store_true", help="leave out the measurements of growth")
    arguments.add_argument("--dry", action="store_true", help="print only; leave the docs as they are")
    options = arguments.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as top, contextlib.ExitStack() as stack:
        folder = Path(top)
        pythons = environments(folder)
        results: Results = defaultdict(lambda: defaultdict(list))
        imports: dict[str, list[float]] = defaultdict(list)
        for related in (0, len(charm_folders.INTEGRATIONS)):
            print(f"{time.monotonic() - began:.0f} s: {related} integrations", file=sys.stderr)
            units = deploy(stack, folder, pythons, related, results)
            imports.clear()
            for run in range(options.runs):
                measure_imports(pythons, imports)
                measure_unchanged(units, related, results)
                measure_changes(units, related, run, results)
            count_modules(units, related, results)
        print(f"{time.monotonic() - began:.0f} s: growth", file=sys.stderr)
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


def measure_imports(pythons: dict[str, Path], times: dict[str, list[float]]) -> None:
    """Measure the seconds that a Python needs for an import, the interpreter's own start included."""
    for program in ("import ops", "import paas_flask"):
        began = time.perf_counter()
        subprocess.run([pythons[OURS], "-c", program], check=True)
        times[program].append(time.perf_counter() - began)


def deploy(
    stack: contextlib.ExitStack, folder: Path, pythons: dict[str, Path], related: int, results: Results
) -> dict[str, Unit]:
    """Deploy the charms with some integrations."""
    integrations = charm_folders.INTEGRATIONS[:related]
    units = {
        name: stack.enter_context(
            start(folder / f"{name}-{related}", pythons, name, charm_folders.charmcraft(), integrations=integrations)
        )
        for name in (OURS, PEER, EMPTY)
    }
    for name, unit in units.items():
        results[related, report.DEPLOYMENT][name] = unit.call("settle")
        _check_active(name, unit.call("run", "update-status"))
    return units


def measure_unchanged(units: dict[str, Unit], related: int, results: Results) -> None:
    """Measure each event that brings nothing, in turns."""
    for event, words in EVENTS.items():
        for name, unit in units.items():
            if related or "relation" not in event:
                results[related, event][name].append(unit.call(*words))


def measure_changes(units: dict[str, Unit], related: int, run: int, results: Results) -> None:
    """Measure a changed option and the first start in a new container, in turns."""
    for name in (OURS, PEER):
        units[name].call("configure", "greeting", f"Hello {run}")
        results[related, "a changed option"][name].append(
            _check_active(name, units[name].call("run", "config-changed"))
        )
    for name in (OURS, PEER):
        units[name].call("restart-container")
        (ready,) = units[name].call("settle")
        results[related, "first start"][name].append(_check_active(name, ready))
        units[name].call("run", "update-status")


def _check_active(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return the event; a charm that does not run its application must not be compared."""
    if not event["status"].startswith("active"):
        sys.exit(f"{name} is {event['status']} after {event['event']}")
    return event


def count_modules(units: dict[str, Unit], related: int, results: Results) -> None:
    """Note the modules that each event imports; a run of its own, because the note takes time."""
    for event, words in EVENTS.items():
        for name, unit in units.items():
            if related or "relation" not in event:
                results[related, event][name][0]["modules"] = unit.call("modules", *words[1:])["modules"]


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
                    unit.call("pad", "redis-r0", str(1000 * size))
                unit.call("run", "config-changed")
                complete = min((unit.call("run", "upgrade-charm") for _ in range(2)), key=lambda each: each["cpu"])
                unit.call("run", "update-status")
                short = min((unit.call("run", "update-status") for _ in range(2)), key=lambda each: each["cpu"])
                growth[what].append((size, complete, short))
    return growth


def document(imports: dict[str, list[float]], results: Results, growth: report.Growth, runs: int, took: float) -> str:
    """Return the tables."""
    python, day = sys.version.split()[0], time.strftime("%Y-%m-%d")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    rows = [(f"`{name}`", f"{sorted(times)[len(times) // 2]:.2f} s") for name, times in imports.items()]
    parts = [
        (
            f"Measured on {day} with Python {python}: medians of {runs} processes each, in turns with "
            f"{charm_folders.PEER}; a ratio is the median of the ratios of neighbours. The run took {took:.0f} s; the "
            f"load average at its end was {load}. CPU includes the hook tools."
        ),
        report.table(("program", "wall"), rows),
        "The goals:",
        report.goals(results, imports, len(charm_folders.INTEGRATIONS)),
        "![CPU time of each event](dispatch.svg)",
        report.events(results),
        "Deployment until nothing is due:",
        report.deployments(results),
        "Hook tools by name:",
        report.tools(results),
    ]
    if growth:
        parts += [
            "Growth, paas-flask only; the Redis endpoints' databags are in their units:",
            "![Hook tools and CPU time while one thing grows](growth.svg)",
            report.growth(growth),
        ]
    return "\n\n".join(parts)


def write(text: str, results: Results, growth: report.Growth) -> None:
    """Write the tables and the plots into the docs."""
    page = DOCS / "benchmarks.md"
    marked = re.compile(r"(<!-- dispatch -->\n).*(<!-- /dispatch -->)", re.DOTALL)
    page.write_text(marked.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page.read_text()))
    scale = DOCS / "scale.md"
    marked = re.compile(r"(<!-- day -->\n).*(<!-- /day -->)", re.DOTALL)
    day = simulate_controller.document(1000)
    scale.write_text(marked.sub(lambda match: f"{match[1]}\n{day}\n\n{match[2]}", scale.read_text()))
    plots.events(results, DOCS / "dispatch.svg")
    if growth:
        plots.growth(growth, DOCS / "growth.svg")


if __name__ == "__main__":
    main()
