"""A fake background process, which answers only the requests that a test expects."""

import asyncio
import inspect
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from aiohttp import web


@dataclass(kw_only=True)
class FakeDaemon:
    """A process with prepared results by command; it records the requests.

    A result may be an iterator over the results of several requests, or a coroutine function.
    """

    home: Path
    results: dict[str, Any] = field(default_factory=dict[str, Any])
    added: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    errors: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    lines: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict[str, Sequence[Mapping[str, Any]]])
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    agents: list[str] = field(default_factory=list[str])

    def bodies(self, command: str) -> list[dict[str, Any]]:
        """Return the bodies of a command's requests."""
        return [body for name, body in self.requests if name == command]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        command, body = request.match_info["command"], await request.json()
        self.requests.append((command, body))
        self.agents.append(request.headers["User-Agent"])
        if command in self.errors:
            text, code = self.errors[command]
            return web.json_response({"error": text, "code": code}, status=400)
        if command in self.lines:
            return web.Response(text="".join(json.dumps(line) + "\n" for line in self.lines[command]))
        if command in self.results:
            return web.json_response({"result": await self._result(command), **self.added.get(command, {})})
        return web.Response(status=500, text=f"the test does not expect {command}")

    async def _result(self, command: str) -> Any:
        result = self.results[command]
        if inspect.iscoroutinefunction(result):
            return await result()
        return next(cast("Iterator[Any]", result)) if isinstance(result, Iterator) else result


class Serving:
    """An aiohttp application that serves a unix socket in its own thread."""

    def __init__(self, application: web.Application, socket: Path) -> None:
        self._application = application
        self._socket = socket
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        """Start listening."""
        self._thread.start()
        self._ready.wait(10)

    def __exit__(self, *error: object) -> None:
        """Stop the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        runner = web.AppRunner(self._application, shutdown_timeout=0)
        self._loop.run_until_complete(self._listen(runner))
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        await web.UnixSite(runner, str(self._socket)).start()


def serving(daemon: FakeDaemon) -> Serving:
    """Return a server for a fake daemon, on the socket in its home."""
    application = web.Application()
    application.router.add_route("*", "/v1/{command}", daemon.answer)
    return Serving(application, daemon.home / "daemon.sock")
