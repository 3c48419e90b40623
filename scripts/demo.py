"""Demo of an example under its real charm; prints each command before it runs it.

``make demo`` runs the Flask example, ``make demo FRAMEWORK=django`` another one, and ``make demo ALL=1`` the one that
uses every integration. The demo creates the model ``demo`` and does not change your other models or the current model.
Every wait has a limit. On a failure, the demo prints the error, the status and the log.
"""

# ruff: noqa: T201 - the demo prints
import argparse
import http.client
import http.cookiejar
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from paas_local import folders
from paas_local.cli import client, progress
from paas_local.providers import BUILT_IN

ROOT = Path(__file__).resolve().parent.parent
PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
MODEL = "demo"
PATIENCE = 300
"""Seconds for each wait."""
LONG_PATIENCE = 1800
"""Seconds to start all servers, some of which are downloaded and compiled the first time, and all integrations."""
ERROR_PATIENCE = 30
"""Seconds until a failed hook has to succeed."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Example:
    """The example of one framework."""

    framework: str
    image: str
    """Name of the image resource of the charm."""
    bad_option: str
    """An option with a value that blocks the unit."""

    @property
    def application(self) -> str:
        """Name of the application, which is the name of its charm."""
        return f"{self.framework}-k8s"


EXAMPLES = {
    each.framework: each
    for each in (
        Example(framework="flask", image="flask-app-image", bad_option="webserver-worker-class=magic"),
        Example(framework="django", image="django-app-image", bad_option="webserver-worker-class=magic"),
        Example(framework="fastapi", image="app-image", bad_option="webserver-log-level=loud"),
        Example(framework="go", image="app-image", bad_option="app-port=70000"),
    )
}


EVERYTHING = "everything-k8s"
WITHOUT_VARIABLES = frozenset({"grafana-k8s", "loki-k8s", "prometheus-k8s", "traefik-k8s"})
"""Providers that the application does not list, because they set none of its variables."""
NO_PROXY = "127.0.0.1,localhost,::1,.svc.cluster.local"
"""Addresses that are not requested through the forward proxy."""
STAND_INS = ROOT / "tests/charms/stand_ins"


@dataclass(kw_only=True)
class Screen:
    """Record of what the demo has printed."""

    shown_at: float = 0.0
    """Time of the last line, so that no wait is silent."""


SCREEN = Screen()


class DemoError(Exception):
    """The failure of one step, which the text names."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Status of a unit."""

    current: str
    message: str
    agent: str
    """Agent status and message: the hook that runs."""

    @property
    def idle(self) -> bool:
        """Return whether no hook runs or is due."""
        return self.agent == "idle"

    @property
    def status(self) -> str:
        """Workload status and message, as one text."""
        return f"{self.current}: {self.message}" if self.message else self.current


class Browser:
    """An HTTP client with cookies."""

    def __init__(self, url: str) -> None:
        self._url = url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> Any:
        """Return the JSON document at a path."""
        with self._opener.open(self._url + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, document: Any) -> Any:
        """Post a JSON document; return the answer."""
        request = urllib.request.Request(  # noqa: S310 - the address is the application's own
            self._url + path, json.dumps(document).encode(), {"Content-Type": "application/json"}
        )
        with self._opener.open(request, timeout=10) as answer:
            content = answer.read()
            return json.loads(content) if content else None


def demonstrate(example: Example) -> None:
    """Run one example with PostgreSQL, and print each step."""
    name, folder = example.application, f"examples/{example.framework}"
    title("Deploy PostgreSQL and the example, and integrate them")
    paas_local("deploy", "postgresql-k8s")
    paas_local("deploy", f"{folder}/charm", name, "--resource", f"{example.image}={folder}")
    paas_local("integrate", name, "postgresql-k8s")
    wait_for_status("active")
    url = paas_local("url", name).strip()
    browser = Browser(url)

    title("Write a row and read it back")
    note = {"text": "Hello from the demo"}
    show(f"POST {url}/notes {json.dumps(note)}")
    note_id = browser.post("/notes", note)["id"]
    row = next((row for row in browser.get("/notes") if row["id"] == note_id), None)
    show(f"GET  {url}/notes → {json.dumps(row)}")
    expect(row is not None, "the new row is missing")
    words = wait(
        "the worker to count the words",
        lambda: next(row for row in browser.get("/notes") if row["id"] == note_id)["words"],
    )
    show(f"the service notes-worker has counted the words: {words}")

    title("Change an option")
    show(f"GET {url}/settings → greeting: {browser.get('/settings')['greeting']}")
    paas_local("config", name, "greeting=Welcome to the demo")
    greeting = "Welcome to the demo"
    wait("the new greeting", lambda: browser.get("/settings")["greeting"] == greeting)
    show(f"GET {url}/settings → greeting: {greeting}")

    title("Set an invalid option: the unit is blocked, and the application keeps running")
    paas_local("config", name, example.bad_option)
    wait_for_status("blocked", name)
    paas_local("status", name)
    show(f"GET {url}/health → {browser.get('/health')['status']}")
    paas_local("config", name, "--reset", example.bad_option.partition("=")[0])
    wait_for_status("active", name)

    title("Rotate the secret key twice: Flask and Django accept the previous key, and no framework an older one")
    visits = [browser.get("/visits")["visits"] for _ in range(3)]
    show(f"GET {url}/visits three times, with a cookie → {visits}")
    for _ in range(2):
        paas_local("run", f"{name}/leader", "rotate-secret-key")
    wait("a session with the new key", lambda: browser.get("/visits")["visits"] <= len(visits))
    show(f"GET {url}/visits with the same cookie → the count has started again")
    wait_for_status("active", name)

    title("Addresses and status")
    paas_local("url", name)
    paas_local("status", "--relations")


def demonstrate_all() -> None:
    """Integrate one application with every built-in provider, and use some of them."""
    title("Deploy every provider; requests inside the cluster bypass the forward proxy")
    paas_local("model-config", f"juju-no-proxy={NO_PROXY}")
    for provider in BUILT_IN:
        paas_local("deploy", provider)
    wait_for_status("active", patience=LONG_PATIENCE)

    title("Deploy the application, and integrate it with every provider")
    with tempfile.TemporaryDirectory() as folder:
        charm = with_ingress_library(ROOT / "examples/everything/charm", Path(folder))
        paas_local("deploy", str(charm), EVERYTHING, "--resource", "flask-app-image=examples/everything")
    for provider in BUILT_IN:
        paas_local("integrate", EVERYTHING, provider)
    # Most of the hooks that still come find nothing new to do.
    wait_for_status("active", patience=LONG_PATIENCE, idle=False)
    url = paas_local("url", EVERYTHING).strip()
    browser = Browser(url)
    expected = len(BUILT_IN.keys() - WITHOUT_VARIABLES)

    def names() -> list[str]:
        listed: list[str] = browser.get("/integrations")
        return listed if len(listed) == expected else []

    integrations = wait(f"the variables of {expected} integrations", names)
    show(f"GET {url}/integrations → {', '.join(integrations)}")

    title("Write a row, send a message and a mail")
    show(f"POST {url}/rows → {json.dumps(browser.post('/rows', {'text': 'Hello'}))}")
    browser.post("/messages", {"text": "to the worker"})
    consumed = wait("the worker to consume the message", lambda: browser.get("/messages"))
    show(f"POST {url}/messages, consumed by the service messages-worker: {json.dumps(consumed)}")
    browser.post("/mail", {"to": "you@there.test", "subject": "Hello"})
    paas_local("run", "smtp-integrator/0", "list-mails")

    title("Read the spans, metrics and dashboards")
    wait(
        "the spans, which are sent every few seconds",
        lambda: int(results("tempo-coordinator-k8s/0", "list-spans")["count"]),
    )
    paas_local("run", "tempo-coordinator-k8s/0", "list-spans", "limit=3")
    wait("the target", lambda: int(results("prometheus-k8s/0", "list-targets")["count"]))
    paas_local("run", "prometheus-k8s/0", "list-targets")
    wait("the dashboard", lambda: int(results("grafana-k8s/0", "list-dashboards")["count"]))
    paas_local("run", "grafana-k8s/0", "list-dashboards")

    title("Addresses and status")
    show(f"address behind the ingress: {browser.get('/links')['base_url']}")
    paas_local("status", "--relations")


def with_ingress_library(charm: Path, folder: Path) -> Path:
    """Copy the charm; add a stand-in for the library that only Charmhub has, if the charm lacks it."""
    copy = shutil.copytree(charm, folder / charm.name, ignore=shutil.ignore_patterns("*.charm"))
    for file in STAND_INS.rglob("*.py"):
        target = copy / "lib" / file.relative_to(STAND_INS)
        if not target.exists():
            show(f"using a stand-in for lib/{file.relative_to(STAND_INS)}, which is on Charmhub only")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    return copy


def main() -> int:
    """Create the model, run the demo, clean up; return the exit code."""
    arguments = argparse.ArgumentParser(description="Run an example under its charm and print each step.")
    arguments.add_argument("framework", nargs="?", default="flask", choices=sorted(EXAMPLES))
    arguments.add_argument("--all", action="store_true", help="run the example that uses every integration")
    arguments.add_argument("--keep", action="store_true", help="leave the application running")
    options = arguments.parse_args()
    keep: bool = options.keep
    os.chdir(ROOT)
    # all commands use the model
    os.environ["JUJU_MODEL"] = MODEL

    starts_background_process = not client.Client(home=folders.home()).running()
    began = time.monotonic()
    try:
        paas_local("add-model", MODEL, "--no-switch")
    except DemoError as error:
        return fail(f"{error}; to remove an earlier demo: paas-local destroy-model {MODEL}")
    try:
        demonstrate_all() if options.all else demonstrate(EXAMPLES[options.framework])
    except (DemoError, client.ClientError, OSError, http.client.HTTPException) as error:
        show_status_and_log()
        code = fail(str(error))
    except KeyboardInterrupt:
        code = 130
    else:
        show(f"\nDone in {time.monotonic() - began:.0f} s.")
        code = 0
    if keep and code == 0:
        show_next_commands()
    else:
        clean_up(shutdown=starts_background_process)
    return code


def paas_local(*words: str) -> str:
    """Print a command, run it, and return its output."""
    print(f"$ paas-local {shlex.join(words)}", flush=True)
    done = subprocess.run([PAAS_LOCAL, *words], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="", flush=True)
    expect(done.returncode == 0, f"paas-local {words[0]} exited with {done.returncode}")
    return done.stdout


def results(unit: str, action: str) -> dict[str, Any]:
    """Run an action without printing; return its results."""
    words = [PAAS_LOCAL, "run", unit, action, "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"paas-local run {unit} {action} exited with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)[unit]["results"]


def wait_for_status(status: str, *applications: str, patience: int = PATIENCE, idle: bool = True) -> None:
    """Wait until every unit has a status, and is idle; print each change."""
    shown: dict[str, str] = {}
    failing: dict[str, float] = {}

    def reached() -> bool:
        current = units(applications)
        for name, unit in current.items():
            if shown.get(name) != unit.status:
                show(f"  {time.strftime('%H:%M:%S')} {name} {unit.status}")
                shown[name] = unit.status
            since = failing.setdefault(name, time.monotonic()) if unit.current == "error" else None
            expect(since is None or time.monotonic() - since < ERROR_PATIENCE, f"{name} {unit.status}")
        missing = [name for name, unit in current.items() if unit.current != status or (idle and not unit.idle)]
        if missing and time.monotonic() - SCREEN.shown_at > progress.REPEAT:
            unit = current[missing[0]]
            show(f"  … {time.monotonic() - began:.0f} s: {missing[0]} {unit.status} ({unit.agent})")
        return bool(current) and not missing

    began = time.monotonic()
    show(f"waiting until {' and '.join(applications) or 'all units'}: {status}")
    wait(f"the status {status}", reached, patience)


def units(applications: tuple[str, ...]) -> dict[str, Unit]:
    """Read the units of some applications, or of all."""
    # The document of ``paas-local status``, without a process for each read.
    status = client.Client(home=folders.home()).query("status", model=MODEL)["applications"]
    return {
        name: Unit(
            current=entry["workload-status"]["current"],
            message=entry["workload-status"].get("message", ""),
            agent=" ".join(filter(None, (entry["juju-status"]["current"], entry["juju-status"].get("message", "")))),
        )
        for application_name, application in status.items()
        if not applications or application_name in applications
        for name, entry in application.get("units", {}).items()
    }


def wait(what: str, read: Callable[[], Result], patience: int = PATIENCE) -> Result:
    """Call a function until it returns a result; connection errors of an application that restarts are retried."""
    began = time.monotonic()
    while True:
        try:
            if result := read():
                return result
            reason = ""
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            reason = f": {error}"
        waited = time.monotonic() - began
        expect(waited < patience, f"waited {patience} s for {what}{reason}")
        if time.monotonic() - SCREEN.shown_at > progress.REPEAT:
            show(f"  … {what} ({waited:.0f} s)")
        time.sleep(0.5)


def expect(true: bool, otherwise: str) -> None:
    """Raise an error unless a condition is true."""
    if not true:
        raise DemoError(otherwise)


def show_status_and_log() -> None:
    """Print the status and the log."""
    for words in (("status",), ("debug-log", "--limit", "40")):
        show(f"$ paas-local {' '.join(words)}")
        subprocess.run([PAAS_LOCAL, *words], check=False)


def show_next_commands() -> None:
    """Print the commands for the model that is left running."""
    show(
        "The application is left running. To use it:\n\n"
        f"  export PATH={PAAS_LOCAL.parent}:$PATH\n"
        f"  paas-local switch {MODEL}\n"
        "  paas-local status --watch 1s\n"
        f"  paas-local destroy-model {MODEL}"
    )


def clean_up(*, shutdown: bool) -> None:
    """Destroy the model; stop the background process only if the demo started it."""
    title("Clean up")
    words = [("destroy-model", MODEL, "--no-prompt", "--force"), *([("shutdown",)] if shutdown else [])]
    for command in words:
        print(f"$ paas-local {shlex.join(command)}", flush=True)
        subprocess.run([PAAS_LOCAL, *command], check=False)


def fail(reason: str) -> int:
    """Print the reason; return the exit code."""
    print(f"\nERROR the demo failed: {reason}", file=sys.stderr, flush=True)
    return 1


def title(words: str) -> None:
    """Print the title of a step."""
    print(f"\n== {words}", flush=True)


def show(words: str) -> None:
    """Print without buffering."""
    print(words, flush=True)
    SCREEN.shown_at = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
