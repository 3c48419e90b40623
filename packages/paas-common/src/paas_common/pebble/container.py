"""Reads the workload container: what the image brought, and what runs now."""

import collections.abc
import dataclasses
import logging
import typing

import ops
import ops.pebble

from paas_common.pebble import image, notes
from paas_common.planning import services
from paas_common.planning.actions import Current
from paas_common.values import environment, workload
from paas_common.values.facts import ContainerState
from paas_common.values.framework import FrameworkSpec
from paas_common.values.workload import Workload

logger = logging.getLogger(__name__)


def read(container: ops.Container, spec: FrameworkSpec) -> ContainerState | None:
    """Return the state of the container; None while Pebble cannot be reached.

    The first read notes the image's services, because Pebble's plan has the charm's changes later.
    """
    try:
        return notes.load(container, spec.state_dir) or _first_state(container, spec)
    except ops.pebble.ConnectionError:
        return None


def current(
    container: ops.Container,
    desired: Workload,
    plan: ops.pebble.Plan,
    infos: collections.abc.Mapping[str, ops.pebble.ServiceInfo],
) -> Current:
    """Return what the container has and runs now of the desired workload."""
    layer_applied = all(_is_applied(plan.services.get(name), name, entry) for name, entry in desired.services.items())
    contents = [(file.path, notes.pull(container, file.path)) for file in desired.files]
    return Current(
        layer_applied=layer_applied and (desired.health is None or workload.HEALTH_CHECK in plan.checks),
        running=frozenset(name for name in desired.services if name in infos and infos[name].is_running()),
        files={path: text for path, text in contents if text is not None},
        log_targets={name: dict(target.to_dict()) for name, target in plan.log_targets.items()},
    )


def _is_applied(planned: ops.pebble.Service | None, name: str, entry: workload.LayerEntry) -> bool:
    if entry == services.DISABLED:
        return planned is not None and planned.startup == entry["startup"]
    return planned == ops.pebble.Service(name, typing.cast("ops.pebble.ServiceDict", entry))


def running(container: ops.Container, names: collections.abc.Iterable[str]) -> list[str]:
    """Return which of the services run."""
    return sorted(name for name, service in container.get_services(*names).items() if service.is_running())


def stop(container: ops.Container, spec: FrameworkSpec, state: ContainerState) -> None:
    """Stop the application's services; other services of the image run on."""
    names = services.of_application(state.services, spec.name, state.applied)
    if active := running(container, names):
        logger.info("stopping %s", ", ".join(active))
        container.stop(*active)


def after_start_succeeded(container: ops.Container, spec: FrameworkSpec) -> None:
    """Note that ``after_start`` has succeeded since the last start."""
    if state := notes.load(container, spec.state_dir):
        notes.save(container, spec.state_dir, dataclasses.replace(state, after_start_pending=False))


def _first_state(container: ops.Container, spec: FrameworkSpec) -> ContainerState:
    plan = container.get_plan()
    entries: dict[str, dict[str, object]] = {name: dict(each.to_dict()) for name, each in plan.services.items()}
    url_variable = f"{spec.env_prefix}BASE_URL"
    if workload.HEALTH_CHECK in plan.checks or url_variable in services.environment(entries.get(spec.name, {})):
        # The notes were removed while the charm's layer is applied. The image's variables cannot be separated from the
        # charm's any more, and a kept credential is worse than variables that are missing until the next container.
        logger.warning("%s is gone; variables of the image are lost", notes.path(spec.state_dir))
        entries = {name: {**entry, "environment": {}} for name, entry in entries.items()}
    listed = sorted(_walk(container, spec.app_dir))
    state = ContainerState(
        services=entries,
        files=frozenset(path for path, _, _ in listed if "/" not in path),
        fingerprint=environment.digest([listed, image.identity(container, entries)]),
    )
    notes.save(container, spec.state_dir, state)
    return state


def _walk(container: ops.Container, root: str, below: str = "") -> collections.abc.Iterator[tuple[str, int, str]]:
    """Return path, size in bytes and time of all files below a folder."""
    for file in notes.list_files(container, f"{root}/{below}".rstrip("/")):
        path = f"{below}/{file.name}".lstrip("/")
        if file.name == "__pycache__":
            continue
        if file.type is ops.pebble.FileType.DIRECTORY:
            yield path, 0, ""
            yield from _walk(container, root, path)
        else:
            yield path, file.size or 0, file.last_modified.isoformat()
