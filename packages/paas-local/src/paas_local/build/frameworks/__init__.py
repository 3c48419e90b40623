"""The frameworks that paas-local knows, one folder each.

A framework's folder has the value ``FRAMEWORK`` (``__init__.py``), the parts of charmcraft.yaml that belong to the
framework (``schema.yaml``, written by ``make schemas``) and the files of a new project (``template/``). ``shared/`` has
what all frameworks add.
"""

import importlib
from pathlib import Path

from paas_local.build.frameworks.framework import EXTENSION_SUFFIX, Framework

FOLDER = Path(__file__).parent
SHARED = FOLDER / "shared"


def names() -> tuple[str, ...]:
    """Return the names of the frameworks, sorted: each is a package below this one."""
    return tuple(sorted(file.parent.name for file in FOLDER.glob("*/__init__.py")))


def extensions() -> tuple[str, ...]:
    """Return the names of the extensions in ``charmcraft.yaml`` and ``rockcraft.yaml``, sorted."""
    return tuple(f"{name}{EXTENSION_SUFFIX}" for name in names())


def load(name: str) -> Framework:
    """Import a framework by its name."""
    return importlib.import_module(f"{__name__}.{name}").FRAMEWORK


def find_extension(extension: str) -> Framework | None:
    """Return the framework of an extension, or None if the extension is unknown."""
    return load(extension.removesuffix(EXTENSION_SUFFIX)) if extension in extensions() else None
