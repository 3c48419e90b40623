"""Benchmark of paas-local: from a clone to the first page, starts, saves, thirty units, and the cost of an idle unit.

``make bench-local`` works in temporary homes with empty caches, with the wheels of this repository, and leaves nothing
running. The result replaces the part of ``docs/benchmarks.md`` between its markers. With ``--only-units``, only the
units are measured, and the result is only printed. ``scripts/bench_save.py`` measures
the saves of the other frameworks.
"""

# ruff: noqa: T201 - the benchmark prints
import argparse
import contextlib
import os
import pty
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import bench_save
from paas_local.cli.client import Client

ROOT = Path(__file__).resolve().parent.parent
PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
NAME = "bench"
TICKS = os.sysconf("SC_CLK_TCK")
LOOK = 0.02
MIB = 1024
SAVES = 5
NO_GOAL = ""
Row = tuple[str, str, str]
"""The name of a measurement, its result, and its goal."""


class BenchError(Exception):
    """A failed measurement; the text is the reason."""


class Home:
    """A temporary home of paas-local."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**environment(folder), "UV_FIND_LINKS": str(ROOT / "dist"), "JUJU_MODEL": NAME}
        self.client = Client(home=folder / "home")

    def __call__(self, *words: str | Path) -> str:
        """Run a command; return its output."""
        done = subprocess.run(
            [PAAS_LOCAL, *words], env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"paas-local {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return done.stdout

    def up(self) -> tuple[float, float]:
        """Return the seconds from ``up`` to the first page, and the longest time without output."""
        log = self.folder / "up.log"
        began = last = time.monotonic()
        silent = 0.0
        with log.open("w") as output:
            up = subprocess.Popen([PAAS_LOCAL, "up", NAME], env=self.environment, cwd=self.folder, stdout=output,
                                  stderr=output)  # fmt: skip
        size, url = 0, ""
        try:
            while not (url and answers(url)):
                if up.poll() is not None:
                    raise BenchError(log.read_text())
                time.sleep(LOOK)
                text = log.read_text()
                silent = max(silent, time.monotonic() - last)
                if len(text) != size:
                    size, last = len(text), time.monotonic()
                url = next((word for word in text.split() if word.startswith("http://")), "")
            return time.monotonic() - began, silent
        finally:
            up.send_signal(signal.SIGINT)
            up.wait()

    def pids(self) -> list[int]:
        """Return the processes of the background process and of its pods."""
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        below = [int((self.folder / "home/run/lock").read_text())]
        for pid in below:
            below.extend(children.get(pid, ()))
        return below


def answers(url: str) -> bool:
    """Return whether a page is served."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the address is the application's own
            return answer.status == 200  # noqa: PLR2004
    except OSError:
        return False


def memory(pids: Sequence[int]) -> float:
    """Return the proportional memory of processes, in MiB: shared pages count once for all."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / MIB


def ticks(pids: Sequence[int]) -> int:
    """Return the clock ticks that processes and their ended children have used."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total


def containers(pids: Sequence[int], name: str) -> list[int]:
    """Return the first processes of the containers of a name."""
    return [pid for pid in pids if f"/{name}.json" in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def count(home: Home, *, idle: bool) -> int:
    """Return the number of active units; ``idle`` counts only those without a hook that runs or is due."""
    applications: dict[str, Any] = home.client.query("status", model=NAME)["applications"]
    units: dict[str, Any] = applications[NAME]["units"]
    return sum(
        unit["workload-status"]["current"] == "active" and (not idle or unit["juju-status"]["current"] == "idle")
        for unit in units.values()
    )


def wait_for(home: Home, units: int, *, idle: bool) -> None:
    """Wait until all units are active, or active and idle."""
    while count(home, idle=idle) < units:
        time.sleep(0.5)


def hooks(home: Home) -> int:
    """Return the number of hooks that have run."""
    return home("debug-log", "--limit", "100000").count(" hook (via hook dispatching script: dispatch)")


def grow(home: Home, units: int, seconds: float) -> list[Row]:
    """Measure the application with more units."""
    before = home.pids()
    used, ran = memory(before), hooks(home)
    began, cpu = time.monotonic(), ticks(before)
    home("add-unit", NAME, "--num-units", str(units - 1))
    wait_for(home, units, idle=False)
    active, active_cpu = time.monotonic() - began, ticks(home.pids())
    wait_for(home, units, idle=True)
    settled = time.monotonic() - began
    time.sleep(10)
    pids = home.pids()
    each = (memory(pids) - used) / (units - 1)
    charm = memory(containers(pids, "charm")) / units
    workload = _workload(pids, units)
    spent, began = ticks(pids), time.monotonic()
    time.sleep(seconds)
    share = (ticks(home.pids()) - spent) / TICKS / (time.monotonic() - began)
    events, settled_cpu = hooks(home) - ran, (spent - cpu) / TICKS
    return [
        (f"{units} units until all are active", f"{active:.0f} s, {(active_cpu - cpu) / TICKS:.0f} s of CPU", "30 s"),
        (f"{units} units until no hook is due", f"{settled:.0f} s, {settled_cpu:.0f} s of CPU, {events} hooks", "30 s"),
        ("memory of an idle charm container", f"{charm:.1f} MiB", "8 MB"),
        ("memory of an idle unit without its services", f"{charm + workload:.1f} MiB", "20 MB"),
        ("memory of a further idle unit with its application", f"{each:.1f} MiB", NO_GOAL),
        (f"CPU of {units} idle units", f"{100 * share:.1f} % of a core", NO_GOAL),
    ]


def _workload(pids: Sequence[int], units: int) -> float:
    return (
        memory([pid for pid in pids if _command(pid).startswith("container ")]) / units
        - memory(containers(pids, "charm")) / units
    )


def from_clone(folder: Path) -> tuple[float, float]:
    """Return the seconds from a clone of this repository to the demo's first page, and the longest silent time."""
    own = {
        key: text for key, text in environment(folder).items() if key not in {"VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL"}
    }
    clone = folder / "clone"
    terminal, end = pty.openpty()  # as for a user: some programs show their progress only in a terminal
    began = last = time.monotonic()
    silent, text = 0.0, ""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    demo = subprocess.Popen(["make", "demo"], cwd=clone, env=own, stdout=end, stderr=end, start_new_session=True)
    os.close(end)
    try:
        while "GET " not in text:
            output = _read(terminal)
            if not output:
                raise BenchError(f"make demo ended without a page: {text}")
            text = text[-1000:] + output
            now = time.monotonic()
            silent, last = max(silent, now - last), now
        return last - began, silent
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        while _read(terminal):
            pass
        demo.wait()
        os.close(terminal)
        subprocess.run([clone / ".venv/bin/paas-local", "shutdown"], env=own, check=False, capture_output=True)


def _read(terminal: int) -> str:
    """Return the next output of a terminal; an empty text once its programs have ended."""
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:
        return ""


def environment(folder: Path) -> dict[str, str]:
    """Return the variables of a home and a cache below a folder."""
    return {**os.environ, "PAAS_LOCAL_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache")}


def save(home: Home) -> Row:
    """Measure from a save to the served page, while ``up`` watches the project."""
    with bench_save.watched("flask", home.folder / "saved", home.environment) as url:
        took = bench_save.measure(url, home.folder / "saved" / NAME / bench_save.PAGES["flask"], SAVES)
    return f"from save to served, Flask, median of {SAVES}", f"{statistics.median(took):.2f} s", "1 to 2 s with Tilt"


def measure(units: int, seconds: float) -> list[Row]:
    """Return all measurements."""
    rows: list[Row] = []
    silent: list[float] = []
    with tempfile.TemporaryDirectory(prefix="paas-") as folder:
        report("clone")
        took, longest = from_clone(Path(folder))
        rows.append(("from a clone, with empty caches, to the demo's first page", f"{took:.0f} s", NO_GOAL))
        silent.append(longest)
        report(f"  {took:.1f} s, {longest:.1f} s of them without output")
        _clear(Path(folder))
    with project() as home:
        for label, goal in (
            ("`up` with an empty cache, to the first page", NO_GOAL),
            ("`up` again in the same model", NO_GOAL),
            ("`up` warm: new model, filled cache", "10 s"),
        ):
            report(label)
            took, longest = home.up()
            rows.append((label, f"{took:.1f} s", goal))
            silent.append(longest)
            report(f"  {took:.1f} s, {longest:.1f} s of them without output")
            if "again" in label:
                home("destroy-model", NAME, "--no-prompt")
        report(f"{units} units")
        rows += grow(home, units, seconds)
        home("destroy-model", NAME, "--no-prompt", "--force")
        report("saves")
        (home.folder / "saved").mkdir()
        rows.append(save(home))
    return [*rows, ("longest time without output of these commands", f"{max(silent):.1f} s", "3 s")]


def measure_units(units: int, seconds: float) -> list[Row]:
    """Return the measurements of many units."""
    with project() as home:
        report("`up`")
        home.up()
        report(f"{units} units")
        return grow(home, units, seconds)


@contextlib.contextmanager
def project() -> Generator[Home]:
    """Create a Flask project in a temporary home, yield the home, and end all of it."""
    with tempfile.TemporaryDirectory(prefix="paas-") as folder:
        home = Home(Path(folder))
        home("new", "flask", NAME)
        try:
            yield home
        finally:
            home("shutdown")
            _clear(home.folder)


def _clear(folder: Path) -> None:
    """Remove a cache, whose folders may be read-only."""
    shutil.rmtree(folder / "cache", ignore_errors=True)


def report(step: str) -> None:
    """Report progress."""
    print(f"{time.strftime('%X')} {step}", file=sys.stderr, flush=True)


def document(rows: Sequence[Row], began: float) -> str:
    """Return the table; ``began`` is the time of the start."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    python, cores = sys.version.split()[0], os.cpu_count()
    lines = [
        (
            f"Measured on {time.strftime('%Y-%m-%d')} with Python {python} and {cores} cores, in "
            f"{time.monotonic() - began:.0f} s; the load average at the end was {load}."
        ),
        "",
        "| | measured | goal |",
        "| --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write a table."""
    arguments = argparse.ArgumentParser(description="Measure paas-local.")
    arguments.add_argument("--units", type=int, default=30)
    arguments.add_argument("--seconds", type=float, default=20, help="time for the CPU of idle units")
    arguments.add_argument("--dry", action="store_true", help="print only; leave the docs as they are")
    arguments.add_argument("--only-units", action="store_true", help="measure only the units; implies --dry")
    options = arguments.parse_args()
    began = time.monotonic()
    measurements = measure_units if options.only_units else measure
    text = document(measurements(options.units, options.seconds), began)
    print(text)
    if not (options.dry or options.only_units):
        page = ROOT / "docs/benchmarks.md"
        marked = re.compile(r"(<!-- local -->\n).*(<!-- /local -->)", re.DOTALL)
        page.write_text(marked.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page.read_text()))


if __name__ == "__main__":
    main()
