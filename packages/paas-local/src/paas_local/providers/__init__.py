"""The built-in charms: ordinary charms and rocks that ``paas-local deploy NAME`` finds by name.

A folder with ``charm`` and ``rock`` in it is a built-in charm; no other file lists them.
"""

from collections.abc import Mapping
from pathlib import Path

BUILT_IN: Mapping[str, Path] = {
    folder.name.replace("_", "-"): folder
    for folder in sorted(Path(__file__).parent.iterdir())
    if (folder / "charm").is_dir()
}
"""Name of each built-in charm to its folder."""

CHARMHUB = Path(__file__).with_name("charmhub.yaml")
"""The options and actions of the charms that the built-in ones replace."""
