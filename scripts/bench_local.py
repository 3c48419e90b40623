"""Benchmark of paas-local: the first page, a warm start, thirty units, and what an idle unit costs; run it by hand.

``make bench-local`` creates a Flask project in a temporary home, with an empty cache and from the wheels of this
repository, and leaves nothing running. ``scripts/bench_save.py`` measures from a save to the served change.
"""

# ruff: noqa: T201 - the benchmark prints
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
NAME = "bench"
TICKS = os.sysconf("SC_CLK_TCK")
LOOK = 0.02
MIB = 1024


class BenchError(Exception):
    """A failed measurement; the text is the reason."""


class Home:
    """A temporary home of paas-local."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PAAS_LOCAL_HOME": str(folder / "home"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "UV_FIND_LINKS": str(ROOT / "dist"),
            "JUJU_MODEL": NAME,
        }

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
                if len(text) != size:
                    silent = max(silent, time.monotonic() - last)
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


def settled(home: Home, units: int) -> bool:
    """Return whether all units are active and idle."""
    status = json.loads(home("status", "--format", "json"))
    settled_units = [
        unit
        for application in status["applications"].values()
        for unit in (application.get("units") or {}).values()
        if unit["workload-status"]["current"] == "active" and unit["juju-status"]["current"] == "idle"
    ]
    return len(settled_units) == units


def thirty(home: Home, units: int, seconds: float) -> dict[str, str]:
    """Measure the application with more units."""
    before = home.pids()
    used = memory(before)
    began, cpu = time.monotonic(), ticks(before)
    home("add-unit", NAME, "--num-units", str(units - 1))
    while not settled(home, units):
        time.sleep(1)
    took = time.monotonic() - began
    time.sleep(10)
    pids = home.pids()
    each = (memory(pids) - used) / (units - 1)
    charm = memory(containers(pids, "charm")) / units
    spent, began = ticks(pids), time.monotonic()
    time.sleep(seconds)
    share = (ticks(home.pids()) - spent) / TICKS / (time.monotonic() - began)
    return {
        f"{units} units until settled": f"{took:.0f} s ({(spent - cpu) / TICKS:.0f} CPU seconds)",
        "memory of a further idle unit, with its application": f"{each:.1f} MiB",
        "memory of an idle charm container": f"{charm:.1f} MiB",
        "memory of an idle workload container, without its services": f"{_workload(pids, units):.1f} MiB",
        f"CPU of {units} idle units": f"{100 * share:.1f} % of a core",
    }


def _workload(pids: Sequence[int], units: int) -> float:
    return (
        memory([pid for pid in pids if _command(pid).startswith("container ")]) / units
        - memory(containers(pids, "charm")) / units
    )


def measure(units: int, seconds: float) -> Mapping[str, str]:
    """Return all measurements."""
    results: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="paas-") as folder:
        home = Home(Path(folder))
        home("new", "flask", NAME)
        try:
            for label in ("`up` with an empty cache, to the first page", "`up` again in the same model",
                          "`up` warm: new model, filled cache"):  # fmt: skip
                took, silent = home.up()
                results[label] = f"{took:.1f} s (longest without output: {silent:.1f} s)"
                if "again" in label:
                    home("destroy-model", NAME, "--no-prompt")
            results.update(thirty(home, units, seconds))
        finally:
            home("shutdown")
            shutil.rmtree(home.folder / "cache", ignore_errors=True)
    return results


def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(description="Measure paas-local.")
    arguments.add_argument("--units", type=int, default=30)
    arguments.add_argument("--seconds", type=float, default=30, help="time for the CPU of idle units")
    options = arguments.parse_args()
    for label, value in measure(options.units, options.seconds).items():
        print(f"| {label} | {value} |")


if __name__ == "__main__":
    main()
