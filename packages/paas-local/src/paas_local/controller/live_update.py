"""Copies new files into a running container, and reloads or restarts its services, through Pebble's API.

A gunicorn reloads the application on SIGHUP and keeps serving; other services are restarted. Whether they stay up
shows only later, so ``failure`` is a request of its own.
"""

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from paas_local.build import rocks
from paas_local.build.errors import ProjectError
from paas_local.build.rock_changes import FileChanges, Recreate, compare
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Application, Model

_PATIENCE = 30.0
_OWNER = "_daemon_"
_RELOAD = "SIGHUP"
# Most applications load within 22 looks at their status; a busy machine makes the looks slower too.
_LOOKS = 22
_POLL_INTERVAL = 0.1
_SHORT_POLL_INTERVAL = 0.03
_LINES = 3
_ERROR = re.compile(r"(\w+\.)*\w*(Error|Exception)\b.*|panic: ")
# Programs of the image that do not run the application's code.
_HELPER_PROGRAMS = ("/bin/statsd_exporter", "/usr/bin/statsd_exporter", "/usr/bin/promtail")


@dataclass(frozen=True, kw_only=True)
class ServiceActions:
    """The services to reload and those to restart."""

    reload: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


def service_actions(plan: Mapping[str, Mapping[str, Any]], current: Mapping[str, str]) -> ServiceActions:
    """Return how each service of the application picks up new files; ``current`` maps services to their status."""
    services = [
        name
        for name, service in sorted(plan.items())
        if current.get(name, "inactive") != "inactive"
        and not str(service.get("command", "")).startswith(_HELPER_PROGRAMS)
    ]
    # A gunicorn that keeps failing cannot be reloaded.
    reload = [name for name in services if "gunicorn" in str(plan[name]["command"]) and current[name] == "active"]
    return ServiceActions(reload=tuple(reload), restart=tuple(name for name in services if name not in reload))


def changed(model: Model, name: str, resources: Mapping[str, str]) -> list[tuple[str, str, FileChanges]]:
    """Return the containers whose images change: unit, container, and the changed files."""
    application = _application(model, name)
    containers: list[tuple[str, str, FileChanges]] = []
    for container in application.charm.containers.values():
        before, after = (each.get(container.resource or "") for each in (application.resources, resources))
        if not before or not after or before == after:
            continue
        files = _difference(Path(before), Path(after))
        containers += [(unit.name, container.name, files) for unit in application.units.values()]
    return containers


def containers(model: Model, name: str) -> list[tuple[str, str]]:
    """Return the containers that run an image, each with its unit."""
    application = _application(model, name)
    with_image = [container.name for container in application.charm.containers.values() if container.resource]
    return [(unit.name, container) for unit in application.units.values() for container in with_image]


def _application(model: Model, name: str) -> Application:
    if name not in model.applications:
        raise JujuError(f'application "{name}" not found')
    return model.applications[name]


def _difference(before: Path, after: Path) -> FileChanges:
    try:
        match compare(rocks.read(before), rocks.read(after)):
            case Recreate(reason=reason):
                raise JujuError(f"{reason}: this needs new containers")
            case files:
                return files
    except ProjectError as error:
        raise JujuError(str(error)) from None


async def deliver(unit: str, socket: Path, files: FileChanges) -> ServiceActions:
    """Replace files in a unit's container, and reload or restart its services."""
    async with _connected(unit, socket) as pebble:
        if files.written:
            await pebble.write(files.written)
        await pebble.remove((*files.removed, *files.bytecode))
        actions = service_actions(await pebble.plan(), await pebble.current())
        if actions.reload:
            await pebble.request("POST", "/v1/signals", {"signal": _RELOAD, "services": actions.reload})
        if actions.restart:
            await pebble.restart(actions.restart)
        return actions


async def failure(unit: str, socket: Path, actions: ServiceActions) -> str:
    """Return the last words of a service that ended after it got new files; an empty string if all stay up."""
    async with _connected(unit, socket) as pebble:
        ended = await _ended(pebble, (*actions.reload, *actions.restart))
        if ended in actions.reload:
            # It may have ended because of the former files.
            await pebble.restart((ended,))
            ended = await _ended(pebble, (ended,))
        return f"{ended} ended: {last_words(await pebble.log(ended))}" if ended else ""


async def _ended(pebble: "_Pebble", services: Sequence[str]) -> str | None:
    """Watch services while most applications load; return the first that ends."""
    for _ in range(_LOOKS if services else 0):
        await asyncio.sleep(_POLL_INTERVAL)
        current = await pebble.current()
        for service in services:
            if current.get(service, "active") != "active":
                return service
    return None


def last_words(lines: Sequence[str]) -> str:
    """Return what explains an end in the last lines of a log: Python's error, or the last lines."""
    errors = [line.strip() for line in lines if _ERROR.match(line)]
    return errors[-1] if errors else " / ".join(line.strip() for line in lines[-_LINES:]) or "without any output"


@dataclass(frozen=True, kw_only=True)
class _Pebble:
    session: aiohttp.ClientSession

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        async with self.session.request(method, path, json=body) as response:
            return _result(await response.json())

    async def write(self, written: Mapping[str, Path]) -> None:
        form = aiohttp.FormData(quote_fields=False)
        entries = [
            {
                "path": place,
                "make-dirs": True,
                "permissions": f"{file.stat().st_mode & 0o777:03o}",
                "user": _OWNER,
                "group": _OWNER,
            }
            for place, file in written.items()
        ]
        document = aiohttp.payload.JsonPayload({"action": "write", "files": entries})
        form.add_field("request", document, content_type="application/json")
        for place, file in written.items():
            form.add_field("files", file.read_bytes(), filename=place, content_type="application/octet-stream")
        async with self.session.post("/v1/files", data=form) as response:
            _paths(_result(await response.json()))

    async def remove(self, places: Iterable[str]) -> None:
        entries = [{"path": place, "recursive": True} for place in places]
        if entries:
            _paths(await self.request("POST", "/v1/files", {"action": "remove", "paths": entries}))

    async def plan(self) -> dict[str, dict[str, Any]]:
        return yaml.safe_load(await self.request("GET", "/v1/plan?format=yaml")).get("services", {})

    async def current(self) -> dict[str, str]:
        return {each["name"]: each["current"] for each in await self.request("GET", "/v1/services")}

    async def restart(self, services: Iterable[str]) -> None:
        """Restart services, and return once they are started, before Pebble knows that they stay up."""
        async with self.session.post(
            "/v1/services", json={"action": "restart", "services": list(services)}
        ) as response:
            answer = await response.json()
        _result(answer)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            change = await self.request("GET", f"/v1/changes/{answer['change']}")
            # A service that does not start shows in its status and its log.
            if change["ready"] or all(task["status"] != "Do" for task in change["tasks"]):
                return
            await asyncio.sleep(_SHORT_POLL_INTERVAL)

    async def log(self, service: str) -> list[str]:
        async with self.session.get("/v1/logs", params={"services": service, "n": "30"}) as response:
            return [json.loads(line)["message"] for line in (await response.text()).splitlines()]


@contextlib.asynccontextmanager
async def _connected(unit: str, socket: Path) -> AsyncGenerator[_Pebble]:
    try:
        async with _pebble(socket) as pebble:
            yield pebble
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise JujuError(f"{unit}: the Pebble of its container does not answer: {error}") from error


@contextlib.asynccontextmanager
async def _pebble(socket: Path) -> AsyncGenerator[_Pebble]:
    # The path may be too long for a socket.
    folder = os.open(socket.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        connector = aiohttp.UnixConnector(path=f"/proc/self/fd/{folder}/{socket.name}")
        timeout = aiohttp.ClientTimeout(total=_PATIENCE * 2)
        async with aiohttp.ClientSession("http://pebble", connector=connector, timeout=timeout) as session:
            yield _Pebble(session=session)
    finally:
        os.close(folder)


def _result(answer: Mapping[str, Any]) -> Any:
    if answer.get("type") == "error":
        raise JujuError(str(answer["result"]["message"]))
    return answer.get("result")


def _paths(results: Iterable[Mapping[str, Any]]) -> None:
    for each in results:
        error: Mapping[str, str] = each.get("error") or {}
        if error and error.get("kind") != "not-found":
            raise JujuError(f"{each['path']}: {error.get('message', 'cannot be written')}")
