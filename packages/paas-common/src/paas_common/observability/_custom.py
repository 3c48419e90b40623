"""What the charm's author adds stands beside the framework's own, under names that cannot collide with them."""

import collections.abc

CUSTOM = "cos_custom/"


def stem(path: str, endings: collections.abc.Iterable[str]) -> str:
    """Give the name of a file without its ending; that of an author's file begins with ``custom_``."""
    file = path.rpartition("/")[2]
    ending = next(ending for ending in endings if file.endswith(ending))
    return f"{'custom_' if path.startswith(CUSTOM) else ''}{file.removesuffix(ending)}"
