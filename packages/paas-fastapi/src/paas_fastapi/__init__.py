"""Charm of a FastAPI application."""

import typing

from paas_common import lazy

from .charm import Charm

if typing.TYPE_CHECKING:
    from .settings import FastapiSettings

__all__ = ["Charm", "FastapiSettings"]

__getattr__ = lazy.names(__name__, {"FastapiSettings": "settings"})
