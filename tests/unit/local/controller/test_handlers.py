"""The controller's commands: their registration, and the HTTP methods that they accept."""

import asyncio
import json
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import model_builders
import pytest
from aiohttp import web
from model_builders import FLASK, PLAIN
from paas_local import cli
from paas_local.api_version import user_agent
from paas_local.controller import handlers, http_api
from paas_local.controller.daemon import Daemon
from paas_local.controller.handlers import log, units
from paas_local.controller.handlers.registry import HANDLERS
from paas_local.controller.machine import LocalMachine
from paas_local.controller.storage import Line
from paas_local.juju.errors import JujuError
from paas_local.pods.bridge import Network
from paas_local.pods.launcher import Launcher

SENT = re.compile(r'\.(request|request_answer|query|query_answer|stream|converse)\(\s*"([a-z-]+)"')


def sent_commands() -> list[tuple[str, str]]:
    """Return the method of the client and the command of each request in the command line's source."""
    files = sorted(Path(next(iter(cli.__path__))).rglob("*.py"))
    return [match for file in files for match in SENT.findall(file.read_text())]


def test_each_module_of_handlers_is_imported():
    modules = {module.name for module in pkgutil.iter_modules(handlers.__path__)}

    assert modules - {"registry"} == set(handlers.__all__)


def test_the_command_line_sends_only_commands_with_a_handler_and_queries_only_with_get():
    sent = sent_commands()

    assert {command for _, command in sent} == HANDLERS.keys()
    assert {(method not in {"request", "request_answer", "converse"}, command) for method, command in sent} == {
        (HANDLERS[command].read_only, command) for _, command in sent
    }


def answer(folder: Path, method: str, command: str, headers: Mapping[str, str]) -> tuple[int, object]:
    """Return the status and the document of the answer to one request."""

    async def send() -> tuple[int, object]:
        daemon = Daemon(folder, LocalMachine(Network(), Launcher(Path()), None))
        runner = web.AppRunner(http_api.application(daemon))
        await runner.setup()
        await web.UnixSite(runner, "api.sock").start()
        connector = aiohttp.UnixConnector("api.sock")
        async with (
            aiohttp.ClientSession("http://daemon", connector=connector) as session,
            session.request(method, f"/v1/{command}", json={}, headers=headers) as response,
        ):
            received = response.status, json.loads(await response.text())
        await runner.cleanup()
        daemon.state.close()
        return received

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return asyncio.run(send())


@pytest.mark.parametrize(
    ("method", "command", "status", "answer_"),
    [
        pytest.param("GET", "models", 200, {"result": {"models": []}}, id="query with GET"),
        pytest.param("POST", "models", 200, {"result": {"models": []}}, id="query with POST"),
        pytest.param(
            "GET",
            "add-model",
            400,
            {"error": 'the command "add-model" must be sent with POST', "code": 2},
            id="command with GET",
        ),
        pytest.param("POST", "fly", 400, {"error": 'unknown command "fly"', "code": 2}, id="unknown command"),
        pytest.param(
            "POST", "add-model", 400, {"error": "bad request: model: Field required", "code": 2}, id="missing field"
        ),
    ],
)
def test_get_is_for_queries_only(tmp_path: Path, method: str, command: str, status: int, answer_: object):
    assert answer(tmp_path, method, command, {}) == (status, answer_)


MODELS: dict[str, object] = {"result": {"models": []}}
ENDED: dict[str, object] = {"result": {}}
OTHER_CODE: dict[str, object] = {
    "error": "the background process must run the same code as this command"
    " (paas-local shutdown; the next command starts it again)",
    "code": 1,
}


@pytest.mark.parametrize(
    ("agent", "command", "expected"),
    [
        pytest.param(user_agent(), "models", (200, MODELS), id="same code"),
        pytest.param("paas-local/0", "models", (400, OTHER_CODE), id="other code"),
        pytest.param("paas-local/0", "fly", (400, OTHER_CODE), id="other code has other commands"),
        pytest.param("paas-local/0", "shutdown", (200, ENDED), id="the end of the process"),
        pytest.param("curl/8", "models", (200, MODELS), id="another program"),
    ],
)
def test_a_client_with_other_code_may_only_end_the_process(
    tmp_path: Path, agent: str, command: str, expected: tuple[int, object]
):
    assert answer(tmp_path, "POST", command, {"User-Agent": agent}) == expected


@pytest.mark.parametrize(
    ("request_", "messages"),
    [
        pytest.param({}, ["0", "1", "2", "3", "4"], id="all"),
        pytest.param({"limit": 2}, ["3", "4"], id="newest"),
        pytest.param({"limit": 2, "level": "ERROR"}, ["0", "2"], id="newest of those that pass the filter"),
        pytest.param({"include": ["unit-b-*"]}, [], id="no line passes"),
    ],
)
def test_debug_log_counts_only_the_lines_that_pass_its_filter(
    tmp_path: Path, request_: dict[str, Any], messages: list[str]
):
    async def read() -> list[str]:
        daemon = Daemon(tmp_path, LocalMachine(Network(), Launcher(Path()), None))
        daemon.add("demo", {})
        for number, level in enumerate(("ERROR", "INFO", "ERROR", "INFO", "INFO")):
            daemon.log("demo", Line(time=0, entity="unit-a-0", level=level, module="m", message=str(number)))
        lines = await log.debug_log(daemon, log.DebugLog.model_validate({"model": "demo", **request_}))
        read = [line["message"] async for line in lines]
        daemon.state.close()
        return read

    assert asyncio.run(read()) == messages


def test_the_socket_of_a_pebble_is_that_of_the_named_or_the_only_container(tmp_path: Path):
    async def ask(**request: str) -> dict[str, Any]:
        return await units.pebble_socket(daemon, units.PebbleSocket(model="demo", **request))

    daemon = Daemon(tmp_path, LocalMachine(Network(), Launcher(Path()), None), "/bin/pebble")
    daemon.add("demo", {})
    daemon.state.save([model_builders.deployed(model_builders.deployed(daemon.model("demo"), FLASK), PLAIN)])
    daemon.state.close()
    daemon = Daemon(tmp_path, LocalMachine(Network(), Launcher(Path()), None), "/bin/pebble")

    only = asyncio.run(ask(unit="flask-k8s/0"))
    with pytest.raises(JujuError, match='flask-k8s/0 has no container "x"; it has: app'):
        asyncio.run(ask(unit="flask-k8s/0", container="x"))
    with pytest.raises(JujuError, match="plain/0 has no workload container"):
        asyncio.run(ask(unit="plain/0"))
    daemon.state.close()

    socket = str(daemon.folders("demo").pebble_socket("flask-k8s/0", "app"))
    assert only == {"socket": socket, "pebble": "/bin/pebble"}
