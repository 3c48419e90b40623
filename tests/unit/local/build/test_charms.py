"""The content of a packed charm, and errors for its author."""

import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import uv_program
import yaml
from paas_local.build import charm_libs, charmcraft_extensions, charms
from paas_local.build.errors import ProjectError

PROJECT: dict[str, Any] = {
    "name": "notes",
    "type": "charm",
    "base": "ubuntu@24.04",
    "platforms": {"amd64": None},
    "title": "Notes",
    "summary": "Notes.",
    "description": "Notes.",
    "links": {
        "documentation": "https://example.com/docs",
        "contact": "me",
        "source": ["https://example.com"],
    },
    "parts": {"charm": {"source": "."}},
    "requires": {"db": {"interface": "postgresql_client"}},
    "config": {"options": {"greeting": {"type": "string", "default": "hello"}}},
    "actions": {"greet": {"description": "Say hello."}, "plain": None},
}


def quietly(_: str) -> None:
    """Show no progress."""


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> uv_program.Uv:
    return uv_program.install(tmp_path, monkeypatch)


@pytest.fixture
def source(tmp_path: Path, uv: uv_program.Uv) -> Path:
    """Write the folder of a charm."""
    folder = tmp_path / "charm"
    write(folder, "charmcraft.yaml", yaml.safe_dump(PROJECT))
    write(folder, "requirements.txt", "ops\n")
    write(folder, "src/charm.py", "import ops\n").chmod(0o755)
    return folder


def write(folder: Path, name: str, text: str = "") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def change(source: Path, **more: Any) -> None:
    write(source, "charmcraft.yaml", yaml.safe_dump({**PROJECT, **more}))


def test_contains_the_files_that_juju_reads(source: Path):
    charm = charms.pack(source, quietly)

    metadata = yaml.safe_load((charm.folder / "metadata.yaml").read_text())
    assert metadata == {
        "name": "notes",
        "display-name": "Notes",
        "summary": "Notes.",
        "description": "Notes.",
        "docs": "https://example.com/docs",
        "maintainers": ["me"],
        "source": ["https://example.com"],
        "requires": {"db": {"interface": "postgresql_client"}},
    }
    assert charm.name == "notes"
    assert charm.options == {"greeting": {"type": "string", "default": "hello"}}
    assert charm.actions == {"greet": {"description": "Say hello."}, "plain": {}}


def test_a_packed_charm_is_read_back(source: Path):
    charm = charms.pack(source, quietly)

    assert charms.read(charm.folder) == charm


def test_links_to_an_environment_and_lists_its_mounts(source: Path):
    charm = charms.pack(source, quietly)

    environment = (charm.folder / "venv").readlink()
    assert (environment / "bin" / "python").is_file()
    assert charm.mounts[0] == environment


def test_has_the_files_of_the_charm_with_their_modes(source: Path):
    write(source, "templates/a.j2", "a")
    write(source, "tool.sh", "#!/bin/sh\n").chmod(0o755)
    (source / "link").symlink_to("tool.sh")

    folder = charms.pack(source, quietly).folder

    assert (folder / "templates" / "a.j2").read_text() == "a"
    assert stat.S_IMODE((folder / "tool.sh").stat().st_mode) == 0o755
    assert (folder / "link").readlink() == Path("tool.sh")


def test_does_not_depend_on_the_umask(source: Path):
    old = os.umask(0o077)
    try:
        folder = charms.pack(source, quietly).folder
    finally:
        os.umask(old)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "src").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "dispatch").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "metadata.yaml").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", [".git/HEAD", "venv/pyvenv.cfg", "tests/test.py", "src/__pycache__/a.pyc", "a.charm"])
def test_leaves_out_files_that_do_not_belong_to_the_charm(name: str, source: Path):
    write(source, name, "x")

    assert not (charms.pack(source, quietly).folder / name).exists()


def test_leaves_out_links_out_of_the_folder(source: Path, tmp_path: Path):
    (source / "secrets").symlink_to(tmp_path)
    messages: list[str] = []

    folder = charms.pack(source, messages.append).folder

    assert not (folder / "secrets").is_symlink()
    assert any("a link that leads out of the charm's folder" in line for line in messages)


def test_dispatch_runs_the_charm_from_any_folder_without_another_process(source: Path, tmp_path: Path):
    packed = charms.pack(source, quietly).folder
    folder = tmp_path / "unit-a-0/charm"
    (folder / "venv/bin").mkdir(parents=True)
    shutil.copy(packed / "dispatch", folder)
    python = folder / "venv/bin/python"
    python.write_text('#!/bin/sh\necho "$PYTHONPATH" "$@"\n')
    python.chmod(0o755)

    done = subprocess.run([folder / "dispatch"], env={"PATH": ""}, cwd="/", capture_output=True, text=True, check=True)

    assert done.stdout == f"{folder}/lib:{folder}/src {folder}/src/charm.py\n"


def test_a_charm_that_is_in_the_cache_is_not_compiled_again(source: Path, monkeypatch: pytest.MonkeyPatch):
    first = charms.pack(source, quietly)
    assert list(first.folder.rglob("charm.*.pyc"))

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("compiled again")

    monkeypatch.setattr("compileall.compile_dir", refuse)

    assert charms.pack(source, quietly).folder == first.folder


def test_dispatch_runs_another_entrypoint(source: Path):
    change(source, parts={"charm": {"plugin": "charm", "charm-entrypoint": "app.py"}})
    write(source, "app.py").chmod(0o755)

    assert '"$here/app.py"' in (charms.pack(source, quietly).folder / "dispatch").read_text()


@pytest.mark.parametrize("own", ["dispatch", "hooks/install"])
def test_keeps_the_authors_own_dispatch(own: str, source: Path):
    write(source, own, "mine")

    folder = charms.pack(source, quietly).folder

    assert (folder / own).read_text() == "mine"
    assert own == "dispatch" or not (folder / "dispatch").exists()


def test_the_same_charm_is_packed_once(source: Path, uv: uv_program.Uv):
    first = charms.pack(source, quietly)

    assert charms.pack(source, quietly) == first
    assert uv.count("pip install") == 1


def test_a_changed_charm_is_packed_again(source: Path):
    first = charms.pack(source, quietly)
    write(source, "src/charm.py", "import ops  # changed\n")

    assert charms.pack(source, quietly).folder != first.folder


def test_a_failed_run_leaves_nothing(source: Path, tmp_path: Path):
    write(source, "requirements.txt", "nosuch\n")

    with pytest.raises(ProjectError):
        charms.pack(source, quietly)

    assert list((tmp_path / "cache" / "paas-local" / "charms").iterdir()) == []


def test_compiles_modules(source: Path):
    folder = charms.pack(source, quietly).folder

    assert list((folder / "src" / "__pycache__").glob("charm.*.pyc"))


def test_installs_the_requirements_of_libraries(source: Path, uv: uv_program.Uv, tmp_path: Path):
    write(source, "lib/charms/loki_k8s/v1/api.py", 'PYDEPS = ["cosl"]\nOTHER = 1\n')

    charm = charms.pack(source, quietly)

    listed = ((charm.folder / "venv").readlink() / "requirements.txt").read_text()
    assert listed.split() == ["ops==1.0", "cosl==1.0"]


def test_strict_charms_list_the_requirements_of_libraries_themselves(source: Path):
    change(source, parts={"charm": {"charm-strict-dependencies": True}})
    write(source, "lib/charms/loki_k8s/v1/api.py", 'PYDEPS = ["cosl"]\n')

    charm = charms.pack(source, quietly)

    listed = ((charm.folder / "venv").readlink() / "requirements.txt").read_text()
    assert listed.split() == ["ops==1.0"]


def test_a_project_of_uv_is_resolved_with_its_groups(source: Path, uv: uv_program.Uv):
    change(source, parts={"charm": {"plugin": "uv", "uv-groups": ["charmlibs"]}})

    charms.pack(source, quietly)

    (command,) = [command for command in uv.commands if command.startswith("pip compile")]
    assert command.endswith("--group pyproject.toml:charmlibs pyproject.toml")


def test_a_lock_of_uv_is_used(source: Path, uv: uv_program.Uv):
    change(source, parts={"charm": {"plugin": "uv", "uv-groups": ["charmlibs"]}})
    write(source, "uv.lock")

    charm = charms.pack(source, quietly)

    assert ((charm.folder / "venv").readlink() / "requirements.txt").read_text() == "locked==2.0\n"
    assert not uv.count("pip compile")


@pytest.mark.parametrize("stale", [True, False])
def test_a_lock_that_does_not_match_the_project_is_a_warning(source: Path, stale: bool):
    change(source, parts={"charm": {"plugin": "uv"}})
    write(source, "pyproject.toml", "[project]\nname = 'notes'\n")
    write(source, "uv.lock")
    if stale:
        write(source, "stale")
    texts: list[str] = []

    charms.pack(source, texts.append)

    warning = f"WARNING {source / 'uv.lock'} does not match pyproject.toml; to update it: uv lock"
    assert (warning in texts) is stale


def test_the_base_is_read_back(source: Path):
    change(source, base="ubuntu@22.04")

    assert charms.pack(source, quietly).base == "ubuntu@22.04"


def test_names_files_that_the_uv_plugin_leaves_out(source: Path):
    change(source, parts={"charm": {"plugin": "uv"}, "own": {"plugin": "dump", "stage": ["paas-config.yaml"]}})
    write(source, "paas-config.yaml")
    write(source, "templates/a")
    messages: list[str] = []

    charms.pack(source, messages.append)

    assert "WARNING templates: the uv plugin packs only src and lib; add a part with the plugin dump for it" in messages
    assert not any(line.startswith("paas-config.yaml: ") for line in messages)


def test_names_code_that_is_not_executable(source: Path):
    (source / "src" / "charm.py").chmod(0o644)
    messages: list[str] = []

    charms.pack(source, messages.append)

    assert any("must be executable" in line for line in messages)


def test_an_older_charm_has_separate_files(source: Path):
    (source / "charmcraft.yaml").unlink()
    write(source, "metadata.yaml", "{name: old, summary: Old., description: Old., tags: [db]}")
    write(source, "config.yaml", "{options: {size: {type: int}}}")
    write(source, "actions.yaml", "{dump: {description: Dump.}}")

    charm = charms.pack(source, quietly)

    assert (charm.name, charm.metadata["tags"]) == ("old", ["db"])
    assert charm.options == {"size": {"type": "int"}}
    assert charm.actions == {"dump": {"description": "Dump."}}


def test_a_framework_is_expanded(source: Path):
    project = {key: value for key, value in PROJECT.items() if key != "parts"}
    write(source, "charmcraft.yaml", yaml.safe_dump({**project, "extensions": ["flask-framework"]}))
    # All libraries exist, so that none is fetched.
    for name in charm_libs.declared(
        charmcraft_extensions.expand({**project, "extensions": ["flask-framework"]}, source)
    ):
        write(source, str("lib" / name.path))

    charm = charms.pack(source, quietly)

    assert charm.metadata["containers"] == {"flask-app": {"resource": "flask-app-image"}}
    assert {"greeting", "flask-debug"} <= charm.options.keys()
    assert {"greet", "rotate-secret-key"} <= charm.actions.keys()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param(
            {"requries": {}}, "requries: extra inputs are not permitted (did you mean requires?)", id="mistyped"
        ),
        pytest.param(
            {"license": "MIT"}, "license: extra inputs are not permitted (charmcraft moved it to links)", id="moved"
        ),
        pytest.param({"requires": {"db": {"limit": 1}}}, "requires.db.interface: missing; add it", id="interface"),
        pytest.param({"name": None}, "charmcraft.yaml: name: missing; add it", id="name"),
        pytest.param({"summary": None}, "charmcraft.yaml: summary: missing; add it", id="summary"),
        pytest.param({"extensions": ["flask"]}, "extensions: flask is not known; known are:", id="extension"),
        pytest.param({"config": {"options": {"a": {"type": "text"}}}}, "config.options.a.type: must be", id="type"),
        pytest.param({"config": {"options": ["a"]}}, "options: must be a mapping", id="options"),
        pytest.param({"charm-libs": ["a"]}, "charm-libs: an entry must be like", id="libraries"),
        pytest.param({"parts": {"charm": {"charm-entrypoint": "b.py"}}}, "b.py: no such file", id="entrypoint"),
        pytest.param({"parts": {"charm": {"charm-requirements": "a"}}}, "must be a list of strings", id="list"),
    ],
)
def test_an_error_is_one_line_with_the_key(more: dict[str, Any], message: str, source: Path):
    change(source, **more)

    with pytest.raises(ProjectError) as caught:
        charms.pack(source, quietly)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_in_yaml_names_the_line(source: Path):
    write(source, "charmcraft.yaml", "name: a\nsummary: [\n")

    with pytest.raises(ProjectError, match=r"charmcraft\.yaml, line 3: "):
        charms.pack(source, quietly)


@pytest.mark.parametrize(("name", "message"), [("nowhere", "no such folder"), ("", "has no charmcraft.yaml")])
def test_a_path_without_a_charm_is_an_error(name: str, message: str, tmp_path: Path):
    with pytest.raises(ProjectError, match=f"{message}.*; give the folder of a charm, as ./charm"):
        charms.pack(tmp_path / name, quietly)


def test_an_error_of_uv_names_the_file_and_the_cause(source: Path):
    write(source, "requirements.txt", "nosuch\n")

    with pytest.raises(ProjectError, match=r"^requirements\.txt: .*Because nosuch was not found"):
        charms.pack(source, quietly)


def test_a_missing_uv_names_the_command_to_install_it(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("UV")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    with pytest.raises(ProjectError, match="uv is not installed; install it with `pip install uv`"):
        charms.pack(source, quietly)


def test_a_uv_that_cannot_be_run_is_named(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV", "/nowhere/uv")

    with pytest.raises(ProjectError, match="cannot run uv at /nowhere/uv: No such file"):
        charms.pack(source, quietly)


def test_a_syntax_error_in_a_library_names_the_line(source: Path):
    write(source, "lib/charms/a/v0/b.py", "PYDEPS = [\n")

    with pytest.raises(ProjectError, match=r"lib/charms/a/v0/b\.py, line 1: "):
        charms.pack(source, quietly)


@pytest.fixture
def package(tmp_path: Path, uv: uv_program.Uv) -> Path:
    """Write a charm as charmcraft packs it."""
    file = tmp_path / "notes_amd64.charm"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", "name: notes\n")
        archive.writestr(entry("dispatch", 0o100755), "#!/bin/sh\n")
        archive.writestr(entry("hooks/install", 0o120777), "../dispatch")
    return file


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_a_package_is_unpacked_with_modes_and_links(package: Path):
    charm = charms.pack(package, quietly)

    assert (charm.name, charm.mounts) == ("notes", ())
    assert stat.S_IMODE((charm.folder / "dispatch").stat().st_mode) == 0o755
    assert (charm.folder / "hooks" / "install").readlink() == Path("../dispatch")
    assert charms.pack(package, quietly) == charm


def test_a_package_with_modules_for_this_python_is_accepted(package: Path):
    add_compiled_module(package, sys.version_info.minor)

    assert charms.pack(package, quietly).name == "notes"


def test_refuses_a_package_with_modules_for_another_python(package: Path):
    add_compiled_module(package, 99)

    with pytest.raises(
        ProjectError, match=r"notes_amd64\.charm: packed for Python 3\.99, but paas-local runs with 3\."
    ):
        charms.pack(package, quietly)


def add_compiled_module(package: Path, minor: int) -> None:
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr(f"venv/core/_core.cpython-3{minor}-x86_64-linux-gnu.so", "")


def test_refuses_a_package_with_a_link_out_of_it(package: Path):
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr(entry("out", 0o120777), "../../etc")

    with pytest.raises(ProjectError, match="out is a link that leads out of the package"):
        charms.pack(package, quietly)


def test_refuses_a_package_that_is_not_a_zip_file(tmp_path: Path, uv: uv_program.Uv):
    write(tmp_path, "notes.charm", "x")

    with pytest.raises(ProjectError, match=r"notes\.charm: must be a zip file"):
        charms.pack(tmp_path / "notes.charm", quietly)


def test_refuses_a_packed_charm_without_a_name(tmp_path: Path):
    write(tmp_path, "metadata.yaml", "summary: x\n")

    with pytest.raises(ProjectError, match=r"metadata\.yaml: name: missing"):
        charms.read(tmp_path)
