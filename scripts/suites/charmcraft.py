"""Stand-in for ``charmcraft pack``: the charm of this folder in a ``.charm`` file, packed by paas-local.

The suites pack their charms with charmcraft, which needs containers.
"""

import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from paas_local.build import charms

DISPATCH = "#!/bin/sh\nPYTHONPATH=lib:src:venv exec python3 src/charm.py\n"


def main() -> None:
    """Pack the charm, whatever the flags."""
    if sys.argv[1:2] != ["pack"]:
        raise SystemExit(f"charmcraft {' '.join(sys.argv[1:])} is not possible here: only pack is")
    packed = charms.pack(Path.cwd(), lambda _: None)
    (modules,) = (packed.folder / "venv").glob("lib/python3*/site-packages")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "charm"
        shutil.copytree(packed.folder, folder, ignore=shutil.ignore_patterns("venv", "manifest.yaml"))
        shutil.copytree(modules, folder / "venv")
        (folder / "dispatch").write_text(DISPATCH)
        with zipfile.ZipFile(f"{packed.name}_amd64.charm", "w") as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                archive.write(path, path.relative_to(folder))


if __name__ == "__main__":
    main()
