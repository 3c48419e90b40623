"""Tells which variables the charm has set; names only, because some of them are secrets."""

import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def home() -> list[str]:
    """Name the variables."""
    return sorted(os.environ)


@app.get("/health")
def health() -> dict[str, str]:
    """Say that it serves."""
    return {"status": "ok"}
