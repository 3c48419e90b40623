"""A server of dashboards with a part of Grafana's API, and pages that draw them.

A JSON file, read for each request, has each ``dashboard`` by its uid, with the ``applications`` that sent it. Another
one has the data sources.
"""

import argparse
import hmac
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import encode_basic_auth, web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from . import pages, view
from .panels import panels
from .sources import Sources

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class Dashboards:
    """The dashboards of a file, drawn with the data of the sources in another one."""

    def __init__(self, file: Path, sources: Path) -> None:
        self._file = file
        self._sources = Sources(sources)

    def _all(self) -> Mapping[str, Mapping[str, Any]]:
        return json.loads(self._file.read_text(encoding="utf-8"))

    def _one(self, request: web.Request) -> Mapping[str, Any]:
        entry = self._all().get(request.match_info["uid"])
        if entry is None:
            raise web.HTTPNotFound(text='{"message": "Dashboard not found"}', content_type="application/json")
        return entry

    async def search(self, _: web.Request) -> web.Response:
        """List the dashboards; ``applications`` is an addition to Grafana's API."""
        return web.json_response([_row(uid, entry) for uid, entry in self._all().items()])

    async def dashboard(self, request: web.Request) -> web.Response:
        """Return one dashboard."""
        entry = self._one(request)
        return web.json_response({"dashboard": entry["dashboard"], "meta": {"type": "db", "provisioned": True}})

    async def panels(self, request: web.Request) -> web.Response:
        """List the panels of one dashboard with their queries."""
        return web.json_response([panel.document() for panel in panels(self._one(request)["dashboard"])])

    async def index(self, request: web.Request) -> web.Response:
        """Return the page with all dashboards."""
        return web.Response(text=pages.index(self._all(), _prefix(request)), content_type="text/html")

    async def page(self, request: web.Request) -> web.Response:
        """Return the page of one dashboard."""
        document = self._one(request)["dashboard"]
        try:
            shown = view.read({key: request.query.getall(key) for key in request.query}, document)
        except view.InvalidError as reason:
            raise web.HTTPBadRequest(text=f"{reason}\n") from None
        text = await pages.dashboard(document, self._sources.read(), shown, _prefix(request))
        return web.Response(text=text, content_type="text/html")

    async def health(self, _: web.Request) -> web.Response:
        """Answer that the server is ready."""
        return web.json_response({"database": "ok"})


def _prefix(request: web.Request) -> str:
    """Return the prefix of the paths that a proxy in front of this server has removed."""
    prefix = request.headers.get("X-Forwarded-Prefix", "")
    return prefix if _PREFIX.fullmatch(prefix) else ""


async def metrics(_: web.Request) -> web.Response:
    """Return the metrics of this server."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _row(uid: str, entry: Mapping[str, Any]) -> dict[str, object]:
    dashboard = entry["dashboard"]
    return {
        "uid": uid,
        "title": dashboard["title"],
        "type": "dash-db",
        "tags": dashboard.get("tags", []),
        "applications": entry["applications"],
    }


def authentication(user: str, password: str, *, anonymous: bool) -> Middleware:
    """Build the check of each request's login; without one, only ``anonymous``, health and metrics are answered."""
    login = encode_basic_auth(user, password)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "")
        accepted = hmac.compare_digest(sent.encode(), login.encode()) if sent else anonymous
        if not (accepted or request.path in {"/api/health", "/metrics"}):
            headers = {"WWW-Authenticate": 'Basic realm="Grafana"'}
            return web.json_response({"message": "Invalid username or password"}, status=401, headers=headers)
        return await handler(request)

    return check


def application(file: Path, sources: Path, check: Middleware) -> web.Application:
    """Build the server of two files."""
    dashboards = Dashboards(file, sources)
    app = web.Application(middlewares=[check])
    app.router.add_get("/api/search", dashboards.search)
    app.router.add_get("/api/dashboards/uid/{uid}", dashboards.dashboard)
    app.router.add_get("/panels/{uid}", dashboards.panels)
    app.router.add_get("/", dashboards.index)
    app.router.add_get("/dashboards", dashboards.index)
    app.router.add_get("/d/{uid}", dashboards.page)
    app.router.add_get("/d/{uid}/{slug}", dashboards.page)
    app.router.add_get("/api/health", dashboards.health)
    app.router.add_get("/metrics", metrics)
    return app


def main() -> None:
    """Serve the file on the port of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dashboards", type=Path, required=True)
    parser.add_argument("--sources", type=Path, required=True)
    arguments = parser.parse_args()
    environment = os.environ
    check = authentication(
        environment["GRAFANA_USER"],
        environment["GRAFANA_PASSWORD"],
        anonymous=bool(environment["GRAFANA_ANONYMOUS"]),
    )
    web.run_app(
        application(arguments.dashboards, arguments.sources, check), port=arguments.port, print=None, access_log=None
    )


if __name__ == "__main__":
    main()
