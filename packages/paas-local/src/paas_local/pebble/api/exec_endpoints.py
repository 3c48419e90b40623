"""How clients start commands and connect to their input and output."""

from aiohttp import web

from paas_local.pebble.api import requests
from paas_local.pebble.api.requests import ApiError, Call, later, sync
from paas_local.pebble.daemon import Daemon
from paas_local.pebble.services import execs
from paas_local.pebble.services.changes import Step, Task

_FIELDS = {
    "command": "[]string",
    "service-context": "string",
    "environment": "map[string]string",
    "working-dir": "string",
    "timeout": "string",
    "user-id": "int",
    "user": "string",
    "group-id": "int",
    "group": "string",
    "terminal": "bool",
    "interactive": "bool",
    "split-stderr": "bool",
    "width": "int",
    "height": "int",
}


class ExecApi:
    """The endpoints of commands."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon: Daemon = daemon

    async def start(self, call: Call) -> web.StreamResponse:
        """Make the change; the command starts once its websockets are there."""
        body = await call.body(_FIELDS, "execPayload")
        try:
            order = execs.prepare(body, self._daemon.plan)
        except execs.BadExecError as error:
            raise ApiError(error.status, str(error)) from None
        execution = execs.Execution(order, self._daemon.processes)

        async def work(task: Task) -> None:
            try:
                await execution.run(task)
            finally:
                del self._daemon.executions[task.id]

        summary = f'Execute command "{order.words[0]}"'
        step = Step(kind="exec", summary=summary, work=work)
        change = self._daemon.changes.run("exec", summary, [[[step]]])
        task = change.tasks[0]
        self._daemon.executions[task.id] = execution
        return later(
            change,
            {
                "environment": dict(order.context.environment),
                "task-id": task.id,
                "working-dir": order.context.folder,
            },
        )

    async def connect(self, call: Call) -> web.StreamResponse:
        """Upgrade to a websocket of a command, for as long as the client stays."""
        task_id, name = call.found
        found = self._daemon.changes.find_task(task_id)
        if found is None:
            raise ApiError(404, f'cannot find task "{task_id}"')
        change, task = found
        if task.kind != "exec":
            raise ApiError(400, f'"{task.kind}" tasks do not have websockets')
        execution = self._daemon.executions.get(task_id)
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
        await execution.attend(name, socket, call.request.transport)
        return socket


def _not_a_websocket() -> web.Response:
    problem = (
        "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header"
    )
    answer = requests.envelope(500, "error", {"message": problem})
    return web.Response(status=400, text="Bad Request\n" + requests.text(answer).strip(), content_type="text/plain")
