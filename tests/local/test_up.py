"""``paas-local up`` with a new project: saved changes are served.

The tests share one application, and each leaves it active.
"""

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest
from deployment import PAAS_LOCAL, PATIENCE, Deployment, new_home


class Watcher:
    """A running ``paas-local up``."""

    def __init__(self, juju: Deployment, project: Path) -> None:
        self._juju = juju
        self.project = project
        self._log = project.parent / "up.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [PAAS_LOCAL, "up", project],
                env=juju.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_prints(self, words: str) -> None:
        self._juju.wait(f'"{words}" in {self.printed()}', lambda: words in self.printed())

    def printed(self) -> str:
        return self._log.read_text()

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(20)


@pytest.fixture(scope="module")
def juju() -> Generator[Deployment]:
    """Yield an empty home, and remove everything in it; paas-local itself finds the wheels of this checkout."""
    with new_home(model="hello", UV_FIND_LINKS="") as juju:
        yield juju


@pytest.fixture(scope="module")
def project(juju: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new Flask project that runs."""
    folder = tmp_path_factory.mktemp("projects")
    subprocess.run([PAAS_LOCAL, "new", "flask", "hello"], cwd=folder, env=juju.environment, check=True)
    juju("up", "--detach", str(folder / "hello"))
    return folder / "hello"


@pytest.fixture(scope="module")
def watcher(juju: Deployment, project: Path) -> Generator[Watcher]:
    """Yield a watched project."""
    watcher = Watcher(juju, project)
    try:
        watcher.wait_until_prints("Watching")
        yield watcher
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(watcher.process.pid, signal.SIGKILL)
        watcher.process.wait()


class Page:
    """The application's page, as it is served now."""

    def __init__(self, juju: Deployment) -> None:
        self._juju = juju
        self._url = juju("url", "hello").strip()

    def has(self, words: str) -> bool:
        with urllib.request.urlopen(self._url, timeout=5) as answer:
            return words in answer.read().decode()

    def wait_until(self, words: str) -> None:
        """Wait until the page has a text."""
        began = time.monotonic()
        while not self._is_served_with(words):
            assert time.monotonic() - began < PATIENCE, f'no "{words}"\n{self._juju.what_happened()}'
            time.sleep(0.02)

    def _is_served_with(self, words: str) -> bool:
        # The server does not answer while it restarts.
        try:
            return self.has(words)
        except OSError:
            return False


def save(project: Path, old: str, new: str) -> None:
    file = project / "app.py"
    file.write_text(file.read_text().replace(old, new))


def test_a_new_project_runs(juju: Deployment, project: Path):
    assert juju.unit("hello/0") == ("active", "")

    assert Page(juju).has("Hello from hello")


def test_a_saved_change_is_served(juju: Deployment, watcher: Watcher):
    page = Page(juju)

    for number in range(3):
        save(watcher.project, "Hello from hello", f"Hello number {number}")
        page.wait_until(f"Hello number {number}")
        save(watcher.project, f"Hello number {number}", "Hello from hello")
        page.wait_until("Hello from hello")


def test_the_applications_log_is_shown(juju: Deployment, watcher: Watcher):
    save(watcher.project, "Hello from hello", "Hello with a print")
    save(watcher.project, "app = Flask(__name__)", 'app = Flask(__name__)\nprint("loaded the app")')
    watcher.wait_until_prints("[flask] loaded the app")

    assert "[flask] loaded the app" in juju("logs", "hello")
    assert juju("pebble", "hello/0", "services").splitlines()[1].split()[:3] == ["flask", "enabled", "active"]
    save(watcher.project, '\nprint("loaded the app")', "")
    save(watcher.project, "Hello with a print", "Hello from hello")
    Page(juju).wait_until("Hello from hello")


def test_a_syntax_error_or_a_crash_is_reported_until_the_next_save(juju: Deployment, watcher: Watcher):
    page = Page(juju)

    save(watcher.project, "Hello from hello", 'Hello (" from hello')
    watcher.wait_until_prints("ERROR app.py, line")
    assert page.has("Hello from hello")

    save(watcher.project, 'Hello (" from hello', "Hello from nowhere")
    save(watcher.project, "app = Flask(__name__)", "app = Flask(__name__)\nno_such_name")
    watcher.wait_until_prints("name 'no_such_name' is not defined")

    save(watcher.project, "\nno_such_name", "")
    page.wait_until("Hello from nowhere")
    save(watcher.project, "Hello from nowhere", "Hello from hello")
    page.wait_until("Hello from hello")


def test_a_changed_charm_restarts_the_application(juju: Deployment, watcher: Watcher):
    charm = watcher.project / "charm/charmcraft.yaml"

    charm.write_text(f"{charm.read_text()}\nconfig:\n  options:\n    greeting:\n      type: string\n")

    watcher.wait_until_prints("charm/charmcraft.yaml: runs")
    assert juju("config", "hello", "greeting") == "\n"


def test_ctrl_c_ends_only_the_watching(juju: Deployment, watcher: Watcher):
    code = watcher.interrupt()

    assert code == 0
    assert "hello keeps running. To stop it: paas-local destroy-model hello --no-prompt" in watcher.printed()
    assert Page(juju).has("Hello from hello")
