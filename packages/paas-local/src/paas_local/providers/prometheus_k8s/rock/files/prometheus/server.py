"""A scraper with the API of Prometheus; it keeps the last samples of each target.

Its configuration is a JSON file: ``targets``, each with ``url``, ``labels``, and ``interval`` and ``timeout`` in
seconds, and ``groups`` of rules, which it lists and does not evaluate.
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
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:  # where a type checker finds it; in the image it is next to this file
    from paas_local.providers.prometheus_k8s.rock.files.prometheus import samples
else:
    import samples

_ACCEPTED = "text/plain;version=0.0.4"


@dataclass(kw_only=True)
class Target:
    """An address to scrape, and the result of the last scrape."""

    url: str
    labels: Mapping[str, str]
    interval: float
    timeout: float
    error: str = ""
    scraped_at: float = 0
    duration: float = 0
    own_samples: tuple[samples.Sample, ...] = field(default=())

    @property
    def up(self) -> bool:
        """True if the last scrape succeeded."""
        return bool(self.scraped_at) and not self.error

    @property
    def samples(self) -> Iterator[samples.Sample]:
        """The samples of the target, and those about the scrape; none before the first scrape."""
        if self.scraped_at:
            yield from self.own_samples
            scrape = {"up": float(self.up), "scrape_duration_seconds": self.duration}
            for name, value in scrape.items():
                yield samples.Sample(name=name, labels=self.labels, value=value)

    async def watch(self, session: aiohttp.ClientSession) -> None:
        """Scrape at each interval."""
        while True:
            await self.scrape(session)
            await asyncio.sleep(self.interval)

    async def scrape(self, session: aiohttp.ClientSession) -> None:
        """Scrape once; a failure removes the earlier samples."""
        start = time.time()
        try:
            self.own_samples, self.error = tuple(samples.scraped(await self._read(session), self.labels)), ""
        except asyncio.TimeoutError:
            self.own_samples, self.error = (), f"no answer within {self.timeout:g} s"
        except (samples.InvalidError, aiohttp.ClientError, UnicodeDecodeError) as error:
            self.own_samples, self.error = (), str(error) or type(error).__name__
        self.scraped_at, self.duration = start, time.time() - start

    async def _read(self, session: aiohttp.ClientSession) -> str:
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        async with session.get(self.url, timeout=timeout, headers={"Accept": _ACCEPTED}) as answer:
            answer.raise_for_status()
            return (await answer.read()).decode()


class Server:
    """The API of targets and rules."""

    def __init__(self, targets: Iterable[Target], groups: Sequence[Mapping[str, Any]]) -> None:
        self._targets = tuple(targets)
        self._groups = groups

    async def scraping(self, _: web.Application) -> AsyncIterator[None]:
        """Scrape while the server runs."""
        async with aiohttp.ClientSession() as session:
            tasks = [asyncio.ensure_future(target.watch(session)) for target in self._targets]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def query(self, request: web.Request) -> web.Response:
        """Return the last samples of a metric."""
        try:
            query = samples.query(request.query.get("query", ""))
        except samples.InvalidError as reason:
            answer = {"status": "error", "errorType": "bad_data", "error": str(reason)}
            return web.json_response(answer, status=400)
        matching = samples.select(itertools.chain.from_iterable(target.samples for target in self._targets), query)
        return _success({"resultType": "vector", "result": [sample.document(time.time()) for sample in matching]})

    async def targets(self, _: web.Request) -> web.Response:
        """List the targets, and the result of their last scrape."""
        return _success({"activeTargets": [_target_row(target) for target in self._targets], "droppedTargets": []})

    async def rules(self, _: web.Request) -> web.Response:
        """List the rules, which are not evaluated."""
        return _success({"groups": [_group(group) for group in self._groups]})

    async def metrics(self, _: web.Request) -> web.Response:
        """Return the metrics of this server."""
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer that the server is ready."""
        return web.Response(text="ready\n")


def _success(data: Mapping[str, object]) -> web.Response:
    return web.json_response({"status": "success", "data": data})


def _target_row(target: Target) -> dict[str, object]:
    return {
        "scrapePool": target.labels["job"],
        "scrapeUrl": target.url,
        "labels": dict(target.labels),
        "health": ("up" if target.up else "down") if target.scraped_at else "unknown",
        "lastError": target.error,
        "lastScrape": datetime.fromtimestamp(target.scraped_at, timezone.utc).isoformat(),
        "lastScrapeDuration": target.duration,
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
    """Build the server of a configuration."""
    server = Server((Target(**target) for target in config["targets"]), config["groups"])
    app = web.Application()
    app.cleanup_ctx.append(server.scraping)
    app.router.add_get("/api/v1/query", server.query)
    app.router.add_get("/api/v1/targets", server.targets)
    app.router.add_get("/api/v1/rules", server.rules)
    app.router.add_get("/metrics", server.metrics)
    app.router.add_get("/-/ready", server.ready)
    return app


def main() -> None:
    """Serve the file on the port of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    config = json.loads(arguments.config.read_text(encoding="utf-8"))
    web.run_app(application(config), port=arguments.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
