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
        sorted(_programs(container, {word.rpartition("/")[2] for word in words})),
        sorted(_distributions(container)),
    ]


def _programs(container: ops.Container, names: set[str]) -> collections.abc.Iterator[tuple[str, int, str]]:
    for folder in _PROGRAM_FOLDERS:
        for file in notes.list_files(container, folder):
            if file.name in names and file.type is not ops.pebble.FileType.DIRECTORY:
                yield file.path, file.size or 0, file.last_modified.isoformat()


def _distributions(container: ops.Container) -> collections.abc.Iterator[str]:
    for folder in _LIBRARY_FOLDERS:
        for python in notes.list_files(container, folder):
            if not python.name.startswith("python3"):
                continue
            for packages in _PACKAGE_FOLDERS:
                for entry in notes.list_files(container, f"{folder}/{python.name}/{packages}"):
                    if entry.name.endswith(_DISTRIBUTION):
                        yield f"{folder}/{entry.name}"
