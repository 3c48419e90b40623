"""Requests and answers: routing, access, and the form of JSON answers."""

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
    """An error that is the answer to a request."""

    def __init__(self, status: int, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.status: int = status
        self.kind: str = kind


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, with the access of its client."""

    request: web.BaseRequest
    uid: int | None
    access: str
    path_values: tuple[str, ...] = ()
    """Values of the groups in the route's pattern."""

    @property
    def is_admin(self) -> bool:
        """True if the client may use all endpoints."""
        return self.access == "admin"

    def query(self, name: str) -> str:
        """Return a parameter; empty if it is missing."""
        return self.request.query.get(name, "")

    def values(self, name: str) -> list[str]:
        """Return the values of a parameter that can be repeated, and can contain commas."""
        values = self.request.query.getall(name, [])
        return [part for value in values for part in value.split(",") if part]

    def flag(self, name: str) -> bool:
        """Return a parameter that is true or false; raises ApiError."""
        value = self.query(name)
        if value not in ("", "true", "false"):
            raise ApiError(400, f'{name} parameter must be "true" or "false"')
        return value == "true"

    def duration(self, name: str) -> durations.Duration | None:
        """Return a parameter with a duration, or None; raises ApiError."""
        value = self.query(name)
        try:
            return durations.parse(value) if value else None
        except durations.BadDurationError as error:
            raise ApiError(400, f"invalid {name}: {error}") from None

    async def body(self, fields: bodies.Fields, owner: str = "", what: str = "request body") -> dict[str, Any]:
        """Decode the body; raises ApiError."""
        try:
            return bodies.decode(await self.request.content.read(), fields, owner)
        except bodies.BadBodyError as error:
            raise ApiError(400, f"cannot decode {what}: {error}") from None


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """The handler of a method of a path, with the access that it needs."""

    level: access.Level
    handler: Handler


Routes = Mapping[str, Mapping[str, Route]]


def envelope(status: int, kind: str, result: Any, change: str = "") -> dict[str, Any]:
    """Build the JSON document of an answer around its result."""
    return {
        "type": kind,
        "status-code": status,
        "status": HTTPStatus(status).phrase,
        **({"change": change} if change else {}),
        **({} if result is None else {"result": result}),
    }


def text(content: Any) -> str:
    """Write JSON in the form of all answers."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False) + "\n"


def _answer(status: int, content: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=text(content).encode(), content_type="application/json")


def sync(result: Any = None, status: int = 200) -> web.Response:
    """Build the answer with a result."""
    return _answer(status, envelope(status, "sync", result))


def later(change: Change, result: Any = None) -> web.Response:
    """Build the answer with a change that runs in the background."""
    return _answer(202, envelope(202, "async", result, change.id))


def error(problem: ApiError) -> web.Response:
    """Build the answer with an error."""
    result = {"message": str(problem), **({"kind": problem.kind} if problem.kind else {})}
    return _answer(problem.status, envelope(problem.status, "error", result))


def handler(routes: Routes, granted: Callable[[], Mapping[int, str]]) -> Handler:
    """Build one handler from all routes."""
    patterns = [(re.compile(path), methods) for path, methods in routes.items()]

    async def dispatch(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await _dispatch(request, patterns, granted())
        except ApiError as problem:
            return error(problem)

    return dispatch  # pyright: ignore[reportReturnType]  aiohttp passes its request, from which Call is built


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
    client = access.access(uid, granted)
    if not access.allows(client, route.level):
        raise ApiError(401, "access denied", "login-required")
    return await route.handler(Call(request=request, uid=uid, access=client, path_values=path_values))
