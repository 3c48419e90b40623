"""A page with the weather in some towns.

The charm of this folder provides the towns in a file, a title, and the address and token of a weather station.
"""

import json
import os
import pathlib

import flask

CACHE = pathlib.Path("/tmp/weather-cache")
TOWNS = json.loads(pathlib.Path(os.environ["FLASK_TOWNS_FILE"]).read_text())

app = flask.Flask(__name__)


@app.get("/")
def weather():
    """Return the settings from the charm; the token is not shown."""
    station = os.environ.get("WEATHER_URL")
    return {
        "title": os.environ["FLASK_TITLE"],
        "towns": TOWNS,
        "station": station,
        "may ask it": "WEATHER_TOKEN" in os.environ,
        "has a cache": CACHE.is_dir(),
    }


@app.get("/health")
def health():
    """Return 200 while the application serves."""
    return {"status": "ok"}
