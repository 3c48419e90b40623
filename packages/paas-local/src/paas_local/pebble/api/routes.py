"""Which endpoints there are, and what each of them does."""

import asyncio

from aiohttp import web

from paas_local.pebble import VERSION
from paas_local.pebble.api import exec_endpoints, file_endpoints, notice_endpoints, requests
from paas_local.pebble.api.requests import ApiError, Call, Route, later, sync
from paas_local.pebble.daemon import Daemon
from paas_local.pebble.plan import layers, plan_text
from paas_local.pebble.plan.plan import InnerLayerError, PlanError
from paas_local.pebble.services import actions
from paas_local.pebble.services.actions import BadActionError
from paas_local.pebble.services.changes import Change, NothingPendingError, UnknownChangeError
from paas_local.pebble.services.checks import LEVELS, UnknownCheckError
from paas_local.pebble.services.services import SignalError

_DATA = "data from request body"
_CHANGE = r"/v1/changes/([^/]+)"


class Api:
    """The endpoints, with the daemon that they work on."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon: Daemon = daemon

    async def system_info(self, _: Call) -> web.StreamResponse:
        """Tell who this is."""
        address = self._daemon.options.http
        return sync(
            {
                "boot-id": self._daemon.boot_id,
                **({"http-address": address} if address else {}),
                "version": VERSION,
            }
        )

    async def health(self, call: Call) -> web.StreamResponse:
        """Tell whether all is well; a 502 otherwise, although nothing is wrong with the request."""
        healthy = self._daemon.checks.healthy(_level(call), call.listed("names"))
        return sync({"healthy": healthy}, 200 if healthy else 502)

    async def plan(self, call: Call) -> web.StreamResponse:
        """Write the plan."""
        wanted = call.query("format")
        if wanted != "yaml":
            raise ApiError(400, f'invalid format "{wanted}"')
        return sync(plan_text.text(self._daemon.plan))

    async def add_layer(self, call: Call) -> web.StreamResponse:
        """Add a layer, or combine it into the one of its label."""
        fields = dict.fromkeys(("action", "label", "format", "layer"), "string")
        body = await call.body({**fields, "combine": "bool", "inner": "bool"})
        if body.get("action") != "add":
            raise ApiError(400, f'invalid action "{body.get("action", "")}"')
        if not body.get("label"):
            raise ApiError(400, "label must be set")
        if body.get("format") != "yaml":
            raise ApiError(400, f'invalid format "{body.get("format", "")}"')
        try:
            layer = layers.parse(body["label"], body.get("layer", ""))
        except PlanError as error:
            raise ApiError(400, f"cannot parse layer YAML: {error}") from None
        try:
            self._daemon.add_layer(layer, merge=body.get("combine", False), inner=body.get("inner", False))
        except InnerLayerError as error:
            raise ApiError(500, str(error)) from None
        except PlanError as error:
            raise ApiError(400, str(error)) from None
        return sync(True)

    async def services(self, call: Call) -> web.StreamResponse:
        """List services."""
        return sync(self._daemon.services.documents(call.listed("names")))

    async def no_service(self, _: Call) -> web.StreamResponse:
        """Say that single services have no endpoint."""
        raise ApiError(400, "not implemented")

    async def act(self, call: Call) -> web.StreamResponse:
        """Start, stop, restart, autostart or replan."""
        body = await call.body({"action": "string", "services": "[]string"}, what=_DATA)
        action = body.get("action", "")
        try:
            change = actions.run(self._daemon.changes, self._daemon.services, action, body.get("services", []))
        except BadActionError as error:
            raise ApiError(400, str(error), error.kind) from None
        if action == "replan":
            self._daemon.checks.replan()
        return later(change)

    async def signal(self, call: Call) -> web.StreamResponse:
        """Send a signal to the main processes of services."""
        body = await call.body({"signal": "string", "services": "[]string"})
        if not body.get("services"):
            raise ApiError(400, "must specify one or more services")
        try:
            self._daemon.services.signal(body.get("signal", ""), body["services"])
        except SignalError as error:
            raise ApiError(500, str(error)) from None
        return sync(True)

    async def changes(self, call: Call) -> web.StreamResponse:
        """List changes."""
        select, service = call.query("select") or "in-progress", call.query("for")
        if select not in ("all", "in-progress", "ready"):
            raise ApiError(400, "select should be one of: all,in-progress,ready")
        return sync(
            [
                change.document
                for change in self._daemon.changes.all()
                if (select == "all" or change.ready.is_set() == (select == "ready"))
                and (not service or service in change.services)
            ]
        )

    async def change(self, call: Call) -> web.StreamResponse:
        """Show one change."""
        return sync(self._change(call).document)

    async def wait_change(self, call: Call) -> web.StreamResponse:
        """Answer when the change is ready, or when the time is over."""
        change = self._change(call)
        timeout = call.duration("timeout")
        try:
            await asyncio.wait_for(change.ready.wait(), timeout.seconds if timeout else None)
        except asyncio.TimeoutError:
            raise ApiError(504, f"timed out waiting for change after {timeout}") from None
        return sync(change.document)

    async def abort_change(self, call: Call) -> web.StreamResponse:
        """Abort what the change still does."""
        change = self._change(call)
        body = await call.body({"action": "string"}, what=_DATA)
        if body.get("action") != "abort":
            raise ApiError(400, f'invalid action "{body.get("action", "")}"')
        try:
            return sync(self._daemon.changes.abort(change).document)
        except NothingPendingError as error:
            raise ApiError(400, str(error)) from None

    def _change(self, call: Call) -> Change:
        try:
            return self._daemon.changes.find(call.found[0])
        except UnknownChangeError as error:
            raise ApiError(404, str(error)) from None

    async def checks(self, call: Call) -> web.StreamResponse:
        """List checks."""
        found = self._daemon.checks.matching(_level(call), call.listed("names"))
        return sync([watch.document for watch in found])

    async def act_on_checks(self, call: Call) -> web.StreamResponse:
        """Start or stop checks."""
        body = await call.body({"action": "string", "checks": "[]string"}, what=_DATA)
        action, names = body.get("action", ""), body.get("checks", [])
        if not names:
            raise ApiError(400, f"must specify checks for {action} action")
        if action not in ("start", "stop"):
            raise ApiError(400, f'invalid action "{action}"')
        checks = self._daemon.checks
        try:
            changed = checks.start(names) if action == "start" else checks.stop(names)
        except UnknownCheckError as error:
            raise ApiError(400, str(error)) from None
        return sync({"changed": changed})

    async def refresh_check(self, call: Call) -> web.StreamResponse:
        """Look now."""
        body = await call.body({"name": "string"}, what=_DATA)
        name = body.get("name", "")
        if not name:
            raise ApiError(400, "must specify check name")
        watch = self._daemon.checks.find(name)
        if watch is None:
            raise ApiError(404, f'cannot find check with name "{name}"')
        problem = await watch.look()
        return sync({"info": watch.document, **({"error": problem} if problem else {})})

    async def logs(self, call: Call) -> web.StreamResponse:
        """Write the newest lines, and with ``follow`` those that come."""
        follow = call.choice("follow")
        limit = _limit(call.query("n"), 0 if follow else 30)
        names = call.listed("services")
        answer = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        lines = self._daemon.logs.last(limit, names)
        queue = self._daemon.logs.follow() if follow else None
        try:
            await answer.prepare(call.request)
            await answer.write("".join(requests.text(line.document) for line in lines).encode())
            while queue is not None and not _gone(call.request):
                try:
                    line = await asyncio.wait_for(queue.get(), 1)
                except asyncio.TimeoutError:
                    continue
                if not names or line.service in names:
                    await answer.write(requests.text(line.document).encode())
        except ConnectionError:
            pass  # nobody follows any more
        finally:
            if queue is not None:
                self._daemon.logs.unfollow(queue)
        return answer

    async def metrics(self, _: Call) -> web.StreamResponse:
        """Write counters for Prometheus."""
        rows: list[str] = []
        for name, (up, starts) in self._daemon.services.starts().items():
            rows += _metric(
                "service_active", "Whether the service is currently active (1) or not (0)", "gauge", name, int(up)
            )
            rows += _metric("service_start_count", "Number of times the service has started", "counter", name, starts)
        for watch in self._daemon.checks.matching("", ()):
            if watch.is_running:
                up = int(watch.status == "up")
                rows += _metric("check_up", "Whether the health check is up (1) or not (0)", "gauge", watch.name, up)
            good, bad = watch.successes, watch.failures
            rows += _metric(
                "check_success_count", "Number of times the check has succeeded", "counter", watch.name, good
            )
            rows += _metric("check_failure_count", "Number of times the check has failed", "counter", watch.name, bad)
        return web.Response(text="".join(rows), content_type="text/plain")

    async def identities(self, _: Call) -> web.StreamResponse:
        """List identities."""
        return sync(self._daemon.identities.document)

    async def change_identities(self, call: Call) -> web.StreamResponse:
        """Add, update, replace or remove identities."""
        return await notice_endpoints.change_identities(call, self._daemon.identities)


def _level(call: Call) -> str:
    level = call.query("level")
    if level not in ("", *LEVELS):
        raise ApiError(400, 'level must be "alive" or "ready"')
    return level


def _limit(text: str, default: int) -> int:
    try:
        limit = int(text) if text else default
    except ValueError:
        limit = -2
    if limit < -1:
        raise ApiError(400, "n must be -1, 0, or a positive integer")
    return limit


def _gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


def _metric(name: str, meaning: str, kind: str, of: str, value: int) -> list[str]:
    label = name.split("_", 1)[0]
    return [
        f"# HELP pebble_{name} {meaning}\n",
        f"# TYPE pebble_{name} {kind}\n",
        f'pebble_{name}{{{label}="{of}"}} {value}\n\n',
    ]


def handler(daemon: Daemon) -> requests.Handler:
    """Join all endpoints."""
    api = Api(daemon)
    files = file_endpoints.FileApi()
    execs = exec_endpoints.ExecApi(daemon)
    notices = notice_endpoints.NoticeApi(daemon.notices)
    routes: dict[str, dict[str, Route]] = {
        r"/v1/system-info": {"GET": Route(level="open", handler=api.system_info)},
        r"/v1/health": {"GET": Route(level="open", handler=api.health)},
        r"/v1/plan": {"GET": Route(level="admin", handler=api.plan)},
        r"/v1/layers": {"POST": Route(level="admin", handler=api.add_layer)},
        r"/v1/services": {
            "GET": Route(level="read", handler=api.services),
            "POST": Route(level="admin", handler=api.act),
        },
        r"/v1/services/([^/]+)": {
            "GET": Route(level="read", handler=api.no_service),
            "POST": Route(level="admin", handler=api.no_service),
        },
        r"/v1/signals": {"POST": Route(level="admin", handler=api.signal)},
        r"/v1/changes": {"GET": Route(level="read", handler=api.changes)},
        _CHANGE: {
            "GET": Route(level="read", handler=api.change),
            "POST": Route(level="admin", handler=api.abort_change),
        },
        _CHANGE + "/wait": {"GET": Route(level="read", handler=api.wait_change)},
        r"/v1/checks": {
            "GET": Route(level="read", handler=api.checks),
            "POST": Route(level="admin", handler=api.act_on_checks),
        },
        r"/v1/checks/refresh": {"POST": Route(level="admin", handler=api.refresh_check)},
        r"/v1/files": {
            "GET": Route(level="admin", handler=files.get),
            "POST": Route(level="admin", handler=files.post),
        },
        r"/v1/exec": {"POST": Route(level="admin", handler=execs.start)},
        r"/v1/tasks/([^/]+)/websocket/([^/]+)": {"GET": Route(level="admin", handler=execs.connect)},
        r"/v1/notices": {
            "GET": Route(level="read", handler=notices.show_all),
            "POST": Route(level="read", handler=notices.add),
        },
        r"/v1/notices/([^/]+)": {"GET": Route(level="read", handler=notices.show)},
        r"/v1/logs": {"GET": Route(level="read", handler=api.logs)},
        r"/v1/metrics": {"GET": Route(level="metrics", handler=api.metrics)},
        r"/v1/identities": {
            "GET": Route(level="read", handler=api.identities),
            "POST": Route(level="admin", handler=api.change_identities),
        },
    }
    return requests.handler(routes, lambda: daemon.identities.granted)
