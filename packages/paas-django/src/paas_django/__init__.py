"""Charm of a Django application."""

import typing

from paas_common import lazy

from .charm import Charm

if typing.TYPE_CHECKING:
    from .settings import DjangoSettings

__all__ = ["Charm", "DjangoSettings"]

__getattr__ = lazy.names(__name__, {"DjangoSettings": "settings"})
