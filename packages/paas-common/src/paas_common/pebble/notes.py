"""The charm's notes in the container, a JSON file that is lost with the container."""

import http.client
import json
import logging

import ops
import ops.pebble
import pydantic

from paas_common.planning.plan import NOTES_FILE
from paas_common.values.facts import CommandFailure, ContainerState, Step

logger = logging.getLogger(__name__)


class _Failure(pydantic.BaseModel):
    fingerprint: str
    environment: str
    attempts: int
    at: float
    output: str


class _Notes(pydantic.BaseModel):
    services: dict[str, dict[str, object]]
    files: list[str]
    fingerprint: str
    migrated: str | None = None
    before_start_done: bool = False
    failures: dict[Step, _Failure] = {}
    after_start_pending: bool = False
    applied: dict[str, str] = {}


def load(container: ops.Container, state_dir: str) -> ContainerState | None:
    """Read the notes; None if there are none, or if they cannot be read."""
    text = pull(container, path(state_dir))
    if text is None:
        return None
    try:
        notes = _Notes.model_validate_json(text)
    except pydantic.ValidationError:
        logger.warning("%s is not readable and is written again", path(state_dir))
        return None
    return ContainerState(
        services=notes.services,
        files=frozenset(notes.files),
        fingerprint=notes.fingerprint,
        migrated=notes.migrated,
        before_start_done=notes.before_start_done,
        failures={step: CommandFailure(**failure.model_dump()) for step, failure in notes.failures.items()},
        after_start_pending=notes.after_start_pending,
        applied=notes.applied,
    )


def save(container: ops.Container, state_dir: str, state: ContainerState) -> None:
    """Write the notes; only the charm's user may read them."""
    document = {
        "services": {name: dict(entry) for name, entry in state.services.items()},
        "files": sorted(state.files),
        "fingerprint": state.fingerprint,
        "migrated": state.migrated,
        "before_start_done": state.before_start_done,
        "failures": {step: vars(failure) for step, failure in state.failures.items()},
        "after_start_pending": state.after_start_pending,
        "applied": dict(state.applied),
    }
    text = json.dumps(document, sort_keys=True)
    container.push(path(state_dir), text, make_dirs=True, permissions=0o600)


def path(state_dir: str) -> str:
    """Return the path of the notes."""
    return f"{state_dir}/{NOTES_FILE}"


def pull(container: ops.Container, path: str) -> str | None:
    """Read a file; None if it does not exist."""
    try:
        with container.pull(path) as file:
            return file.read()
    except ops.pebble.PathError as error:
        if error.kind == "not-found":
            return None
        raise


def list_files(container: ops.Container, folder: str) -> list[ops.pebble.FileInfo]:
    """Return the entries of a folder; none if it does not exist."""
    try:
        return container.list_files(folder)
    except ops.pebble.APIError as error:
        if error.code == http.client.NOT_FOUND:
            return []
        raise
