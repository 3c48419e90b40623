"""What Prometheus reads, on the application's own port."""

import prometheus_client
from fastapi import APIRouter, Response

from app.settings import settings

router = APIRouter(include_in_schema=False)
notes_added = prometheus_client.Counter("notes_added", "Notes that people have left")


@router.get(settings.metrics_path)
async def metrics() -> Response:
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)
