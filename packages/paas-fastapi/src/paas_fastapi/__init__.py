"""Charm of a FastAPI application."""

from .charm import Charm
from .settings import FastapiSettings

__all__ = ["Charm", "FastapiSettings"]
