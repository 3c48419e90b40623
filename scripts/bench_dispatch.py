"""Benchmark of one event, compared with paas-charm; ``make bench`` runs it by hand.

Both get one config-changed that changes nothing, under ops.testing, with the same metadata, charm libraries, state, and
versions of Python, ops and pydantic. Each run is a whole process, and the two alternate. Three charm libraries that
paas-charm always imports are not on a package index. Smaller stand-ins replace them, so the numbers of paas-charm are
slightly too good.
"""

# ruff: noqa: T201 - the benchmark prints
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paas_local.build import charm_libs, charmcraft_extensions, python_environments

ROOT = Path(__file__).resolve().parent.parent
ONCE = Path(__file__).with_name("dispatch_once.py")
PEER = "paas-charm==1.12.3"
SAME = ("ops==3.9.0", "ops-scenario", "pydantic")
CHARMCRAFT: dict[str, Any] = {
    "name": "flask-k8s",
    "type": "charm",
    "summary": "A benchmark.",
    "description": "A benchmark.",
    "base": "ubuntu@24.04",
    "extensions": ["flask-framework"],
    "requires": {"postgresql": {"interface": "postgresql_client", "limit": 1}},
    "config": {"options": {"greeting": {"type": "string", "default": "Hello"}}},
}
STAND_INS = {
    "observability_libs/v0/juju_topology.py": "",
    "redis_k8s/v0/redis.py": """
import ops

class RedisRequires(ops.Object):
    pass

class RedisRelationUpdatedEvent(ops.EventBase):
    pass

class RedisRelationCharmEvents(ops.CharmEvents):
    redis_relation_updated = ops.EventSource(RedisRelationUpdatedEvent)
""",
    "traefik_k8s/v2/ingress.py": """
import ops

class IngressPerAppRequirerEvents(ops.ObjectEvents):
    ready = ops.EventSource(ops.EventBase)
    revoked = ops.EventSource(ops.EventBase)

class IngressPerAppRequirer(ops.Object):
    on = IngressPerAppRequirerEvents()
    url = None

    def __init__(self, charm, relation_name="ingress", **_):
        super().__init__(charm, relation_name)

    def provide_ingress_requirements(self, **_):
        pass
""",
}


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two charms."""

    name: str
    module: str
    python: Path
    folder: Path

    def run(self, mode: str) -> tuple[str, float, float]:
        """Run a process; return its output, its seconds, and its seconds of processor time."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "charm/lib")}
        words = [self.python, ONCE, mode, self.folder, self.module]
        before, began = os.times(), time.perf_counter()
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        took, after = time.perf_counter() - began, os.times()
        if done.returncode:
            sys.exit(f"{self.name}: {done.stderr}")
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return done.stdout, took, cpu


def prepared(name: str, module: str, requirements: list[str], folder: Path) -> Side:
    """Create an environment and a charm folder, and run the charm until it is active."""
    (folder / "charm" / "src").mkdir(parents=True)
    expanded = charmcraft_extensions.expand(CHARMCRAFT, folder)
    (folder / "charmcraft.json").write_text(json.dumps(expanded))
    charm_libs.fetch_into(folder / "charm" / "lib", {"charm-libs": [*expanded["charm-libs"], DATABASE_LIBRARY]}, print)
    for place, text in STAND_INS.items():
        file = folder / "charm/lib/charms" / place
        file.parent.mkdir(parents=True)
        file.write_text(text)
    environment = folder / "venv"
    program = python_environments.find_uv()
    uv([program, "venv", "--quiet", "--python", str(Path(sys.executable).resolve()), str(environment)])
    python = environment / "bin" / "python"
    uv(
        [
            program,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            str(python),
            *requirements,
        ]
    )
    side = Side(name=name, module=module, python=python, folder=folder)
    side.run("settle")
    return side


DATABASE_LIBRARY = {"lib": "data_platform_libs.data_interfaces", "version": "0"}


def uv(words: list[str]) -> None:
    """Run uv."""
    subprocess.run(words, env={**os.environ, "UV_FIND_LINKS": str(ROOT / "dist")}, check=True)


def measured(side: Side) -> dict[str, Any]:
    """Return the measurements of one process."""
    printed, took, cpu = side.run("measure")
    return {**json.loads(printed), "process": took, "process cpu": cpu}


ROWS = {
    "import": ("import of the charm's module", "ms", 1000),
    "dispatch": ("dispatch", "ms", 1000),
    "dispatch cpu": ("dispatch, processor time", "ms", 1000),
    "process": ("whole process", "ms", 1000),
    "process cpu": ("whole process, processor time", "ms", 1000),
    "peak": ("peak memory", "MiB", 1),
}


def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(
        description="Measure one event that changes nothing, and compare with paas-charm."
    )
    arguments.add_argument("--runs", type=int, default=15)
    runs: int = arguments.parse_args().runs
    with tempfile.TemporaryDirectory() as above:
        ours = prepared("ours", "paas_flask", ["paas-flask", *SAME], Path(above, "ours"))
        peer = prepared("paas-charm", "paas_charm.flask", [PEER, *SAME], Path(above, "peer"))
        results: dict[str, list[dict[str, Any]]] = {ours.name: [], peer.name: []}
        for _ in range(runs):
            for side in (ours, peer):
                results[side.name].append(measured(side))
    print(f"One config-changed that changes nothing; medians of {runs} processes each, alternating with {PEER}.\n")
    print("| | ours | paas-charm | ours / paas-charm |\n| --- | --- | --- | --- |")
    for key, (label, unit, scale) in ROWS.items():
        mine, theirs = (statistics.median(run[key] for run in each) * scale for each in results.values())
        print(f"| {label} | {mine:.0f} {unit} | {theirs:.0f} {unit} | {mine / theirs:.2f} |")
    for call in results[ours.name][0]["calls"]:
        mine, theirs = (max(run["calls"][call] for run in each) for each in results.values())
        print(f"| calls of `{call}` | {mine} | {theirs} | |")


if __name__ == "__main__":
    main()
