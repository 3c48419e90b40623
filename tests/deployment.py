"""A model on this machine, driven by the real command line, and the application in it, asked over HTTP."""

import contextlib
import http.client
import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from paas_local.cli import client

PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
STAND_INS = Path(__file__).parent / "charms" / "stand_ins"
PATIENCE = 240.0

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A home of paas-local with one model."""

    home: Path
    environment: Mapping[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever becomes of it."""
        return subprocess.run(
            [PAAS_LOCAL, *words], env=self.environment, capture_output=True, text=True, check=False, timeout=1800
        )

    def __call__(self, *words: str) -> str:
        """Run a command that has to succeed; give what it prints."""
        done = self.run(*words)
        assert done.returncode == 0, f"paas-local {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def status(self) -> dict[str, Any]:
        """Give what the command of this name shows; it is asked so often that processes for it would slow down all."""
        return client.Client(home=self.home).ask("status", model=self.environment["JUJU_MODEL"])

    def unit(self, name: str) -> tuple[str, str]:
        """Give a unit's workload status and its message."""
        unit = self.status()["applications"][name.partition("/")[0]]["units"][name]
        return unit["workload-status"]["current"], unit["workload-status"].get("message", "")

    def wait_for(self, name: str, status: str, patience: float = PATIENCE) -> str:
        """Wait until a unit has a status and nothing left to do; give its message."""

        def reached() -> bool:
            unit = self.status()["applications"][name.partition("/")[0]]["units"][name]
            current = unit["workload-status"]["current"]
            assert current != "error", self.what_happened()
            return current == status and unit["juju-status"]["current"] == "idle"

        self.wait(f"{name} to be {status}", reached, patience)
        return self.unit(name)[1]

    def wait(self, what: str, look: Callable[[], Found], patience: float = PATIENCE) -> Found:
        """Look until something is there; on the way an application may refuse to answer."""
        deadline = time.monotonic() + patience
        while True:
            try:
                found, refusal = look(), None
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                found, refusal = None, error
            if found:
                return found
            assert time.monotonic() < deadline, f"no {what}: {refusal}\n{self.what_happened()}"
            time.sleep(0.3)

    def what_happened(self) -> str:
        """Tell what a person would look at."""
        return self.run("status").stdout + self.run("debug-log", "--limit", "60").stdout

    def processes(self, *wanted: str) -> list[int]:
        """Find processes below the background process by words of their command line."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            if (parent := _parent(entry)) is not None:
                children.setdefault(parent, []).append(int(entry.name))
        below = [self.host_process()]
        for process in below:
            below.extend(children.get(process, []))
        return [process for process in below if all(word in _command(process) for word in wanted)]

    def host_process(self) -> int:
        """Find the background process: it writes its number where it holds its lock."""
        return int((self.home / "run" / "lock").read_text())

    def kill(self, *wanted: str) -> None:
        """Kill what has these words in its command line."""
        found = self.processes(*wanted)
        assert found, f"nothing runs {wanted}"
        for process in found:
            # The first may take the others with it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def with_stand_ins(charm: Path, folder: Path) -> Path:
    """Copy a charm's folder, and give it the libraries that no package index carries where it lacks them."""
    copy = shutil.copytree(charm, folder / charm.parent.name, ignore=shutil.ignore_patterns(".*", "*.charm"))
    for file in STAND_INS.rglob("*.py"):
        target = copy / "lib" / file.relative_to(STAND_INS)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    return copy


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def cookies(self) -> str:
        """Give the cookies it sets, as the next request sends them."""
        return "; ".join(each.partition(";")[0] for each in self.headers.get_all("Set-Cookie", []))


def browse(url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Page:
    """Ask as a browser does, for which what ends in .localhost is this machine; redirections are not followed."""
    parts = urllib.parse.urlsplit(url)
    assert (parts.hostname or "").endswith(".localhost"), url
    body = urllib.parse.urlencode(form) if form is not None else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=10)
    with contextlib.closing(connection):
        connection.request(
            "GET" if body is None else "POST", path, body, {"Host": parts.netloc, **kind, **(headers or {})}
        )
        answer = connection.getresponse()
        return Page(status=answer.status, headers=answer.headers, text=answer.read().decode())


class Browser:
    """Asks an application over HTTP and keeps its cookies."""

    def __init__(self, deployment: Deployment, application: str) -> None:
        self._deployment = deployment
        self._application = application
        self._url = ""
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def post(self, path: str, document: Any) -> Any:
        return self.send("POST", path, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def send(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
        content = self._send(method, path, body, headers)
        return json.loads(content) if content else None

    def text(self, path: str) -> str:
        return self._send("GET", path).decode()

    def log_in(self, path: str, username: str, password: str) -> str:
        """Fill in a form as Django makes it; give the page that one then sees."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.text(path))
        assert token
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
        return self._send("POST", path, urllib.parse.urlencode(form).encode(), {"Referer": self._url + path}).decode()

    def _send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        self._url = self._url or self._address()
        request = urllib.request.Request(self._url + path, body, dict(headers or {}), method=method)
        try:
            with self._opener.open(request, timeout=10) as answer:
                return answer.read()
        except (ConnectionError, urllib.error.URLError):
            # After a new start the address may be another.
            self._url = ""
            raise

    def _address(self) -> str:
        """Ask where the application's first port is; that it is nowhere yet is as good as that nobody answers."""
        asked = self._deployment.run("url", self._application)
        if asked.returncode:
            raise ConnectionRefusedError(asked.stderr)
        return asked.stdout.split()[0]


def _parent(entry: Path) -> int | None:
    """Read a process's parent; it may have ended since it was listed."""
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
