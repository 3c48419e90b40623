"""Every integration the charms know, by interface."""

import typing

from ._integration import Integration, Invalid, Pending, Reading, Ready
from .postgresql import POSTGRESQL

BY_INTERFACE: typing.Final = {known.interface: known for known in (POSTGRESQL,)}

__all__ = ["BY_INTERFACE", "Integration", "Invalid", "Pending", "Reading", "Ready"]
