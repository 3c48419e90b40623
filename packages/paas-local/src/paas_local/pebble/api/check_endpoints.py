"""Endpoints of checks and health."""

from aiohttp import web

from paas_local.pebble.api.requests import ACTION_BODY, ApiError, Call, sync
from paas_local.pebble.services.checks import LEVELS, Checks, UnknownCheckError


class CheckApi:
    """The endpoints of checks."""

    def __init__(self, checks: Checks) -> None:
        self._checks: Checks = checks

    async def health(self, call: Call) -> web.StreamResponse:
        """Return whether no check is down; the status of an unhealthy answer is 502."""
        healthy = self._checks.healthy(_level(call), call.values("names"))
        return sync({"healthy": healthy}, 200 if healthy else 502)

    async def show_all(self, call: Call) -> web.StreamResponse:
        """List checks."""
        runners = self._checks.matching(_level(call), call.values("names"))
        return sync([runner.document for runner in runners])

    async def act(self, call: Call) -> web.StreamResponse:
        """Start or stop checks."""
        body = await call.body({"action": "string", "checks": "[]string"}, what=ACTION_BODY)
        action, names = body.get("action", ""), body.get("checks", [])
        if not names:
            raise ApiError(400, f"must specify checks for {action} action")
        if action not in ("start", "stop"):
            raise ApiError(400, f'invalid action "{action}"')
        try:
            changed = self._checks.start(names) if action == "start" else self._checks.stop(names)
        except UnknownCheckError as error:
            raise ApiError(400, str(error)) from None
        return sync({"changed": changed})

    async def refresh(self, call: Call) -> web.StreamResponse:
        """Run a check now."""
        body = await call.body({"name": "string"}, what=ACTION_BODY)
        name = body.get("name", "")
        if not name:
            raise ApiError(400, "must specify check name")
        runner = self._checks.find(name)
        if runner is None:
            raise ApiError(404, f'cannot find check with name "{name}"')
        problem = await runner.refresh()
        return sync({"info": runner.document, **({"error": problem} if problem else {})})


def _level(call: Call) -> str:
    level = call.query("level")
    if level not in ("", *LEVELS):
        raise ApiError(400, 'level must be "alive" or "ready"')
    return level
