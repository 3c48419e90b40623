"""Shows dashboards as Grafana's API does, and draws none.

They are in a JSON file: uid to ``dashboard`` and the ``applications`` that sent it. It is read for each request.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:  # where a type checker finds it; in the image it is beside this file
    from paas_local.providers.grafana_k8s.rock.files.grafana.panels import panels
else:
    from panels import panels


class Shelf:
    """The dashboards that there are."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def _all(self) -> Mapping[str, Mapping[str, Any]]:
        return json.loads(self._file.read_text(encoding="utf-8"))

    def _one(self, request: web.Request) -> Mapping[str, Any]:
        found = self._all().get(request.match_info["uid"])
        if found is None:
            raise web.HTTPNotFound(text='{"message": "Dashboard not found"}', content_type="application/json")
        return found

    async def search(self, _: web.Request) -> web.Response:
        """List them; whose they are is ours to tell, Grafana does not know it."""
        return web.json_response([_listed(uid, each) for uid, each in self._all().items()])

    async def dashboard(self, request: web.Request) -> web.Response:
        """Show one."""
        found = self._one(request)
        return web.json_response({"dashboard": found["dashboard"], "meta": {"type": "db", "provisioned": True}})

    async def panels(self, request: web.Request) -> web.Response:
        """Show the panels of one with their queries."""
        return web.json_response(list(panels(self._one(request)["dashboard"])))

    async def health(self, _: web.Request) -> web.Response:
        """Say that the server can be asked."""
        return web.json_response({"database": "ok"})


def _listed(uid: str, each: Mapping[str, Any]) -> dict[str, object]:
    shown = each["dashboard"]
    return {
        "uid": uid,
        "title": shown["title"],
        "type": "dash-db",
        "tags": shown.get("tags", []),
        "applications": each["applications"],
    }


def application(file: Path) -> web.Application:
    """Make the server of a file."""
    shelf = Shelf(file)
    app = web.Application()
    app.router.add_get("/api/search", shelf.search)
    app.router.add_get("/api/dashboards/uid/{uid}", shelf.dashboard)
    app.router.add_get("/panels/{uid}", shelf.panels)
    app.router.add_get("/api/health", shelf.health)
    return app


def main() -> None:
    """Serve on the port, and what the file says, that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--shelf", type=Path, required=True)
    given = parser.parse_args()
    web.run_app(application(given.shelf), port=given.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
