"""Names of the charm's own dashboards and rules, which cannot collide with the framework's."""

import collections.abc

CUSTOM = "cos_custom/"


def unique_name(path: str, suffixes: collections.abc.Iterable[str]) -> str:
    """Return a file's name without its suffix, after ``custom_`` for a file in ``cos_custom``."""
    file = path.rpartition("/")[2]
    suffix = next(suffix for suffix in suffixes if file.endswith(suffix))
    return f"{'custom_' if path.startswith(CUSTOM) else ''}{file.removesuffix(suffix)}"
