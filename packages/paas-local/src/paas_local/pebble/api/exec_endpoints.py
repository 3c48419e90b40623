"""Endpoints of commands: start one, and connect to its input and output."""

import signal
from typing import Any

from aiohttp import WSMsgType, web

from paas_local.pebble.api import bodies, requests
from paas_local.pebble.api.requests import ApiError, Call, later, sync
from paas_local.pebble.services import execs
from paas_local.pebble.services.changes import Step, Task
from paas_local.pebble.services.execs import Execution
from paas_local.pebble.services.overlord import Overlord

_FIELDS: bodies.Fields = {
    "command": "[]string",
    "service-context": "string",
    "environment": "map[string]string",
    "working-dir": "string",
    "timeout": "string",
    **bodies.USER_FIELDS,
    "terminal": "bool",
    "interactive": "bool",
    "split-stderr": "bool",
    "width": "int",
    "height": "int",
}
_CONTROL: bodies.Fields = {
    "command": "string",
    "signal": {"name": "string"},
    "resize": {"width": "int", "height": "int"},
}


class ExecApi:
    """The endpoints of commands."""

    def __init__(self, overlord: Overlord) -> None:
        self._overlord: Overlord = overlord

    async def start(self, call: Call) -> web.StreamResponse:
        """Make the change; the command starts once its websockets are connected."""
        request = _request(await call.body(_FIELDS, "execPayload"))
        try:
            setup = execs.prepare(request, self._overlord.plan)
        except execs.BadExecError as error:
            raise ApiError(error.status, str(error)) from None
        execution = Execution(setup, self._overlord.processes)

        async def work(task: Task) -> None:
            try:
                await execution.run(task)
            finally:
                del self._overlord.executions[task.id]

        summary = f'Execute command "{setup.words[0]}"'
        step = Step(kind="exec", summary=summary, work=work)
        change = self._overlord.changes.run("exec", summary, [[[step]]])
        task = change.tasks[0]
        self._overlord.executions[task.id] = execution
        return later(
            change,
            {
                "environment": dict(setup.context.environment),
                "task-id": task.id,
                "working-dir": setup.context.folder,
            },
        )

    async def connect(self, call: Call) -> web.StreamResponse:
        """Upgrade to a websocket of a command, and serve it until the client disconnects."""
        task_id, name = call.path_values
        known = self._overlord.changes.find_task(task_id)
        if known is None:
            raise ApiError(404, f'cannot find task "{task_id}"')
        change, task = known
        if task.kind != "exec":
            raise ApiError(400, f'"{task.kind}" tasks do not have websockets')
        execution = self._overlord.executions.get(task_id)
        if execution is None:
            if change.error:
                raise ApiError(500, change.error)
            return sync()
        if not execution.has(name):
            raise ApiError(404, f'cannot find {name} websocket for task "{task_id}"')
        if execution.is_connected(name):
            raise ApiError(500, f"{name} websocket already connected")
        if "upgrade" not in call.request.headers.get("Connection", "").lower():
            return _not_a_websocket()
        socket = web.WebSocketResponse(autoping=True, compress=False, max_msg_size=0)
        await socket.prepare(call.request)
        transport = call.request.transport
        execution.connect(name, socket, transport.close if transport else None)
        await _serve(execution, name, socket)
        return socket


def _request(body: dict[str, Any]) -> execs.ExecRequest:
    return execs.ExecRequest(
        command=tuple(body.get("command", ())),
        service_context=body.get("service-context", ""),
        environment=body.get("environment", {}),
        working_dir=body.get("working-dir", ""),
        timeout=body.get("timeout", ""),
        user=bodies.user(body),
        terminal=body.get("terminal", False),
        interactive=body.get("interactive", False),
        split_stderr=body.get("split-stderr", False),
        width=body.get("width", 0),
        height=body.get("height", 0),
    )


def _not_a_websocket() -> web.Response:
    problem = (
        "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header"
    )
    answer = requests.envelope(500, "error", {"message": problem})
    return web.Response(status=400, text="Bad Request\n" + requests.text(answer).strip(), content_type="text/plain")


async def _serve(execution: Execution, name: str, socket: web.WebSocketResponse) -> None:
    if name == "control":
        await _read_commands(execution, socket)
    elif name == "stdio":
        await _read_input(execution, socket)
    else:
        while (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            pass


async def _read_input(execution: Execution, socket: web.WebSocketResponse) -> None:
    ended = False
    while True:
        frame = await socket.receive()
        if frame.type == WSMsgType.BINARY and not ended:
            await execution.write_input(frame.data)
        elif frame.type == WSMsgType.TEXT:
            if not ended and _command(frame.data).get("command") == "end":
                ended = True
                await execution.write_input(None)
        elif frame.type != WSMsgType.BINARY:
            if not ended:
                await execution.write_input(None)
            return


async def _read_commands(execution: Execution, socket: web.WebSocketResponse) -> None:
    await execution.started.wait()  # a signal that comes early waits for the process
    while True:
        frame = await socket.receive()
        if frame.type == WSMsgType.TEXT:
            _obey(execution, _command(frame.data))
        elif frame.type == WSMsgType.CLOSE:
            return
        elif frame.type != WSMsgType.BINARY:
            execution.kill()
            return


def _obey(execution: Execution, message: dict[str, Any]) -> None:
    """Do what the control stream says; other messages are ignored."""
    name = message.get("signal", {}).get("name")
    size = message.get("resize")
    if message.get("command") == "signal" and isinstance(name, str) and name in signal.Signals.__members__:
        execution.signal(signal.Signals[name])
    elif message.get("command") == "resize" and size:
        execution.resize(size.get("width", 0), size.get("height", 0))


def _command(text: str) -> dict[str, Any]:
    try:
        return bodies.decode(text.encode(), _CONTROL)
    except bodies.BadBodyError:
        return {}
