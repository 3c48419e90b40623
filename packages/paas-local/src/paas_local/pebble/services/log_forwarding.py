"""Forwarding of logs to log targets."""

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

_DELAY = 1.0
_BATCH = 100
_MAX_PENDING = 1000
_TIMEOUT = 10.0
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = range(500, 600)
_SYSLOG_ID = "pebble@28978"


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Replace ``$X`` and ``${X}`` by the values of variables; a missing variable is empty."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda match: environment.get(match[1] or match[2], ""), text)


Labels = Mapping[str, Mapping[str, str]]
"""Service name to its labels."""


def _by_service(lines: Sequence[Line]) -> dict[str, list[Line]]:
    grouped: dict[str, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line.service, []).append(line)
    return grouped


def _nanoseconds(line: Line) -> str:
    return str(int(line.time.timestamp() * 1_000_000) * 1000)


def loki(lines: Sequence[Line], labels: Labels) -> dict[str, Any]:
    """Build a push request of Loki."""
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
    """Build an export request of OTLP."""
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
    """Build messages of RFC 5424."""
    return [_message(line, labels[line.service], host).encode() for line in lines]


def _message(line: Line, labels: Mapping[str, str], host: str) -> str:
    quoted = {key: re.sub(r'(["\\\]])', r"\\\1", value) for key, value in sorted(labels.items())}
    pairs = "".join(f' {key}="{value}"' for key, value in quoted.items())
    return f"<13>1 {line.document['time']} {host} {line.service} - - [{_SYSLOG_ID}{pairs}] {line.message}\n"


class Gatherer:
    """The lines for one log target that are not sent yet."""

    def __init__(self, name: str, target: LogTarget) -> None:
        self.target: LogTarget = target
        self.plan: Plan = Plan()
        self._name: str = name
        self._pending: list[Line] = []
        self._newest: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None

    def add(self, line: Line) -> None:
        """Send a line once, with others, after a second or as soon as the batch is full."""
        if line.number <= self._newest.get(line.service, -1):
            return
        self._newest[line.service] = line.number
        self._pending = [*self._pending, line][-_MAX_PENDING:]
        if len(self._pending) >= _BATCH:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending and self._sending is None:
            self._sending = asyncio.ensure_future(self._send_all())

    async def _send_all(self) -> None:
        lines, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
        done = False
        try:
            done = await asyncio.wait_for(self._send(lines), _TIMEOUT)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            sys.stderr.write(f'log target "{self._name}" cannot be reached: {error}\n')
        self._sending = None
        if not done:
            self._pending = [*lines, *self._pending][-_MAX_PENDING:]
        if self._pending and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self._flush)

    async def _send(self, lines: Sequence[Line]) -> bool:
        """Send lines; return False if they must be sent again."""
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
            return not (answer.status == _TOO_MANY_REQUESTS or answer.status in _SERVER_ERRORS)

    async def close(self) -> None:
        """Send the pending lines, for at most a second."""
        self._flush()
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=_DELAY)
            self._sending.cancel()
        if self._timer is not None:
            self._timer.cancel()


async def _send_syslog(location: str, messages: Sequence[bytes]) -> None:
    address = urlsplit(location)
    loop = asyncio.get_running_loop()
    kind = socket.SOCK_DGRAM if address.scheme == "udp" else socket.SOCK_STREAM
    addresses = await loop.getaddrinfo(address.hostname, address.port or 514, type=kind)
    with socket.socket(addresses[0][0], kind) as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, addresses[0][4])
        for message in messages:
            framed = message if address.scheme == "udp" else f"{len(message)} ".encode() + message
            await loop.sock_sendall(connection, framed)


class LogForwarder:
    """All log targets of the plan."""

    def __init__(self, logs: Logs) -> None:
        self._gatherers: dict[str, Gatherer] = {}
        self._logs: Logs = logs
        self._lines: asyncio.Queue[Line] = logs.follow()
        self._forwarding: asyncio.Task[None] = asyncio.ensure_future(self._forward())

    async def _forward(self) -> None:
        while True:
            self._add(await self._lines.get())

    def _add(self, line: Line) -> None:
        for gatherer in self._gatherers.values():
            if gatherer.target.receives(line.service):
                gatherer.add(line)

    def plan_changed(self, plan: Plan) -> None:
        """Use the log targets of a new plan; a new target also receives the lines that are kept."""
        for name, target in plan.log_targets.items():
            gatherer = self._gatherers.setdefault(name, Gatherer(name, target))
            gatherer.target = target
        for gatherer in self._gatherers.values():
            gatherer.plan = plan
        for line in self._logs.published():
            self._add(line)

    async def close(self) -> None:
        """Stop, and send the pending lines."""
        self._forwarding.cancel()
        await asyncio.gather(*(gatherer.close() for gatherer in self._gatherers.values()))
