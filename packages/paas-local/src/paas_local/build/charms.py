"""Charms, packed without charmcraft.

A packed charm contains the files that Juju reads, a ``dispatch``, the charm's own files and its libraries. Its ``venv``
is a link to an environment that all charms with the same requirements share.
"""

import ast
import compileall
import dataclasses
import py_compile
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from paas_local.build import (
    cache,
    charm_archive,
    charm_libs,
    charmcraft_extensions,
    charmcraft_keys,
    interpreters,
    part_files,
    python_environments,
    yaml_files,
)
from paas_local.build.errors import ProjectError, project_errors
from paas_local.build.progress import Progress, warn
from paas_local.build.python_environments import Environment, Requirements

_KIND = "charms"
_METADATA = (
    "name", "display-name", "summary", "description", "maintainers", "assumes", "charm-user", "containers",
    "devices", "docs", "extra-bindings", "issues", "peers", "provides", "requires", "resources", "source",
    "storage", "subordinate", "terms", "website",
)  # fmt: skip
_OPTION_TYPES = ("string", "int", "float", "boolean", "secret")
_EXCLUDED = frozenset({"venv", "tests", "build"})
_GENERATED = ("charmcraft.yaml", "metadata.yaml", "config.yaml", "actions.yaml", "manifest.yaml")
_PACKED_BY_ALL = frozenset({"src", "lib", "dispatch", "hooks", *_GENERATED})
_BASE = "ubuntu@24.04"
_ENTRYPOINT = "src/charm.py"
# It is run by its whole path; dirname and realpath would be two more processes for each hook.
_DISPATCH = """\
#!/bin/sh
here="${{0%/*}}"
export PYTHONPATH="$here/lib:$here/src"
exec "$here/venv/bin/python" "$here/{entrypoint}"
"""


@dataclass(frozen=True, kw_only=True)
class Charm:
    """A packed charm."""

    folder: Path
    name: str
    metadata: Mapping[str, Any]
    options: Mapping[str, Mapping[str, Any]]
    actions: Mapping[str, Mapping[str, Any]]
    mounts: tuple[Path, ...]
    """Folders of its environment, to be shown at their own paths."""
    base: str = _BASE


def pack(source: Path, progress: Progress) -> Charm:
    """Pack a charm's folder, or unpack a ``.charm`` file, into the cache."""
    with project_errors(source):
        if source.is_file() and source.suffix == ".charm":
            folder = charm_archive.unpack(source, _KIND)
            charm_archive.check_python(source, folder)
            return read(folder)
        return read(_pack(source, progress))


def read(folder: Path) -> Charm:
    """Read a packed charm."""
    metadata = yaml_files.load(folder / "metadata.yaml")
    options = _optional(folder / "config.yaml")
    manifest = _optional(folder / "manifest.yaml")
    if not isinstance(metadata.get("name"), str):
        raise ProjectError(f"{folder / 'metadata.yaml'}: name: missing")
    return Charm(
        folder=folder,
        name=metadata["name"],
        metadata=metadata,
        options=yaml_files.mappings(options, "options", file="config.yaml"),
        actions=yaml_files.mappings({"actions": _optional(folder / "actions.yaml")}, "actions", file="actions.yaml"),
        mounts=tuple(Path(path) for path in yaml_files.strings(manifest, "paas-local-mounts", "manifest.yaml")),
        base=next(charmcraft_extensions.bases({"bases": manifest.get("bases")}), _BASE),
    )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """The content of an author's folder, read before it is packed."""

    source: Path
    charmcraft: Mapping[str, Any]
    metadata: Mapping[str, Any]
    options: Mapping[str, Any]
    actions: Mapping[str, Any]
    plugin: str
    part: Mapping[str, Any]

    @property
    def entrypoint(self) -> str:
        return str(self.part.get("charm-entrypoint", _ENTRYPOINT))

    @property
    def base(self) -> str:
        return next(charmcraft_extensions.bases(self.charmcraft), _BASE)

    @property
    def installs_pydeps(self) -> bool:
        """Return whether the requirements of charm libraries are installed too."""
        return self.plugin == "charm" and not self.part.get("charm-strict-dependencies")


def _pack(source: Path, progress: Progress) -> Path:
    plan = _read_project(source)
    for note in _notes(plan):
        warn(progress, note)
    with cache.new_entry(_KIND) as folder:
        _copy_files(source, folder, progress)
        _copy_dumped(plan, folder, progress)
        charm_libs.fetch_into(folder / "lib", plan.charmcraft, progress)
        python = interpreters.choose(source, plan.base, "charmcraft.yaml: base", progress)
        requirements = dataclasses.replace(_requirements(plan, folder), python=python)
        environment = python_environments.install(requirements, progress)
        _write(folder, plan, environment)
        digest = cache.tree_digest(folder)
        if not cache.path(_KIND, digest).is_dir():
            for name in ("src", "lib"):
                _compile(folder / name)
        return cache.store(folder, _KIND, digest)


def _read_project(source: Path) -> _Plan:
    if not source.is_dir():
        raise ProjectError(f"{source}: no such folder; give the folder of a charm, as ./charm")
    files = {name: source / name for name in ("charmcraft.yaml", "metadata.yaml", "config.yaml", "actions.yaml")}
    if not (files["charmcraft.yaml"].is_file() or files["metadata.yaml"].is_file()):
        raise ProjectError(f"{source}: has no charmcraft.yaml; give the folder of a charm, as ./charm")
    written = _optional(files["charmcraft.yaml"])
    charmcraft_keys.check(written)
    charmcraft = charmcraft_extensions.expand(written, source)
    metadata = _optional(files["metadata.yaml"]) or _metadata(charmcraft)
    for key in ("name", "summary", "description"):
        if not isinstance(metadata.get(key), str):
            raise ProjectError(f"{source / 'charmcraft.yaml'}: {key}: missing; add it, as {key}: TEXT")
    options = yaml_files.mapping(charmcraft, "config") or _optional(files["config.yaml"])
    actions = yaml_files.mapping(charmcraft, "actions") or _optional(files["actions.yaml"])
    _check_options(options)
    plugin, part = _code_part(charmcraft)
    plan = _Plan(
        source=source,
        charmcraft=charmcraft,
        metadata=metadata,
        options=options,
        actions=actions,
        plugin=plugin,
        part=part,
    )
    if not ({"dispatch", "hooks"} & {item.name for item in source.iterdir()} or (source / plan.entrypoint).is_file()):
        raise ProjectError(f"{source / plan.entrypoint}: no such file; it must contain the charm's code")
    return plan


def _metadata(charmcraft: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that Juju reads, under their names in ``metadata.yaml``."""
    links = yaml_files.mapping(charmcraft, "links")
    contact = links.get("contact")
    keys: dict[str, Any] = {
        **charmcraft,
        **{key: links[key] for key in ("issues", "source", "website") if key in links},
        **({"docs": links["documentation"]} if "documentation" in links else {}),
        **({"maintainers": contact if isinstance(contact, list) else [contact]} if contact else {}),
        **({"display-name": charmcraft["title"]} if "title" in charmcraft else {}),
    }
    return {key: keys[key] for key in _METADATA if key in keys}


def _check_options(config: Mapping[str, Any]) -> None:
    for name, option in yaml_files.mappings(config, "options", file="config").items():
        if option.get("type") not in _OPTION_TYPES:
            types = ", ".join(_OPTION_TYPES)
            raise ProjectError(f"config.options.{name}.type: must be one of {types}; found {option.get('type')}")


def _code_part(charmcraft: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the plugin and the part that packs the charm's code; a project without one uses ``charm``."""
    for name, part in yaml_files.mappings(charmcraft, "parts").items():
        plugin = str(part.get("plugin", name))
        if plugin in {"charm", "uv", "python", "poetry"}:
            return plugin, part
    return "charm", {}


def _requirements(plan: _Plan, packed: Path) -> Requirements:
    part, where = plan.part, "charmcraft.yaml: parts"
    if plan.plugin in {"uv", "poetry"}:
        groups = yaml_files.strings(part, f"{plan.plugin}-groups" if plan.plugin == "uv" else "poetry-with", where)
        return Requirements(source=plan.source, files=("pyproject.toml",), groups=groups)
    files = yaml_files.strings(part, f"{plan.plugin}-requirements", where)
    if not files and plan.plugin == "charm" and (plan.source / "requirements.txt").is_file():
        files = ("requirements.txt",)
    lines = yaml_files.strings(
        part, f"{plan.plugin}-python-packages" if plan.plugin == "charm" else "python-packages", where
    )
    if plan.installs_pydeps:
        binary = yaml_files.strings(part, "charm-binary-python-packages", where)
        lines = (*lines, *binary, *sorted(set(_pydeps(packed / "lib"))))
    return Requirements(source=plan.source, files=files, lines=lines)


def _pydeps(lib: Path) -> Iterator[str]:
    """Yield the requirements in the constant ``PYDEPS`` of each library."""
    for file in sorted(lib.glob("charms/*/v*/*.py")):
        try:
            module = ast.parse(file.read_bytes())
        except SyntaxError as error:
            raise ProjectError(f"{file.relative_to(lib.parent)}, line {error.lineno}: {error.msg}") from error
        for statement in module.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id="PYDEPS")], value=ast.List(elts=items)):
                    yield from (str(item.value) for item in items if isinstance(item, ast.Constant))
                case _:
                    pass


def _copy_files(source: Path, folder: Path, progress: Progress) -> None:
    resolved = source.resolve()

    def include(item: Path) -> bool:
        if item.parent == source and (item.name in _EXCLUDED or item.suffix == ".charm" or item.name in _GENERATED):
            return False
        if item.is_symlink() and not item.resolve().is_relative_to(resolved):
            warn(progress, f"{item} is a link that leads out of the charm's folder; charmcraft leaves it out too")
            return False
        return True

    cache.copy(source, folder, include)


def _copy_dumped(plan: _Plan, folder: Path, progress: Progress) -> None:
    """Copy the files of parts with another source, which charms of one repository share."""
    for name, part in yaml_files.mappings(plan.charmcraft, "parts").items():
        source = plan.source / str(part.get("source", "."))
        if part.get("plugin", name) != "dump" or source == plan.source:
            continue
        where = f"charmcraft.yaml: parts.{name}"
        if not source.is_dir():
            raise ProjectError(f"{where}.source: {source} is not a folder of this machine")
        tree = part_files.of_part(part_files.read(source), where, part)
        if not tree.files:
            warn(progress, f"{where} puts no file into the charm (see its source, organize, stage and prime)")
        for target, file in tree.files.items():
            cache.copy(file, folder / target)


def _write(folder: Path, plan: _Plan, environment: Environment) -> None:
    documents = {
        "charmcraft.yaml": plan.charmcraft,
        "metadata.yaml": plan.metadata,
        "config.yaml": plan.options,
        "actions.yaml": plan.actions,
        "manifest.yaml": {
            "bases": [dict(zip(("name", "channel"), plan.base.split("@"), strict=True))],
            "paas-local-mounts": [str(path) for path in environment.mounts],
        },
    }
    for name, document in documents.items():
        if document:
            _write_text(folder / name, yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True), 0o644)
    if not ((folder / "dispatch").exists() or (folder / "hooks").exists()):
        _write_text(folder / "dispatch", _DISPATCH.format(entrypoint=plan.entrypoint), 0o755)
    (folder / "venv").symlink_to(environment.folder)


def _write_text(file: Path, text: str, mode: int) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def _notes(plan: _Plan) -> Iterator[str]:
    """Yield notes about what works here, but not in a charm that charmcraft packs."""
    entrypoint = plan.source / plan.entrypoint
    if plan.plugin == "charm" and entrypoint.is_file() and not entrypoint.stat().st_mode & stat.S_IXUSR:
        yield f"{entrypoint} must be executable in a packed charm; type: chmod +x {entrypoint}"
    if plan.plugin == "charm":
        return
    staged = {
        name.partition("/")[0]
        for part in yaml_files.mappings(plan.charmcraft, "parts").values()
        for name in (
            *yaml_files.strings(part, "stage", "charmcraft.yaml"),
            *yaml_files.strings(part, "prime", "charmcraft.yaml"),
        )
    }
    for name in ("templates", "cos_custom", "paas-config.yaml"):
        if (plan.source / name).exists() and name not in staged | _PACKED_BY_ALL:
            yield f"{name}: the {plan.plugin} plugin packs only src and lib; add a part with the plugin dump for it"


def _compile(folder: Path) -> None:
    """Compile the modules for all units. Python uses the bytecode unchecked: a packed charm never changes."""
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(str(folder), quiet=2, invalidation_mode=unchecked)


def _optional(file: Path) -> dict[str, Any]:
    return yaml_files.load(file) if file.is_file() else {}
