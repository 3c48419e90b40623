"""Deployment of many units, and the check that nothing of them is left; run it by hand.

    scripts/uv run python scripts/scale.py --applications 20 --units 3

Each application has one container and a charm without Python. The script waits until all units are active and idle,
destroys the model, and compares: no process, namespace, listening port or file of a unit may be left. After
``shutdown``, none of paas-local may be left.
"""

# ruff: noqa: T201 - the script prints
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
MODEL = "scale"
CHARM = """\
name: tiny
type: charm
title: Tiny
summary: A charm that is active.
description: A charm that is active.
base: ubuntu@24.04
platforms: {amd64: }
parts: {charm: {plugin: dump, source: .}}
peers: {peers: {interface: tiny}}
containers: {web: {resource: web-image}}
resources: {web-image: {type: oci-image}}
"""
ROCK = """\
name: tiny
base: ubuntu@24.04
version: "0"
summary: A process that sleeps.
description: A process that sleeps.
platforms: {amd64: }
parts: {none: {plugin: nil}}
services: {sleep: {override: replace, startup: enabled, command: sleep 100000}}
"""
DISPATCH = """\
#!/bin/sh
open-port 8000
status-set active
"""
LISTENS = "0A"
LAST = 10.0
"""Seconds until the last process has ended after ``shutdown``."""


def main() -> None:
    """Deploy, wait, destroy and compare."""
    parser = argparse.ArgumentParser(description=str(__doc__), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=20)
    parser.add_argument("--units", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-") as temporary:
        folder = Path(temporary)
        home = folder / "home"
        environment = {**os.environ, "PAAS_LOCAL_HOME": str(home), "JUJU_MODEL": MODEL}

        def juju(*words: str) -> str:
            done = subprocess.run([PAAS_LOCAL, *words], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"paas-local {' '.join(words)}: {done.stderr}")
            return done.stdout

        write_charm(folder / "tiny")
        began = time.monotonic()
        juju("add-model", MODEL, "--no-switch")
        idle = footprint(home)
        words = ("--resource", f"web-image={folder / 'tiny/rock'}", "--num-units", str(arguments.units))
        for number in range(arguments.applications):
            juju("deploy", str(folder / "tiny"), f"app{number}", *words)
        total = arguments.applications * arguments.units
        while settled(json.loads(juju("status", "--format", "json"))) < total:
            time.sleep(1)
        print(f"{total} units of {arguments.applications} applications were active and idle after {since(began)}")
        running = footprint(home)
        print(f"running: {summary(running)}")
        began = time.monotonic()
        juju("destroy-model", MODEL, "--no-prompt")
        while left(running - idle, home) or list(files(home)):
            if time.monotonic() - began > arguments.units * arguments.applications * 10:
                raise SystemExit(f"left: {summary(left(running - idle, home))}, files {list(files(home))}")
            time.sleep(1)
        print(f"nothing of them was left after {since(began)}; paas-local itself: {summary(footprint(home))}")
        juju("shutdown")
        began = time.monotonic()
        while rest := footprint(home):
            if time.monotonic() - began > LAST:
                raise SystemExit(f"left after shutdown: {summary(rest)}")
            time.sleep(1)
        print("nothing was left after shutdown")


def write_charm(folder: Path) -> None:
    """Write the charm and its rock."""
    (folder / "rock").mkdir(parents=True)
    (folder / "charmcraft.yaml").write_text(CHARM)
    (folder / "rock/rockcraft.yaml").write_text(ROCK)
    (folder / "dispatch").write_text(DISPATCH)
    (folder / "dispatch").chmod(0o755)


def settled(status: dict[str, dict[str, dict[str, dict[str, dict[str, dict[str, str]]]]]]) -> int:
    """Return the number of units that are active and idle."""
    units = [unit for application in status["applications"].values() for unit in application.get("units", {}).values()]
    states = [(unit["workload-status"]["current"], unit["juju-status"]["current"]) for unit in units]
    return states.count(("active", "idle"))


def footprint(home: Path) -> frozenset[tuple[str, str]]:
    """Return the processes with this home, their namespaces and the sockets on which they listen."""
    return frozenset(_footprint(home))


def left(units: frozenset[tuple[str, str]], home: Path) -> frozenset[tuple[str, str]]:
    """Return what still exists of the units.

    Linux gives the number of an ended namespace to the next one, so a namespace counts only in a process of the units,
    or of this home.
    """
    processes = [list(_process(process)) for process in Path("/proc").glob("[0-9]*")]
    same = {item for process in processes if units.intersection(process[:1]) for item in process}
    return units & (same | footprint(home) | {("port", inode) for inode in _listening()})


def files(home: Path) -> Iterator[Path]:
    """Return the files and folders of units."""
    return (path for path in home.rglob("*app[0-9]*") if "-" in path.name or "/" in path.name)


def summary(items: frozenset[tuple[str, str]]) -> str:
    """Return the number of each kind."""
    kinds = {"process": "processes", "pid": "pid namespaces", "mnt": "mount namespaces", "net": "network namespaces",
             "port": "listening sockets"}  # fmt: skip
    return ", ".join(f"{sum(kind == each for each, _ in items)} {name}" for kind, name in kinds.items())


def since(began: float) -> str:
    """Return the time since a moment."""
    return f"{time.monotonic() - began:.0f} s"


def _footprint(home: Path) -> Iterator[tuple[str, str]]:
    listening = _listening()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            own = f"PAAS_LOCAL_HOME={home}\0".encode() in (process / "environ").read_bytes()
        except OSError:
            continue
        if own or _below(process, home):
            yield from _process(process)
            for file in (process / "fd").glob("*"):
                try:
                    inode = str(file.readlink()).partition("[")[2].rstrip("]")
                except OSError:
                    continue
                if inode in listening:
                    yield "port", inode


def _below(process: Path, home: Path) -> bool:
    try:
        return str(home) in (process / "cmdline").read_text() or str(home) in (process / "mountinfo").read_text()
    except OSError:
        return False


def _process(process: Path) -> Iterator[tuple[str, str]]:
    """Return the process with the time of its start, then its namespaces."""
    try:
        started = (process / "stat").read_text().rpartition(")")[2].split()[19]
        yield "process", f"{process.name} {started}"
        for kind in ("pid", "mnt", "net"):
            yield kind, str((process / "ns" / kind).readlink())
    except OSError:
        return


def _listening() -> set[str]:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    lines = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    return {fields[9] for fields in lines if fields[3] == LISTENS}


if __name__ == "__main__":
    main()
