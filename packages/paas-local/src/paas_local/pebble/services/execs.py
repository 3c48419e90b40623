"""How one command is run for a client, with its input and output on websockets."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from paas_local.pebble.api import bodies
from paas_local.pebble.plan import durations, users
from paas_local.pebble.plan.plan import Plan, Service
from paas_local.pebble.services import pipes
from paas_local.pebble.services.changes import Task, TaskError
from paas_local.pebble.services.processes import Context, Process, Processes, StartError

_CONNECT_SECONDS = 5.0
_HELD_FRAMES = 8
_END = json.dumps({"command": "end"}, separators=(",", ":"))
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class BadExecError(ValueError):
    """The command is refused before a change exists."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status: int = status


@dataclass(frozen=True, kw_only=True)
class Order:
    """A command that can be run."""

    words: tuple[str, ...]
    program: str
    context: Context
    timeout: durations.Duration | None
    split_stderr: bool

    @property
    def streams(self) -> frozenset[str]:
        """The websockets that must be there before the command starts."""
        return frozenset(["stdio", "stderr"] if self.split_stderr else ["stdio"])


def prepare(body: Mapping[str, Any], plan: Plan) -> Order:
    """Turn a request into a command, or refuse it."""
    words = tuple(body.get("command", ()))
    if not words:
        raise BadExecError("must specify command")
    if body.get("terminal"):
        raise BadExecError("cannot call exec: terminals are not supported")
    if body.get("interactive"):
        raise BadExecError("cannot call exec: cannot use interactive mode without a terminal", 500)
    context = body.get("service-context", "")
    service = plan.services.get(context) if context else Service()
    if service is None:
        raise BadExecError(f'context service "{context}" not found')
    program = _program(words[0])
    if program is None:
        raise BadExecError(f'cannot find executable "{words[0]}"')
    return Order(
        words=words,
        program=program,
        context=_context(body, service, plan),
        timeout=_timeout(body.get("timeout", "")),
        split_stderr=bool(body.get("split-stderr")),
    )


def _program(name: str) -> str | None:
    if "/" in name:
        return name if Path(name).is_file() and os.access(name, os.X_OK) else None
    return shutil.which(name)


def _timeout(text: str) -> durations.Duration | None:
    try:
        return durations.parse(text) if text else None
    except durations.BadDurationError as error:
        raise BadExecError(f"invalid timeout: {error}") from None


def _context(body: Mapping[str, Any], service: Service, plan: Plan) -> Context:
    wanted = users.Wanted(
        user_id=body.get("user-id"),
        user=body.get("user", ""),
        group_id=body.get("group-id"),
        group=body.get("group", ""),
    )
    workload = plan.workloads.get(service.workload)
    try:
        user = users.find(wanted.or_else(workload.runs_as if workload else service.runs_as))
    except users.UnknownUserError as error:
        raise BadExecError(str(error)) from None
    given = {
        **((workload.environment if workload else None) or {}),
        **(service.environment or {}),
        **body.get("environment", {}),
    }
    environment = _environment(given, user)
    folder = body.get("working-dir") or service.working_dir
    what = "working" if folder else "home"
    folder = folder or environment.get("HOME") or "/"
    if not Path(folder).is_dir():
        problem = "not a directory" if Path(folder).exists() else "does not exist"
        raise BadExecError(f'cannot call exec: {what} directory "{folder}" {problem}', 500)
    return Context(environment=environment, folder=folder, user=user)


def _environment(given: Mapping[str, str], user: users.User | None) -> dict[str, str]:
    """Take the daemon's, without what tells of another user, then the given one, then what is missing."""
    own = users.by_uid(os.geteuid())
    inherited = dict(os.environ)
    if user is not None and (user.uid != os.geteuid() or own is None or user.name != own.pw_name):
        inherited = {name: value for name, value in inherited.items() if name not in ("HOME", "USER")}
    name, home = (user.name, user.home) if user else (own.pw_name, own.pw_dir) if own else ("", "")
    missing = {"HOME": home, "USER": name, "LANG": "C.UTF-8", "PATH": _PATH}
    known = {**inherited, **given}
    return {**{key: value for key, value in missing.items() if value}, **known}


class Execution:
    """One command, from the request to its exit."""

    def __init__(self, order: Order, processes: Processes) -> None:
        self.order: Order = order
        self._processes: Processes = processes
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._control: asyncio.Transport | None = None
        self._connected: asyncio.Event = asyncio.Event()
        self._input: asyncio.Queue[bytes | None] = asyncio.Queue(_HELD_FRAMES)
        self._process: Process | None = None
        self._begun: asyncio.Event = asyncio.Event()
        self._killed: bool = False

    def has(self, name: str) -> bool:
        """Whether there is a websocket of that name."""
        return name == "control" or name in self.order.streams

    def is_connected(self, name: str) -> bool:
        """Whether somebody has it already."""
        return name in self._sockets

    async def attend(self, name: str, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        """Serve one websocket until its client is gone."""
        self._sockets[name] = socket
        if self.order.streams <= set(self._sockets):
            self._connected.set()
        if name == "control":
            self._control = transport
            await self._obey(socket)
        elif name == "stdio":
            await self._listen(socket)
        else:
            while (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
                pass

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        ended = False
        while True:
            frame = await socket.receive()
            if frame.type == WSMsgType.BINARY and not ended:
                await self._input.put(frame.data)
            elif frame.type == WSMsgType.TEXT:
                if not ended and _command(frame.data).get("command") == "end":
                    ended = True
                    await self._input.put(None)
            elif frame.type != WSMsgType.BINARY:
                if not ended:
                    await self._input.put(None)
                return

    async def _obey(self, socket: web.WebSocketResponse) -> None:
        await self._begun.wait()  # a signal that comes early is not for nobody
        while True:
            frame = await socket.receive()
            if frame.type == WSMsgType.TEXT:
                wanted = _command(frame.data)
                name = wanted.get("signal", {}).get("name") if wanted.get("command") == "signal" else None
                if isinstance(name, str) and name in signal.Signals.__members__ and self._process is not None:
                    self._process.signal(signal.Signals[name])
            elif frame.type == WSMsgType.CLOSE:
                return
            elif frame.type != WSMsgType.BINARY:
                self.kill()
                return

    def kill(self) -> None:
        """End the command itself, not its children."""
        self._killed = True
        if self._process is not None:
            self._process.signal(signal.SIGKILL)

    async def run(self, task: Task) -> None:
        """Run the command; the exit code is data, whatever it is."""
        try:
            await self._run(task)
        finally:
            self._begun.set()

    async def _run(self, task: Task) -> None:
        await self._wait_for_streams(task)
        outputs = {"stdio": os.pipe()}
        if self.order.split_stderr:
            outputs["stderr"] = os.pipe()
        stdin = os.pipe()
        try:
            self._process = self._processes.start(
                self.order.program,
                self.order.words,
                self.order.context,
                stdin=stdin[0],
                stdout=outputs["stdio"][1],
                stderr=outputs["stderr"][1] if self.order.split_stderr else subprocess.STDOUT,
            )
        except StartError as error:
            task.data = {"exit-code": -1}
            for descriptor in (stdin[1], *(output[0] for output in outputs.values())):
                os.close(descriptor)
            await self._end()
            raise TaskError(str(error)) from None
        finally:
            for descriptor in (stdin[0], *(output[1] for output in outputs.values())):
                os.close(descriptor)
        self._begun.set()
        if self._killed:
            self.kill()
        await self._attend_process(task, self._process, stdin[1], outputs)

    async def _attend_process(
        self, task: Task, process: Process, stdin: int, outputs: Mapping[str, tuple[int, int]]
    ) -> None:
        timer = _Timer(self.order.timeout, self.kill)
        aborted = asyncio.ensure_future(self._kill_when_aborted(task))
        feeding = asyncio.ensure_future(self._feed(stdin))
        await asyncio.gather(process.exited, *(self._forward(output[0], name) for name, output in outputs.items()))
        timer.cancel()
        for helper in (aborted, feeding):
            helper.cancel()
        await asyncio.gather(aborted, feeding, return_exceptions=True)
        task.data = {"exit-code": -1 if timer.over else process.exited.result()}
        await self._end()
        if timer.over:
            raise TaskError(f"timed out after {self.order.timeout}: context deadline exceeded")

    async def _wait_for_streams(self, task: Task) -> None:
        try:
            await asyncio.wait_for(self._connected.wait(), _CONNECT_SECONDS)
        except asyncio.TimeoutError:
            raise TaskError(
                f"exec {task.id}: timeout waiting for websocket connections: context deadline exceeded"
            ) from None

    async def _kill_when_aborted(self, task: Task) -> None:
        await task.aborted.wait()
        self.kill()

    async def _feed(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        try:
            while (content := await self._input.get()) is not None:
                await pipes.write(descriptor, content)
        except BrokenPipeError:
            pass  # the command does not want any more input
        finally:
            os.close(descriptor)
        while await self._input.get() is not None:
            pass

    async def _forward(self, descriptor: int, name: str) -> None:
        os.set_blocking(descriptor, False)
        try:
            while content := await pipes.read(descriptor):
                await self._send(name, content)
        finally:
            os.close(descriptor)

    async def _send(self, name: str, content: bytes | str) -> None:
        socket = self._sockets[name]
        try:
            if isinstance(content, bytes):
                await socket.send_bytes(content)
            else:
                await socket.send_str(content)
        except ConnectionError:
            pass  # the client is gone; the command goes on

    async def _end(self) -> None:
        for name in sorted(self.order.streams):
            await self._send(name, _END)
        if self._control is not None:
            self._control.close()


class _Timer:
    """Calls once after a time, if there is one, and knows whether it did."""

    def __init__(self, after: durations.Duration | None, call: Any) -> None:
        self.over: bool = False
        self._call: Any = call
        loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None if after is None else loop.call_later(after.seconds, self._fire)

    def _fire(self) -> None:
        self.over = True
        self._call()

    def cancel(self) -> None:
        """Do not call any more."""
        if self._handle is not None:
            self._handle.cancel()


def _command(text: str) -> dict[str, Any]:
    try:
        return bodies.decode(text.encode(), {"command": "string", "signal": {"name": "string"}})
    except bodies.BadBodyError:
        return {}
