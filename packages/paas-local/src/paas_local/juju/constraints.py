"""The constraints of a model, which are shown and have no effect on one machine."""

import re
from collections.abc import Mapping
from typing import TypeAlias

from paas_local.juju import names
from paas_local.juju.errors import JujuError

Constraint: TypeAlias = str | int | tuple[str, ...]

_MEBIBYTES: Mapping[str, int] = {"": 1, "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([MGTP]?)(?:i?B)?")
_SIZES = ("mem", "root-disk")
_NUMBERS = ("cores", "cpu-power")
_LISTS = ("tags", "spaces", "zones")
_TEXTS = (
    *("arch", "container", "instance-role", "instance-type"),
    *("root-disk-source", "virt-type", "allocate-public-ip", "image-id"),
)
_NAMES = (*_SIZES, *_NUMBERS, *_LISTS, *_TEXTS)


def parse(values: Mapping[str, str]) -> dict[str, Constraint]:
    """Return the parsed constraints, sizes in mebibytes; raise JujuError at the first invalid one."""
    return {name: _value(name, text) for name, text in values.items() if text}


def _value(name: str, text: str) -> Constraint:
    if name not in _NAMES:
        raise JujuError(f'unknown constraint "{name}"{names.did_you_mean(name, _NAMES)}')
    if name in _LISTS:
        return tuple(text.split(","))
    if name in _NUMBERS:
        if not text.isdecimal():
            raise JujuError(f'bad "{name}" constraint: must be a non-negative integer')
        return int(text)
    if name in _SIZES:
        size = _SIZE.fullmatch(text)
        if size is None:
            raise JujuError(f'bad "{name}" constraint: must be a non-negative float with optional M/G/T/P suffix')
        return round(float(size[1]) * _MEBIBYTES[size[2]])
    return text
