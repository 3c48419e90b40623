"""The watcher of ``up``: it brings each saved change to the running application."""

import ast
import contextlib
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import watchfiles

from paas_local.build import left_out_files, python_environments, rock_changes, rockcraft, rocks
from paas_local.build.errors import ProjectError
from paas_local.cli import local_application, output, progress, service_lines, session
from paas_local.cli.client import Client, ClientError
from paas_local.cli.local_application import Packed, Target

# milliseconds: between saves that are handled together, and without a save
_DEBOUNCE = 300
_STEP = 30
_TIMEOUT = 500
_LOG_PAUSE = 1.0
_DEPENDENCY_FILES = ("requirements", "pyproject.toml", "uv.lock", "rockcraft.yaml")
_SERVICE_CHECKS = 6
"""The number of checks that a service stays up: on a busy machine, an application takes long to load."""


def watch(target: Target, packed: Packed, resolutions: python_environments.Resolutions, warned: set[str]) -> None:
    """Watch the folder until Ctrl-C; ``warned`` has the warnings of the start, which saves do not repeat."""
    with ThreadPoolExecutor() as executor:
        _Watcher(target, packed, resolutions, warned, executor).run()


class _Watcher:
    def __init__(
        self,
        target: Target,
        packed: Packed,
        resolutions: python_environments.Resolutions,
        warned: set[str],
        executor: Executor,
    ) -> None:
        self._target = target
        self._packed = packed
        self._watching = True
        self._resolutions = resolutions
        self._warned = warned
        self._reported: set[str] = set()
        self._executor = executor

    def run(self) -> None:
        output.say(f"Watching {self._target.folder}; press Ctrl-C to stop watching.")
        threading.Thread(target=self._print_service_lines, args=(self._connect(),), daemon=True).start()
        saves = watchfiles.watch(
            self._target.folder, debounce=_DEBOUNCE, step=_STEP, rust_timeout=_TIMEOUT, yield_on_timeout=True
        )
        # what was saved since the application was packed comes with the first save or the first timeout
        is_first = True
        try:
            for save in saves:
                paths = sorted({str(Path(path).relative_to(self._target.folder)) for _, path in save})
                if paths or is_first:
                    self._handle(paths, pack_all=is_first)
                is_first = False
        except KeyboardInterrupt:
            pass
        self._watching = False
        output.say(f"\n{local_application.stop_advice(self._target, self._packed)}")

    def _connect(self) -> Client:
        with progress.steps() as steps:
            return session.connect(steps)

    def _print_service_lines(self, client: Client) -> None:
        """Print what the application prints, until the process ends."""
        names = [self._packed.charm.name]
        while self._watching:
            # a request would start the background process that the user has shut down
            if client.running():
                with contextlib.suppress(ClientError):
                    for line in client.stream("logs", model=self._target.model, names=names, lines=0, follow=True):
                        output.say(service_lines.text(line))
            time.sleep(_LOG_PAUSE)

    def _handle(self, paths: Collection[str], *, pack_all: bool) -> None:
        try:
            result = self._update(paths, pack_all=pack_all)
            self._report_left_out(paths)
        except (ProjectError, click.ClickException, ClientError) as error:
            result = f"ERROR {error.format_message() if isinstance(error, click.ClickException) else error}"
        self._print(paths, result)

    def _report_left_out(self, paths: Collection[str]) -> None:
        """Print each new file that the image will not contain, once, and how to add it."""
        new = [path for path in paths if path not in self._reported]
        with progress.steps(quiet=True, warned=self._warned) as steps:
            recipe = rockcraft.read(self._target.folder, steps)
        for advice in left_out_files.saved(self._target.folder, recipe, new):
            output.say(f"WARNING {advice}")
        self._reported.update(new)

    def _print(self, paths: Collection[str], result: str) -> None:
        if result:
            # without an editor's temporary files
            existing = [path for path in paths if (self._target.folder / path).exists()] or list(paths)
            saved = ", ".join(existing) or "saved during the start"
            output.say(f"{time.strftime('%H:%M:%S')} {saved}: {result}")

    def _update(self, paths: Collection[str], *, pack_all: bool) -> str:
        if pack_all or any(_is_dependency_file(path) for path in paths):
            self._resolutions.clear()
        with progress.steps(quiet=True, warned=self._warned) as steps:
            has_charm_file = pack_all or _has_charm_file(paths)
            packed = local_application.pack(self._target, steps) if has_charm_file else self._with_new_images(steps)
        if packed == self._packed:
            return ""
        if problem := next(_syntax_errors(self._target.folder, paths), None):
            return f"ERROR {problem}; the former version keeps running"
        reason = _restart_reason(self._packed, packed) or self._problem()
        return self._restart(packed, reason) if reason else self._sync(packed, paths)

    def _problem(self) -> str:
        """Return why the application does not run, which only a new start may cure; an empty string if it runs."""
        with progress.steps() as steps:
            client = session.connect(steps)
            problems = local_application.problems(client, self._target, self._packed.charm.name)
        return next((f"{name} is {status.partition(':')[0]}" for name, status in problems.items()), "")

    def _with_new_images(self, steps: progress.Steps) -> Packed:
        images = {key: rocks.build(self._target.folder, steps) for key in self._packed.rocks}
        return Packed(charm=self._packed.charm, rocks=images)

    def _sync(self, packed: Packed, paths: Collection[str]) -> str:
        with progress.steps() as steps:
            client = session.connect(steps)
            answer: dict[str, Any] = client.request(
                "sync", model=self._target.model, application=packed.charm.name, resources=packed.resources
            )
        self._packed = packed
        # the next save does not wait for these checks
        self._executor.submit(self._check_services, client, packed, paths, answer)
        services = ((action, " ".join(answer[action])) for action in ("reloaded", "restarted"))
        return ", ".join(f"{action} {names}" for action, names in services if names) or "copied"

    def _check_services(
        self, client: Client, packed: Packed, paths: Collection[str], answer: Mapping[str, Any]
    ) -> None:
        """Print the failure of a service that ends after a sync, unless another save came first."""
        body: dict[str, Any] = {"model": self._target.model, "application": packed.charm.name, **answer}
        failure, checks = "", 0
        try:
            while checks == 0 or (
                self._watching and packed is self._packed and not failure and checks < _SERVICE_CHECKS
            ):
                checks += 1
                failure = client.request("check-sync", **body)["failure"]
        except ClientError as error:
            failure = str(error)
        if failure and packed is self._packed:
            self._print(paths, f"ERROR {failure}")

    def _restart(self, packed: Packed, reason: str) -> str:
        output.say(f"{reason}: {packed.charm.name} restarts")
        with progress.steps() as steps:
            client = session.connect(steps)
            # until the charm sets another one, the status is still that of the version before
            former = local_application.problems(client, self._target, packed.charm.name)
            local_application.deploy(client, self._target, packed, steps)
            self._packed = packed
            problem = local_application.wait_until_active(client, self._target, packed.charm.name, steps, former)
        local_application.report(client, self._target, packed, problem)
        return "does not run" if problem else "runs"


def _restart_reason(old: Packed, new: Packed) -> str:
    """Return the reason why a change needs new containers, or an empty string if replacing files is enough."""
    if old.charm != new.charm:
        return "the charm changed"
    for key, rock in new.rocks.items():
        match rock_changes.compare(old.rocks[key], rock):
            case rock_changes.Recreate(reason=reason):
                return reason
            case _:
                pass
    return ""


def _is_dependency_file(path: str) -> bool:
    return Path(path).name.startswith(_DEPENDENCY_FILES)


def _has_charm_file(paths: Collection[str]) -> bool:
    return any(Path(path).parts[0] == local_application.CHARM_FOLDER for path in paths)


def _syntax_errors(folder: Path, paths: Collection[str]) -> Iterator[str]:
    for path in paths:
        if path.endswith(".py") and (folder / path).is_file():
            try:
                ast.parse((folder / path).read_bytes())
            except SyntaxError as error:
                yield f"{path}, line {error.lineno}: {error.msg}"
            except ValueError as error:
                yield str(error)
