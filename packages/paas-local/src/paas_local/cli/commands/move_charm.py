"""move-charm: rewrite a charm from paas-charm."""

import dataclasses
import difflib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click

from paas_local.build import frameworks
from paas_local.cli import charm_move, output, scaffold
from paas_local.cli.charm_move import Finding, Moved
from paas_local.cli.juju_click import juju_command

_SKIPPED = {"__pycache__", "build", "dist", "lib", "node_modules", "prime", "stage", "venv"}
"""Folders without files of the author; ``lib`` has charm libraries."""


@juju_command
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print the changes as a diff, and change nothing.")
@click.option("--force", is_flag=True, help="Change files that git could not restore.")
def move_charm(folder: Path, *, dry_run: bool, force: bool) -> None:
    """Rewrite the charm in FOLDER from paas-charm to these packages, and list what needs a person."""
    if not dry_run and not force and (problem := _unsaved(folder)):
        raise click.ClickException(f"{problem}; commit, or use --force (--dry-run shows the changes)")
    files = {path: _read(path) for path in _files(folder)}
    moved = _moved(files)
    changed = {path: new.text for path, new in moved.items() if new.text != files[path]}
    for path, text in changed.items():
        if dry_run:
            click.echo(_diff(str(path), files[path], text), nl=False)
        else:
            path.write_bytes(text.encode())
            output.say(f"changed {path}")
    findings = [f"{path}:{finding.line}: {finding.text}" for path, new in moved.items() for finding in new.findings]
    for finding in findings:
        output.say(finding)
    if lock := next((path for path in (folder / "uv.lock",) if path.exists() and changed), None):
        output.say(f"{lock}:1: write it again (uv lock)")
    output.say(f"files to change: {len(changed)}" if dry_run else f"files changed: {len(changed)}")
    output.say(f"lines for a person: {len(findings)}")


def _moved(files: dict[Path, str]) -> dict[Path, Moved]:
    """Return the new text of each file."""
    moved = {path: _python(path, text) for path, text in files.items() if path.suffix == ".py"}
    used = sorted({name for file in moved.values() for name in file.frameworks})
    if len(used) != 1:
        classes = f"those of {' and '.join(used)}" if used else "none"
        raise click.ClickException(f"a charm must have one charm class of paas_charm; found {classes}")
    (framework,) = used
    requirement = scaffold.requirement(framework)
    for path, text in files.items():
        if path.name == "pyproject.toml":
            moved[path] = charm_move.pyproject(text, requirement)
        elif path.suffix == ".txt":
            moved[path] = charm_move.requirements(text, requirement)
    files_of_requirements = [path for path in moved if path.suffix != ".py"]
    if not any(requirement in moved[path].text for path in files_of_requirements):
        first = next(iter([*files_of_requirements, *moved]))
        finding = Finding(line=1, text=f"add {requirement}: no requirement of paas-charm was found to replace")
        moved[first] = dataclasses.replace(moved[first], findings=(*moved[first].findings, finding))
    return moved


def _python(path: Path, text: str) -> Moved:
    try:
        return charm_move.python(text, frozenset(frameworks.names()))
    except SyntaxError as error:
        return Moved(
            text=text, findings=(Finding(line=error.lineno or 1, text=f"Python cannot parse it: {error.msg}"),)
        )
    except charm_move.UnknownFrameworkError as error:
        known = ", ".join(frameworks.names())
        raise click.ClickException(f'{path}: no package for the framework "{error}" (there are: {known})') from error


def _files(folder: Path) -> Iterator[Path]:
    """Return the files of a charm that may name paas-charm."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part in _SKIPPED for part in parts) or path.is_symlink() or not path.is_file():
            continue
        requirements = path.suffix == ".txt" and path.name.startswith("requirements")
        if path.suffix == ".py" or path.name == "pyproject.toml" or requirements:
            yield path


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise click.ClickException(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"cannot read {path}: not UTF-8 text") from error


def _unsaved(folder: Path) -> str | None:
    """Return why git could not restore the folder's files; None if it could."""
    try:
        status = subprocess.run(
            ["git", "status", "--porcelain", "--", "."], cwd=folder, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "git is not installed"
    if status.returncode:
        return f"{folder} is not in a git repository"
    return f"{folder} has changes that are not committed" if status.stdout.strip() else None


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
