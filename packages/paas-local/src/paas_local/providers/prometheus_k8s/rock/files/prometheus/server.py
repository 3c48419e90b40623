"""Scrapes targets as Prometheus does, keeps the last samples of each, and is asked as Prometheus is.

Its configuration is a JSON file: ``targets``, each with its ``url``, ``labels``, ``interval`` and ``timeout`` in
seconds, and ``groups`` of rules, which are only shown.
"""

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

if TYPE_CHECKING:  # where a type checker finds it; in the image it is beside this file
    from paas_local.providers.prometheus_k8s.rock.files.prometheus import samples
else:
    import samples

_ACCEPTED = "text/plain;version=0.0.4"


@dataclass(kw_only=True)
class Target:
    """An address that is scraped, and what came of it last."""

    url: str
    labels: Mapping[str, str]
    interval: float
    timeout: float
    error: str = ""
    at: float = 0
    took: float = 0
    found: tuple[samples.Sample, ...] = field(default=())

    @property
    def up(self) -> bool:
        """Whether the last scrape brought something."""
        return bool(self.at) and not self.error

    @property
    def samples(self) -> Iterator[samples.Sample]:
        """Give what it said, and what is to be said of it; nothing before it was scraped."""
        if self.at:
            yield from self.found
            about = {"up": float(self.up), "scrape_duration_seconds": self.took}
            for name, value in about.items():
                yield samples.Sample(name=name, labels=self.labels, value=value)

    async def watch(self, session: aiohttp.ClientSession) -> None:
        """Scrape it again and again."""
        while True:
            await self.scrape(session)
            await asyncio.sleep(self.interval)

    async def scrape(self, session: aiohttp.ClientSession) -> None:
        """Scrape it once; what it said before is gone when it fails."""
        begun = time.time()
        try:
            self.found, self.error = tuple(samples.scraped(await self._read(session), self.labels)), ""
        except asyncio.TimeoutError:
            self.found, self.error = (), f"no answer within {self.timeout:g} s"
        except (samples.JunkError, aiohttp.ClientError, UnicodeDecodeError) as error:
            self.found, self.error = (), str(error) or type(error).__name__
        self.at, self.took = begun, time.time() - begun

    async def _read(self, session: aiohttp.ClientSession) -> str:
        patience = aiohttp.ClientTimeout(total=self.timeout)
        async with session.get(self.url, timeout=patience, headers={"Accept": _ACCEPTED}) as answer:
            answer.raise_for_status()
            return (await answer.read()).decode()


class Server:
    """The targets and the rules, and those who ask for them."""

    def __init__(self, targets: Iterable[Target], groups: Sequence[Mapping[str, Any]]) -> None:
        self._targets = tuple(targets)
        self._groups = groups

    async def scraping(self, _: web.Application) -> AsyncIterator[None]:
        """Scrape for as long as the server runs."""
        async with aiohttp.ClientSession() as session:
            tasks = [asyncio.ensure_future(target.watch(session)) for target in self._targets]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def query(self, request: web.Request) -> web.Response:
        """Show the last samples of a metric."""
        try:
            wanted = samples.query(request.query.get("query", ""))
        except samples.JunkError as reason:
            refusal = {"status": "error", "errorType": "bad_data", "error": str(reason)}
            return web.json_response(refusal, status=400)
        found = samples.chosen(itertools.chain.from_iterable(target.samples for target in self._targets), wanted)
        return _success({"resultType": "vector", "result": [sample.written(time.time()) for sample in found]})

    async def targets(self, _: web.Request) -> web.Response:
        """Show what is scraped, and how that went."""
        return _success({"activeTargets": [_shown(target) for target in self._targets], "droppedTargets": []})

    async def rules(self, _: web.Request) -> web.Response:
        """Show the rules; nobody evaluates them."""
        return _success({"groups": [_group(group) for group in self._groups]})

    async def ready(self, _: web.Request) -> web.Response:
        """Say that the server can be asked."""
        return web.Response(text="ready\n")


def _success(data: Mapping[str, object]) -> web.Response:
    return web.json_response({"status": "success", "data": data})


def _shown(target: Target) -> dict[str, object]:
    return {
        "scrapePool": target.labels["job"],
        "scrapeUrl": target.url,
        "labels": dict(target.labels),
        "health": ("up" if target.up else "down") if target.at else "unknown",
        "lastError": target.error,
        "lastScrape": datetime.fromtimestamp(target.at, timezone.utc).isoformat(),
        "lastScrapeDuration": target.took,
    }


def _group(group: Mapping[str, Any]) -> dict[str, object]:
    return {"name": group["name"], "rules": [_rule(rule) for rule in group["rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, object]:
    kind = "alerting" if "alert" in rule else "recording"
    return {
        "name": rule.get("alert", rule.get("record", "")),
        "query": rule.get("expr", ""),
        "labels": rule.get("labels", {}),
        "annotations": rule.get("annotations", {}),
        "health": "unknown",
        "type": kind,
    }


def application(config: Mapping[str, Any]) -> web.Application:
    """Make the server of a configuration."""
    server = Server((Target(**target) for target in config["targets"]), config["groups"])
    app = web.Application()
    app.cleanup_ctx.append(server.scraping)
    app.router.add_get("/api/v1/query", server.query)
    app.router.add_get("/api/v1/targets", server.targets)
    app.router.add_get("/api/v1/rules", server.rules)
    app.router.add_get("/-/ready", server.ready)
    return app


def main() -> None:
    """Serve on the port, and what the file says, that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--config", type=Path, required=True)
    given = parser.parse_args()
    config = json.loads(given.config.read_text(encoding="utf-8"))
    web.run_app(application(config), port=given.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
