"""Packs what the legs on a cluster deploy: the charms and images of the examples, and built-in charms of paas-local.

``python tests/integration/suite/pack.py FRAMEWORK`` writes the charms to ``dist/charms``, and pushes the images to the
registry on port 32000 of this machine. It needs charmcraft and rockcraft.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import previous
import projects
from paas_local.build import interpreters
from paas_local.providers import BUILT_IN
from related_charms import PROVIDERS

from examples import EVERYTHING, EXAMPLES, ROOT, Project

CHARMS = ROOT / "dist/charms"
EXPERIMENTAL = {
    "CHARMCRAFT_ENABLE_EXPERIMENTAL_EXTENSIONS": "true",
    "ROCKCRAFT_ENABLE_EXPERIMENTAL_EXTENSIONS": "true",
}


def main(framework: str) -> None:
    """Pack everything for the tests of one framework."""
    CHARMS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pack-", dir=Path.home()) as name:
        folder = Path(name)
        previous.build(folder / "previous", "--sdist")
        build = (interpreters.find_uv(), "build", "--quiet", "--all-packages", "--sdist", "--out-dir")
        subprocess.run([*build, folder / "current/dist"], cwd=ROOT, check=True)
        for project in (*EXAMPLES, EVERYTHING):
            if project.framework == framework:
                pack_project(project, folder)
        for provider in PROVIDERS:
            if not provider.on_charmhub:
                charm = projects.built_in_charm(provider, folder / f"{provider.charm}-charm")
                pack_charm(charm, CHARMS / f"{provider.charm}.charm")
                rock = shutil.copytree(BUILT_IN[provider.charm] / "rock", folder / f"{provider.charm}-rock")
                push_image(rock, f"{provider.charm}:first")


def pack_project(project: Project, folder: Path) -> None:
    """Pack the charm of an example with the previous and the current packages, and its two images."""
    for packages in ("previous", "current"):
        target = folder / f"{project.name}-{packages}"
        requirements = ("--find-links sdists", f"paas-{project.framework}")
        charm = projects.charm(project, target, requirements)
        shutil.copytree(folder / packages / "dist", charm / "sdists")
        run("charmcraft", "fetch-libs", folder=charm)
        pack_charm(charm, CHARMS / f"{project.name}-{packages}.charm")
    for image in ("first", "new"):
        rock = projects.image(project, folder / f"{project.name}-{image}", new=image == "new")
        push_image(rock, f"{project.name}:{image}")


def pack_charm(project: Path, file: Path) -> None:
    """Pack a charm."""
    run("charmcraft", "pack", folder=project)
    (packed,) = project.glob("*.charm")
    shutil.move(packed, file)


def push_image(project: Path, name: str) -> None:
    """Build an image, and push it to the registry."""
    run("rockcraft", "pack", folder=project)
    (rock,) = project.glob("*.rock")
    target = f"docker://{projects.REGISTRY}/{name}"
    run("rockcraft.skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", f"oci-archive:{rock}", target)


def run(*words: str, folder: Path | None = None) -> None:
    """Run a command that must succeed."""
    subprocess.run(words, cwd=folder, check=True, env={**os.environ, **EXPERIMENTAL})


if __name__ == "__main__":
    main(*sys.argv[1:])
