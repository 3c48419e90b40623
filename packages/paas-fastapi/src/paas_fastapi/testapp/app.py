"""An application that lists the names of its environment variables; some values are secrets."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def home() -> list[str]:
    """Return the names."""
    return sorted(os.environ)


@app.get("/health")
async def health() -> dict[str, str]:
    """Answer health checks."""
    return {"status": "ok"}
