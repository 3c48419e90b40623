"""The controller's commands: their registration, and the HTTP methods that they accept."""

import asyncio
import json
import pkgutil
import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from paas_local import cli
from paas_local.controller import handlers, http_api
from paas_local.controller.daemon import Daemon
from paas_local.controller.handlers.registry import HANDLERS
from paas_local.controller.machine import LocalMachine
from paas_local.pods.bridge import Network

SENT = re.compile(r'\.(request|query|query_answer|stream)\(\s*"([a-z-]+)"')


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
    assert {(method != "request", command) for method, command in sent} == {
        (HANDLERS[command].read_only, command) for _, command in sent
    }


@pytest.mark.parametrize(
    ("method", "command", "status", "answer"),
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
def test_get_is_for_queries_only(tmp_path: Path, method: str, command: str, status: int, answer: object):
    async def send() -> tuple[int, object]:
        daemon = Daemon(tmp_path, LocalMachine(Network(), None))
        runner = web.AppRunner(http_api.application(daemon))
        await runner.setup()
        await web.UnixSite(runner, "api.sock").start()
        connector = aiohttp.UnixConnector("api.sock")
        async with (
            aiohttp.ClientSession("http://daemon", connector=connector) as session,
            session.request(method, f"/v1/{command}", json={}) as response,
        ):
            received = response.status, json.loads(await response.text())
        await runner.cleanup()
        daemon.state.close()
        return received

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert asyncio.run(send()) == (status, answer)
