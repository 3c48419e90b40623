"""The files of a part, compared with those that the craft-parts library itself takes."""

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import hypothesis
import hypothesis.strategies as st
from craft_parts import errors as craft_errors
from craft_parts.executor import filesets, migration
from craft_parts.executor import organize as craft_organize
from paas_local.build import part_files
from paas_local.build.errors import ProjectError

PARTITION = "default"
NAMES = st.sampled_from(["a", "b.py", "c.py", "lib", ".hidden"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PATTERNS = st.sampled_from(["*", "*.py", "lib/*", "lib/*.py", "*/a", "a*", ".*", "l*/b.py"])
FOLDERS = st.sampled_from(["new/", "lib/", "/srv/app/"])
TARGETS = st.one_of(FOLDERS, st.sampled_from(["new", "new/a", "usr/share/new"]))
ENTRIES = st.lists(
    st.one_of(PATHS, PATHS.map("-{}".format), PATTERNS, PATTERNS.map("-{}".format), st.sampled_from(["new", "-new/*"])),
    max_size=3,
    unique=True,
)


def write(folder: Path, names: frozenset[str]) -> Path:
    """Write a file for each name, unless a name below it makes it a folder."""
    folder.mkdir()
    for name in sorted(names, reverse=True):
        file = folder / name
        if not file.exists() and not any(parent.is_file() for parent in file.parents):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
    return folder


def listed(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def by_craft_parts(folder: Path, part: Mapping[str, Any]) -> set[str] | None:
    """Return the primed files, or None if the part is an error."""
    install, stage, prime = folder / "install", folder / "stage", folder / "prime"
    staged = filesets.Fileset(part.get("stage") or ["*"], name="stage")
    primed = filesets.Fileset(part.get("prime") or ["*"], name="prime")
    try:
        craft_organize.organize_files(
            part_name="app",
            file_map=dict(part.get("organize", {})),
            install_dir_map={None: install},
            overwrite=False,
            default_partition=PARTITION,
        )
        if primed.entries == ["*"] or not primed.includes:
            primed.combine(staged)
        for fileset, source, target in ((staged, install, stage), (primed, stage, prime)):
            files, folders = filesets.migratable_filesets(fileset, install, PARTITION)
            migration.migrate_files(files=files, dirs=folders, srcdir=source, destdir=target)
    except (craft_errors.PartsError, OSError):
        return None
    return listed(prime) if prime.exists() else set()


def by_paas_local(folder: Path, part: Mapping[str, Any]) -> set[str] | None:
    try:
        return {*part_files.of_part(part_files.read(folder / "install"), "parts.app", part).files}
    except ProjectError:
        return None


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(names=st.frozensets(PATHS, min_size=1, max_size=8), stage=ENTRIES, prime=ENTRIES)
def test_stage_and_prime_select_what_craft_parts_selects(names: frozenset[str], stage: list[str], prime: list[str]):
    compare(names, {"stage": stage, "prime": prime})


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(
    names=st.frozensets(PATHS, min_size=1, max_size=8),
    moves=st.dictionaries(PATHS, TARGETS, max_size=2),
    # what several files become that a pattern moves to one name depends on the file system
    patterns=st.dictionaries(PATTERNS, FOLDERS, max_size=1),
    stage=ENTRIES,
)
def test_organize_moves_what_craft_parts_moves(
    names: frozenset[str], moves: dict[str, str], patterns: dict[str, str], stage: list[str]
):
    moves |= patterns
    # craft-parts deletes a folder that is moved below itself, as app to app/app
    hypothesis.assume(not any(PurePosixPath(target).is_relative_to(source) for source, target in moves.items()))
    compare(names, {"organize": moves, "stage": stage})


def compare(names: frozenset[str], part: Mapping[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(folder / "install", names)
        own = by_paas_local(folder, part)
        assert own == by_craft_parts(folder, part)
