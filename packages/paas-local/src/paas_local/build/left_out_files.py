"""Files of a project that its image will not contain, and the lines of ``rockcraft.yaml`` that add them."""

import ast
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from paas_local.build import frameworks, rockcraft_extensions, yaml_files
from paas_local.build.frameworks.framework import Framework, Project
from paas_local.build.rock_recipe import FILE, Recipe

# An application does not read these.
_NOT_READ = (
    ".*", "__pycache__", "charm", "tests", "test_*", "conftest.py", "node_modules", "venv", "requirements*.txt",
    "pyproject.toml", "uv.lock", "setup.*", "tox.ini", "*.md", "*.rst", "LICENSE*", "Makefile", "Dockerfile",
    "*.go", "*.mod", "*.sum", "*.rock", "*.charm", "*~", "*.sw?", FILE,
)  # fmt: skip


def imported(source: Path, recipe: Recipe) -> Iterator[str]:
    """Yield advice for each module of the project that the image's modules import, but that is not in the image."""
    installed = set(recipe.files.values())
    for file in sorted(file for file in installed if file.suffix == ".py"):
        for module in _imported_modules(file):
            if (source / f"{module}.py").is_file():
                name = f"{module}.py"
            elif any((source / module).glob("*.py")):
                name = f"{module}/"
            else:
                continue
            if not any(item == source / name or item.is_relative_to(source / name) for item in installed):
                reason = f"{file.relative_to(source)} imports {module}"
                yield from _advice(source, name, reason)


def saved(source: Path, recipe: Recipe, names: Iterable[str]) -> Iterator[str]:
    """Yield advice for each existing file that is not in the image; ``names`` are relative to the project."""
    installed = set(recipe.files.values())
    for name in names:
        is_read = not any(fnmatchcase(part, pattern) for part in PurePosixPath(name).parts for pattern in _NOT_READ)
        if is_read and (source / name).is_file() and source / name not in installed:
            yield from _advice(source, name, "")


def _advice(source: Path, name: str, reason: str) -> Iterator[str]:
    rock = yaml_files.load(source / FILE)
    for extension in yaml_files.strings(rock, "extensions", FILE):
        framework = frameworks.find_extension(extension)
        if framework is None or framework.files.key is None:
            continue
        project = Project(source=source, name=str(rock.get("name", "")), rock=rock, packages=frozenset())
        if entries := _entries_to_add(framework, project, PurePosixPath(name).parts[0]):
            lines = [f"parts:\n  {framework.files.part}:\n    {framework.files.key}:", *entries]
            why = f" ({reason})" if reason else ""
            yield f"{name} is not in the image{why}; add to {FILE}:\n" + "\n      - ".join(lines)


def _entries_to_add(framework: Framework, project: Project, name: str) -> tuple[str, ...]:
    """Return the lines to add; a list replaces the extension's own, so that the first one names its files too."""
    part = project.part(framework.files.part)
    own = yaml_files.strings(part, framework.files.key or "", FILE)
    if own and own[0].startswith("-"):
        return ()
    default = () if own else rockcraft_extensions.default_entries(framework, project)
    return (*default, f"{framework.app}/{name}")


def _imported_modules(file: Path) -> list[str]:
    """Return the top-level names of the modules that a module imports."""
    try:
        module = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return []
    names: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(name), level=0):
                names.add(name.partition(".")[0])
            case _:
                pass
    return sorted(names)
