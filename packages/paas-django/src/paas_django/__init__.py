"""Charm of a Django application."""

from .charm import Charm
from .settings import DjangoSettings

__all__ = ["Charm", "DjangoSettings"]
