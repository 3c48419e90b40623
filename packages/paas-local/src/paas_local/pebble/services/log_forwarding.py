"""Where the lines of the services go, besides the buffer."""

import asyncio
import json
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from paas_local.pebble import VERSION
from paas_local.pebble.plan.plan import LogTarget, Plan
from paas_local.pebble.services.logs import Line, Logs

_AFTER = 1.0
_LINES = 100
_KEPT = 1000
_PATIENCE = 10.0
_BUSY = 429
_FAULTS = range(500, 600)
_SYSLOG_ID = "pebble@28978"


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Put values in place of ``$X`` and ``${X}``; what is missing is empty."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda found: environment.get(found[1] or found[2], ""), text)


Labels = Mapping[str, Mapping[str, str]]
"""Service → its labels."""


def _by_service(lines: Sequence[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.service, []).append(line)
    return found


def _nanoseconds(line: Line) -> str:
    return str(int(line.time.timestamp() * 1_000_000) * 1000)


def loki(lines: Sequence[Line], labels: Labels) -> dict[str, Any]:
    """Write lines as Loki reads them."""
    return {
        "streams": [
            {
                "stream": {**labels[service], "pebble_service": service},
                "values": [[_nanoseconds(line), line.message] for line in own],
            }
            for service, own in _by_service(lines).items()
        ]
    }


def opentelemetry(lines: Sequence[Line], labels: Labels) -> dict[str, Any]:
    """Write lines as OTLP."""
    return {
        "resourceLogs": [
            {
                "resource": {
                    "attributes": [
                        {"key": key, "value": {"stringValue": value}}
                        for key, value in [("service.name", service), *sorted(labels[service].items())]
                    ]
                },
                "scopeLogs": [
                    {
                        "scope": {"name": "pebble"},
                        "logRecords": [
                            {"timeUnixNano": _nanoseconds(line), "body": {"stringValue": line.message}} for line in own
                        ],
                    }
                ],
            }
            for service, own in _by_service(lines).items()
        ]
    }


def syslog(lines: Sequence[Line], labels: Labels, host: str) -> list[bytes]:
    """Write lines as messages of RFC 5424."""
    return [_message(line, labels[line.service], host).encode() for line in lines]


def _message(line: Line, labels: Mapping[str, str], host: str) -> str:
    quoted = {key: re.sub(r'(["\\\]])', r"\\\1", value) for key, value in sorted(labels.items())}
    pairs = "".join(f' {key}="{value}"' for key, value in quoted.items())
    return f"<13>1 {line.document['time']} {host} {line.service} - - [{_SYSLOG_ID}{pairs}] {line.message}\n"


class Sender:
    """The lines for one target that are not sent yet."""

    def __init__(self, name: str, target: LogTarget) -> None:
        self.target: LogTarget = target
        self.plan: Plan = Plan()
        self._name: str = name
        self._pending: list[Line] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None

    def take(self, line: Line) -> None:
        """Send with others, one second from now, or as soon as they are many."""
        self._pending = [*self._pending, line][-_KEPT:]
        if len(self._pending) >= _LINES:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_AFTER, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending and self._sending is None:
            self._sending = asyncio.ensure_future(self._send_all())

    async def _send_all(self) -> None:
        lines, self._pending = self._pending[:_LINES], self._pending[_LINES:]
        good = False
        try:
            good = await asyncio.wait_for(self._send(lines), _PATIENCE)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            sys.stderr.write(f'log target "{self._name}" cannot be reached: {error}\n')
        self._sending = None
        if not good:
            self._pending = [*lines, *self._pending][-_KEPT:]
        if self._pending and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_AFTER, self._flush)

    async def _send(self, lines: Sequence[Line]) -> bool:
        """Send some lines; the answer is whether they are done with."""
        labels = {line.service: self._labels(line.service) for line in lines}
        location = self.target.location
        if self.target.type == "syslog":
            await _send_syslog(location, syslog(lines, labels, socket.gethostname()))
            return True
        if self.target.type == "loki":
            return await self._post(location, loki(lines, labels), "application/json; charset=utf-8")
        url = f"{location.rstrip('/')}/v1/logs"
        return await self._post(url, opentelemetry(lines, labels), "application/json")

    def _labels(self, service: str) -> dict[str, str]:
        entry = self.plan.services.get(service)
        environment = (entry.environment if entry else None) or {}
        return {key: expand(value, environment) for key, value in (self.target.labels or {}).items()}

    async def _post(self, url: str, content: dict[str, Any], kind: str) -> bool:
        headers = {"User-Agent": f"pebble/{VERSION}", "Content-Type": kind}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=json.dumps(content).encode(), headers=headers) as answer,
        ):
            return not (answer.status == _BUSY or answer.status in _FAULTS)

    async def close(self) -> None:
        """Send the rest, if that is quick."""
        self._flush()
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=_AFTER)
            self._sending.cancel()
        if self._timer is not None:
            self._timer.cancel()


async def _send_syslog(location: str, messages: Sequence[bytes]) -> None:
    where = urlsplit(location)
    loop = asyncio.get_running_loop()
    kind = socket.SOCK_DGRAM if where.scheme == "udp" else socket.SOCK_STREAM
    found = await loop.getaddrinfo(where.hostname, where.port or 514, type=kind)
    with socket.socket(found[0][0], kind) as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, found[0][4])
        for message in messages:
            framed = message if where.scheme == "udp" else f"{len(message)} ".encode() + message
            await loop.sock_sendall(connection, framed)


class Forwarding:
    """All log targets of the plan."""

    def __init__(self, logs: Logs) -> None:
        self._senders: dict[str, Sender] = {}
        self._lines: asyncio.Queue[Line] = logs.follow()
        self._passing: asyncio.Task[None] = asyncio.ensure_future(self._pass_on())

    async def _pass_on(self) -> None:
        while True:
            line = await self._lines.get()
            for sender in self._senders.values():
                if sender.target.wants(line.service):
                    sender.take(line)

    def plan_changed(self, plan: Plan) -> None:
        """Targets count at once."""
        for name, target in plan.log_targets.items():
            sender = self._senders.setdefault(name, Sender(name, target))
            sender.target = target
        for sender in self._senders.values():
            sender.plan = plan

    async def close(self) -> None:
        """Send what is left."""
        self._passing.cancel()
        await asyncio.gather(*(sender.close() for sender in self._senders.values()))
