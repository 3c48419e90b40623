"""A receiver of logs with Loki's API; it keeps the last lines in memory."""

import argparse
from collections import deque
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest

if TYPE_CHECKING:  # where a type checker finds it; in the image it is next to this file
    from paas_local.providers.loki_k8s.rock.files.loki import streams
else:
    import streams

_MAX_LINES = 50_000
_MAX_BODY = 64 * 1024 * 1024
_DEFAULT_LIMIT = 100
_LINES = Counter("loki_distributor_lines_received", "Lines received.")
_BYTES = Counter("loki_distributor_bytes_received", "Bytes of the lines received.")


class Receiver:
    """The last lines, in the order of their arrival."""

    def __init__(self) -> None:
        self._entries: deque[streams.Entry] = deque(maxlen=_MAX_LINES)

    async def push(self, request: web.Request) -> web.Response:
        """Keep lines; the answer is empty."""
        read = streams.from_json if request.content_type == "application/json" else streams.from_protobuf
        try:
            entries = read(await request.read())
        except (streams.InvalidError, web.RequestPayloadError) as reason:
            return web.Response(status=400, text=f"{reason}\n")
        self._entries.extend(entries)
        _LINES.inc(len(entries))
        _BYTES.inc(sum(len(entry.line.encode()) for entry in entries))
        return web.Response(status=204)

    async def query(self, request: web.Request) -> web.Response:
        """Return lines, selected by labels and time."""
        parameters = request.query
        try:
            result = streams.select(
                self._entries,
                streams.matching(parameters.get("query", "")),
                start=streams.timestamp(parameters.get("start", "0")),
                end=streams.timestamp(parameters["end"]) if "end" in parameters else None,
                limit=int(parameters.get("limit", _DEFAULT_LIMIT)),
                forward=parameters.get("direction") == "forward",
            )
        except (streams.InvalidError, ValueError) as reason:
            return web.Response(status=400, text=f"{reason}\n")
        return web.json_response({"status": "success", "data": {"resultType": "streams", "result": result}})

    async def labels(self, _: web.Request) -> web.Response:
        """List the names of labels."""
        return _listed({name for entry in self._entries for name in entry.labels})

    async def label_values(self, request: web.Request) -> web.Response:
        """List the values of a label."""
        name = request.match_info["name"]
        return _listed({entry.labels[name] for entry in self._entries if name in entry.labels})

    async def metrics(self, _: web.Request) -> web.Response:
        """Return the metrics of this server."""
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer that the server is ready."""
        return web.Response(text="ready\n")


def _listed(texts: set[str]) -> web.Response:
    # as in Loki, there is no list when it would be empty
    return web.json_response({"status": "success", **({"data": sorted(texts)} if texts else {})})


def application() -> web.Application:
    """Build the server; aiohttp itself decompresses bodies, as Content-Encoding names them."""
    receiver = Receiver()
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_post("/loki/api/v1/push", receiver.push)
    app.router.add_get("/loki/api/v1/query_range", receiver.query)
    app.router.add_get("/loki/api/v1/labels", receiver.labels)
    app.router.add_get("/loki/api/v1/label/{name}/values", receiver.label_values)
    app.router.add_get("/metrics", receiver.metrics)
    app.router.add_get("/ready", receiver.ready)
    return app


def main() -> None:
    """Serve on the port of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    web.run_app(application(), port=parser.parse_args().port, print=None, access_log=None)


if __name__ == "__main__":
    main()
