"""The applications that ship with paas-local: ordinary charms and images, deployed by their names."""

from collections.abc import Mapping
from pathlib import Path

BUILT_IN: Mapping[str, Path] = {
    folder.name.replace("_", "-"): folder
    for folder in sorted(Path(__file__).parent.iterdir())
    if (folder / "charm").is_dir()
}
"""Name to a folder with ``charm`` and ``rock`` in it."""
