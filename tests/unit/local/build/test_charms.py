"""What a packed charm holds, and what the author of one that cannot be packed is told."""

import os
import stat
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
    """The folder of a charm."""
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


def test_holds_what_juju_reads(source: Path):
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


def test_is_read_as_it_was_packed(source: Path):
    charm = charms.pack(source, quietly)

    assert charms.read(charm.folder) == charm


def test_links_to_an_environment_and_tells_what_that_needs(source: Path):
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
def test_leaves_out_what_is_not_the_charms(name: str, source: Path):
    write(source, name, "x")

    assert not (charms.pack(source, quietly).folder / name).exists()


def test_leaves_out_links_to_elsewhere(source: Path, tmp_path: Path):
    (source / "secrets").symlink_to(tmp_path)
    said: list[str] = []

    folder = charms.pack(source, said.append).folder

    assert not (folder / "secrets").is_symlink()
    assert any("link out of the charm's folder" in line for line in said)


def test_dispatch_runs_the_charm_wherever_it_lies(source: Path):
    dispatch = (charms.pack(source, quietly).folder / "dispatch").read_text()

    assert 'export PYTHONPATH="$here/lib:$here/src"' in dispatch
    assert 'exec "$here/venv/bin/python" "$here/src/charm.py"' in dispatch


def test_another_entrypoint(source: Path):
    change(source, parts={"charm": {"plugin": "charm", "charm-entrypoint": "app.py"}})
    write(source, "app.py").chmod(0o755)

    assert '"$here/app.py"' in (charms.pack(source, quietly).folder / "dispatch").read_text()


@pytest.mark.parametrize("own", ["dispatch", "hooks/install"])
def test_keeps_the_authors_own_way_to_run(own: str, source: Path):
    write(source, own, "mine")

    folder = charms.pack(source, quietly).folder

    assert (folder / own).read_text() == "mine"
    assert own == "dispatch" or not (folder / "dispatch").exists()


def test_the_same_charm_is_packed_once(source: Path, uv: uv_program.Uv):
    first = charms.pack(source, quietly)

    assert charms.pack(source, quietly) == first
    assert uv.count("pip install") == 1


def test_a_changed_charm_is_another(source: Path):
    first = charms.pack(source, quietly)
    write(source, "src/charm.py", "import ops  # changed\n")

    assert charms.pack(source, quietly).folder != first.folder


def test_nothing_unfinished_stays(source: Path, tmp_path: Path):
    write(source, "requirements.txt", "nosuch\n")

    with pytest.raises(ProjectError):
        charms.pack(source, quietly)

    assert list((tmp_path / "cache" / "paas-local" / "charms").iterdir()) == []


def test_compiles_what_it_packs(source: Path):
    folder = charms.pack(source, quietly).folder

    assert list((folder / "src" / "__pycache__").glob("charm.*.pyc"))


def test_installs_what_the_libraries_import(source: Path, uv: uv_program.Uv, tmp_path: Path):
    write(source, "lib/charms/loki_k8s/v1/api.py", 'PYDEPS = ["cosl"]\nOTHER = 1\n')

    charm = charms.pack(source, quietly)

    listed = ((charm.folder / "venv").readlink() / "requirements.txt").read_text()
    assert listed.split() == ["ops==1.0", "cosl==1.0"]


def test_strict_charms_list_what_the_libraries_import_themselves(source: Path):
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


def test_a_lock_of_uv_is_kept_to(source: Path, uv: uv_program.Uv):
    change(source, parts={"charm": {"plugin": "uv", "uv-groups": ["charmlibs"]}})
    write(source, "uv.lock")

    charm = charms.pack(source, quietly)

    assert ((charm.folder / "venv").readlink() / "requirements.txt").read_text() == "locked==2.0\n"
    assert not uv.count("pip compile")


def test_says_what_the_uv_plugin_would_leave_out(source: Path):
    change(source, parts={"charm": {"plugin": "uv"}, "own": {"plugin": "dump", "stage": ["paas-config.yaml"]}})
    write(source, "paas-config.yaml")
    write(source, "templates/a")
    said: list[str] = []

    charms.pack(source, said.append)

    assert "templates: the uv plugin packs src and lib only; add a dump part for it" in said
    assert not any(line.startswith("paas-config.yaml: ") for line in said)


def test_says_when_the_code_is_not_executable(source: Path):
    (source / "src" / "charm.py").chmod(0o644)
    said: list[str] = []

    charms.pack(source, said.append)

    assert any("is not executable" in line for line in said)


def test_an_older_charm_has_its_files_apart(source: Path):
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
    # All libraries are there, so that none is looked for.
    for name in charm_libs.declared(
        charmcraft_extensions.expand({**project, "extensions": ["flask-framework"]}, source)
    ):
        write(source, str("lib" / name.path))

    charm = charms.pack(source, quietly)

    assert charm.metadata["containers"] == {"flask-app": {"resource": "flask-app-image"}}
    assert {"greeting", "flask-debug"} <= charm.options.keys()
    assert {"greet", "rotate-secret-key"} <= charm.actions.keys()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        pytest.param({"name": None}, "charmcraft.yaml: name: missing; add it", id="name"),
        pytest.param({"summary": None}, "charmcraft.yaml: summary: missing; add it", id="summary"),
        pytest.param({"extensions": ["flask"]}, "extensions: flask is not known; known are:", id="extension"),
        pytest.param({"config": {"options": {"a": {"type": "text"}}}}, "config.options.a.type: has to be", id="type"),
        pytest.param({"config": {"options": ["a"]}}, "options: has to be a mapping", id="options"),
        pytest.param({"charm-libs": ["a"]}, "charm-libs: an entry is like", id="libraries"),
        pytest.param({"parts": {"charm": {"charm-entrypoint": "b.py"}}}, "b.py: no such file", id="entrypoint"),
        pytest.param({"parts": {"charm": {"charm-requirements": "a"}}}, "has to be a list of texts", id="list"),
    ],
)
def test_tells_what_is_wrong_in_one_line(more: dict[str, Any], words: str, source: Path):
    change(source, **more)

    with pytest.raises(ProjectError) as caught:
        charms.pack(source, quietly)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_tells_the_line_of_bad_yaml(source: Path):
    write(source, "charmcraft.yaml", "name: a\nsummary: [\n")

    with pytest.raises(ProjectError, match=r"charmcraft\.yaml, line 3: "):
        charms.pack(source, quietly)


@pytest.mark.parametrize(("name", "words"), [("nowhere", "no such folder"), ("", "has no charmcraft.yaml")])
def test_tells_that_a_path_is_no_charm(name: str, words: str, tmp_path: Path):
    with pytest.raises(ProjectError, match=f"{words}.*; give the folder of a charm, as ./charm"):
        charms.pack(tmp_path / name, quietly)


def test_tells_why_requirements_cannot_be_had(source: Path):
    write(source, "requirements.txt", "nosuch\n")

    with pytest.raises(ProjectError, match=r"^requirements\.txt: .*Because nosuch was not found"):
        charms.pack(source, quietly)


def test_tells_how_to_get_uv(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("UV")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    with pytest.raises(ProjectError, match="uv is not installed; install it with `pip install uv`"):
        charms.pack(source, quietly)


def test_tells_when_uv_is_no_program(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV", "/nowhere/uv")

    with pytest.raises(ProjectError, match="cannot run uv at /nowhere/uv: No such file"):
        charms.pack(source, quietly)


def test_tells_where_a_library_is_broken(source: Path):
    write(source, "lib/charms/a/v0/b.py", "PYDEPS = [\n")

    with pytest.raises(ProjectError, match=r"lib/charms/a/v0/b\.py, line 1: "):
        charms.pack(source, quietly)


@pytest.fixture
def package(tmp_path: Path, uv: uv_program.Uv) -> Path:
    """A charm as charmcraft packs it."""
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


def test_refuses_a_package_that_reaches_out(package: Path):
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr(entry("out", 0o120777), "../../etc")

    with pytest.raises(ProjectError, match="out is a link out of the package"):
        charms.pack(package, quietly)


def test_tells_that_a_package_is_none(tmp_path: Path, uv: uv_program.Uv):
    write(tmp_path, "notes.charm", "x")

    with pytest.raises(ProjectError, match=r"notes\.charm: not a zip file, as a charm is"):
        charms.pack(tmp_path / "notes.charm", quietly)


def test_a_folder_without_a_name_is_no_packed_charm(tmp_path: Path):
    write(tmp_path, "metadata.yaml", "summary: x\n")

    with pytest.raises(ProjectError, match=r"metadata\.yaml: name: missing"):
        charms.read(tmp_path)
