"""The commands new, schema and up: their files, requests and messages."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Generator, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import uv_program
import watchfiles
import yaml
from click.testing import CliRunner, Result
from fake_daemon import FakeDaemon
from paas_local.build import charm_libs, charmcraft_extensions
from paas_local.cli import built_in_charms, local_application, main, output

Run = Callable[..., Result]
EMPTY: dict[str, Any] = {"applications": {}}
ACTIVE = {"workload-status": {"current": "active"}, "juju-status": {"current": "idle"}}
BLOCKED = {
    "workload-status": {"current": "blocked", "message": "missing integrations: mail"},
    "juju-status": {"current": "idle"},
}


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command line in an empty folder, with a uv that installs nothing."""
    uv_program.install(tmp_path, monkeypatch)
    monkeypatch.setattr(local_application, "_QUIET", 0.0)
    monkeypatch.setattr(local_application, "_POLL_INTERVAL", 0.01)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def paas_local(*words: str) -> Result:
        return CliRunner().invoke(main.main, words, prog_name="paas-local")

    return paas_local


@pytest.fixture
def project(run: Run, daemon: FakeDaemon) -> Path:
    """Return a new project, with a background process that runs it at once."""
    run("new", "flask", "web")
    describe(Path("web/charm"))
    daemon.results |= {
        "models": {"models": []},
        "add-model": {},
        "model-config": {"paas-local-folder": {"Value": str(Path("web").resolve())}},
        "deploy": {},
        "refresh": {"changed": False},
        "integrate": {},
        "sync": {"reloaded": ["flask"], "restarted": [], "since": 1.5},
        "check-sync": {"failure": ""},
        "status": statuses(EMPTY),
    }
    daemon.lines["logs"] = []
    daemon.added["status"] = {"published": {"web": {"8000/tcp": "http://127.0.0.1:8000"}}, "integrations": []}
    return Path("web")


def describe(charm: Path, **more: Any) -> None:
    """Change a charm's file, and create empty libraries, so that none is downloaded."""
    project = {**yaml.safe_load((charm / "charmcraft.yaml").read_text()), **more}
    (charm / "charmcraft.yaml").write_text(yaml.safe_dump(project))
    for library in charm_libs.declared(charmcraft_extensions.expand(project, charm)):
        file = charm / "lib" / library.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def statuses(*first: dict[str, Any], unit: dict[str, Any] = ACTIVE) -> Iterator[Any]:
    """Return endless status documents: some, then always that of one unit."""
    return chain(first, repeat({"applications": {"web": {"units": {"web/0": unit}}}}))


def saves(monkeypatch: pytest.MonkeyPatch, *changes: Callable[[], list[Path]]) -> None:
    """Save files while the folder is watched, then press Ctrl-C."""

    def watch(*_: object, **__: object) -> Generator[set[tuple[watchfiles.Change, str]]]:
        for change in changes:
            yield {(watchfiles.Change.modified, str(path.resolve())) for path in change()}
        raise KeyboardInterrupt

    monkeypatch.setattr(watchfiles, "watch", watch)


def writing(path: Path, text: str) -> Callable[[], list[Path]]:
    def write() -> list[Path]:
        path.write_text(text)
        return [path]

    return write


def test_new_prints_the_files_and_the_next_command(run: Run):
    result = run("new", "go", "web")

    assert result.exit_code == 0
    assert "  web/main.go\n" in result.stderr
    assert result.stderr.endswith("\n  paas-local up web\n")
    assert Path("web/charm/charmcraft.yaml").is_file()


def test_new_writes_only_to_an_empty_folder(run: Run):
    Path("web").mkdir()

    first, second = run("new", "flask", "web"), run("new", "flask", "web")

    assert first.exit_code == 0
    assert second.stderr == 'ERROR the folder "web" must be empty; choose another name\n'
    assert second.exit_code == 1


def test_new_reports_a_file_and_an_invalid_name(run: Run):
    Path("web").touch()

    file, name, framework = run("new", "flask", "web"), run("new", "flask", "Web"), run("new", "rails", "web")

    assert file.stderr.startswith("ERROR ")
    assert file.stderr.endswith("web: Not a directory\n")
    assert name.stderr.startswith('ERROR invalid name "Web": lower-case letters')
    assert framework.exit_code == 2


def test_schema_prints_what_the_extension_adds(run: Run):
    first, second = run("schema", "flask"), run("schema", "flask", "--generation", "26.04", "--format", "json")

    document = yaml.safe_load(first.stdout)
    assert document["config"]["options"]["webserver-workers"]["type"] == "int"
    assert "rotate-secret-key" in document["actions"]
    assert "secret-storage" in document["peers"]
    assert {"metrics-endpoint", "grafana-dashboard"} <= document["provides"].keys()
    assert "app-secret-key" in json.loads(second.stdout)["config"]["options"]


def test_schema_lists_the_frameworks(run: Run):
    assert (
        run("schema", "rails").stderr == 'ERROR no framework "rails"; the frameworks are: django, fastapi, flask, go\n'
    )


def test_up_deploys_to_a_model_named_as_the_folder(run: Run, project: Path, daemon: FakeDaemon):
    result = run("up", "web", "--detach")

    assert result.exit_code == 0, result.stderr
    assert result.stdout == "http://127.0.0.1:8000\n"
    assert "web is a flask application: rockcraft.yaml names the extension flask-framework\n" in result.stderr
    assert daemon.bodies("add-model") == [{"model": "web"}]
    assert daemon.bodies("deploy")[0]["application"] == "web"
    assert list(daemon.bodies("deploy")[0]["resources"]) == ["flask-app-image"]
    assert (daemon.home / "current-model").read_text() == "web\n"


def test_a_second_up_refreshes(run: Run, project: Path, daemon: FakeDaemon):
    daemon.results |= {"models": {"models": ["web"]}, "status": statuses(), "refresh": {"changed": True}}

    result = run("up", "web", "--detach")

    assert result.exit_code == 0, result.stderr
    assert not daemon.bodies("deploy")
    assert daemon.bodies("refresh")[0]["charm"]


def test_up_does_not_use_the_model_of_another_folder(run: Run, project: Path, daemon: FakeDaemon):
    daemon.results |= {"models": {"models": ["web"]}, "model-config": {}}
    by_hand = run("up", "web", "--detach")
    daemon.results["model-config"] = {"paas-local-folder": {"Value": "/other/web"}}
    others = run("up", "web", "--detach")
    chosen = run("up", "web", "--detach", "-m", "web")

    assert by_hand.stderr.endswith('ERROR the model "web" was not added by paas-local up; choose one with: -m NAME\n')
    assert others.stderr.endswith('ERROR the model "web" belongs to /other/web; choose one with: -m NAME\n')
    assert chosen.exit_code == 0


def test_up_writes_missing_files(run: Run, project: Path, daemon: FakeDaemon):
    (project / "rockcraft.yaml").unlink()

    result = run("up", "web", "--detach")

    assert result.exit_code == 0, result.stderr
    assert "web is a flask application: requirements.txt names flask\n  wrote rockcraft.yaml\n" in result.stderr
    assert (project / "rockcraft.yaml").is_file()


def test_up_deploys_and_integrates_what_the_charm_requires(
    run: Run, project: Path, daemon: FakeDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    built_in = tmp_path / "tiny/charm"
    (built_in / "src").mkdir(parents=True)
    (built_in / "src/charm.py").touch()
    tiny: dict[str, Any] = dict.fromkeys(("name", "summary", "description"), "tiny")
    tiny |= {"type": "charm", "base": "ubuntu@24.04", "provides": {"serve": {"interface": "tiny"}}}
    (built_in / "charmcraft.yaml").write_text(yaml.safe_dump(tiny))
    monkeypatch.setattr(local_application, "BUILT_IN", {"tiny": tmp_path / "tiny"})
    monkeypatch.setattr(built_in_charms, "BUILT_IN", {"tiny": tmp_path / "tiny"})
    requires = {name: {"interface": name, "optional": False} for name in ("tiny", "mail")}
    describe(project / "charm", requires=requires)

    result = run("up", "web", "--detach")

    assert result.exit_code == 0, result.stderr
    assert [body["application"] for body in daemon.bodies("deploy")] == ["web", "tiny"]
    assert daemon.bodies("integrate") == [{"model": "web", "endpoints": ["web:tiny", "tiny:serve"]}]
    assert "mail: no built-in charm provides mail; deploy and integrate a charm that does\n" in result.stderr


def test_up_prints_why_the_application_is_not_active(run: Run, project: Path, daemon: FakeDaemon):
    daemon.results["status"] = statuses(EMPTY, unit=BLOCKED)

    result = run("up", "web", "--detach")

    assert result.exit_code == 1
    assert result.stderr.endswith(
        "ERROR web/0 is blocked: missing integrations: mail; see: paas-local debug-log --limit 20\n"
    )


@pytest.mark.parametrize(
    ("folder", "problem"),
    [("nowhere", "there is no folder"), (".", "no framework found")],
)
def test_up_reports_a_folder_without_an_application(run: Run, folder: str, problem: str):
    result = run("up", folder)

    assert result.exit_code == 1
    assert problem in result.stderr


def test_a_saved_file_is_copied_to_the_running_containers(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    app = project / "app.py"
    saves(monkeypatch, writing(app, "app = 2\n"), writing(app, "app = 2\n"), writing(app, "app = (\n"))

    result = run("up", "web")

    assert result.exit_code == 0, result.stderr
    assert len(daemon.bodies("sync")) == 1
    assert "app.py: reloaded flask\n" in result.stderr
    assert "app.py: ERROR app.py, line 1: '(' was never closed" in result.stderr
    assert result.stderr.endswith("web keeps running. To stop it: paas-local destroy-model web --no-prompt\n")


def test_lines_of_the_application_are_shown_while_its_folder_is_watched(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    line = {"unit": "web/0", "time": "2026-11-23T05:12:44.5Z", "service": "flask", "message": "GET / 500"}
    daemon.lines["logs"] = [line]
    printed = threading.Event()
    say = output.say

    def record(message: str) -> None:
        say(message)
        if message.endswith("[flask] GET / 500"):
            printed.set()

    def wait() -> list[Path]:
        assert printed.wait(30)
        return []

    monkeypatch.setattr(output, "say", record)
    saves(monkeypatch, wait)

    result = run("up", "web")

    assert "Watching" in result.stderr
    assert re.search(r"^web/0: \d\d:12:44 \[flask\] GET / 500$", result.stderr, re.MULTILINE)
    assert daemon.bodies("logs")[0] == {"model": "web", "names": ["web"], "lines": 0, "follow": True}


def test_a_save_restarts_an_application_that_is_blocked(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    broken = {"workload-status": {"current": "blocked", "message": "no app"}, "juju-status": {"current": "idle"}}
    now = [broken]

    async def status() -> dict[str, Any]:
        return {"applications": {"web": {"units": {"web/0": now.pop(0) if len(now) > 1 else now[0]}}}}

    def cure() -> list[Path]:
        (project / "app.py").write_text("app = 3\n")
        return [project / "app.py"]

    async def refresh() -> dict[str, Any]:
        changed = len(daemon.bodies("refresh")) == 2  # the first is that of up
        # the charm's first hook in the new pod sets another status
        starting = {**broken, "juju-status": {"current": "executing"}}
        now[:] = [*[starting] * 6, ACTIVE] if changed else [broken]
        return {"changed": changed}

    daemon.results |= {"status": status, "refresh": refresh}
    saves(monkeypatch, cure)

    result = run("up", "web")

    assert "ERROR web/0 is blocked: no app; see: paas-local debug-log --limit 20\n" in result.stderr
    assert "web/0 is blocked: web restarts\n" in result.stderr
    assert "no app" not in result.stderr.partition("web restarts")[2]
    assert "app.py: runs\n" in result.stderr
    assert not daemon.bodies("sync")


def test_a_file_that_is_saved_while_up_starts_is_served(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    def save_unseen() -> list[Path]:
        (project / "app.py").write_text("app = 4\n")
        return []

    saves(monkeypatch, save_unseen)

    assert "saved during the start: reloaded flask\n" in run("up", "web").stderr


def test_a_new_file_that_the_image_will_not_contain_is_reported_once_with_the_lines_to_add(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    saves(monkeypatch, writing(project / "helper.py", "x = 1\n"), writing(project / "helper.py", "x = 2\n"))

    result = run("up", "web")

    advice = "WARNING helper.py is not in the image; add to rockcraft.yaml:\nparts:\n  flask-framework/install-app:\n"
    assert result.stderr.count(advice) == 1
    assert "      - flask/app/app.py\n" in result.stderr
    assert "      - flask/app/helper.py\n" in result.stderr


def test_a_warning_about_the_image_is_shown_once(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    recipe = project / "rockcraft.yaml"
    (project / "docs").mkdir()
    recipe.write_text(recipe.read_text() + "parts: {docs: {plugin: dump, source: docs}}\n")
    saves(monkeypatch, *(writing(project / "app.py", f"app = {number}\n") for number in range(2)))

    result = run("up", "web")

    assert len(daemon.bodies("sync")) == 2, result.stderr
    assert result.stderr.count("WARNING rockcraft.yaml: parts.docs puts no file into the image") == 1


def test_a_service_that_ends_after_a_save_is_reported(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    daemon.results["check-sync"] = {"failure": "flask ended: NameError: x"}
    saves(monkeypatch, writing(project / "app.py", "app = x\n"))

    assert "app.py: ERROR flask ended: NameError: x\n" in run("up", "web").stderr
    assert daemon.bodies("check-sync") == [
        {"model": "web", "application": "web", "reloaded": ["flask"], "restarted": [], "since": 1.5}
    ]


def test_a_newer_save_does_not_wait_for_the_checks_of_an_older_one(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    newer = threading.Event()

    async def late() -> dict[str, str]:
        await asyncio.to_thread(newer.wait, 30)
        return {"failure": "flask ended: NameError: x"}

    def save() -> list[Path]:
        (project / "requirements.txt").write_text("flask\nmore\n")
        return [project / "requirements.txt"]

    def end_check() -> list[Path]:
        newer.set()
        return []

    daemon.results |= {"check-sync": late, "refresh": {"changed": True}}
    saves(monkeypatch, writing(project / "app.py", "app = x\n"), save, end_check)

    result = run("up", "web")

    assert "requirements.txt: runs\n" in result.stderr
    assert "ERROR" not in result.stderr


def test_watching_continues_after_an_error(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    daemon.errors["sync"] = ("web/0: the Pebble of its container does not answer", 1)
    saves(monkeypatch, writing(project / "app.py", "app = 2\n"), writing(project / "app.py", "app = 3\n"))

    result = run("up", "web")

    assert result.stderr.count("ERROR web/0: the Pebble of its container does not answer") == 2
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("requirements.txt", "flask\nmore\n", "the image's packages changed"),
        ("charm/src/charm.py", "import ops\n", "the charm changed"),
        ("migrate.py", "pass\n", "a migration changed: /flask/app/migrate.py"),
    ],
)
def test_a_change_that_needs_new_containers_restarts_the_application(
    run: Run, project: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, file: str, text: str, reason: str
):
    daemon.results["refresh"] = {"changed": True}
    saves(monkeypatch, writing(project / file, text))

    result = run("up", "web")

    assert f"{reason}: web restarts\n" in result.stderr
    assert f"{file}: runs\n" in result.stderr
    assert len(daemon.bodies("refresh")) == 1
    assert not daemon.bodies("sync")
