"""Writer of the frameworks' ``schema.yaml`` in paas-local, from the specifications in the framework wheels.

paas-local expands charmcraft's extensions without the wheels, so it has a copy of what they declare. ``make schemas``
writes the copy; a test compares it with the wheels.
"""

import importlib
import pathlib

import yaml
from paas_common import FrameworkSpec, schema
from paas_local.build import frameworks

HEADER = "# The parts of charmcraft.yaml that belong to the framework, by generation. Written by `make schemas`.\n"


def text(spec: FrameworkSpec) -> str:
    """Return the content of a framework's ``schema.yaml``."""
    documents = ({release: schema.charmcraft(spec, release)} for release in (schema.OLDER, schema.NEWER))
    return HEADER + "".join(yaml.safe_dump(document, sort_keys=False, width=100) for document in documents)


def main() -> None:
    """Write the file of every framework."""
    for name in frameworks.names():
        spec: FrameworkSpec = getattr(importlib.import_module(f"paas_{name}.framework"), name.upper())
        pathlib.Path(frameworks.FOLDER, name, "schema.yaml").write_text(text(spec), encoding="utf-8")


if __name__ == "__main__":
    main()
