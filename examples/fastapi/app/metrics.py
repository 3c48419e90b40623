"""What Prometheus reads: on the application's port, and on one of its own when the charm asks for that."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import prometheus_client
from fastapi import APIRouter, Response

from app.settings import settings

log = logging.getLogger("uvicorn.error")
router = APIRouter(include_in_schema=False)
notes_added = prometheus_client.Counter("notes_added", "Notes that people have left")


@router.get(settings.metrics_path)
async def metrics() -> Response:
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)


@contextmanager
def served() -> Iterator[None]:
    """Answer on the port of the metrics, where that is another one, as long as the application runs."""
    if settings.metrics_port in {None, settings.port}:
        yield
        return
    try:
        server, _ = prometheus_client.start_http_server(settings.metrics_port)
    except OSError as error:
        # Of several Uvicorn workers one has the port.
        log.warning("no metrics on port %s: %s", settings.metrics_port, error)
        yield
        return
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
