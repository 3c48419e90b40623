"""The identity of an image, apart from the application's folder.

A new image can bring new migrations without a change in that folder: in a compiled program, or in an upgraded
dependency.
"""

import collections.abc
import shlex
import typing

import ops
import ops.pebble

from paas_common.pebble import notes

METADATA: typing.Final = "/.rock/metadata.yaml"
"""Written by rockcraft into each image; it has the time of the build."""
_PROGRAM_FOLDERS: typing.Final = ("/bin", "/usr/bin", "/usr/local/bin")
"""Folders of programs that a command names without a path."""
_LIBRARY_FOLDERS: typing.Final = ("/lib", "/usr/lib", "/usr/local/lib")
_PACKAGE_FOLDERS: typing.Final = ("site-packages", "dist-packages")
_DISTRIBUTION: typing.Final = (".dist-info", ".egg-info")


def identity(
    container: ops.Container, services: collections.abc.Mapping[str, collections.abc.Mapping[str, object]]
) -> object:
    """Return the image's metadata, the services' programs and the installed Python distributions, as plain data."""
    words = {word for service in services.values() for word in shlex.split(str(service.get("command", "")))[:1]}
    return [
        notes.pull(container, METADATA),
        sorted(_programs(container, words)),
        sorted(_distributions(container)),
    ]


def _programs(container: ops.Container, words: set[str]) -> collections.abc.Iterator[tuple[str, int, str]]:
    paths = {word for word in words if word.startswith("/")}
    paths |= {f"{folder}/{word}" for word in words - paths for folder in _PROGRAM_FOLDERS}
    for folder in sorted({path.rpartition("/")[0] for path in paths}):
        for file in notes.list_files(container, folder or "/"):
            if f"{folder}/{file.name}" in paths and file.type is not ops.pebble.FileType.DIRECTORY:
                yield file.path, file.size or 0, file.last_modified.isoformat()


def _distributions(container: ops.Container) -> collections.abc.Iterator[str]:
    for folder in _library_folders(container):
        for python in notes.list_files(container, folder):
            if not python.name.startswith("python3"):
                continue
            for entry in _packages(container, f"{folder}/{python.name}"):
                if entry.name.endswith(_DISTRIBUTION):
                    yield f"{folder}/{entry.name}"


def _library_folders(container: ops.Container) -> tuple[str, ...]:
    """Return the folders of libraries; ``/lib`` is a link to ``/usr/lib`` in most images."""
    types = {file.name: file.type for file in notes.list_files(container, "/")}
    linked = types.get("lib") is ops.pebble.FileType.SYMLINK and "usr" in types
    return _LIBRARY_FOLDERS[linked:]


def _packages(container: ops.Container, python: str) -> collections.abc.Iterator[ops.pebble.FileInfo]:
    """Return the entries of the folders of packages of one Python."""
    for folder in notes.list_files(container, python):
        if folder.name in _PACKAGE_FOLDERS:
            yield from notes.list_files(container, f"{python}/{folder.name}")
