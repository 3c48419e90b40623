"""Charm of a Go application."""

import typing

from paas_common import lazy

from .charm import Charm

if typing.TYPE_CHECKING:
    from .settings import GoSettings

__all__ = ["Charm", "GoSettings"]

__getattr__ = lazy.names(__name__, {"GoSettings": "settings"})
