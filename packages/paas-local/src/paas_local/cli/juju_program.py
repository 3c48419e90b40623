"""The program ``juju`` that is paas-local, in a folder of its own."""

import sys
from pathlib import Path

from paas_local import folders


def folder() -> Path:
    """Return the folder with the program, which is a link to this one: the same environment, the same home."""
    folder = folders.home() / "bin"
    folder.mkdir(exist_ok=True)
    new = folder / "juju.new"
    new.unlink(missing_ok=True)
    new.symlink_to(Path(sys.argv[0]).resolve())
    new.replace(folder / "juju")
    return folder
