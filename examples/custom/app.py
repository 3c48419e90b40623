"""The weather in a few towns, or that nobody has measured it.

What the charm of this folder gives: the towns in a file, a title, and the station's address and token.
"""

import json
import os
import pathlib

import flask

TOWNS = json.loads(pathlib.Path(os.environ["FLASK_TOWNS_FILE"]).read_text())

app = flask.Flask(__name__)


@app.get("/")
def weather():
    """Name what is known; the token stays with the application."""
    station = os.environ.get("WEATHER_URL")
    return {
        "title": os.environ["FLASK_TITLE"],
        "towns": TOWNS,
        "station": station,
        "may ask it": "WEATHER_TOKEN" in os.environ,
    }


@app.get("/health")
def health():
    """Say that it serves."""
    return {"status": "ok"}
