"""Tells which variables the charm has set; names only, because some of them are secrets."""

import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def home() -> list[str]:
    """Name the variables."""
    return sorted(os.environ)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it serves."""
    return {"status": "ok"}
