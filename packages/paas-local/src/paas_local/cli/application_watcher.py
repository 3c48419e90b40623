"""The watcher of ``up``: it brings each saved change to the running application."""

import ast
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import watchfiles

from paas_local.build import python_environments, rock_changes, rocks
from paas_local.build.errors import ProjectError
from paas_local.cli import local_application, output, progress, session
from paas_local.cli.client import Client, ClientError
from paas_local.cli.local_application import Packed, Target

# milliseconds between saves that are handled together
_DEBOUNCE = 300
_STEP = 30
_DEPENDENCY_FILES = ("requirements", "pyproject.toml", "uv.lock", "rockcraft.yaml")
_SERVICE_CHECKS = 6
"""The number of checks that a service stays up: on a busy machine, an application takes long to load."""


def watch(target: Target, packed: Packed, resolutions: python_environments.Resolutions) -> None:
    """Watch the folder until Ctrl-C."""
    with ThreadPoolExecutor() as executor:
        _Watcher(target, packed, resolutions, executor).run()


class _Watcher:
    def __init__(
        self, target: Target, packed: Packed, resolutions: python_environments.Resolutions, executor: Executor
    ) -> None:
        self._target = target
        self._packed = packed
        self._watching = True
        self._resolutions = resolutions
        self._executor = executor

    def run(self) -> None:
        output.say(f"Watching {self._target.folder}; press Ctrl-C to stop watching.")
        saves = watchfiles.watch(self._target.folder, debounce=_DEBOUNCE, step=_STEP)
        try:
            for save in saves:
                self._handle(sorted({str(Path(path).relative_to(self._target.folder)) for _, path in save}))
        except KeyboardInterrupt:
            pass
        self._watching = False
        output.say(f"\n{local_application.stop_advice(self._target, self._packed)}")

    def _handle(self, paths: Collection[str]) -> None:
        try:
            result = self._update(paths)
        except (ProjectError, click.ClickException, ClientError) as error:
            result = f"ERROR {error.format_message() if isinstance(error, click.ClickException) else error}"
        self._print(paths, result)

    def _print(self, paths: Collection[str], result: str) -> None:
        if result:
            # without an editor's temporary files
            existing = [path for path in paths if (self._target.folder / path).exists()] or list(paths)
            output.say(f"{time.strftime('%H:%M:%S')} {', '.join(existing)}: {result}")

    def _update(self, paths: Collection[str]) -> str:
        if any(_is_dependency_file(path) for path in paths):
            self._resolutions.clear()
        packed = local_application.pack(self._target, _silent) if _has_charm_file(paths) else self._with_new_images()
        if packed == self._packed:
            return ""
        if problem := next(_syntax_errors(self._target.folder, paths), None):
            return f"ERROR {problem}; the former version keeps running"
        reason = _restart_reason(self._packed, packed)
        return self._restart(packed, reason) if reason else self._sync(packed, paths)

    def _with_new_images(self) -> Packed:
        images = {key: rocks.build(self._target.folder, _silent) for key in self._packed.rocks}
        return Packed(charm=self._packed.charm, rocks=images)

    def _sync(self, packed: Packed, paths: Collection[str]) -> str:
        with progress.steps() as steps:
            client = session.connect(steps)
            services: dict[str, list[str]] = client.request(
                "sync", model=self._target.model, application=packed.charm.name, resources=packed.resources
            )
        self._packed = packed
        # the next save does not wait for these checks
        self._executor.submit(self._check_services, client, packed, paths, services)
        return ", ".join(f"{action} {' '.join(names)}" for action, names in services.items() if names) or "copied"

    def _check_services(
        self, client: Client, packed: Packed, paths: Collection[str], services: Mapping[str, list[str]]
    ) -> None:
        """Print the failure of a service that ends after a sync, unless another save came first."""
        body: dict[str, Any] = {"model": self._target.model, "application": packed.charm.name, **services}
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
            local_application.deploy(client, self._target, packed, steps)
            self._packed = packed
            problem = local_application.wait_until_active(client, self._target, packed.charm.name, steps)
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


def _silent(_: str) -> None:
    pass
