"""How a request reaches its handler, and what every answer looks like."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from paas_local.pebble.api import access, bodies
from paas_local.pebble.plan import durations
from paas_local.pebble.services.changes import Change

ACTION_BODY = "data from request body"
"""The name of a body in messages about requests with an action."""


class ApiError(Exception):
    """The answer is an error."""

    def __init__(self, status: int, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.status: int = status
        self.kind: str = kind


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, and who makes it."""

    request: web.BaseRequest
    uid: int | None
    access: str
    path_values: tuple[str, ...] = ()
    """Values of the groups in the route's pattern."""

    @property
    def is_admin(self) -> bool:
        """Whether the caller may do everything."""
        return self.access == "admin"

    def query(self, name: str) -> str:
        """Read a parameter; one that is missing is empty."""
        return self.request.query.get(name, "")

    def values(self, name: str) -> list[str]:
        """Read a parameter that may be repeated, separated by commas, or both."""
        values = self.request.query.getall(name, [])
        return [part for value in values for part in value.split(",") if part]

    def flag(self, name: str) -> bool:
        """Read a parameter that is true or false."""
        value = self.query(name)
        if value not in ("", "true", "false"):
            raise ApiError(400, f'{name} parameter must be "true" or "false"')
        return value == "true"

    def duration(self, name: str) -> durations.Duration | None:
        """Read a parameter with a time."""
        value = self.query(name)
        try:
            return durations.parse(value) if value else None
        except durations.BadDurationError as error:
            raise ApiError(400, f"invalid {name}: {error}") from None

    async def body(self, fields: bodies.Fields, owner: str = "", what: str = "request body") -> dict[str, Any]:
        """Decode the body."""
        try:
            return bodies.decode(await self.request.content.read(), fields, owner)
        except bodies.BadBodyError as error:
            raise ApiError(400, f"cannot decode {what}: {error}") from None


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """What answers a method of a path, and who may use it."""

    level: access.Level
    handler: Handler


Routes = Mapping[str, Mapping[str, Route]]


def envelope(status: int, kind: str, result: Any, change: str = "") -> dict[str, Any]:
    """Put around a result what is around every JSON answer."""
    return {
        "type": kind,
        "status-code": status,
        "status": HTTPStatus(status).phrase,
        **({"change": change} if change else {}),
        **({} if result is None else {"result": result}),
    }


def text(content: Any) -> str:
    """Write JSON as the daemon writes it."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False) + "\n"


def _answer(status: int, content: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=text(content).encode(), content_type="application/json")


def sync(result: Any = None, status: int = 200) -> web.Response:
    """Answer with what was asked for."""
    return _answer(status, envelope(status, "sync", result))


def later(change: Change, result: Any = None) -> web.Response:
    """Answer with the change that does what was asked for."""
    return _answer(202, envelope(202, "async", result, change.id))


def error(problem: ApiError) -> web.Response:
    """Answer with what is wrong."""
    result = {"message": str(problem), **({"kind": problem.kind} if problem.kind else {})}
    return _answer(problem.status, envelope(problem.status, "error", result))


def handler(routes: Routes, granted: Callable[[], Mapping[int, str]]) -> Handler:
    """Join the routes to one handler of requests."""
    patterns = [(re.compile(path), methods) for path, methods in routes.items()]

    async def dispatch(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await _dispatch(request, patterns, granted())
        except ApiError as problem:
            return error(problem)

    return dispatch  # pyright: ignore[reportReturnType]  aiohttp hands over the request, Call is made of it


async def _dispatch(
    request: web.BaseRequest,
    patterns: list[tuple[re.Pattern[str], Mapping[str, Route]]],
    granted: Mapping[int, str],
) -> web.StreamResponse:
    for pattern, methods in patterns:
        match = pattern.fullmatch(request.path)
        if match is not None:
            return await _call(request, methods.get(request.method), match.groups(), granted)
    raise ApiError(404, "invalid API endpoint requested")


async def _call(
    request: web.BaseRequest, route: Route | None, path_values: tuple[str, ...], granted: Mapping[int, str]
) -> web.StreamResponse:
    if route is None:
        raise ApiError(405, f'method "{request.method}" not allowed')
    transport = request.transport
    uid = access.peer(transport.get_extra_info("socket") if transport else None)
    may = access.access(uid, granted)
    if not access.allows(may, route.level):
        raise ApiError(401, "access denied", "login-required")
    return await route.handler(Call(request=request, uid=uid, access=may, path_values=path_values))
