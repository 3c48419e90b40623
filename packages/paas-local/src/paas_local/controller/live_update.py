"""How files reach a running container, and how its services take notice: through Pebble's API.

A gunicorn loads the application anew when it is told to, and answers on while it does; what else runs is
started again. Whether all of them stay is seen only later, so that it is another question.
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
from paas_local.juju.errors import Refused
from paas_local.juju.model import Application, Model

PATIENCE = 30.0
_OWNER = "_daemon_"
_RELOAD = "SIGHUP"
_WATCHED = 2.2
_LOOK = 0.1
_SHORT_LOOK = 0.03
_LINES = 3
_ERROR = re.compile(r"(\w+\.)*\w*(Error|Exception)\b.*|panic: ")
# Started beside the application by the image, and none of its code.
_NOT_THE_APPLICATION = ("/bin/statsd_exporter", "/usr/bin/statsd_exporter", "/usr/bin/promtail")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Which services are told, and which are started again."""

    reload: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


def notice(plan: Mapping[str, Mapping[str, Any]], current: Mapping[str, str]) -> Notice:
    """Decide how each service that should run takes notice of new files; ``current`` is how it is."""
    concerned = [
        name
        for name, service in sorted(plan.items())
        if current.get(name, "inactive") != "inactive"
        and not str(service.get("command", "")).startswith(_NOT_THE_APPLICATION)
    ]
    # Only a living gunicorn can be told; one that keeps failing is started with the new files at once.
    told = [name for name in concerned if "gunicorn" in str(plan[name]["command"]) and current[name] == "active"]
    return Notice(reload=tuple(told), restart=tuple(name for name in concerned if name not in told))


def changed(model: Model, name: str, resources: Mapping[str, str]) -> list[tuple[str, str, FileChanges]]:
    """Find the containers whose images change, with the files that do: unit, container, files."""
    application = _application(model, name)
    found: list[tuple[str, str, FileChanges]] = []
    for container in application.charm.containers.values():
        before, after = (each.get(container.resource or "") for each in (application.resources, resources))
        if not before or not after or before == after:
            continue
        files = _difference(Path(before), Path(after))
        found += [(unit.name, container.name, files) for unit in application.units.values()]
    return found


def containers(model: Model, name: str) -> list[tuple[str, str]]:
    """Name the containers that run an image, each with its unit."""
    application = _application(model, name)
    with_image = [container.name for container in application.charm.containers.values() if container.resource]
    return [(unit.name, container) for unit in application.units.values() for container in with_image]


def _application(model: Model, name: str) -> Application:
    if name not in model.applications:
        raise Refused(f'application "{name}" not found')
    return model.applications[name]


def _difference(before: Path, after: Path) -> FileChanges:
    try:
        match compare(rocks.read(before), rocks.read(after)):
            case Recreate(reason=reason):
                raise Refused(f"{reason}: that needs new containers")
            case files:
                return files
    except ProjectError as error:
        raise Refused(str(error)) from None


async def deliver(unit: str, socket: Path, files: FileChanges) -> Notice:
    """Replace files in a unit's container and let its services notice."""
    async with _answering(unit, socket) as pebble:
        if files.written:
            await pebble.write(files.written)
        await pebble.remove((*files.removed, *files.bytecode))
        due = notice(await pebble.plan(), await pebble.current())
        if due.reload:
            await pebble.ask("POST", "/v1/signals", {"signal": _RELOAD, "services": due.reload})
        if due.restart:
            await pebble.restart(due.restart)
        return due


async def trouble(unit: str, socket: Path, noticed: Notice) -> str:
    """Say why a service ended over new files, in its own words; nothing when all stay."""
    async with _answering(unit, socket) as pebble:
        ended = await _ended(pebble, (*noticed.reload, *noticed.restart))
        if ended in noticed.reload:
            # It may have been about to end over the files before these.
            await pebble.restart((ended,))
            ended = await _ended(pebble, (ended,))
        return f"{ended} ended: {last_words(await pebble.log(ended))}" if ended else ""


async def _ended(pebble: "_Pebble", services: Sequence[str]) -> str | None:
    """Watch services for as long as Python takes to load most applications; name one that ends."""
    deadline = time.monotonic() + _WATCHED
    while services and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK)
        current = await pebble.current()
        for service in services:
            if current.get(service, "active") != "active":
                return service
    return None


def last_words(lines: Sequence[str]) -> str:
    """Find what explains an end in the last lines of a log: Python's error, else whatever stands there."""
    errors = [line.strip() for line in lines if _ERROR.match(line)]
    return errors[-1] if errors else " / ".join(line.strip() for line in lines[-_LINES:]) or "it said nothing"


@dataclass(frozen=True, kw_only=True)
class _Pebble:
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        async with self.session.request(method, path, json=body) as response:
            return _result(await response.json())

    async def write(self, written: Mapping[str, Path]) -> None:
        form = aiohttp.FormData(quote_fields=False)
        request = [
            {
                "path": place,
                "make-dirs": True,
                "permissions": f"{file.stat().st_mode & 0o777:03o}",
                "user": _OWNER,
                "group": _OWNER,
            }
            for place, file in written.items()
        ]
        document = aiohttp.payload.JsonPayload({"action": "write", "files": request})
        form.add_field("request", document, content_type="application/json")
        for place, file in written.items():
            form.add_field("files", file.read_bytes(), filename=place, content_type="application/octet-stream")
        async with self.session.post("/v1/files", data=form) as response:
            _paths(_result(await response.json()))

    async def remove(self, places: Iterable[str]) -> None:
        # What is gone already is as it should be.
        there = [{"path": place, "recursive": True} for place in places]
        if there:
            _paths(await self.ask("POST", "/v1/files", {"action": "remove", "paths": there}))

    async def plan(self) -> dict[str, dict[str, Any]]:
        return yaml.safe_load(await self.ask("GET", "/v1/plan?format=yaml")).get("services", {})

    async def current(self) -> dict[str, str]:
        return {each["name"]: each["current"] for each in await self.ask("GET", "/v1/services")}

    async def restart(self, services: Iterable[str]) -> None:
        """Stop and start services; this waits until each is started, not until Pebble trusts it to stay."""
        async with self.session.post(
            "/v1/services", json={"action": "restart", "services": list(services)}
        ) as response:
            answer = await response.json()
        _result(answer)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            change = await self.ask("GET", f"/v1/changes/{answer['change']}")
            # That a service does not start shows in how it is afterwards, and why in its log.
            if change["ready"] or all(task["status"] != "Do" for task in change["tasks"]):
                return
            await asyncio.sleep(_SHORT_LOOK)

    async def log(self, service: str) -> list[str]:
        async with self.session.get("/v1/logs", params={"services": service, "n": "30"}) as response:
            return [json.loads(line)["message"] for line in (await response.text()).splitlines()]


@contextlib.asynccontextmanager
async def _answering(unit: str, socket: Path) -> AsyncGenerator[_Pebble]:
    try:
        async with _pebble(socket) as pebble:
            yield pebble
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise Refused(f"{unit}: its container does not answer: {error}") from error


@contextlib.asynccontextmanager
async def _pebble(socket: Path) -> AsyncGenerator[_Pebble]:
    # The path may be longer than a socket's may be.
    folder = os.open(socket.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        connector = aiohttp.UnixConnector(path=f"/proc/self/fd/{folder}/{socket.name}")
        timeout = aiohttp.ClientTimeout(total=PATIENCE * 2)
        async with aiohttp.ClientSession("http://pebble", connector=connector, timeout=timeout) as session:
            yield _Pebble(session=session)
    finally:
        os.close(folder)


def _result(answer: Mapping[str, Any]) -> Any:
    if answer.get("type") == "error":
        raise Refused(str(answer["result"]["message"]))
    return answer.get("result")


def _paths(results: Iterable[Mapping[str, Any]]) -> None:
    for each in results:
        error: Mapping[str, str] = each.get("error") or {}
        if error and error.get("kind") != "not-found":
            raise Refused(f"{each['path']}: {error.get('message', 'cannot be written')}")
