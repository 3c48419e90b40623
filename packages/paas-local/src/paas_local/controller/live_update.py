"""Copies new files into a running container, and reloads or restarts its services, through Pebble's API.

A gunicorn reloads the application on SIGHUP and keeps serving; other services are restarted. Whether they stay up
shows only later, so ``failure`` is a request of its own.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paas_local.build import rocks
from paas_local.build.errors import ProjectError
from paas_local.build.rock_changes import FileChanges, Recreate, compare
from paas_local.controller import pebble_client
from paas_local.controller.pebble_client import Pebble
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model, named_application

_RELOAD = "SIGHUP"
# Most applications load within 22 looks at their status; a busy machine makes the looks slower too.
_LOOKS = 22
_POLL_INTERVAL = 0.1
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
    application = named_application(model, name)
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
    application = named_application(model, name)
    with_image = [container.name for container in application.charm.containers.values() if container.resource]
    return [(unit.name, container) for unit in application.units.values() for container in with_image]


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
    async with pebble_client.connected(unit, socket) as pebble:
        if files.written:
            await pebble.write(files.written)
        await pebble.remove((*files.removed, *files.bytecode))
        actions = service_actions(await pebble.plan(), await pebble.current())
        if actions.reload:
            await pebble.request("POST", "/v1/signals", {"signal": _RELOAD, "services": actions.reload})
        if actions.restart:
            await pebble.restart(actions.restart)
        return actions


async def failure(unit: str, socket: Path, actions: ServiceActions, since: float) -> str:
    """Return the last words, from ``since`` on, of a service that ended after it got new files; else an empty string.

    ``since`` is the time of the delivery, in seconds: an error before it is not of these files.
    """
    async with pebble_client.connected(unit, socket) as pebble:
        ended = await _ended(pebble, (*actions.reload, *actions.restart))
        if ended in actions.reload:
            # It may have ended because of the former files.
            await pebble.restart((ended,))
            ended = await _ended(pebble, (ended,))
        return f"{ended} ended: {last_words(await pebble.log(ended, since))}" if ended else ""


async def _ended(pebble: Pebble, services: Sequence[str]) -> str | None:
    """Watch services while most applications load; return the first that ends by itself."""
    for _ in range(_LOOKS if services else 0):
        await asyncio.sleep(_POLL_INTERVAL)
        current = await pebble.current()
        for service in services:
            status = current.get(service, "active")
            # the next save may restart the service at this moment
            if status == "backoff" or (status != "active" and not await pebble.has_running_change()):
                return service
    return None


def last_words(lines: Sequence[str]) -> str:
    """Return what explains an end in the last lines of a log: Python's error, or the last lines."""
    errors = [line.strip() for line in lines if _ERROR.match(line)]
    return errors[-1] if errors else " / ".join(line.strip() for line in lines[-_LINES:]) or "without any output"
