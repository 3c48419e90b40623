"""The output of services, from the Pebbles of a model's containers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import model_builders
import pytest
from aiohttp import web
from model_builders import FLASK
from paas_local.controller import service_logs
from paas_local.controller.pod_spec import Folders
from paas_local.controller.service_logs import Line
from paas_local.juju import operations
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model

CONTAINER = next(iter(FLASK.containers))
ADDRESSES = ["10.1.0.8"]


class FakeModels:
    """One model, whose folders are in a short path."""

    def __init__(self, root: Path) -> None:
        self.changed = asyncio.Event()
        self.names = ["demo"]
        self.current = model_builders.deployed(model_builders.empty(), FLASK)
        self._folders = Folders(root=root)

    def model(self, name: str) -> Model:
        assert name == "demo"
        return self.current

    def folders(self, name: str) -> Folders:
        assert name == "demo"
        return self._folders

    def change(self, model: Model) -> None:
        self.current = model
        self.changed.set()
        self.changed = asyncio.Event()


class FakePebble:
    """A Pebble with log lines; a followed log ends when ``ended`` is set."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self.lines = lines
        self.ended = asyncio.Event()
        self.queries: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.queries.append(dict(request.query))
        response = web.StreamResponse()
        await response.prepare(request)
        for time, message in self.lines:
            line = {"time": time, "service": "flask", "message": message}
            await response.write(json.dumps(line).encode() + b"\n")
        if "follow" in request.query:
            await self.ended.wait()
        return response

    async def listen(self, socket: Path, stack: AsyncExitStack) -> None:
        socket.parent.mkdir(parents=True)
        application = web.Application()
        application.router.add_get("/v1/logs", self.answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.UnixSite(runner, str(socket)).start()


def play(step: Callable[[FakeModels, AsyncExitStack], Awaitable[None]]) -> None:
    async def run(root: Path) -> None:
        async with AsyncExitStack() as stack:
            await asyncio.wait_for(step(FakeModels(root), stack), 30)

    with TemporaryDirectory(prefix="paas-") as folder:
        asyncio.run(run(Path(folder)))


def socket(models: FakeModels, unit: str) -> Path:
    return models.folders("demo").pebble_socket(unit, CONTAINER)


async def take(lines: AsyncIterator[Line], count: int) -> list[str]:
    return [(await anext(lines))["message"] for _ in range(count)]


def test_recent_lines_of_all_units_come_in_the_order_of_time():
    async def step(models: FakeModels, stack: AsyncExitStack) -> None:
        models.change(operations.add_units(models.current, "flask-k8s", ADDRESSES, 0))
        first, second = (
            FakePebble(("2026-01-01T00:00:01Z", "a"), ("2026-01-01T00:00:03Z", "c")),
            FakePebble(("2026-01-01T00:00:02Z", "b")),
        )
        await first.listen(socket(models, "flask-k8s/0"), stack)
        await second.listen(socket(models, "flask-k8s/1"), stack)

        lines = await service_logs.recent(models, "demo", ["flask-k8s"], 5)

        assert [(line["unit"], line["message"]) for line in lines] == [
            ("flask-k8s/0", "a"),
            ("flask-k8s/1", "b"),
            ("flask-k8s/0", "c"),
        ]
        assert first.queries == [{"n": "5"}]
        assert len(await service_logs.recent(models, "demo", ["flask-k8s/1"], -1)) == 1

    play(step)


def test_a_unit_whose_pebble_does_not_answer_is_an_error():
    async def step(models: FakeModels, _: AsyncExitStack) -> None:
        with pytest.raises(JujuError, match="flask-k8s/0: the Pebble of its container does not answer"):
            await service_logs.recent(models, "demo", ["flask-k8s"], 5)
        with pytest.raises(JujuError, match='application "web" not found'):
            await service_logs.recent(models, "demo", ["web"], 5)
        with pytest.raises(JujuError, match='unit "flask-k8s/7" not found'):
            await service_logs.recent(models, "demo", ["flask-k8s/7"], 5)

    play(step)


def test_following_reads_new_units_and_pebbles_that_start_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service_logs, "_PAUSE", 0.01)

    async def step(models: FakeModels, stack: AsyncExitStack) -> None:
        first = FakePebble(("2026-01-01T00:00:01Z", "first"))
        await first.listen(socket(models, "flask-k8s/0"), stack)
        lines = service_logs.follow(models, "demo", ["flask-k8s"], 0)
        assert await take(lines, 1) == ["first"]

        second = FakePebble(("2026-01-01T00:00:02Z", "second"))
        models.change(operations.add_units(models.current, "flask-k8s", ADDRESSES, 0))
        await second.listen(socket(models, "flask-k8s/1"), stack)
        assert await take(lines, 1) == ["second"]

        first.ended.set()
        assert await take(lines, 1) == ["first"]
        assert first.queries[:2] == [{"n": "0", "follow": "true"}, {"n": "-1", "follow": "true"}]

        models.names = []
        models.change(models.current)
        assert {line["message"] async for line in lines} <= {"first"}

    play(step)
