"""Commands that are run for clients, with their input and output on streams."""

import asyncio
import errno
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from paas_local.pebble.plan import durations, users
from paas_local.pebble.plan.plan import Plan, Service, runs_as
from paas_local.pebble.services import pipes, terminals
from paas_local.pebble.services.changes import Task, TaskError
from paas_local.pebble.services.processes import Context, Process, Processes, StartError, reason

_CONNECT_SECONDS = 5.0
_INPUT_FRAMES = 8
_END = json.dumps({"command": "end"}, separators=(",", ":"))
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class BadExecError(ValueError):
    """The request is refused before a change exists."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status: int = status


@dataclass(frozen=True, kw_only=True)
class ExecRequest:
    """A request to run a command."""

    command: tuple[str, ...]
    service_context: str = ""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    working_dir: str = ""
    timeout: str = ""
    user: users.UserSpec = field(default_factory=users.UserSpec)
    terminal: bool = False
    interactive: bool = False
    split_stderr: bool = False
    width: int = 0
    height: int = 0


@dataclass(frozen=True, kw_only=True)
class ExecSetup:
    """A command that can be run."""

    words: tuple[str, ...]
    program: str
    context: Context
    timeout: durations.Duration | None
    split_stderr: bool
    terminal: bool = False
    interactive: bool = False
    """The input goes to the terminal too."""
    width: int = 0
    height: int = 0

    @property
    def streams(self) -> frozenset[str]:
        """The websockets that must be connected before the command starts."""
        return frozenset(["stdio", "stderr"] if self.split_stderr else ["stdio"])


class Stream(Protocol):
    """The sending half of a websocket."""

    async def send_bytes(self, data: bytes) -> None:
        """Send output."""
        ...

    async def send_str(self, data: str) -> None:
        """Send a message about the stream."""
        ...


def prepare(request: ExecRequest, plan: Plan) -> ExecSetup:
    """Check a request against the plan and this container; raises BadExecError."""
    if not request.command:
        raise BadExecError("must specify command")
    if request.interactive and not request.terminal:
        raise BadExecError("cannot call exec: cannot use interactive mode without a terminal", 500)
    service = plan.services.get(request.service_context) if request.service_context else Service()
    if service is None:
        raise BadExecError(f'context service "{request.service_context}" not found')
    program = _program(request.command[0])
    if program is None:
        raise BadExecError(f'cannot find executable "{request.command[0]}"')
    return ExecSetup(
        words=request.command,
        program=program,
        context=_context(request, service, plan),
        timeout=_timeout(request.timeout),
        split_stderr=request.split_stderr,
        terminal=request.terminal,
        interactive=request.interactive,
        width=request.width,
        height=request.height,
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


def _context(request: ExecRequest, service: Service, plan: Plan) -> Context:
    workload = plan.workloads.get(service.workload)
    try:
        user = users.find(request.user.or_else(runs_as(workload or service)))
    except users.UnknownUserError as error:
        raise BadExecError(str(error)) from None
    variables = {
        **((workload.environment if workload else None) or {}),
        **(service.environment or {}),
        **request.environment,
    }
    environment = _environment(variables, user)
    folder = request.working_dir or service.working_dir
    what = "working" if folder else "home"
    folder = folder or environment.get("HOME") or "/"
    if not Path(folder).is_dir():
        problem = "not a directory" if Path(folder).exists() else "does not exist"
        raise BadExecError(f'cannot call exec: {what} directory "{folder}" {problem}', 500)
    return Context(environment=environment, folder=folder, user=user)


def _environment(variables: Mapping[str, str], user: users.User | None) -> dict[str, str]:
    """Put the variables over the daemon's, which keep their HOME and USER only for the daemon's own user."""
    own = users.by_uid(os.geteuid())
    inherited = dict(os.environ)
    if user is not None and (user.uid != os.geteuid() or own is None or user.name != own.pw_name):
        inherited = {name: value for name, value in inherited.items() if name not in ("HOME", "USER")}
    name, home = (user.name, user.home) if user else (own.pw_name, own.pw_dir) if own else ("", "")
    defaults = {"HOME": home, "USER": name, "LANG": "C.UTF-8", "PATH": _PATH}
    return {**{key: value for key, value in defaults.items() if value}, **inherited, **variables}


class Execution:
    """One command, from the request to its exit."""

    def __init__(self, setup: ExecSetup, processes: Processes) -> None:
        self.setup: ExecSetup = setup
        self._processes: Processes = processes
        self._streams: dict[str, Stream] = {}
        self._disconnect: Callable[[], None] | None = None
        self._connected: asyncio.Event = asyncio.Event()
        self._input: asyncio.Queue[bytes | None] = asyncio.Queue(_INPUT_FRAMES)
        self._process: Process | None = None
        self._terminal: int | None = None
        self.started: asyncio.Event = asyncio.Event()
        """Set once the process runs, or cannot run any more."""
        self._killed: bool = False

    def has(self, name: str) -> bool:
        """Return whether the command has a websocket of that name."""
        return name == "control" or name in self.setup.streams

    def is_connected(self, name: str) -> bool:
        """Return whether a client is connected to that websocket."""
        return name in self._streams

    def connect(self, name: str, stream: Stream, disconnect: Callable[[], None] | None) -> None:
        """Use a stream; the control stream is disconnected when the command has ended."""
        self._streams[name] = stream
        if self.setup.streams <= set(self._streams):
            self._connected.set()
        if name == "control":
            self._disconnect = disconnect

    async def write_input(self, content: bytes | None) -> None:
        """Pass input on to the command; None ends it."""
        await self._input.put(content)

    def signal(self, number: int) -> None:
        """Send a signal to the command itself, not to its children."""
        if self._process is not None:
            self._process.signal(number)

    def resize(self, width: int, height: int) -> None:
        """Change the size of the command's terminal, if it has one."""
        if self._terminal is not None:
            terminals.resize(self._terminal, width, height)

    def kill(self) -> None:
        """Kill the command itself, not its children; at once, or as soon as it runs."""
        self._killed = True
        self.signal(signal.SIGKILL)

    async def run(self, task: Task) -> None:
        """Run the command, and write its exit code, whatever it is, into the task's data."""
        try:
            await self._run(task)
        finally:
            self.started.set()

    async def _run(self, task: Task) -> None:
        await self._wait_for_streams(task)
        outputs = {"stdio": self._open_terminal() if self.setup.terminal else os.pipe()}
        if self.setup.split_stderr:
            outputs["stderr"] = os.pipe()
        if self.setup.interactive:
            ours, theirs = outputs["stdio"]
            stdin = os.dup(theirs), os.dup(ours)
        else:
            stdin = os.pipe()
        try:
            self._process = self._processes.start(
                self.setup.program,
                self.setup.words,
                self.setup.context,
                stdin=stdin[0],
                stdout=outputs["stdio"][1],
                stderr=outputs["stderr"][1] if self.setup.split_stderr else subprocess.STDOUT,
                takes_terminal=self.setup.interactive,
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
        if self.setup.terminal:
            self._terminal = outputs["stdio"][0]
        self.started.set()
        if self._killed:
            self.kill()
        await self._wait_for_exit(task, self._process, stdin[1], outputs)

    def _open_terminal(self) -> tuple[int, int]:
        setup = self.setup
        try:
            return terminals.open_pair(setup.width, setup.height, setup.context.user)
        except OSError as error:  # the container has no /dev/ptmx
            raise TaskError(f"cannot open a terminal: {reason(error)}") from None

    async def _wait_for_exit(
        self, task: Task, process: Process, stdin: int, outputs: Mapping[str, tuple[int, int]]
    ) -> None:
        timer = _Timer(self.setup.timeout, self.kill)
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
            raise TaskError(f"timed out after {self.setup.timeout}: context deadline exceeded")

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
            if self.setup.interactive:
                await pipes.write(descriptor, terminals.END_OF_INPUT)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise  # otherwise the command has closed its input
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
            if descriptor == self._terminal:
                self._terminal = None
            os.close(descriptor)

    async def _send(self, name: str, content: bytes | str) -> None:
        stream = self._streams[name]
        try:
            if isinstance(content, bytes):
                await stream.send_bytes(content)
            else:
                await stream.send_str(content)
        except ConnectionError:
            pass  # the client has gone; the command goes on

    async def _end(self) -> None:
        for name in sorted(self.setup.streams):
            await self._send(name, _END)
        if self._disconnect is not None:
            self._disconnect()


class _Timer:
    """A call after a time, if there is one; ``over`` says whether it has happened."""

    def __init__(self, after: durations.Duration | None, call: Callable[[], None]) -> None:
        self.over: bool = False
        self._call: Callable[[], None] = call
        loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None if after is None else loop.call_later(after.seconds, self._fire)

    def _fire(self) -> None:
        self.over = True
        self._call()

    def cancel(self) -> None:
        """Prevent the call."""
        if self._handle is not None:
            self._handle.cancel()
