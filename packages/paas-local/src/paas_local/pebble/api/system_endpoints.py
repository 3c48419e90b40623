"""Endpoints about the daemon as a whole: its version and its metrics."""

import uuid
from pathlib import Path

from aiohttp import web

from paas_local.pebble import VERSION
from paas_local.pebble.api.requests import Call, sync
from paas_local.pebble.services.overlord import Overlord


class SystemApi:
    """The endpoints of the daemon."""

    def __init__(self, overlord: Overlord, http_address: str) -> None:
        self._overlord: Overlord = overlord
        self._http_address: str = http_address
        self._boot_id: str = _boot_id()

    async def info(self, _: Call) -> web.StreamResponse:
        """Return the version, the boot id and the HTTP address."""
        address = {"http-address": self._http_address} if self._http_address else {}
        return sync({"boot-id": self._boot_id, **address, "version": VERSION})

    async def metrics(self, _: Call) -> web.StreamResponse:
        """Return counters in Prometheus' text format."""
        rows: list[str] = []
        for name, (up, starts) in self._overlord.services.starts().items():
            rows += _metric(
                "service_active", "Whether the service is currently active (1) or not (0)", "gauge", name, int(up)
            )
            rows += _metric("service_start_count", "Number of times the service has started", "counter", name, starts)
        for runner in self._overlord.checks.matching("", ()):
            if runner.is_running:
                up = int(runner.status == "up")
                rows += _metric("check_up", "Whether the health check is up (1) or not (0)", "gauge", runner.name, up)
            good, bad = runner.successes, runner.failures
            rows += _metric(
                "check_success_count", "Number of times the check has succeeded", "counter", runner.name, good
            )
            rows += _metric("check_failure_count", "Number of times the check has failed", "counter", runner.name, bad)
        return web.Response(text="".join(rows), content_type="text/plain")


def _boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(uuid.uuid4())


def _metric(name: str, meaning: str, kind: str, of: str, value: int) -> list[str]:
    label = name.split("_", 1)[0]
    return [
        f"# HELP pebble_{name} {meaning}\n",
        f"# TYPE pebble_{name} {kind}\n",
        f'pebble_{name}{{{label}="{of}"}} {value}\n\n',
    ]
