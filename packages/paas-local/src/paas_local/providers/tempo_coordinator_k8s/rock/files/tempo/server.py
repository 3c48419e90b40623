"""A receiver of OTLP over HTTP; it keeps the last spans in memory, and lists them as JSON."""

import argparse
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web
from google.protobuf import json_format
from google.rpc import code_pb2, status_pb2

if TYPE_CHECKING:  # where a type checker finds it; in the image it is next to this file
    from paas_local.providers.tempo_coordinator_k8s.rock.files.tempo import spans
else:
    import spans

_MAX_SPANS = 10_000
_MAX_BODY = 64 * 1024 * 1024
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_READERS: dict[str, Callable[[bytes], tuple[spans.Span, ...]]] = {
    _PROTOBUF: spans.from_protobuf,
    _JSON: spans.from_json,
}


class Receiver:
    """The last spans, the newest first."""

    def __init__(self) -> None:
        self._spans: deque[spans.Span] = deque(maxlen=_MAX_SPANS)

    async def receive(self, request: web.Request) -> web.Response:
        """Keep spans; the answer has the content type of the request, and is empty: all spans were accepted."""
        read = _READERS.get(request.content_type)
        if read is None:
            return web.Response(status=415, text=f"send {_PROTOBUF} or {_JSON}, not {request.content_type}\n")
        try:
            self._spans.extendleft(read(await request.read()))
        except (spans.InvalidError, web.RequestPayloadError) as reason:
            return _bad_request(request.content_type, str(reason))
        return web.Response(body=b"{}" if request.content_type == _JSON else b"", content_type=request.content_type)

    async def show(self, _: web.Request) -> web.Response:
        """List the spans."""
        return web.json_response([asdict(span) for span in self._spans])


def _bad_request(content_type: str, reason: str) -> web.Response:
    status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message=reason)
    body = json_format.MessageToJson(status).encode() if content_type == _JSON else status.SerializeToString()
    return web.Response(status=400, body=body, content_type=content_type)


def application() -> web.Application:
    """Build the server; aiohttp itself decompresses bodies, as Content-Encoding names them, or refuses them."""
    receiver = Receiver()
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_post("/v1/traces", receiver.receive)
    app.router.add_get("/spans", receiver.show)
    return app


def main() -> None:
    """Serve on the port of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    web.run_app(application(), port=parser.parse_args().port, print=None, access_log=None)


if __name__ == "__main__":
    main()
