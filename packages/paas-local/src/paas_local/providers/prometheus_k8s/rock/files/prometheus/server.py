"""A scraper with the API of Prometheus; it keeps the samples of an hour in memory.

Its configuration is a JSON file: ``targets``, each with ``url``, ``labels``, and ``interval`` and ``timeout`` in
seconds, and ``groups`` of rules, which it lists and does not evaluate. It follows changes of the file.
"""

import argparse
import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest

from . import promql, samples, series, vectors

_ACCEPTED = "text/plain;version=0.0.4"
_MAX_POINTS = 11_000
_SERIES = Gauge("prometheus_tsdb_head_series", "Series that are kept.")
_SAMPLES = Counter("prometheus_tsdb_head_samples_appended", "Samples that targets have sent.")


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
    answered: tuple[series.Series, ...] = field(default=(), repr=False)
    """The series of the last answer."""
    scrape_series: tuple[series.Series, ...] = field(default=(), repr=False)
    """The series about the scrapes themselves."""

    @property
    def up(self) -> bool:
        """True if the last scrape succeeded."""
        return bool(self.scraped_at) and not self.error

    async def watch(self, session: aiohttp.ClientSession, store: series.Store) -> None:
        """Scrape at each interval."""
        while True:
            await self.scrape(session, store)
            await asyncio.sleep(self.interval)

    async def scrape(self, session: aiohttp.ClientSession, store: series.Store) -> None:
        """Scrape once; the series that the answer does not have end."""
        start = time.time()
        read: tuple[samples.Sample, ...] = ()
        try:
            read, self.error = tuple(samples.scraped(await self._read(session), self.labels)), ""
        except asyncio.TimeoutError:
            self.error = f"no answer within {self.timeout:g} s"
        except (samples.InvalidError, aiohttp.ClientError, UnicodeDecodeError) as error:
            self.error = str(error) or type(error).__name__
        self.scraped_at, self.duration = start, time.time() - start
        before = self.answered
        self.answered = tuple(store.append(each.name, each.labels, start, each.value) for each in read)
        _end(before, self.answered, start)
        about = {"up": float(self.up), "scrape_duration_seconds": self.duration}
        self.scrape_series = tuple(store.append(name, self.labels, start, value) for name, value in about.items())
        _SAMPLES.inc(len(read))

    def end(self) -> None:
        """End all series; the target is no longer scraped."""
        _end((*self.answered, *self.scrape_series), (), time.time())

    async def _read(self, session: aiohttp.ClientSession) -> str:
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        async with session.get(self.url, timeout=timeout, headers={"Accept": _ACCEPTED}) as answer:
            answer.raise_for_status()
            return (await answer.read()).decode()


def _end(before: Iterable[series.Series], present: Iterable[series.Series], moment: float) -> None:
    kept = {id(each) for each in present}
    for each in before:
        if id(each) not in kept:
            each.ends.append(moment)


class Server:
    """The API of targets, rules and queries."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._text = ""
        self._groups: Sequence[Mapping[str, Any]] = ()
        self._tasks: dict[str, tuple[Target, asyncio.Task[None]]] = {}
        self._store = series.Store()

    async def scraping(self, _: web.Application) -> AsyncIterator[None]:
        """Scrape while the server runs."""
        async with aiohttp.ClientSession() as session:
            task = asyncio.ensure_future(self._follow(session))
            yield
            tasks = [task, *(each for _, each in self._tasks.values())]
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        """Follow the changes of the configuration; a target that stays keeps its series."""
        while True:
            text = self._file.read_text(encoding="utf-8")
            if text != self._text:
                self._text = text
                self._configure(json.loads(text), session)
            self._store.expire(time.time())
            _SERIES.set(len(self._store))
            await asyncio.sleep(1)

    def _configure(self, config: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        self._groups = config["groups"]
        configured = {json.dumps(target, sort_keys=True): target for target in config["targets"]}
        for key in [key for key in self._tasks if key not in configured]:
            target, task = self._tasks.pop(key)
            task.cancel()
            target.end()
        for key in [key for key in configured if key not in self._tasks]:
            target = Target(**configured[key])
            self._tasks[key] = target, asyncio.ensure_future(target.watch(session, self._store))

    async def query(self, request: web.Request) -> web.Response:
        """Return the values of a query at one time."""
        try:
            moment = _moment(request, "time")
            value = promql.query(request.query.get("query", ""), self._store)(moment)
        except vectors.InvalidError as reason:
            return _bad_request(reason)
        if not isinstance(value, Mapping):
            return _success({"resultType": "scalar", "result": [moment, samples.number(value)]})
        rows = [{"metric": dict(labels), "value": [moment, samples.number(each)]} for labels, each in value.items()]
        return _success({"resultType": "vector", "result": rows})

    async def query_range(self, request: web.Request) -> web.Response:
        """Return the values of a query at regular times."""
        try:
            query = promql.query(request.query.get("query", ""), self._store)
            points = _points((moment, query(moment)) for moment in _moments(request))
        except vectors.InvalidError as reason:
            return _bad_request(reason)
        rows = [{"metric": dict(labels), "values": values} for labels, values in points.items()]
        return _success({"resultType": "matrix", "result": rows})

    async def targets(self, _: web.Request) -> web.Response:
        """List the targets, and the result of their last scrape."""
        rows = [_target_row(target) for target, _ in self._tasks.values()]
        return _success({"activeTargets": rows, "droppedTargets": []})

    async def rules(self, _: web.Request) -> web.Response:
        """List the rules, which are not evaluated."""
        return _success({"groups": [_group(group) for group in self._groups]})

    async def metrics(self, _: web.Request) -> web.Response:
        """Return the metrics of this server."""
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer that the server is ready."""
        return web.Response(text="ready\n")


def _points(
    values: Iterable[tuple[float, vectors.Value]],
) -> Mapping[frozenset[tuple[str, str]], list[tuple[float, str]]]:
    """Return the points of each series of a graph."""
    points: dict[frozenset[tuple[str, str]], list[tuple[float, str]]] = {}
    for moment, value in values:
        vector = value if isinstance(value, Mapping) else {frozenset[tuple[str, str]](): value}
        for labels, each in vector.items():
            points.setdefault(labels, []).append((moment, samples.number(each)))
    return points


def _moment(request: web.Request, key: str) -> float:
    """Read a time in seconds or in the form of RFC 3339; without one, now."""
    text = request.query.get(key, "")
    try:
        return float(text) if text else time.time()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise vectors.InvalidError(f"{key} must be a time in seconds or RFC 3339") from None


def _moments(request: web.Request) -> list[float]:
    """Read the times of a graph."""
    start, end, step = _moment(request, "start"), _moment(request, "end"), _step(request)
    if not 0 <= end - start <= step * _MAX_POINTS:
        raise vectors.InvalidError(f"start, end and step must have from 1 to {_MAX_POINTS} points")
    return [start + number * step for number in range(int((end - start) / step) + 1)]


def _step(request: web.Request) -> float:
    """Read a step in seconds, or as a duration such as 15s."""
    text = request.query.get("step", "")
    try:
        seconds = float(text) if text.replace(".", "", 1).isdecimal() else promql.duration(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < math.inf:
        raise vectors.InvalidError("step must be seconds or a duration such as 15s")
    return seconds


def _bad_request(reason: Exception) -> web.Response:
    answer = {"status": "error", "errorType": "bad_data", "error": str(reason)}
    return web.json_response(answer, status=400)


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


def application(file: Path) -> web.Application:
    """Build the server of a configuration."""
    server = Server(file)
    app = web.Application()
    app.cleanup_ctx.append(server.scraping)
    app.router.add_get("/api/v1/query", server.query)
    app.router.add_get("/api/v1/query_range", server.query_range)
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
    web.run_app(application(arguments.config), port=arguments.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
