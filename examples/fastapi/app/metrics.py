"""Metrics for Prometheus, on the port of the application or on the metrics port that the charm sets."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import prometheus_client
from fastapi import APIRouter, Response

from app.settings import settings

log = logging.getLogger("uvicorn.error")
router = APIRouter(include_in_schema=False)
notes_added = prometheus_client.Counter("notes_added", "Added notes")


@router.get(settings.metrics_path)
async def metrics() -> Response:
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)


@contextmanager
def served() -> Iterator[None]:
    """Serve the metrics while the application runs, if their port is not the application's."""
    if settings.metrics_port in {None, settings.port}:
        yield
        return
    try:
        server, _ = prometheus_client.start_http_server(settings.metrics_port)
    except OSError as error:
        # Only one of several Uvicorn workers gets the port.
        log.warning("no metrics on port %s: %s", settings.metrics_port, error)
        yield
        return
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
