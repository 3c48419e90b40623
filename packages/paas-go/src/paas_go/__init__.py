"""Charm of a Go application."""

from .charm import Charm
from .settings import GoSettings

__all__ = ["Charm", "GoSettings"]
