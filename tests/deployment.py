"""A paas-local model that tests drive with the real command line."""

import contextlib
import fcntl
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from browser import Browser
from paas_local import folders
from paas_local.cli import client

PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
STAND_INS = Path(__file__).parent / "charms" / "stand_ins"
PATIENCE = 240.0

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A paas-local home with one model."""

    home: Path
    environment: Mapping[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        environment = {**self.environment}
        if (self.home / "run" / "lock").exists():
            # Coverage doubles the time of a command. Unit tests run each command too, and the background process is
            # measured: the first command has started it.
            environment.pop("COVERAGE_PROCESS_CONFIG", None)
        return subprocess.run(
            [PAAS_LOCAL, *words], env=environment, capture_output=True, text=True, check=False, timeout=1800
        )

    def __call__(self, *words: str) -> str:
        """Run a command that must succeed; return its output."""
        done = self.run(*words)
        assert done.returncode == 0, f"paas-local {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def deploy_provider(self, name: str) -> None:
        """Deploy a built-in provider."""
        with built_once(name):
            self("deploy", name)

    def query(self, command: str, **body: Any) -> Mapping[str, Any]:
        """Return the answer of the background process, without the cost of a process."""
        return client.Client(home=self.home).query_answer(command, model=self.environment["JUJU_MODEL"], **body)

    def status(self) -> dict[str, Any]:
        """Return the status document."""
        return self.query("status")["result"]

    def urls(self, application: str) -> list[str]:
        """Return the URLs of an application on this machine; none as long as it has no open port."""
        return list(self.query("status")["published"].get(application, {}).values())

    def browser(self, application: str) -> Browser:
        """Return an HTTP client of an application."""

        def address() -> str:
            try:
                urls = self.urls(application)
            except client.ClientError as error:
                raise ConnectionRefusedError(str(error)) from error
            if not urls:
                raise ConnectionRefusedError(f"{application} has no open port")
            return urls[0]

        return Browser(address)

    def unit(self, name: str) -> tuple[str, str]:
        """Return the workload status of a unit and its message."""
        unit = self.status()["applications"][name.partition("/")[0]]["units"][name]
        return unit["workload-status"]["current"], unit["workload-status"].get("message", "")

    def wait_for(self, name: str, status: str, patience: float = PATIENCE) -> str:
        """Wait until a unit is idle and has a status; return its message."""

        def reached() -> bool:
            unit = self.status()["applications"][name.partition("/")[0]]["units"][name]
            current = unit["workload-status"]["current"]
            assert current != "error", self.what_happened()
            return current == status and unit["juju-status"]["current"] == "idle"

        self.wait(f"{name} to be {status}", reached, patience)
        return self.unit(name)[1]

    def wait(self, what: str, read: Callable[[], Result], patience: float = PATIENCE) -> Result:
        """Call a function until it returns a result; connection errors are retried."""
        deadline = time.monotonic() + patience
        while True:
            try:
                result, reason = read(), None
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                result, reason = None, error
            if result:
                return result
            assert time.monotonic() < deadline, f"no {what}: {reason}\n{self.what_happened()}"
            time.sleep(0.3)

    def what_happened(self) -> str:
        """Return the status and the log, for the message of a failed test."""
        return self.run("status").stdout + self.run("debug-log", "--limit", "60").stdout

    def processes(self, *words: str) -> list[int]:
        """Return the processes below the background process whose command line contains some words."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            if (parent := _parent(entry)) is not None:
                children.setdefault(parent, []).append(int(entry.name))
        below = [self.host_process()]
        for process in below:
            below.extend(children.get(process, []))
        return [process for process in below if all(word in _command(process) for word in words)]

    def host_process(self) -> int:
        """Return the PID of the background process, from its lock file."""
        return int((self.home / "run" / "lock").read_text())

    def kill(self, *words: str) -> None:
        """Kill the processes whose command line contains some words."""
        processes = self.processes(*words)
        assert processes, f"nothing runs {words}"
        for process in processes:
            # The others may end with the first.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextlib.contextmanager
def built_once(provider: str) -> Generator[None]:
    """Let the other tests wait that need the image of a provider, instead of building it too."""
    with (folders.cache() / f".{provider}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def new_home(*, model: str = "test", **variables: str) -> Generator[Deployment]:
    """Create a paas-local home, and end all its processes at the end; the model is still to be added."""
    with TemporaryDirectory(prefix="paas-") as folder:
        environment = {**os.environ, "PAAS_LOCAL_HOME": folder, "JUJU_MODEL": model, **variables}
        juju = Deployment(home=Path(folder), environment=environment)
        try:
            yield juju
        finally:
            juju.run("shutdown")


def with_stand_ins(charm: Path, folder: Path) -> Path:
    """Copy a charm, and add stand-ins for missing libraries that are not on a package index."""
    copy = shutil.copytree(charm, folder / charm.parent.name, ignore=shutil.ignore_patterns(".*", "*.charm"))
    add_stand_ins(copy)
    return copy


def add_stand_ins(charm: Path) -> None:
    """Add stand-ins for missing libraries that are not on a package index."""
    for file in STAND_INS.rglob("*.py"):
        target = charm / "lib" / file.relative_to(STAND_INS)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def _parent(entry: Path) -> int | None:
    """Return the parent of a process, which may have ended since it was listed."""
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
