"""A receiver of logs that is asked as Loki is, and keeps the last lines in memory."""

import argparse
from collections import deque
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:  # where a type checker finds it; in the image it is beside this file
    from paas_local.providers.loki_k8s.rock.files.loki import streams
else:
    import streams

_KEPT = 50_000
_LARGEST = 64 * 1024 * 1024
_SHOWN = 100


class Receiver:
    """The last lines, in the order in which they came."""

    def __init__(self) -> None:
        self._entries: deque[streams.Entry] = deque(maxlen=_KEPT)

    async def push(self, request: web.Request) -> web.Response:
        """Keep lines; the answer to what was taken is empty."""
        read = streams.from_json if request.content_type == "application/json" else streams.from_protobuf
        try:
            self._entries.extend(read(await request.read()))
        except (streams.JunkError, web.RequestPayloadError) as reason:
            return web.Response(status=400, text=f"{reason}\n")
        return web.Response(status=204)

    async def query(self, request: web.Request) -> web.Response:
        """Show lines, chosen by their labels and their time."""
        asked = request.query
        try:
            result = streams.chosen(
                self._entries,
                streams.selector(asked.get("query", "")),
                start=streams.moment(asked.get("start", "0")),
                end=streams.moment(asked["end"]) if "end" in asked else None,
                limit=int(asked.get("limit", _SHOWN)),
                forward=asked.get("direction") == "forward",
            )
        except (streams.JunkError, ValueError) as reason:
            return web.Response(status=400, text=f"{reason}\n")
        return web.json_response({"status": "success", "data": {"resultType": "streams", "result": result}})

    async def ready(self, _: web.Request) -> web.Response:
        """Say that lines are taken."""
        return web.Response(text="ready\n")


def application() -> web.Application:
    """Make the server; aiohttp itself undoes what Content-Encoding names."""
    receiver = Receiver()
    app = web.Application(client_max_size=_LARGEST)
    app.router.add_post("/loki/api/v1/push", receiver.push)
    app.router.add_get("/loki/api/v1/query_range", receiver.query)
    app.router.add_get("/ready", receiver.ready)
    return app


def main() -> None:
    """Serve on the port that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    web.run_app(application(), port=parser.parse_args().port, print=None, access_log=None)


if __name__ == "__main__":
    main()
