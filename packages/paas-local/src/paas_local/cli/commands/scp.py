"""scp: copy a file or a folder to or from a container of a unit."""

import io
import posixpath
import shlex
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import click

from paas_local.cli import progress, session
from paas_local.cli.client import ClientError
from paas_local.cli.juju_click import ignored_options, juju_command, model_option
from paas_local.cli.remote_shell import RemoteShell

_ENDS = 2
# Python 3.11.2, which Debian 12 has, and Python before 3.10.12 know no filters.
_FILTER: Mapping[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


@juju_command
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="SOURCE DESTINATION")
@click.option("--container", default="charm", show_default=True, metavar="NAME", help="The container.")
@click.option("-r", "recursive", is_flag=True, help="Accepted for scripts: a folder is always copied with its files.")
@ignored_options("--no-host-key-checks", "--proxy", is_flag=True)
@model_option
def scp(words: tuple[str, ...], container: str, model: str, *, recursive: bool) -> None:
    """Copy a file or a folder to or from a container of a unit: UNIT:PATH is in the container.

    \b
    paas-local scp notes.txt web/0:/tmp
    paas-local scp --container app web/0:/var/log ./logs
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    del recursive
    ends = [word for word in words if word != "-r"]
    if len(ends) != _ENDS:
        raise click.UsageError("expected one source and one destination")
    (source_unit, source), (target_unit, target) = map(_split, ends)
    if bool(source_unit) == bool(target_unit):
        raise click.UsageError("either the source or the destination must be UNIT:PATH")
    with progress.steps() as steps:
        client = session.connect(steps)
        client.start()
    unit = source_unit or target_unit
    shell = RemoteShell(client=client, model=session.chosen_model(model), unit=unit, container=container)
    if target_unit:
        _upload(shell, Path(source), target or ".")
    else:
        _download(shell, source or ".", Path(target))


def _split(word: str) -> tuple[str, str]:
    """Return the unit and the path of an argument; a path of this machine has no unit."""
    unit, colon, path = word.partition(":")
    return (unit.rpartition("@")[2], path) if colon and "/" in unit and not unit.startswith((".", "/")) else ("", word)


def _upload(shell: RemoteShell, source: Path, target: str) -> None:
    if not source.exists():
        raise click.ClickException(f"{source}: no such file or folder")
    empty = io.BytesIO()
    with tempfile.TemporaryFile() as archive, tempfile.TemporaryFile() as nothing:
        is_folder = shell.run(f"test -d {shlex.quote(target)}", stdin=nothing, stdout=empty, stderr=empty) == 0
        folder, name = (target, source.resolve().name) if is_folder else posixpath.split(target.rstrip("/"))
        with tarfile.open(fileobj=archive, mode="w|") as written:
            written.add(source, arcname=name)
        archive.seek(0)
        command = f"tar -xf - --no-same-owner -C {shlex.quote(folder or '.')}"
        _check(shell.run(command, stdin=archive, stdout=sys.stdout.buffer, stderr=sys.stderr.buffer), target)


def _download(shell: RemoteShell, source: str, target: Path) -> None:
    folder, name = posixpath.split(source.rstrip("/"))
    with tempfile.TemporaryFile() as archive, tempfile.TemporaryFile() as nothing:
        command = f"tar -cf - -C {shlex.quote(folder or '.')} -- {shlex.quote(name or '.')}"
        _check(shell.run(command, stdin=nothing, stdout=archive, stderr=sys.stderr.buffer), source)
        archive.seek(0)
        place = target / name if target.is_dir() else target
        _extract(archive, name or ".", place)


def _extract(archive: BinaryIO, name: str, place: Path) -> None:
    """Write the files of an archive, whose first folder or only file is ``name``, to a place."""
    try:
        with tarfile.open(fileobj=archive, mode="r|") as read:
            for member in read:
                member.name = _renamed(member.name, name, place.name)
                read.extract(member, place.parent, **_FILTER)
    except (OSError, tarfile.TarError) as error:
        raise ClientError(f"cannot write {place}: {error}") from error


def _renamed(path: str, old: str, new: str) -> str:
    """Return a path of an archive with another first folder; raise an error if it leaves the folder."""
    renamed = posixpath.normpath(posixpath.join(new, posixpath.relpath(path, old)))
    if renamed.startswith(("/", "../")):
        raise tarfile.TarError(f"the archive has {path} outside of {old}")
    return renamed


def _check(code: int, path: str) -> None:
    if code:
        raise ClientError(f"cannot copy {path}: tar ended with {code}")
