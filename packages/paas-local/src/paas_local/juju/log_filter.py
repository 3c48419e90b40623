"""The filter of ``debug-log``."""

from collections.abc import Sequence
from dataclasses import dataclass

from paas_local.juju.names import unit_tag

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """The filter of ``--include``, ``--exclude``, ``--include-module`` and ``--level``; empty ones match all lines."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    modules: Sequence[str] = ()
    level: str = "TRACE"

    def matches(self, *, entity: str, module: str, level: str) -> bool:
        """Return whether a line is shown."""
        if self.include and not any(_is(name, entity) for name in self.include):
            return False
        if any(_is(name, entity) for name in self.exclude):
            return False
        if self.modules and not any(module == name or module.startswith(f"{name}.") for name in self.modules):
            return False
        return _rank(level) >= _rank(self.level)


def _is(name: str, entity: str) -> bool:
    # a name is a/0, unit-a-0 or a prefix with an asterisk
    tag = unit_tag(name) if "/" in name else name
    return entity.startswith(tag[:-1]) if tag.endswith("*") else entity == tag


def _rank(level: str) -> int:
    return _LEVELS.index(level.upper()) if level.upper() in _LEVELS else 0
