"""The proxy of the built-in ingress, in front of two units that answer with the request."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from paas_local.build import rocks
from paas_local.providers import BUILT_IN
from paas_local.providers.traefik_k8s.charm.src import routes
from paas_local.providers.traefik_k8s.charm.src.routes import Route

UNITS = ("127.0.0.2", "127.0.0.3")


@pytest.fixture(scope="module")
def caddy() -> Path:
    """Return the program of the image."""
    rock = rocks.build(BUILT_IN["traefik-k8s"] / "rock", lambda _: None)
    assert rock.python
    return rock.python / "bin/caddy"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer with the request; over a websocket, with the message; a stream waits before its second half."""
    if request.headers.get("Upgrade") == "websocket":
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"heard {message.data}")
        return socket
    if request.path == "/stream":
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"first")
        await asyncio.Event().wait()
    local: tuple[str, int] = (request.transport or request).get_extra_info("sockname")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    return web.json_response({"path": request.path_qs, "unit": local[0], "headers": dict(request.headers)})


@contextlib.asynccontextmanager
async def unit(host: str, port: int) -> AsyncGenerator[None]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def ingress(caddy: Path, folder: Path, *listed: Route) -> AsyncGenerator[aiohttp.ClientSession]:
    """Run the proxy; yield a session for requests to it."""
    port = free_port()
    text = routes.configuration(
        listed,
        (port, free_port()),
        https_ports=(free_port(),),
        name="ingress.test.localhost",
        metrics_port=free_port(),
        data=str(folder / "data"),
    )
    (folder / "caddy.json").write_text(text)
    environment = {"HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(caddy, "run", "--config", folder / "caddy.json", env=environment)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            for _ in range(200):
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    await session.get("/")
                    break
                await asyncio.sleep(0.05)
            yield session
    finally:
        process.terminate()
        await process.wait()


async def fetch(session: aiohttp.ClientSession, path: str, **more: Any) -> dict[str, Any]:
    async with session.get(path, **more) as answer:
        assert answer.status == 200
        return json.loads(await answer.text())


def test_the_application_reads_its_own_path_and_the_headers_of_the_client(caddy: Path, tmp_path: Path):
    async def scene() -> dict[str, Any]:
        route = Route(prefix="/demo-web", port=free_port(), strip=True, hosts=UNITS[:1])
        async with unit(UNITS[0], route.port), ingress(caddy, tmp_path, route) as session:
            return await fetch(session, "/demo-web/notes?page=2", headers={"Host": "notes.localhost:30000"})

    seen = asyncio.run(scene())

    assert seen["path"] == "/notes?page=2"
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert headers["host"] == headers["x-forwarded-host"] == "notes.localhost:30000"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-prefix"] == "/demo-web"


@pytest.mark.parametrize(("strip", "path"), [(True, "/"), (False, "/demo-web")])
def test_the_prefix_itself_is_the_front_page_of_the_application(caddy: Path, tmp_path: Path, strip: bool, path: str):
    async def scene() -> dict[str, Any]:
        route = Route(prefix="/demo-web", port=free_port(), strip=strip, hosts=UNITS[:1])
        async with unit(UNITS[0], route.port), ingress(caddy, tmp_path, route) as session:
            return await fetch(session, "/demo-web")

    assert asyncio.run(scene())["path"] == path


def test_requests_are_spread_over_the_units(caddy: Path, tmp_path: Path):
    async def scene() -> set[str]:
        route = Route(prefix="/w", port=free_port(), strip=True, hosts=UNITS)
        async with (
            unit(UNITS[0], route.port),
            unit(UNITS[1], route.port),
            ingress(caddy, tmp_path, route) as session,
        ):
            return {(await fetch(session, "/w/"))["unit"] for _ in range(6)}

    assert asyncio.run(scene()) == {*UNITS}


def test_a_stopped_unit_fails_no_request_and_without_units_it_is_a_bad_gateway(caddy: Path, tmp_path: Path):
    async def scene() -> tuple[set[str], int]:
        route = Route(prefix="/w", port=free_port(), strip=True, hosts=UNITS)
        async with ingress(caddy, tmp_path, route) as session:
            async with unit(UNITS[1], route.port):
                served = {(await fetch(session, "/w/"))["unit"] for _ in range(6)}
            async with session.get("/w/") as answer:
                return served, answer.status

    assert asyncio.run(scene()) == ({UNITS[1]}, 502)


def test_other_paths_are_not_found(caddy: Path, tmp_path: Path):
    async def scene() -> list[int]:
        route = Route(prefix="/demo-web", port=1, hosts=UNITS)
        async with ingress(caddy, tmp_path, route) as session:
            return [(await session.get(path)).status for path in ("/", "/demo-web2/notes", "/other")]

    assert asyncio.run(scene()) == [404, 404, 404]


def test_websockets_pass(caddy: Path, tmp_path: Path):
    async def scene() -> str | bytes:
        route = Route(prefix="/w", port=free_port(), strip=True, hosts=UNITS[:1])
        async with (
            unit(UNITS[0], route.port),
            ingress(caddy, tmp_path, route) as session,
            session.ws_connect("/w/chat") as chat,
        ):
            await chat.send_str("hello")
            return await chat.receive_str(timeout=5)

    assert asyncio.run(scene()) == "heard hello"


def test_a_stream_passes_without_a_buffer(caddy: Path, tmp_path: Path):
    async def scene() -> bytes:
        route = Route(prefix="/w", port=free_port(), strip=True, hosts=UNITS[:1])
        async with (
            unit(UNITS[0], route.port),
            ingress(caddy, tmp_path, route) as session,
            session.get("/w/stream") as answer,
        ):
            return await asyncio.wait_for(answer.content.readany(), 5)

    assert asyncio.run(scene()) == b"first"
