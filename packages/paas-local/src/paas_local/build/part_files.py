"""Files that a part puts into an image or a charm: organized, then staged, then primed, by the rules of craft-parts.

Everything but ``read`` is pure: a tree is a value, and files are moved in it by name only.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from paas_local.build import cache, yaml_files
from paas_local.build.errors import ProjectError

_EVERYTHING = "*"


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Files and folders by their relative names."""

    files: Mapping[str, Path]
    """Name to the file of this machine; a link is a file."""
    folders: frozenset[str]

    @property
    def empty_folders(self) -> list[str]:
        """Return the folders with nothing in them."""
        return sorted(self.folders - _parents([*self.files, *self.folders]))


EMPTY = Tree(files={}, folders=frozenset())


def read(source: Path, only: Iterable[str] = ()) -> Tree:
    """Read a folder, or ``only`` some files and folders in it; the caches of tools are left out."""
    files: dict[str, Path] = {}
    folders: set[str] = set()
    for top in [source / name for name in only] or [source]:
        is_folder = top.is_dir() and not top.is_symlink()
        if not is_folder and os.path.lexists(top):
            files[str(PurePosixPath(top.relative_to(source)))] = top
        for item in cache.items(top) if is_folder else ():
            name = str(PurePosixPath(item.relative_to(source)))
            if item.is_dir() and not item.is_symlink():
                folders.add(name)
            else:
                files[name] = item
        folders |= _parents([f"{top.relative_to(source)}/x"] if is_folder else [])
    return Tree(files=files, folders=frozenset(folders))


def of_part(tree: Tree, where: str, part: Mapping[str, Any]) -> Tree:
    """Return what a part takes of what its plugin has made; ``where`` names the part in errors."""
    moves: dict[str, str] = yaml_files.mapping(part, "organize", file=where)
    tree = organize(tree, moves, f"{where}.organize")
    stage = yaml_files.strings(part, "stage", where) or (_EVERYTHING,)
    prime = yaml_files.strings(part, "prime", where) or (_EVERYTHING,)
    staged = select(tree, stage, f"{where}.stage")
    if prime == (_EVERYTHING,) or all(map(_excludes, prime)):
        # a prime that only excludes starts from what is staged
        prime = (*(entry for entry in prime if entry != _EVERYTHING), *stage)
    primed = select(tree, prime, f"{where}.prime")
    if unstaged := sorted(primed.files.keys() - staged.files.keys()):
        raise ProjectError(f"{where}.prime: {unstaged[0]} must be staged too (add it to {where}.stage)")
    return primed


def organize(tree: Tree, moves: Mapping[str, str], where: str) -> Tree:
    """Move files and folders by ``organize``: names first, then patterns, each in alphabetical order."""
    files, folders = dict(tree.files), set(tree.folders)
    for key in sorted(moves, key=lambda key: (_EVERYTHING in key, key)):
        # in each name, [ and ? are patterns too
        sources = _glob([*files, *folders], key)
        target = moves[key].lstrip("/")
        for source in sources:
            if source in folders and (_EVERYTHING not in key or not _normal(target)):
                name = "" if _EVERYTHING not in key else PurePosixPath(source).name
                _move_folder(files, folders, source, _join(target, name), where=f"{where}: {key}")
            else:
                _move(files, folders, source, target, several=len(sources) > 1, where=f"{where}: {key}")
    return Tree(files=files, folders=frozenset(folders))


def select(tree: Tree, entries: Iterable[str], where: str) -> Tree:
    """Return the files that entries of ``stage`` or ``prime`` select; a leading minus excludes."""
    excluded = [entry[1:] for entry in entries if _excludes(entry)]
    included = [entry.removeprefix("\\") for entry in entries if not _excludes(entry)] or [_EVERYTHING]
    for entry in (*included, *excluded):
        if entry.startswith("/"):
            raise ProjectError(f"{where}: {entry} must be relative (as {entry.lstrip('/')})")
    names = [*tree.files, *tree.folders]
    chosen: set[str] = set()
    for entry in included:
        matching = _glob(names, entry) if _EVERYTHING in entry else [_normal(entry)]
        chosen = (chosen | {*matching}) - _hidden(names, entry)
    chosen = _with_content(chosen, names)
    for entry in excluded:
        excluding = {*_glob(names, entry)}
        chosen = {name for name in chosen - excluding if excluding.isdisjoint(_parents([name]) - tree.files.keys())}
    if missing := sorted(chosen.difference(names)):
        raise ProjectError(f"{where}: {missing[0]} must be a file of the part (after organize, it has no such file)")
    return Tree(
        files={name: file for name, file in tree.files.items() if name in chosen},
        folders=frozenset(_parents(chosen) | (chosen & tree.folders)),
    )


def _excludes(entry: str) -> bool:
    return entry.startswith("-")


def _hidden(names: list[str], entry: str) -> set[str]:
    """Return the hidden files that a pattern leaves out, also of what earlier entries include."""
    if _EVERYTHING not in entry or entry.startswith("."):
        return set()
    hidden = _glob(names, f".{entry}")
    return {*hidden, *(f"{folder}/{name}" for folder in hidden for name in _glob(_below(folder, names), entry))}


def _with_content(chosen: Iterable[str], names: list[str]) -> set[str]:
    """Add what is below the chosen folders."""
    chosen = set(chosen)
    return chosen | {name for name in names if not chosen.isdisjoint(_parents([name]))}


def _move_folder(files: dict[str, Path], folders: set[str], source: str, target: str, *, where: str) -> None:
    """Merge a folder into another; a file of the other that has the same name is replaced."""
    if source == _normal(target):
        return
    moved = {_join(target, name): f"{source}/{name}" for name in _below(source, files)}
    if taken := sorted(folders & moved.keys()):
        raise ProjectError(f"{where}: {taken[0]} is a folder already; the target must be another name")
    files |= {name: files.pop(former) for name, former in moved.items()}
    below = ["", *_below(source, folders)]
    folders -= {_join(source, name) for name in below}
    folders |= {_join(target, name) for name in below}
    folders |= _parents([_join(target, "x")])
    folders.discard("")


def _move(files: dict[str, Path], folders: set[str], source: str, target: str, *, several: bool, where: str) -> None:
    """Move one file, or a folder that a pattern matches, to a name or into a folder."""
    is_folder = target.endswith("/") or _normal(target) in {*folders, ""}
    name = _join(target, PurePosixPath(source).name) if is_folder else _normal(target)
    if source in {name, _normal(target)}:
        return
    if any(parent in files for parent in _parents([name])):
        raise ProjectError(f"{where}: the target {name} must not be below a file")
    if name in files or name in folders:
        advice = f"several files would be {name} (for a folder, end it with a slash: {name}/)" if several else ""
        raise ProjectError(f"{where}: {advice or f'{name} exists already; its target must be another name'}")
    folders |= _parents([name])
    if source in folders:
        _move_folder(files, folders, source, name, where=where)
    else:
        files[name] = files.pop(source)


def _glob(names: Iterable[str], pattern: str) -> list[str]:
    """Return the names that a pattern matches; hidden names are like others."""
    if not any(character in pattern for character in "*?["):
        return [_normal(pattern)] if _normal(pattern) in names else []
    parts = PurePosixPath(pattern).parts
    return sorted(name for name in names if _matches(PurePosixPath(name).parts, parts))


def _matches(name: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_matches(name[start:], pattern[1:]) for start in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and _matches(name[1:], pattern[1:])


def _below(folder: str, names: Iterable[str]) -> list[str]:
    """Return the names below a folder, relative to it."""
    return [name.removeprefix(f"{folder}/") for name in names if name.startswith(f"{folder}/")]


def _parents(names: Iterable[str]) -> set[str]:
    return {str(parent) for name in names for parent in PurePosixPath(name).parents} - {"."}


def _join(folder: str, name: str) -> str:
    return _normal(f"{folder}/{name}")


def _normal(name: str) -> str:
    """Return a relative name without doubled or trailing slashes; empty for the root."""
    normal = str(PurePosixPath(name.strip("/")))
    return "" if normal == "." else normal
