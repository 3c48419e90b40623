"""Bytecode in packed charms: Python uses it after Juju has unpacked the charm."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import packed_charm
import pytest
from paas_local.build import frameworks, yaml_files

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
CHARMCRAFT_YAML = sorted(
    [*EXAMPLES.glob("*/charm/charmcraft.yaml"), *frameworks.FOLDER.glob("*/template/charm/charmcraft.yaml.template")]
)
SCRIPT = "craftctl default\npython3 -m compileall -q -f --invalidation-mode unchecked-hash .\n"
PART = {"plugin": "nil", "after": ["charm"], "override-prime": SCRIPT}


@pytest.fixture(scope="module")
def primed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed_charm.prime(EXAMPLES / "flask/charm", wheels, tmp_path_factory.mktemp("charm") / "prime")


def compiled_again(primed: Path, folder: Path) -> list[Path]:
    """Pack and unpack a charm; return the modules that its first event compiles."""
    charm = packed_charm.unpack(packed_charm.archive(primed, folder / "app.charm"), folder / "charm")
    before = packed_charm.bytecode(charm)
    packed_charm.run_event(charm, "start", folder / "juju")
    after = packed_charm.bytecode(charm)
    assert after
    return [file.relative_to(charm) for file in after if before.get(file) != after[file]]


@pytest.mark.parametrize("file", CHARMCRAFT_YAML, ids=lambda file: str(file.relative_to(EXAMPLES.parent)))
def test_each_charm_compiles_its_modules_when_it_is_packed(file: Path):
    assert yaml_files.mapping(yaml_files.load(file), "parts", "bytecode") == PART


def test_without_the_part_an_event_compiles_the_modules(primed: Path, tmp_path: Path):
    assert Path("venv/ops/__pycache__/model.cpython-{}{}.pyc".format(*sys.version_info)) in compiled_again(
        primed, tmp_path
    )


def test_with_the_part_no_event_compiles_a_module(primed: Path, tmp_path: Path):
    primed = shutil.copytree(primed, tmp_path / "prime")
    (tmp_path / "bin").mkdir()
    for program, to in {"craftctl": shutil.which("true"), "python3": os.path.realpath(sys.executable)}.items():
        (tmp_path / "bin" / program).symlink_to(str(to))
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"

    subprocess.run(["sh", "-ec", SCRIPT], cwd=primed, env={**os.environ, "PATH": path}, check=True)

    assert compiled_again(primed, tmp_path) == []
