"""The applications that ship with paas-local: ordinary charms and images, deployed by their names."""

from collections.abc import Mapping
from pathlib import Path

_HERE = Path(__file__).parent

BUILT_IN: Mapping[str, Path] = {"postgresql-k8s": _HERE / "postgresql_k8s"}
"""Name to a folder with ``charm`` and ``rock`` in it."""
