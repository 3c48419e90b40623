"""The workload container, over Pebble: what it has, and making it run what is wanted. No decisions."""

import collections.abc
import dataclasses
import http.client
import json
import logging
import signal
import time
import typing

import ops
import ops.pebble
import pydantic

from paas_common.pebble import logs
from paas_common.planning import actions, migration, services
from paas_common.planning.actions import (
    AddLayer,
    Forward,
    Propose,
    Push,
    Reload,
    Remember,
    Remove,
    Replan,
    Restart,
    Stop,
)
from paas_common.values import environment, facts, workload
from paas_common.values.workload import Check, Framework, Hold, Migration, Workload

logger = logging.getLogger(__name__)

PAUSE = 0.2
CHECK_TIMEOUT = 60.0
COMMAND_TIMEOUT = 300.0
MIGRATION_TIMEOUT = 3600.0
LINES = 3
"""How many of a program's last lines go into a status."""
WIDTH = 300
"""How many of their characters."""
GIVE_UP_AFTER = 20
"""Failed looks at the port, one every three seconds, after which a person is asked to look."""
TROUBLE: typing.Final = (ops.pebble.Error, OSError)
"""What any conversation with Pebble may end in; all of it passes or shows itself again at the next event."""


class _Failure(pydantic.BaseModel):
    fingerprint: str
    environment: str
    attempts: int
    at: float
    output: str


class _Notes(pydantic.BaseModel):
    """The file in which the charm keeps what must live and die with the container."""

    services: dict[str, dict[str, object]]
    files: list[str]
    fingerprint: str
    migrated: str | None = None
    failure: _Failure | None = None
    owed: bool = False
    applied: dict[str, str] = {}


@dataclasses.dataclass(frozen=True)
class Failed:
    """A command that did not succeed, with the last lines of what it said."""

    said: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Applied:
    """How it went: nothing stands in the way, or a hold; and whether the database was migrated."""

    hold: Hold | None = None
    migrated: Migration | None = None
    owed: bool = False
    """The author's code that acts after a start is due, now that the application answers."""


def read(container: ops.Container, framework: Framework) -> facts.Image | None:
    """Look at the image; nothing while Pebble cannot be reached.

    The services of the image are noted at the first look, because Pebble's plan holds the charm's changes later.
    """
    if not container.can_connect():
        return None
    notes = _load(container, framework.state_dir) or _first_look(container, framework)
    return facts.Image(
        services=notes.services,
        files=frozenset(notes.files),
        fingerprint=notes.fingerprint,
        migrated=notes.migrated,
        failure=facts.Failure(**notes.failure.model_dump()) if notes.failure else None,
        owed=notes.owed,
        applied=notes.applied,
    )


def apply(container: ops.Container, wanted: Workload, image: facts.Image, *, now: float, patience: float) -> Applied:
    """Make the container run what is wanted, changing only what differs.

    ``patience`` is how many seconds a started application has until it must take connections.
    """
    current = _look(container, wanted)
    due = actions.due(wanted, image, current)
    shell = _Shell(container, wanted, image, now)
    started = False
    for action in due:
        if isinstance(action, Replan | Reload | Restart):
            started = True
            shell.owe()
        if hold := shell.act(action):
            return Applied(hold=hold, migrated=shell.migrated)
    hold = _answers(container, wanted, patience=patience if started else 0)
    return Applied(hold=hold, migrated=shell.migrated, owed=shell.owes and hold is None)


def settle(container: ops.Container, framework: Framework) -> None:
    """Note that the author's code has acted after the last start."""
    if notes := _load(container, framework.state_dir):
        _write(container, framework.state_dir, notes.model_copy(update={"owed": False}))


def run(container: ops.Container, wanted: Workload, command: workload.Command, extra: facts.Text) -> str | Failed:
    """Run a command as the application would, with further variables; give what it wrote to standard output."""
    shell = _Shell(container, wanted, facts.Image(services={}, files=frozenset(), fingerprint=""), 0)
    return shell.run(command, extra)


def halt(container: ops.Container, framework: Framework, image: facts.Image) -> None:
    """Stop the application's services; other services of the image go on."""
    ours = services.of_application(image.services, framework.name)
    if running := _running(container, ours):
        logger.info("stopping %s", ", ".join(running))
        container.stop(*running)


def trouble(container: ops.Container, error: Exception) -> Hold:
    """Tell that Pebble did not do what it was asked."""
    logger.warning("Pebble in container %s: %s", container.name, error)
    what = " ".join(str(error).split())[:WIDTH] or type(error).__name__
    return Hold(
        kind="waiting",
        reason=f"Pebble in container {container.name} failed: {what} (it is tried again at the next event)",
    )


class _Shell:
    """Carries out actions, one after the other, and keeps the notes."""

    def __init__(self, container: ops.Container, wanted: Workload, image: facts.Image, now: float) -> None:
        self.migrated: Migration | None = None
        self._container = container
        self._wanted = wanted
        self._image = image
        self._now = now
        self._plain = environment.plain(wanted.environment)

    def act(self, action: actions.Action) -> Hold | None:  # noqa: C901  one case for each kind of action
        """Do it; a hold means that what comes after must not happen."""
        match action:
            case Forward(targets=targets):
                self._forward(targets)
            case Propose(file=file):
                self._push(file.candidate or file.path, file.content)
            case Push(file=file):
                self._push(file.path, file.content)
            case Check():
                return self._check(action)
            case Migration():
                return self._migrate(action)
            case AddLayer():
                self._add_layer()
            case Replan():
                return self._start(self._container.replan)
            case Stop(services=names):
                self._container.stop(*names)
            case Reload(service=name):
                logger.info("reloading %s", name)
                self._container.send_signal(signal.SIGHUP, name)
            case Restart(services=names):
                logger.info("restarting %s: a file has changed", ", ".join(names))
                return self._start(self._container.restart, *names)
            case Remove(path=path):
                self._container.remove_path(path, recursive=True)  # then one that is gone already is no error
            case Remember(applied=applied):
                self._note(applied=applied)
        return None

    def _forward(self, targets: collections.abc.Mapping[str, workload.Entry]) -> None:
        logger.info("log targets: %s", ", ".join(f"{name} at {each['location']}" for name, each in targets.items()))
        layer = typing.cast("ops.pebble.LayerDict", {"log-targets": targets})
        self._container.add_layer(f"{self._container.name}-log-forwarding", layer, combine=True)

    @property
    def owes(self) -> bool:
        """Tell whether the author's code has to act after the last start."""
        return self._wanted.announces_starts and self._image.owed

    def owe(self) -> None:
        """Note before a start that the author's code has to act after it, whatever happens in between."""
        if self._wanted.announces_starts and not self._image.owed:
            self._note(owed=True)

    def _push(self, path: str, content: str) -> None:
        user = self._wanted.user
        self._container.push(path, content, make_dirs=True, permissions=0o640, user=user, group=user)

    def run(self, command: workload.Command, extra: facts.Text, timeout: float = COMMAND_TIMEOUT) -> str | Failed:
        """Run a command as the application would run; secrets are blotted out of what it says when it fails."""
        try:
            process = self._container.exec(
                list(command),
                environment={**self._plain, **extra},
                working_dir=self._wanted.app_dir,
                user=self._wanted.user,
                group=self._wanted.user,
                timeout=timeout,
                combine_stderr=True,
            )
            return process.wait_output()[0]
        except ops.pebble.ExecError as error:  # pyright: ignore[reportUnknownVariableType]  generic in what it carries
            output = typing.cast("str | None", error.stdout)
            return Failed(self._said(output or "") or f"exit status {error.exit_code}")
        except ops.pebble.ChangeError as error:  # it could not be run, or took too long
            return Failed(self._said(error.err))
        except ops.pebble.APIError as error:
            if error.code != http.client.BAD_REQUEST:
                raise
            return Failed(self._said(error.message))  # the image lacks the program or the user

    def _said(self, output: str) -> str:
        return _last(environment.redact(output, self._wanted.environment).splitlines())

    def _check(self, check: Check) -> Hold | None:
        done = self.run(check.command, {}, CHECK_TIMEOUT)
        return Hold(kind="blocked", reason=f"{check.refusal}: {done.said}") if isinstance(done, Failed) else None

    def _migrate(self, due: Migration) -> Hold | None:
        logger.info("migrating the database: %s", " ".join(due.command))
        done = self.run(due.command, {}, MIGRATION_TIMEOUT)
        if isinstance(done, Failed):
            return self._migration_failed(due, done.said)
        self.migrated = due
        self._note(migrated=due.fingerprint, failure=None)
        return None

    def _migration_failed(self, due: Migration, said: str) -> Hold:
        before = self._image.failure
        again = before is not None and before.fingerprint == due.fingerprint
        failure = facts.Failure(
            fingerprint=due.fingerprint,
            environment=environment.digest(self._plain),
            attempts=before.attempts + 1 if before and again else 1,
            at=self._now,
            output=said,
        )
        self._note(failure=failure)
        return migration.failed(failure, due.command)

    def _add_layer(self) -> None:
        planned = self._container.get_plan().services.get(self._wanted.service)
        brought = services.environment(self._image.services[self._wanted.service])
        before = {
            name: value for name, value in (planned.environment if planned else {}).items() if name not in brought
        }
        changed = environment.changes(before, self._wanted.environment)
        logger.info("environment of %s: %s", self._wanted.service, ", ".join(changed) or "unchanged")
        layer = typing.cast("ops.pebble.LayerDict", self._wanted.layer)  # the same shape, built from plain data
        self._container.add_layer("charm", layer, combine=True)

    def _start(self, how: collections.abc.Callable[..., None], *names: str) -> Hold | None:
        try:
            how(*names)
        except ops.pebble.ChangeError as error:
            return self._not_started(error)
        return None

    def _not_started(self, error: ops.pebble.ChangeError) -> Hold:
        tasks = error.change.tasks if error.change else []
        failed = next((task for task in tasks if task.status == "Error"), None)
        summary = failed.summary.lower() if failed else "start of the services"
        said = self._said("\n".join(_task_output(failed)))
        return Hold(
            kind="blocked",
            reason=f"{summary} failed: {said or error.err} (Pebble goes on trying; "
            f"see juju debug-log, and pebble logs in container {self._container.name})",
        )

    def _note(self, **changed: object) -> None:
        self._image = dataclasses.replace(self._image, **typing.cast("dict[str, typing.Any]", changed))
        _save(self._container, self._wanted.state_dir, self._image)


def _look(container: ops.Container, wanted: Workload) -> actions.Current:
    plan = container.get_plan()
    in_force = all(
        plan.services.get(name) == ops.pebble.Service(name, typing.cast("ops.pebble.ServiceDict", entry))
        for name, entry in wanted.services.items()
    )
    pulled = [(file.path, _pull(container, file.path)) for file in wanted.files]
    return actions.Current(
        in_force=in_force and workload.HEALTH_CHECK in plan.checks,
        running=frozenset(_running(container, wanted.services)),
        files={path: text for path, text in pulled if text is not None},
        log_targets={name: dict(target.to_dict()) for name, target in plan.log_targets.items()},
    )


def _running(container: ops.Container, names: collections.abc.Iterable[str]) -> list[str]:
    return sorted(name for name, found in container.get_services(*names).items() if found.is_running())


def _health(container: ops.Container) -> ops.pebble.CheckInfo | None:
    return container.get_checks(workload.HEALTH_CHECK).get(workload.HEALTH_CHECK)


def _answers(container: ops.Container, wanted: Workload, *, patience: float) -> Hold | None:
    """Wait until Pebble has seen the port taking connections once more than it had before."""
    deadline = time.monotonic() + patience
    check = first = _health(container)
    while first and check and first.successes is not None and time.monotonic() < deadline:
        # A check that was down begins to count anew, so that a good look shows in either number.
        if check.failures == 0 and (first.failures > 0 or check.successes != first.successes):
            return None
        time.sleep(PAUSE)
        check = _health(container)
    if check is None or (check.failures == 0 and check.status == ops.pebble.CheckStatus.UP):
        return None
    lines = logs.tail(container.pebble.socket_path, wanted.service, LINES)
    said = _last([environment.redact(line, wanted.environment) for line in lines])
    return Hold(
        kind="waiting" if check.failures < GIVE_UP_AFTER else "blocked",
        reason=f"{wanted.service} does not answer on port {wanted.port}{': ' + said if said else ' yet'}",
    )


def _last(lines: collections.abc.Sequence[str]) -> str:
    kept = [line.strip() for line in lines if line.strip()][-LINES:]
    return " | ".join(kept)[-WIDTH:]


def _task_output(task: ops.pebble.Task | None) -> list[str]:
    """Take the service's own lines out of a task's log: those that are indented below an entry."""
    entries = task.log if task else []
    return [line for entry in entries for line in entry.splitlines()[1:] if line.startswith("    ")]


def _pull(container: ops.Container, path: str) -> str | None:
    try:
        with container.pull(path) as file:
            return file.read()
    except ops.pebble.PathError as error:
        if error.kind == "not-found":
            return None
        raise


def _notes_path(state_dir: str) -> str:
    return f"{state_dir}/charm.json"


def _load(container: ops.Container, state_dir: str) -> _Notes | None:
    text = _pull(container, _notes_path(state_dir))
    if text is None:
        return None
    try:
        return _Notes.model_validate_json(text)
    except pydantic.ValidationError:
        logger.warning("%s is not readable and is made anew", _notes_path(state_dir))
        return None


def _first_look(container: ops.Container, framework: Framework) -> _Notes:
    plan = container.get_plan()
    planned: dict[str, dict[str, object]] = {name: dict(each.to_dict()) for name, each in plan.services.items()}
    if workload.HEALTH_CHECK in plan.checks:
        # Somebody removed the notes while the charm's layer is in force: which of these variables were the image's is
        # lost, and keeping a credential for ever is worse than losing them until the container is replaced.
        logger.warning("%s is gone; variables of the image are lost", _notes_path(framework.state_dir))
        planned = {name: {**entry, "environment": {}} for name, entry in planned.items()}
    listed = sorted(_walk(container, framework.app_dir))
    notes = _Notes(
        services=planned,
        files=[path for path, _, _ in listed if "/" not in path],
        fingerprint=environment.digest(listed),
    )
    _write(container, framework.state_dir, notes)
    return notes


def _walk(container: ops.Container, root: str, below: str = "") -> collections.abc.Iterator[tuple[str, int, str]]:
    """Give path, size and time of everything below a folder; nothing where there is no folder."""
    try:
        found = container.list_files(f"{root}/{below}".rstrip("/"))
    except ops.pebble.APIError as error:
        if error.code == http.client.NOT_FOUND:
            return
        raise
    for file in found:
        path = f"{below}/{file.name}".lstrip("/")
        if file.name == "__pycache__":
            continue
        if file.type is ops.pebble.FileType.DIRECTORY:
            yield path, 0, ""
            yield from _walk(container, root, path)
        else:
            yield path, file.size or 0, file.last_modified.isoformat()


def _save(container: ops.Container, state_dir: str, image: facts.Image) -> None:
    failure = _Failure(**dataclasses.asdict(image.failure)) if image.failure else None
    notes = _Notes(
        services={name: dict(entry) for name, entry in image.services.items()},
        files=sorted(image.files),
        fingerprint=image.fingerprint,
        migrated=image.migrated,
        failure=failure,
        owed=image.owed,
        applied=dict(image.applied),
    )
    _write(container, state_dir, notes)


def _write(container: ops.Container, state_dir: str, notes: _Notes) -> None:
    text = json.dumps(notes.model_dump(), sort_keys=True)
    container.push(_notes_path(state_dir), text, make_dirs=True, permissions=0o600)
