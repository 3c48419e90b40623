"""clean: remove what no application uses from the cache."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from paas_local import folders
from paas_local.build import cache, charms, rocks
from paas_local.cli import output, session
from paas_local.cli.juju_click import juju_command

_MEGABYTE = 1_000_000


@juju_command
def clean() -> None:
    """Remove the packed charms, images, files, packages and environments that no application of your models uses.

    They are built again when a command needs them.
    """
    # without models, nothing is used, and the background process is not started for this question
    has_models = any((folders.home() / "models").glob("*"))
    packed: Mapping[str, Sequence[str]] = session.query("packed-folders") if has_models else {}
    size = cache.remove_unused(list(_used(packed)))
    output.say(f"Removed {size / _MEGABYTE:.0f} MB from {folders.cache()}.")


def _used(packed: Mapping[str, Sequence[str]]) -> Iterator[Path]:
    yield from map(Path, packed.get("files", ()))
    for folder in map(Path, packed.get("charms", ())):
        yield from (folder, *charms.read(folder).mounts)
    for folder in map(Path, packed.get("rocks", ())):
        rock = rocks.read(folder)
        yield from (folder, *(mount.source for mount in rock.mounts))
        yield from filter(None, (rock.python, rock.packages))
