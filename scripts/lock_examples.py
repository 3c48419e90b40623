"""Writes the ``uv.lock`` of each example's charm, with the wheels in ``dist/``; the task ``make locks``."""

import os
from pathlib import Path

from paas_local.build import python_environments

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Lock the examples."""
    os.environ["UV_FIND_LINKS"] = str(ROOT / "dist")
    for project in sorted(ROOT.glob("examples/*/charm")):
        python_environments.lock(project)


if __name__ == "__main__":
    main()
