"""Charm of a Flask application."""

from .charm import Charm
from .settings import FlaskSettings

__all__ = ["Charm", "FlaskSettings"]
