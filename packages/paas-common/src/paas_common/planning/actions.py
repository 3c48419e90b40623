"""What has to be done so that the container runs the wanted workload: a few small actions, or none."""

import collections.abc
import dataclasses

from paas_common.observability import log_targets
from paas_common.values import environment, facts
from paas_common.values.workload import Check, Entry, File, Migration, Workload

_FILE = "file "


@dataclasses.dataclass(frozen=True, kw_only=True)
class Current:
    """What the container has and does."""

    in_force: bool
    """The charm's layer is in Pebble's plan, word for word."""
    running: frozenset[str]
    files: facts.Text = dataclasses.field(default_factory=dict[str, str])
    """The configuration files as they lie in the container, by path; those that are missing are left out."""
    log_targets: collections.abc.Mapping[str, Entry] = dataclasses.field(default_factory=dict[str, Entry])
    """All log targets of Pebble's plan, also the image's own."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forward:
    """Let Pebble send the services' lines somewhere, or no longer; nothing restarts."""

    targets: collections.abc.Mapping[str, Entry]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Propose:
    """Put the new configuration where the checks look at it."""

    file: File


@dataclasses.dataclass(frozen=True, kw_only=True)
class Push:
    """Put the new configuration in force."""

    file: File


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddLayer:
    """Give Pebble the charm's layer; nothing restarts yet."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replan:
    """Let Pebble start what is enabled, and restart what has changed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stop:
    """Stop services that this unit does not run, or that may not go on."""

    services: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reload:
    """Have the server read its configuration again; the application keeps answering."""

    service: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restart:
    """Have services read a file again that they read only at their start; what has changed besides was replanned."""

    services: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remove:
    """Take away a file that nothing needs any longer."""

    path: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remember:
    """Note what is now in force."""

    applied: facts.Text


Action = Forward | Propose | Check | Migration | Push | AddLayer | Replan | Stop | Reload | Restart | Remove | Remember


def due(workload: Workload, image: facts.Image, current: Current) -> tuple[Action, ...]:
    """Give the actions in the order that keeps new code off an old schema, and a bad configuration out of force.

    Log targets come first: they depend on nothing else, and the lines of a start that fails are worth the most.
    A service that is switched off on this unit is stopped after the replan, because Pebble restarts whatever was once
    started and has changed, also what is disabled. Files that are not checked first come first: the checks and the
    migration may read them. Those that nobody wants any longer go last, when nothing uses them.
    """
    enabled = frozenset(name for name, entry in workload.services.items() if entry.get("startup") == "enabled")
    idle = tuple(name for name in workload.idle if name in current.running)
    wanted = digests(workload)
    stale = [file for file in workload.files if current.files.get(file.path) != file.content]
    remembered = dict(image.applied) == wanted
    obsolete = [path for path in _files(image.applied) if path not in _files(wanted)]
    actions: list[Action] = []
    if targets := log_targets.changes(current.log_targets, workload.log_targets):
        actions += [Forward(targets=targets)]
    actions += [Push(file=file) for file in stale if not file.candidate]
    if stale or not (remembered and current.in_force):
        actions += [Propose(file=file) for file in workload.files if file.candidate]
        actions += workload.checks
    if workload.migration:
        actions += [workload.migration]
    actions += [Push(file=file) for file in stale if file.candidate]
    if not current.in_force:
        actions += [AddLayer()]
    if not (_same_services(image.applied, wanted) and current.in_force and enabled <= current.running):
        actions += [Replan()]
    if idle:
        actions += [Stop(services=idle)]
    if _reloads(workload, image, current, wanted):
        actions += [Reload(service=workload.service)]
    if due_again := _restarts(workload, image, current, wanted):
        actions += [Restart(services=due_again)]
    actions += [Remove(path=path) for path in obsolete]
    if not remembered:
        actions += [Remember(applied=wanted)]
    return tuple(actions)


def digests(workload: Workload) -> dict[str, str]:
    """Tell each service's entry, the health check and each file by a digest, so that no secret is kept."""
    return {
        **{_service(name): environment.digest(entry) for name, entry in workload.services.items()},
        **{_file(file): environment.digest(file.content) for file in workload.files},
        "check": environment.digest(workload.health),
    }


def _same_services(applied: facts.Text, wanted: facts.Text) -> bool:
    def others(digests: facts.Text) -> dict[str, str]:
        return {name: digest for name, digest in digests.items() if not name.startswith(_FILE)}

    return others(applied) == others(wanted)


def _files(digests: facts.Text) -> list[str]:
    return [name.removeprefix(_FILE) for name in digests if name.startswith(_FILE)]


def _restarts(workload: Workload, image: facts.Image, current: Current, wanted: facts.Text) -> tuple[str, ...]:
    """Name the services that run on with an old file; what has changed besides is started anew by the replan."""
    read_at_start = {_file(file) for file in workload.files if file.on_change == "restart"}
    gone = {name for name in image.applied if name.startswith(_FILE) and name not in wanted}
    if not any(image.applied.get(name) != wanted.get(name) for name in read_at_start | gone):
        return ()
    return tuple(
        name
        for name, entry in workload.services.items()
        if name in current.running
        and entry.get("startup") == "enabled"
        and image.applied.get(_service(name)) == wanted[_service(name)]
    )


def _reloads(workload: Workload, image: facts.Image, current: Current, wanted: facts.Text) -> bool:
    """Tell whether a running server has a new file to read; one that is started or restarted reads it anyhow."""
    main = _service(workload.service)
    changed = any(
        file.on_change == "reload" and image.applied.get(_file(file)) != wanted[_file(file)] for file in workload.files
    )
    return (
        changed and workload.service in current.running and current.in_force and image.applied.get(main) == wanted[main]
    )


def _file(file: File) -> str:
    return _FILE + file.path


def _service(name: str) -> str:
    return f"service {name}"
