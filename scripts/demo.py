"""An example under its real charm, step by step: each command is printed, then run.

``make demo`` runs Flask's, ``make demo FRAMEWORK=django`` another, ``make demo ALL=1`` the one that uses every
integration. It makes a model of its own, ``demo``, and leaves
your models and your choice of the current one alone. Every wait has an end; what goes wrong is shown together with the
status and the log.
"""

# ruff: noqa: T201 - printing is what it is for
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
from paas_local.cli import client

ROOT = Path(__file__).resolve().parent.parent
PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
MODEL = "demo"
PATIENCE = 300
"""Seconds for each thing that is awaited."""
LONG_PATIENCE = 1800
"""Seconds for all servers, some of which are fetched and compiled the first time, and for all integrations."""
ERROR_PATIENCE = 30
"""Seconds that a failed hook has to succeed after all."""

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Example:
    """What differs between the frameworks' examples."""

    framework: str
    image: str
    """Name of the charm's resource."""
    bad_option: str
    """An option with a value that the charm refuses."""

    @property
    def application(self) -> str:
        """Name it as its charm is named."""
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
PROVIDERS = {
    "postgresql-k8s": "postgresql",
    "mysql-k8s": "mysql",
    "mongodb-k8s": "mongodb",
    "redis-k8s": "redis",
    "valkey": "valkey",
    "s3-integrator": "s3",
    "rabbitmq-k8s": "rabbitmq",
    "smtp-integrator": "smtp",
    "tempo-coordinator-k8s": "tracing",
    "hydra": "oidc",
    "saml-integrator": "saml",
    "openfga-k8s": "openfga",
    "traefik-k8s": "ingress",
    "squid-forward-proxy": "http-proxy",
    "loki-k8s": "logging",
    "prometheus-k8s": "metrics-endpoint",
    "grafana-k8s": "grafana-dashboard",
}
"""Built-in application to the endpoint of ``examples/everything`` that it serves."""
NEAR = "127.0.0.1,localhost,::1,.svc.cluster.local"
"""What is not asked through the forward proxy."""
STAND_INS = ROOT / "tests/charms/stand_ins"


class DemoError(Exception):
    """A step did not do what it should; the text says which."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """How a unit is."""

    current: str
    message: str
    idle: bool

    @property
    def status(self) -> str:
        """What a person would say."""
        return f"{self.current}: {self.message}" if self.message else self.current


class Browser:
    """Asks the application over HTTP and keeps its cookies."""

    def __init__(self, url: str) -> None:
        self._url = url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> Any:
        """Read what is there, as JSON."""
        with self._opener.open(self._url + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, document: Any) -> Any:
        """Send a document; give the answer."""
        request = urllib.request.Request(  # noqa: S310 - the address is the application's own
            self._url + path, json.dumps(document).encode(), {"Content-Type": "application/json"}
        )
        with self._opener.open(request, timeout=10) as answer:
            content = answer.read()
            return json.loads(content) if content else None


def demonstrate(example: Example) -> None:
    """Walk through everything."""
    name, folder = example.application, f"examples/{example.framework}"
    title("Deploy PostgreSQL and the example, and let them work together")
    paas_local("deploy", "postgresql-k8s")
    paas_local("deploy", f"{folder}/charm", name, "--resource", f"{example.image}={folder}")
    paas_local("integrate", name, "postgresql-k8s")
    wait_for_status("active")
    url = paas_local("url", name).strip()
    browser = Browser(url)

    title("Write a row and read it back")
    note = {"text": "Hello from the demo"}
    tell(f"POST {url}/notes {json.dumps(note)}")
    written = browser.post("/notes", note)["id"]
    found = next((row for row in browser.get("/notes") if row["id"] == written), None)
    tell(f"GET  {url}/notes → {json.dumps(found)}")
    expect(found is not None, "the row that was written is not there")
    counted = wait(
        "the worker to count the words",
        lambda: next(row for row in browser.get("/notes") if row["id"] == written)["words"],
    )
    tell(f"the service notes-worker has counted its words: {counted}")

    title("Change an option and see its effect")
    tell(f"GET {url}/settings → greeting: {browser.get('/settings')['greeting']}")
    paas_local("config", name, "greeting=Welcome to the demo")
    greeting = "Welcome to the demo"
    wait("the new greeting", lambda: browser.get("/settings")["greeting"] == greeting)
    tell(f"GET {url}/settings → greeting: {greeting}")

    title("Set a bad option: the charm says so, the application goes on as it was")
    paas_local("config", name, example.bad_option)
    wait_for_status("blocked", name)
    paas_local("status", name)
    tell(f"GET {url}/health → {browser.get('/health')['status']}")
    paas_local("config", name, "--reset", example.bad_option.partition("=")[0])
    wait_for_status("active", name)

    title("Rotate the secret key: sessions that were signed with the old one are over")
    visits = [browser.get("/visits")["visits"] for _ in range(3)]
    tell(f"GET {url}/visits three times, with a cookie → {visits}")
    paas_local("run", f"{name}/leader", "rotate-secret-key")
    wait("a session with the new key", lambda: browser.get("/visits")["visits"] <= len(visits))
    tell(f"GET {url}/visits with the same cookie → the count has started again")
    wait_for_status("active", name)

    title("This is where it is")
    paas_local("url", name)
    paas_local("status", "--relations")


def demonstrate_all() -> None:
    """Integrate one application with everything that is built in, and use some of it."""
    title("Deploy every provider; what lies in the cluster will not be asked through the forward proxy")
    paas_local("model-config", f"juju-no-proxy={NEAR}")
    for provider in PROVIDERS:
        paas_local("deploy", provider)
    wait_for_status("active", patience=LONG_PATIENCE)

    title("Deploy the application, and integrate it with all of them")
    with tempfile.TemporaryDirectory() as folder:
        charm = with_ingress_library(ROOT / "examples/everything/charm", Path(folder))
        paas_local("deploy", str(charm), EVERYTHING, "--resource", "flask-app-image=examples/everything")
    for provider, endpoint in PROVIDERS.items():
        paas_local("integrate", f"{EVERYTHING}:{endpoint}", provider)
    wait_for_status("active", patience=LONG_PATIENCE)
    url = paas_local("url", EVERYTHING).strip()
    browser = Browser(url)
    tell(f"GET {url}/integrations → {', '.join(browser.get('/integrations'))}")

    title("A row, a message, a mail")
    tell(f"POST {url}/rows → {json.dumps(browser.post('/rows', {'text': 'Hello'}))}")
    browser.post("/messages", {"text": "to the worker"})
    consumed = wait("the worker to consume the message", lambda: browser.get("/messages"))
    tell(f"POST {url}/messages, consumed by the service messages-worker: {json.dumps(consumed)}")
    browser.post("/mail", {"to": "you@there.test", "subject": "Hello"})
    paas_local("run", "smtp-integrator/0", "list-mails")

    title("Spans, metrics and dashboards that have arrived")
    wait(
        "spans, which are sent every few seconds",
        lambda: int(results("tempo-coordinator-k8s/0", "list-spans")["count"]),
    )
    paas_local("run", "tempo-coordinator-k8s/0", "list-spans", "limit=3")
    paas_local("run", "prometheus-k8s/0", "list-targets")
    paas_local("run", "grafana-k8s/0", "list-dashboards")

    title("This is where it is")
    tell(f"behind the ingress: {browser.get('/links')['base_url']}")
    paas_local("status", "--relations")


def with_ingress_library(charm: Path, folder: Path) -> Path:
    """Copy the charm, with a stand-in for the library that only Charmhub has, where the charm lacks it."""
    copy = shutil.copytree(charm, folder / charm.name, ignore=shutil.ignore_patterns("*.charm"))
    for file in STAND_INS.rglob("*.py"):
        target = copy / "lib" / file.relative_to(STAND_INS)
        if not target.exists():
            tell(f"a stand-in for lib/{file.relative_to(STAND_INS)}, which is on Charmhub only")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    return copy


def main() -> int:
    """Make the model, walk, and clean up, whatever happens."""
    arguments = argparse.ArgumentParser(description="Run an example under its charm.")
    arguments.add_argument("framework", nargs="?", default="flask", choices=sorted(EXAMPLES))
    arguments.add_argument("--all", action="store_true", help="run the example that uses every integration")
    arguments.add_argument("--keep", action="store_true", help="leave it running at the end")
    chosen = arguments.parse_args()
    keep: bool = chosen.keep
    os.chdir(ROOT)
    # Where the charm's requirements find our wheels; and the model that all commands are about.
    os.environ["UV_FIND_LINKS"] = str(ROOT / "dist")
    os.environ["JUJU_MODEL"] = MODEL

    mine = not client.Client(home=folders.home()).running()
    began = time.monotonic()
    try:
        paas_local("add-model", MODEL, "--no-switch")
    except DemoError as error:
        return fail(f"{error}; if an earlier demo is still there: paas-local destroy-model {MODEL}")
    try:
        demonstrate_all() if chosen.all else demonstrate(EXAMPLES[chosen.framework])
    except (DemoError, client.ClientError, OSError, http.client.HTTPException) as error:
        show_what_happened()
        code = fail(str(error))
    except KeyboardInterrupt:
        code = 130
    else:
        tell(f"\nDone in {time.monotonic() - began:.0f} s.")
        code = 0
    if keep and code == 0:
        how_to_go_on()
    else:
        clean_up(shutdown=mine)
    return code


def paas_local(*words: str) -> str:
    """Print a command, run it, and give what it printed."""
    print(f"$ paas-local {shlex.join(words)}", flush=True)
    done = subprocess.run([PAAS_LOCAL, *words], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="", flush=True)
    expect(done.returncode == 0, f"paas-local {words[0]} exited with {done.returncode}")
    return done.stdout


def results(unit: str, action: str) -> dict[str, Any]:
    """Run an action without printing anything; give its results."""
    words = [PAAS_LOCAL, "run", unit, action, "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"paas-local run {unit} {action} exited with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)[unit]["results"]


def wait_for_status(wanted: str, *applications: str, patience: int = PATIENCE) -> None:
    """Wait until every unit has a status and nothing left to do; print each change on the way."""
    shown: dict[str, str] = {}
    failing: dict[str, float] = {}

    def reached() -> bool:
        found = units(applications)
        for name, unit in found.items():
            if shown.get(name) != unit.status:
                tell(f"  {time.strftime('%H:%M:%S')} {name} {unit.status}")
                shown[name] = unit.status
            since = failing.setdefault(name, time.monotonic()) if unit.current == "error" else None
            expect(since is None or time.monotonic() - since < ERROR_PATIENCE, f"{name} {unit.status}")
        return bool(found) and all(unit.current == wanted and unit.idle for unit in found.values())

    tell(f"waiting until {' and '.join(applications) or 'all units'}: {wanted}")
    wait(f"the status {wanted}", reached, patience)


def units(applications: tuple[str, ...]) -> dict[str, Unit]:
    """Ask how the units of some, or all, applications are."""
    # What ``paas-local status`` shows, without a process for each look.
    found = client.Client(home=folders.home()).ask("status", model=MODEL)["applications"]
    return {
        name: Unit(
            current=entry["workload-status"]["current"],
            message=entry["workload-status"].get("message", ""),
            idle=entry["juju-status"]["current"] == "idle",
        )
        for named, application in found.items()
        if not applications or named in applications
        for name, entry in application.get("units", {}).items()
    }


def wait(what: str, look: Callable[[], Found], patience: int = PATIENCE) -> Found:
    """Look until something is found; an application that restarts may refuse in between."""
    deadline = time.monotonic() + patience
    while True:
        try:
            if found := look():
                return found
            reason = ""
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            reason = f": {error}"
        expect(time.monotonic() < deadline, f"waited {patience} s for {what}{reason}")
        time.sleep(0.5)


def expect(true: bool, otherwise: str) -> None:
    """Go on, or stop with a reason."""
    if not true:
        raise DemoError(otherwise)


def show_what_happened() -> None:
    """Print what a person would look at first."""
    for words in (("status",), ("debug-log", "--limit", "40")):
        tell(f"$ paas-local {' '.join(words)}")
        subprocess.run([PAAS_LOCAL, *words], check=False)


def how_to_go_on() -> None:
    """Tell how to use what is left running."""
    tell(
        "It is left running. To go on by hand:\n\n"
        f"  export JUJU_MODEL={MODEL} UV_FIND_LINKS={ROOT / 'dist'}\n"
        f"  export PATH={PAAS_LOCAL.parent}:{ROOT / '.uv/bin'}:$PATH\n"
        "  paas-local status --watch 1s\n"
        f"  paas-local destroy-model {MODEL}"
    )


def clean_up(*, shutdown: bool) -> None:
    """End what the demo began; a background process that was there before stays."""
    title("Clean up")
    words = [("destroy-model", MODEL, "--no-prompt"), *([("shutdown",)] if shutdown else [])]
    for command in words:
        print(f"$ paas-local {shlex.join(command)}", flush=True)
        subprocess.run([PAAS_LOCAL, *command], check=False)


def fail(reason: str) -> int:
    """Say why, and give the exit code."""
    print(f"\nERROR the demo failed: {reason}", file=sys.stderr, flush=True)
    return 1


def title(words: str) -> None:
    """Begin a part of the walk."""
    print(f"\n== {words}", flush=True)


def tell(words: str) -> None:
    """Print at once, also into a pipe."""
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
