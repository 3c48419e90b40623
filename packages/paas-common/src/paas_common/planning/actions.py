"""The actions that make the container run the workload; none if it already does."""

import collections.abc
import dataclasses

from paas_common.observability import log_targets
from paas_common.planning import services
from paas_common.values import environment
from paas_common.values.facts import ContainerState, StrMap
from paas_common.values.workload import BeforeStart, Check, File, LayerEntry, Migration, Workload

_FILE = "file "


@dataclasses.dataclass(frozen=True, kw_only=True)
class Current:
    """The workload that the container has and runs now."""

    layer_applied: bool
    """Pebble's plan has the charm's layer, without any difference."""
    running: frozenset[str]
    files: StrMap = dataclasses.field(default_factory=dict[str, str])
    """The workload's files that exist, by path."""
    log_targets: collections.abc.Mapping[str, LayerEntry] = dataclasses.field(default_factory=dict[str, LayerEntry])
    """All log targets of Pebble's plan, also the image's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForwardLogs:
    """Change Pebble's log targets; nothing restarts."""

    targets: collections.abc.Mapping[str, LayerEntry]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PushCandidate:
    """Write new content to the path that the checks read."""

    file: File


@dataclasses.dataclass(frozen=True, kw_only=True)
class Push:
    """Write a file."""

    file: File


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddLayer:
    """Add the charm's layer to Pebble's plan; nothing restarts yet."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replan:
    """Start enabled services, and restart changed ones."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stop:
    """Stop services that this unit must not run."""

    services: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reload:
    """Send SIGHUP to the server, which reads its configuration again and keeps serving."""

    service: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restart:
    """Restart services that read a changed file only at their start, and that the replan does not restart."""

    services: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remove:
    """Remove a file that the workload no longer has."""

    path: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remember:
    """Write the digests of what is now applied into the charm's notes."""

    applied: StrMap


Action = (
    ForwardLogs
    | PushCandidate
    | Check
    | Migration
    | BeforeStart
    | Push
    | AddLayer
    | Replan
    | Stop
    | Reload
    | Restart
    | Remove
    | Remember
)


def due(workload: Workload, container: ContainerState, current: Current) -> tuple[Action, ...]:
    """Return the actions, in an order that keeps new code off an old schema and unchecked configuration unused.

    Log targets come first: they depend on nothing, and the log of a failed start is worth the most. Files without
    check come next, because checks and the migration may read them. A service that this unit must not run is stopped
    after the replan, because Pebble restarts any changed service that was started before, even a disabled one. Unused
    files are removed last, when nothing reads them.
    """
    enabled = frozenset(name for name, entry in workload.services.items() if entry.get("startup") == "enabled")
    must_run = frozenset(name for name in enabled if not may_end(workload.services[name]))
    idle = tuple(name for name in workload.idle if name in current.running)
    applied = digests(workload)
    stale = [file for file in workload.files if current.files.get(file.path) != file.content]
    remembered = dict(container.applied) == applied
    unused = [path for path in _paths(container.applied) if path not in _paths(applied)]
    actions: list[Action] = []
    if targets := log_targets.changes(current.log_targets, workload.log_targets):
        actions += [ForwardLogs(targets=targets)]
    actions += [Push(file=file) for file in stale if not file.candidate]
    if stale or not (remembered and current.layer_applied):
        actions += [PushCandidate(file=file) for file in workload.files if file.candidate]
        actions += workload.checks
    actions += [step for step in (workload.migration, workload.before_start) if step]
    actions += [Push(file=file) for file in stale if file.candidate]
    if not current.layer_applied:
        actions += [AddLayer()]
    if not (_same_services(container.applied, applied) and current.layer_applied and must_run <= current.running):
        actions += [Replan()]
    if idle:
        actions += [Stop(services=idle)]
    if _must_reload(workload, container, current, applied):
        actions += [Reload(service=workload.service)]
    if names := _to_restart(workload, container, current, applied):
        actions += [Restart(services=names)]
    actions += [Remove(path=path) for path in unused]
    if not remembered:
        actions += [Remember(applied=applied)]
    return tuple(actions)


def announcement(
    action: Action, workload: Workload, container: ContainerState, current: Current, *, active: bool
) -> str:
    """Return what the status says during an action; empty if it goes on saying what it says.

    While the unit is not ``active``, its status has the reason why the application does not run: only a command that
    may take long replaces it.
    """
    match action:
        case Migration():
            return "migrating the database"
        case BeforeStart():
            return "preparing the start"
        case Restart(services=names) if active:
            return f"restarting {', '.join(names)}"
        case Replan() if active:
            applied = digests(workload)
            enabled = [name for name, entry in workload.services.items() if entry.get("startup") == "enabled"]
            changed = [name for name in enabled if container.applied.get(_service(name)) != applied[_service(name)]]
            started = ", ".join(name for name in enabled if name not in current.running)
            restarted = ", ".join(name for name in changed if name in current.running)
            texts = (f"starting {started}" if started else "", f"restarting {restarted}" if restarted else "")
            return "; ".join(filter(None, texts))
        case _:
            return ""


def digests(workload: Workload) -> dict[str, str]:
    """Return a digest of each service, each file and the check, so that the notes hold no secret."""
    return {
        **{_service(name): environment.digest(entry) for name, entry in workload.services.items()},
        **{_file(file): environment.digest(file.content) for file in workload.files},
        "check": environment.digest(workload.health),
    }


def may_end(entry: LayerEntry) -> bool:
    """Return whether Pebble leaves the service alone once it has ended, as a worker that runs once."""
    return "ignore" in {entry.get("on-success"), entry.get("on-failure")}


def _same_services(before: StrMap, after: StrMap) -> bool:
    def without_files(digests: StrMap) -> dict[str, str]:
        return {name: digest for name, digest in digests.items() if not name.startswith(_FILE)}

    return without_files(before) == without_files(after)


def _paths(digests: StrMap) -> list[str]:
    return [name.removeprefix(_FILE) for name in digests if name.startswith(_FILE)]


def _to_restart(workload: Workload, container: ContainerState, current: Current, applied: StrMap) -> tuple[str, ...]:
    """Return the running services that use an old file and that the replan does not restart."""
    read_at_start = {_file(file) for file in workload.files if file.on_change == "restart"}
    removed = {name for name in container.applied if name.startswith(_FILE) and name not in applied}
    if not any(container.applied.get(name) != applied.get(name) for name in read_at_start | removed):
        return ()
    return tuple(
        name
        for name, entry in workload.services.items()
        if name in current.running
        and entry.get("startup") == "enabled"
        and container.applied.get(_service(name)) == applied[_service(name)]
    )


def _must_reload(workload: Workload, container: ContainerState, current: Current, applied: StrMap) -> bool:
    """Return whether a running server must read a new file; a server that starts or restarts reads it anyway."""
    main = _service(workload.service)
    changed = any(
        file.on_change == "reload" and container.applied.get(_file(file)) != applied[_file(file)]
        for file in workload.files
    )
    runs_on = workload.service in current.running and container.applied.get(main) == applied[main]
    return changed and runs_on and current.layer_applied


def _file(file: File) -> str:
    return _FILE + file.path


def _service(name: str) -> str:
    return services.APPLIED + name
