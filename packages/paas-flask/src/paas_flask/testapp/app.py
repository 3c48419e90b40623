"""An application that lists the names of its environment variables; some values are secrets."""

import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def home() -> list[str]:
    """Return the names."""
    return sorted(os.environ)


@app.get("/health")
def health() -> dict[str, str]:
    """Answer health checks."""
    return {"status": "ok"}
