"""Charm of a FastAPI application."""

import paas_common
from paas_common import lazy


class Charm(paas_common.PaasCharm):
    """Base class of a charm that runs a FastAPI application under Uvicorn."""

    spec = lazy.spec("paas_fastapi.framework", "FASTAPI")
