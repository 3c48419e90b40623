"""Benchmark of the time from a save to the served change; run ``python scripts/bench_save.py [FRAMEWORK…]`` by hand.

For each framework it creates a project, watches it with ``paas-local up``, saves its page several times, and prints the
minimum, median and maximum time, without and with other processes that each use a core. It uses a temporary home
folder and leaves nothing running. It needs the wheels (``make wheels``).
"""

# ruff: noqa: T201 - the benchmark prints
import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
# The file with the page of a new project, by framework.
PAGES = {"flask": "app.py", "django": "bench/bench/urls.py", "fastapi": "app.py", "go": "main.go"}
NAME = "bench"
FIRST = f"Hello from {NAME}"
PATIENCE = 300.0
LOOK = 0.01


class BenchError(Exception):
    """A failed measurement; the text is the reason."""


@contextlib.contextmanager
def load(cores: int) -> Generator[None]:
    """Start processes that use that many cores."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.wait()


@contextlib.contextmanager
def watched(framework: str, folder: Path, environment: Mapping[str, str]) -> Generator[str]:
    """Create a project, watch it, and yield its URL."""
    project = folder / NAME
    subprocess.run([PAAS_LOCAL, "new", framework, NAME], cwd=folder, env=environment, check=True, capture_output=True)
    log = folder / "up.log"
    with log.open("w") as output:
        up = subprocess.Popen([PAAS_LOCAL, "up", project], env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE
        while "Watching" not in log.read_text():
            if up.poll() is not None or time.monotonic() > deadline:
                raise BenchError(log.read_text())
            time.sleep(0.2)
        words = [PAAS_LOCAL, "url", NAME]
        yield subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    finally:
        up.send_signal(signal.SIGINT)
        up.wait()
        words = [PAAS_LOCAL, "destroy-model", NAME, "--no-prompt"]
        subprocess.run(words, env=environment, check=False, capture_output=True)


def seconds(url: str, page: Path, old: str, new: str) -> float:
    """Save once; return the seconds until the change is served."""
    text = page.read_text()
    began = time.monotonic()
    page.write_text(text.replace(old, new))
    while not has(url, new):
        if time.monotonic() - began > PATIENCE:
            raise BenchError(f'"{new}" is not served')
        time.sleep(LOOK)
    return time.monotonic() - began


def has(url: str, words: str) -> bool:
    """Return whether the page contains some words; False while the server restarts."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the address is the application's own
            return words in answer.read().decode()
    except OSError:
        return False


def measure(url: str, page: Path, saves: int) -> list[float]:
    """Save several times, each time after the previous change was served."""
    took: list[float] = []
    words = FIRST
    for number in range(saves):
        took.append(seconds(url, page, words, f"Save {number} of {NAME}"))
        words = f"Save {number} of {NAME}"
        time.sleep(1)
    page.write_text(page.read_text().replace(words, FIRST))
    while not has(url, FIRST):
        time.sleep(LOOK)
    return took


def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(description="Measure how long a saved change takes until it is served.")
    arguments.add_argument("frameworks", nargs="*", metavar="FRAMEWORK", help=", ".join(PAGES))
    arguments.add_argument("--saves", type=int, default=7)
    arguments.add_argument(
        "--load", type=int, nargs="*", default=[0, 1], help="number of cores that other processes use"
    )
    options = arguments.parse_args()
    print("framework  load   min  median   max  seconds from save to served")
    with tempfile.TemporaryDirectory(prefix="paas-") as home:
        environment = {**os.environ, "PAAS_LOCAL_HOME": home, "UV_FIND_LINKS": str(ROOT / "dist"), "JUJU_MODEL": NAME}
        try:
            for framework in options.frameworks or PAGES:
                with tempfile.TemporaryDirectory() as above, watched(framework, Path(above), environment) as url:
                    for cores in options.load:
                        with load(cores):
                            took = measure(url, Path(above) / NAME / PAGES[framework], options.saves)
                        row = f"{min(took):5.2f} {statistics.median(took):7.2f} {max(took):5.2f}"
                        print(f"{framework:9} {cores:5} {row}", flush=True)
        finally:
            subprocess.run([PAAS_LOCAL, "shutdown"], env=environment, check=False, capture_output=True)


if __name__ == "__main__":
    main()
