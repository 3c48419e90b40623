"""Changes of an image: files to replace, or a new container."""

import dataclasses
from pathlib import Path

import pytest
from paas_local.build.rock_changes import FileChanges, Recreate, compare
from paas_local.build.rocks import Mode, Mount, Rock


def rock(folder: Path, files: dict[str, str], *, mode: Mode = "copy", target: str = "/flask/app") -> Rock:
    app = folder / "root" / target.strip("/")
    for name, text in files.items():
        file = app / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    app.mkdir(parents=True, exist_ok=True)
    mounts = (
        Mount(source=app, target=target, mode=mode),
        Mount(source=Path("/cache/envs/1"), target="/cache/envs/1", mode="ro"),
    )
    return Rock(folder=folder, name="web", layers={"001-web.yaml": "services: {}"}, mounts=mounts)


def test_files_are_written_and_removed(tmp_path: Path):
    old = rock(tmp_path / "old", {"app.py": "1", "same.py": "1", "pages/gone.html": "1"})
    new = rock(tmp_path / "new", {"app.py": "2", "same.py": "1", "pages/new.html": "1"})

    changed = compare(old, new)

    assert isinstance(changed, FileChanges)
    assert {place: file.read_text() for place, file in changed.written.items()} == {
        "/flask/app/app.py": "2",
        "/flask/app/pages/new.html": "1",
    }
    assert changed.removed == ("/flask/app/pages/gone.html",)
    assert changed.bytecode == ("/flask/app/__pycache__",)


def test_a_mount_can_be_a_single_file(tmp_path: Path):
    def program(folder: Path, text: str) -> Rock:
        file = folder / "root/usr/local/bin/web"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        return Rock(
            folder=folder, name="web", layers={}, mounts=(Mount(source=file, target="/usr/local/bin/web", mode="copy"),)
        )

    changed = compare(program(tmp_path / "old", "1"), program(tmp_path / "new", "2"))

    assert isinstance(changed, FileChanges)
    assert changed.paths == ("/usr/local/bin/web",)


def test_a_changed_mode_is_a_change(tmp_path: Path):
    old, new = rock(tmp_path / "old", {"run.sh": "1"}), rock(tmp_path / "new", {"run.sh": "1"})
    (tmp_path / "new/root/flask/app/run.sh").chmod(0o755)

    changed = compare(old, new)

    assert isinstance(changed, FileChanges)
    assert changed.paths == ("/flask/app/run.sh",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"python": Path("/cache/envs/2")}, "the image's packages changed", id="packages"),
        pytest.param({"packages": Path("/cache/packages/2")}, "the image's packages changed", id="Debian packages"),
        pytest.param({"layers": {}}, "the image's services changed", id="services"),
        pytest.param({"environment": {"A": "1"}}, "the image's environment changed", id="environment"),
        pytest.param({"mounts": ()}, "the image's mounted folders changed", id="mounts"),
    ],
)
def test_a_change_of_anything_but_files_needs_a_new_container(tmp_path: Path, change: dict[str, object], reason: str):
    old = rock(tmp_path / "old", {})
    new = dataclasses.replace(old, **change)  # pyright: ignore[reportArgumentType]  # one field each

    assert compare(old, new) == Recreate(reason=reason)


def test_a_changed_read_only_mount_needs_a_new_container(tmp_path: Path):
    old = rock(tmp_path / "old", {"tool": "1"}, mode="ro", target="/usr/share/web")
    new = rock(tmp_path / "new", {"tool": "2"}, mode="ro", target="/usr/share/web")

    assert compare(old, new) == Recreate(reason="/usr/share/web/tool changed")


@pytest.mark.parametrize("name", ["migrate.py", "migrate.sh", "notes/migrations/0002_more.py"])
def test_a_migration_needs_a_new_container(tmp_path: Path, name: str):
    old, new = rock(tmp_path / "old", {}), rock(tmp_path / "new", {name: "1"})

    assert compare(old, new) == Recreate(reason=f"a migration changed: /flask/app/{name}")


def test_links_are_not_followed(tmp_path: Path):
    rocks = [rock(tmp_path / name, {"a": "1", "b": "1"}) for name in ("old", "same", "other")]
    for each, to in zip(rocks, ("a", "a", "b"), strict=True):
        (each.folder / "root/flask/app/link").symlink_to(to)
    old, same, other = rocks

    assert compare(old, same) == FileChanges(written={}, removed=())
    assert compare(old, other) == Recreate(reason="/flask/app/link changed")
