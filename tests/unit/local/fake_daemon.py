"""A background process that answers what a test has told it to, and refuses everything else."""

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
    """Answers by verb, an iterator's results one after the other; what was asked is kept for the test to read.

    The result of a coroutine function is waited for.
    """

    home: Path
    results: dict[str, Any] = field(default_factory=dict[str, Any])
    beside: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    refusals: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    lines: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict[str, Sequence[Mapping[str, Any]]])
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])

    def bodies(self, verb: str) -> list[dict[str, Any]]:
        """Give what was sent with a verb."""
        return [body for asked, body in self.asked if asked == verb]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one question."""
        verb, body = request.match_info["verb"], await request.json()
        self.asked.append((verb, body))
        if verb in self.refusals:
            text, code = self.refusals[verb]
            return web.json_response({"error": text, "code": code}, status=400)
        if verb in self.lines:
            return web.Response(text="".join(json.dumps(line) + "\n" for line in self.lines[verb]))
        if verb in self.results:
            return web.json_response({"result": await self._found(verb), **self.beside.get(verb, {})})
        return web.Response(status=500, text=f"the test expects no {verb}")

    async def _found(self, verb: str) -> Any:
        result = self.results[verb]
        if inspect.iscoroutinefunction(result):
            return await result()
        return next(cast("Iterator[Any]", result)) if isinstance(result, Iterator) else result


class Serving:
    """Runs an aiohttp application on a unix socket, in a thread of its own."""

    def __init__(self, application: web.Application, socket: Path) -> None:
        self._application = application
        self._socket = socket
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        """Return when it listens."""
        self._thread.start()
        self._ready.wait(10)

    def __exit__(self, *error: object) -> None:
        """Return when it has ended."""
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
    """Let a fake daemon listen where a client of its home looks."""
    application = web.Application()
    application.router.add_post("/v1/{verb}", daemon.answer)
    return Serving(application, daemon.home / "daemon.sock")
