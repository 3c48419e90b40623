"""The update of running containers: the requests to Pebble, and the report of a service that ends."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from aiohttp import web
from paas_local.build.rock_changes import FileChanges
from paas_local.controller import live_update
from paas_local.controller.live_update import ServiceActions
from paas_local.juju.errors import JujuError

SAVED = 1795410764.0
"""2026-11-23 05:12:44 UTC."""
GUNICORN = {"command": "/bin/python3 -m gunicorn -c /flask/gunicorn.conf.py app:app"}
WORKER = {"command": "/bin/python3 -m app.worker"}
EXPORTER = {"command": "/bin/statsd_exporter --statsd.listen-udp=localhost:9125"}


@dataclass(kw_only=True)
class FakePebble:
    """A Pebble with a plan, and with the states of its services from request to request."""

    plan: dict[str, dict[str, str]]
    states: list[dict[str, str]]
    log: tuple[tuple[str, str], ...] = ()
    """The time and the message of each line."""
    changing: list[bool] = field(default_factory=list[bool])
    """True for each request during which a change is in progress; False after the last of them."""
    error_kind: str = ""
    polls: int = 0
    """The number of requests about the change that restarts a service."""
    requests: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/logs":
            lines = [{"time": time, "message": message} for time, message in self.log]
            return web.Response(text="".join(json.dumps(line) + "\n" for line in lines))
        if request.method == "POST":
            self.requests.append((request.path, await self._body(request)))
        return web.json_response({"type": "sync", "result": self._result(request), "change": "7"})

    async def _body(self, request: web.Request) -> Any:
        if request.content_type != "multipart/form-data":
            return await request.json()
        document = (await request.post())["request"]
        assert isinstance(document, bytes | bytearray)
        return [(item["path"], item["permissions"]) for item in json.loads(document)["files"]]

    def _result(self, request: web.Request) -> Any:
        match request.path:
            case "/v1/plan":
                return yaml.safe_dump({"services": self.plan})
            case "/v1/services":
                now = self.states.pop(0) if len(self.states) > 1 else self.states[0]
                return [{"name": name, "current": current} for name, current in now.items()]
            case "/v1/changes":
                return [{"id": "8"}] if self.changing and self.changing.pop(0) else []
            case "/v1/files":
                error = {"error": {"kind": self.error_kind, "message": "no"}} if self.error_kind else {}
                return [{"path": "/app/x", **error}]
            case "/v1/changes/7":
                self.polls += 1
                begun = "Do" if self.polls == 1 else "Doing"
                return {"ready": False, "tasks": [{"status": "Done"}, {"status": begun}]}
            case _:
                return {}


@asynccontextmanager
async def listen(pebble: FakePebble) -> AsyncGenerator[Path]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", pebble.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    with TemporaryDirectory(prefix="paas-") as folder:
        socket = Path(folder, "pebble.socket")
        await web.UnixSite(runner, str(socket)).start()
        try:
            yield socket
        finally:
            await runner.cleanup()


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[[FakePebble], ServiceActions]:
    """Return a function that delivers one changed and one removed module."""
    file = tmp_path / "app.py"
    file.write_text("app = 1\n")
    file.chmod(0o644)

    async def run(pebble: FakePebble) -> ServiceActions:
        async with listen(pebble) as socket:
            files = FileChanges(written={"/app/app.py": file}, removed=("/app/old.py",))
            return await live_update.deliver("web/0", socket, files)

    return lambda pebble: asyncio.run(run(pebble))


@pytest.fixture
def failure(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakePebble, ServiceActions], str]:
    """Return a function that returns the failure of a service after an update."""
    monkeypatch.setattr(live_update, "_LOOKS", 2)

    async def run(pebble: FakePebble, actions: ServiceActions) -> str:
        async with listen(pebble) as socket:
            return await live_update.failure("web/0", socket, actions, SAVED)

    return lambda pebble, actions: asyncio.run(run(pebble, actions))


@pytest.mark.parametrize(
    ("plan", "current", "expected"),
    [
        pytest.param(
            {"web": GUNICORN}, {"web": "active"}, ServiceActions(reload=("web",)), id="a running gunicorn is reloaded"
        ),
        pytest.param(
            {"web": GUNICORN},
            {"web": "backoff"},
            ServiceActions(restart=("web",)),
            id="a failing one is restarted",
        ),
        pytest.param(
            {"job": WORKER}, {"job": "active"}, ServiceActions(restart=("job",)), id="other services are restarted"
        ),
        pytest.param({"job": WORKER}, {"job": "inactive"}, ServiceActions(), id="a stopped service stays stopped"),
        pytest.param({"job": WORKER}, {}, ServiceActions(), id="a service that never started stays stopped"),
        pytest.param({"statsd": EXPORTER}, {"statsd": "active"}, ServiceActions(), id="not the application's code"),
    ],
)
def test_gunicorn_is_reloaded_and_other_services_are_restarted(
    plan: dict[str, dict[str, str]], current: dict[str, str], expected: ServiceActions
):
    assert live_update.service_actions(plan, current) == expected


def test_files_are_replaced_before_services_are_reloaded(deliver: Callable[[FakePebble], ServiceActions]):
    pebble = FakePebble(plan={"web": GUNICORN, "job": WORKER}, states=[{"web": "active", "job": "active"}])

    actions = deliver(pebble)

    assert actions == ServiceActions(reload=("web",), restart=("job",))
    assert pebble.requests == [
        ("/v1/files", [("/app/app.py", "644")]),
        (
            "/v1/files",
            {
                "action": "remove",
                "paths": [
                    {"path": "/app/old.py", "recursive": True},
                    {"path": "/app/__pycache__", "recursive": True},
                ],
            },
        ),
        ("/v1/signals", {"signal": "SIGHUP", "services": ["web"]}),
        ("/v1/services", {"action": "restart", "services": ["job"]}),
    ]


def test_deliver_waits_until_a_restarted_service_has_started(deliver: Callable[[FakePebble], ServiceActions]):
    pebble = FakePebble(plan={"job": WORKER}, states=[{"job": "active"}])

    deliver(pebble)

    assert pebble.polls == 2


def test_a_gunicorn_that_ended_with_the_former_files_is_restarted(
    failure: Callable[[FakePebble, ServiceActions], str],
):
    pebble = FakePebble(plan={"web": GUNICORN}, states=[{"web": "backoff"}, {"web": "active"}])

    message = failure(pebble, ServiceActions(reload=("web",)))

    assert message == ""
    assert pebble.requests[-1] == ("/v1/services", {"action": "restart", "services": ["web"]})


def test_a_service_that_ends_is_reported_with_its_last_words(failure: Callable[[FakePebble, ServiceActions], str]):
    pebble = FakePebble(
        plan={"job": WORKER},
        states=[{"job": "active"}, {"job": "error"}],
        log=(
            ("2026-11-23T05:12:43.999Z", "ImportError: of the files before"),
            ("2026-11-23T05:12:44.25Z", "Traceback (most recent call last):"),
            ("2026-11-23T05:12:45Z", "NameError: name 'x' is not defined"),
            ("2026-11-23T05:12:45.000000001Z", "[INFO] bye"),
        ),
    )

    assert failure(pebble, ServiceActions(restart=("job",))) == "job ended: NameError: name 'x' is not defined"


def test_a_service_that_says_nothing_before_it_ends_is_reported(
    failure: Callable[[FakePebble, ServiceActions], str],
):
    pebble = FakePebble(
        plan={"job": WORKER}, states=[{"job": "inactive"}], log=(("2026-11-23T05:12:43Z", '"GET /" 200 OK'),)
    )

    assert failure(pebble, ServiceActions(restart=("job",))) == "job ended: without any output"


def test_a_restart_by_the_next_save_is_not_a_failure(failure: Callable[[FakePebble, ServiceActions], str]):
    states = [{"job": "inactive"}, {"job": "inactive"}, {"job": "active"}]
    pebble = FakePebble(plan={"job": WORKER}, states=states, changing=[True, True])

    assert failure(pebble, ServiceActions(restart=("job",))) == ""
    assert pebble.changing == []


def test_services_that_stay_up_have_no_failure(failure: Callable[[FakePebble, ServiceActions], str]):
    pebble = FakePebble(plan={"web": GUNICORN}, states=[{"web": "active"}])

    assert failure(pebble, ServiceActions(reload=("web",), restart=("of-another-container",))) == ""


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a", "sqlalchemy.exc.ArgumentError: bad"], "sqlalchemy.exc.ArgumentError: bad"),
        (["panic: oh no", "goroutine 1 [running]:"], "panic: oh no"),
        (["one", "two ", "three", "four"], "two / three / four"),
        ([], "without any output"),
    ],
)
def test_last_words_prefer_an_error(lines: list[str], message: str):
    assert live_update.last_words(lines) == message


def test_removing_an_absent_file_is_not_an_error(deliver: Callable[[FakePebble], ServiceActions]):
    pebble = FakePebble(plan={}, states=[{}], error_kind="not-found")

    assert deliver(pebble) == ServiceActions()


def test_a_file_that_cannot_be_written_is_named(deliver: Callable[[FakePebble], ServiceActions]):
    with pytest.raises(JujuError, match="/app/x: no"):
        deliver(FakePebble(plan={}, states=[{}], error_kind="permission-denied"))


def test_a_container_without_pebble_is_named(tmp_path: Path):
    files = FileChanges(written={}, removed=())

    with pytest.raises(JujuError, match="web/0: the Pebble of its container does not answer"):
        asyncio.run(live_update.deliver("web/0", tmp_path / "pebble.socket", files))
