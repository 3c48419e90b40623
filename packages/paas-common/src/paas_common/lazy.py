"""Names and values that are imported at their first use, because a charm is a new process for each event."""

from __future__ import annotations

import importlib
import typing

if typing.TYPE_CHECKING:
    import collections.abc

    from paas_common.values.framework import FrameworkSpec


def names(package: str, modules: collections.abc.Mapping[str, str]) -> collections.abc.Callable[[str], object]:
    """Return the ``__getattr__`` of a package; the mapping has the submodule of each name."""

    def get(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{modules[name]}"), name)

    return get


def spec(module: str, name: str) -> FrameworkSpec:
    """Return the value ``name`` of a module, for the attribute ``spec`` of a charm class."""
    return typing.cast("FrameworkSpec", _Spec(module, name))


class _Spec:
    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __get__(self, charm: object, charm_type: object) -> FrameworkSpec:
        return getattr(importlib.import_module(self._module), self._name)
