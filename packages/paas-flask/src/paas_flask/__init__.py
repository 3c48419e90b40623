"""Charm of a Flask application."""

import typing

from paas_common import lazy

from .charm import Charm

if typing.TYPE_CHECKING:
    from .settings import FlaskSettings

__all__ = ["Charm", "FlaskSettings"]

__getattr__ = lazy.names(__name__, {"FlaskSettings": "settings"})
