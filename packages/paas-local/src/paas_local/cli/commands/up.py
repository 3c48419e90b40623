"""up: the application in a folder runs, with what it needs, and each saved change is served."""

import ast
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import watchfiles

from paas_local.build import charms, python_environments, rock_changes, rocks, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.progress import Progress
from paas_local.build.rocks import Rock
from paas_local.cli import backing_services, client, detect_framework, progress, scaffold
from paas_local.cli.commands import command, deploy
from paas_local.cli.commands.command import Verb
from paas_local.providers import BUILT_IN

_FOLDER_OF_MODEL = "paas-local-folder"
_CHARM = "charm"
_PATIENCE = 300.0
_QUIET = 6.0
"""Seconds in which nothing has happened, until it is said that something is wrong."""
_LOOK = 0.2
_LOOKS = 6
"""How often it is asked whether a service stays: a busy machine takes long to load an application."""
# How long saves that belong together may follow each other, in milliseconds.
_TOGETHER = 300
_STEP = 30
_DEPENDENCIES = ("requirements", "pyproject.toml", "uv.lock", "rockcraft.yaml")


@dataclass(frozen=True, kw_only=True)
class Place:
    """An application's folder, and where it runs."""

    folder: Path
    model: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """A charm and its images, packed and built."""

    charm: charms.Charm
    rocks: Mapping[str, Rock]

    @property
    def resources(self) -> dict[str, str]:
        """Where the images are."""
        return {key: str(rock.folder) for key, rock in self.rocks.items()}


@click.command("up", cls=Verb)
@click.argument("folder", default=".")
@click.option("--detach", is_flag=True, help="Return when it runs, without watching the folder.")
@click.option("-m", "--model", "model", default="", help="The model, if not one called as the folder.")
def up(folder: str, model: str, *, detach: bool) -> None:
    """Run the application in FOLDER with what it needs, and serve each change as it is saved."""
    source = Path(folder).resolve()
    if not source.is_dir():
        raise click.ClickException(f'there is no folder "{source}"; for a new project: paas-local new flask NAME')
    place = Place(folder=source, model=model or scaffold.application_name(source.name))
    _complete(source)
    with python_environments.cached_resolutions() as resolutions:
        with progress.steps() as steps:
            daemon = command.daemon(steps)
            _use_model(daemon, place, chosen=bool(model))
            made = _make(place, steps)
            _run(daemon, place, made, steps)
            try:
                trouble = _wait(daemon, place, made.charm.name, steps)
            except KeyboardInterrupt:
                command.say(f"\n{_goes_on(made, place)}")
                raise
        if trouble and detach:
            raise click.ClickException(trouble)
        _tell(daemon, place, made, trouble)
        if not detach:
            with ThreadPoolExecutor() as lookouts:
                _Watch(place, made, resolutions, lookouts).run()


def _complete(folder: Path) -> None:
    """Say which framework it is, and write what is missing for it to be deployed."""
    found = detect_framework.find(folder)
    command.say(f"{folder.name} is a {found.framework} application: {found.reason}")
    missing = scaffold.missing(found.framework, found.name, folder)
    scaffold.write(folder, missing)
    for file in sorted(missing):
        command.say(f"  wrote {file}")


def _use_model(daemon: client.Client, place: Place, *, chosen: bool) -> None:
    """Use the model of the folder; one of the same name that somebody made for something else is left alone."""
    if place.model not in daemon.ask("models")["models"]:
        daemon.ask("add-model", model=place.model)
        daemon.ask("model-config", model=place.model, values={_FOLDER_OF_MODEL: str(place.folder)})
    elif not chosen:
        config = daemon.ask("model-config", model=place.model)
        of = config.get(_FOLDER_OF_MODEL, {}).get("Value")
        if of != str(place.folder):
            whose = f"belongs to {of}" if of else "was made by hand"
            raise click.ClickException(f'the model "{place.model}" {whose}; choose one with: -m NAME')
    command.make_current(place.model)


def _make(place: Place, steps: Progress) -> Made:
    charm = charms.pack(place.folder / _CHARM, steps)
    wanted = deploy.wanted_images(charm)
    if len(wanted) != 1:
        raise click.ClickException(
            f"the charm has {len(wanted)} images, and only for one it is clear where it comes from;"
            " use: paas-local deploy"
        )
    return Made(charm=charm, rocks={wanted[0]: rocks.build(place.folder, steps)})


def _run(daemon: client.Client, place: Place, made: Made, steps: progress.Steps) -> None:
    """Deploy or refresh the application, and deploy and integrate what it requires."""
    application = made.charm.name
    body: dict[str, Any] = {"model": place.model, "application": application}
    body |= {"charm": str(made.charm.folder), "resources": made.resources}
    if application in daemon.ask("status", model=place.model)["applications"]:
        if daemon.ask("refresh", **body)["changed"]:
            steps(f"{application} starts anew")
    else:
        daemon.ask("deploy", **body)
    answer = daemon.answer("status", model=place.model)
    wanted = backing_services.needs(made.charm.metadata, _provided())
    for need in wanted:
        if need.provider is None:
            command.say(
                f"{need.endpoint}: nothing built in provides {need.interface}; deploy and integrate it yourself"
            )
    for need, end, other in backing_services.lacking(application, wanted, answer.get("integrations", ())):
        if need.provider and need.provider not in daemon.ask("status", model=place.model)["applications"]:
            _deploy(daemon, place, need.provider, steps)
        daemon.ask("integrate", model=place.model, endpoints=[end, other])


def _deploy(daemon: client.Client, place: Place, name: str, steps: progress.Steps) -> None:
    charm, rocks = deploy.prepared(name, {}, steps)
    resources = {key: str(rock.folder) for key, rock in rocks.items()}
    daemon.ask("deploy", model=place.model, charm=str(charm.folder), application=name, resources=resources)


def _provided() -> dict[str, dict[str, str]]:
    return backing_services.provided(
        {name: yaml_files.load(folder / "charm/charmcraft.yaml") for name, folder in BUILT_IN.items()}
    )


def _wait(daemon: client.Client, place: Place, application: str, steps: progress.Steps) -> str:
    """Wait until the application is active; else say what keeps it from that, once all is quiet."""
    began = quiet_since = time.monotonic()
    shown: dict[str, str] = {}
    while True:
        document = daemon.ask("status", model=place.model)
        units = dict(_units(document))
        for name, (status, _) in units.items():
            if shown.get(name) != status:
                shown[name] = status
                steps(f"{name} {status}")
        own = [units[name] for name in units if name.partition("/")[0] == application]
        if own and all(status.partition(":")[0] == "active" and idle for status, idle in own):
            return ""
        now = time.monotonic()
        if not all(idle for _, idle in units.values()):
            quiet_since = now
        if now - quiet_since > _QUIET or now - began > _PATIENCE:
            told = next((f"{name} is {units[name][0]}" for name in units if units[name] in own), application)
            return f"{told}; see: paas-local debug-log --limit 20"
        time.sleep(_LOOK)


def _units(document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, bool]]]:
    for application in document["applications"].values():
        for name, unit in application.get("units", {}).items():
            status, message = unit["workload-status"]["current"], unit["workload-status"].get("message", "")
            idle = unit["juju-status"]["current"] == "idle"
            yield name, (f"{status}: {message}" if message else status, idle)


def _tell(daemon: client.Client, place: Place, made: Made, trouble: str) -> None:
    answer = daemon.answer("status", model=place.model)
    urls: list[str] = answer.get("published", {}).get(made.charm.name, [])
    unreachable: str = answer.get("unreachable", {}).get(made.charm.name, "")
    if trouble or unreachable:
        command.say(f"ERROR {trouble or unreachable}")
    for url in urls:
        click.echo(url)
    if not urls and not trouble and not unreachable:
        command.say(f"{made.charm.name} is active and has no open port")


def _goes_on(made: Made, place: Place) -> str:
    return f"{made.charm.name} goes on. To stop it: paas-local destroy-model {place.model} --no-prompt"


class _Watch:
    """Brings each saved change to the running application."""

    def __init__(
        self, place: Place, made: Made, resolutions: python_environments.Resolutions, lookouts: Executor
    ) -> None:
        self._place = place
        self._made = made
        self._watching = True
        self._resolutions = resolutions
        self._lookouts = lookouts

    def run(self) -> None:
        """Go on until Ctrl-C."""
        command.say(f"Watching {self._place.folder}; Ctrl-C ends that.")
        saves = watchfiles.watch(self._place.folder, debounce=_TOGETHER, step=_STEP)
        try:
            for save in saves:
                self._saved(sorted({str(Path(path).relative_to(self._place.folder)) for _, path in save}))
        except KeyboardInterrupt:
            pass
        self._watching = False
        command.say(f"\n{_goes_on(self._made, self._place)}")

    def _saved(self, changed: Collection[str]) -> None:
        try:
            how = self._bring(changed)
        except (ProjectError, click.ClickException, client.ClientError) as error:
            how = f"ERROR {error.format_message() if isinstance(error, click.ClickException) else error}"
        self._say(changed, how)

    def _say(self, changed: Collection[str], how: str) -> None:
        if how:
            # An editor's own files come and go beside the one that was saved.
            there = [path for path in changed if (self._place.folder / path).exists()] or list(changed)
            command.say(f"{time.strftime('%H:%M:%S')} {', '.join(there)}: {how}")

    def _bring(self, changed: Collection[str]) -> str:
        if any(_is_dependency(path) for path in changed):
            self._resolutions.clear()
        made = _make(self._place, _silent) if _of_charm(changed) else self._with_new_images()
        if made == self._made:
            return ""
        if problem := next(_unreadable(self._place.folder, changed), None):
            return f"ERROR {problem}; what ran before goes on"
        why = _why_anew(self._made, made)
        return self._anew(made, why) if why else self._synced(made, changed)

    def _with_new_images(self) -> Made:
        built = {key: rocks.build(self._place.folder, _silent) for key in self._made.rocks}
        return Made(charm=self._made.charm, rocks=built)

    def _synced(self, made: Made, changed: Collection[str]) -> str:
        with progress.steps() as steps:
            daemon = command.daemon(steps)
            actions: dict[str, list[str]] = daemon.ask(
                "sync", model=self._place.model, application=made.charm.name, resources=made.resources
            )
        self._made = made
        # The next save does not wait until it is sure that this one runs.
        self._lookouts.submit(self._look_out, daemon, made, changed, actions)
        return ", ".join(f"{how} {' '.join(names)}" for how, names in actions.items() if names) or "copied"

    def _look_out(
        self, daemon: client.Client, made: Made, changed: Collection[str], actions: Mapping[str, list[str]]
    ) -> None:
        """Say when a service ends over what was saved, until something else has been saved."""
        body: dict[str, Any] = {"model": self._place.model, "application": made.charm.name, **actions}
        trouble, looks = "", 0
        try:
            while looks == 0 or (self._watching and made is self._made and not trouble and looks < _LOOKS):
                looks += 1
                trouble = daemon.ask("check-sync", **body)["failure"]
        except client.ClientError as error:
            trouble = str(error)
        if trouble and made is self._made:
            self._say(changed, f"ERROR {trouble}")

    def _anew(self, made: Made, why: str) -> str:
        command.say(f"{why}: {made.charm.name} starts anew")
        with progress.steps() as steps:
            daemon = command.daemon(steps)
            _run(daemon, self._place, made, steps)
            self._made = made
            trouble = _wait(daemon, self._place, made.charm.name, steps)
        _tell(daemon, self._place, made, trouble)
        return "runs" if not trouble else "does not run"


def _why_anew(old: Made, new: Made) -> str:
    """Say why only new containers will do; nothing when files can be replaced."""
    if old.charm != new.charm:
        return "the charm changed"
    for key, rock in new.rocks.items():
        match rock_changes.compare(old.rocks[key], rock):
            case rock_changes.Recreate(reason=reason):
                return reason
            case _:
                pass
    return ""


def _is_dependency(path: str) -> bool:
    return Path(path).name.startswith(_DEPENDENCIES)


def _of_charm(changed: Collection[str]) -> bool:
    return any(Path(path).parts[0] == _CHARM for path in changed)


def _unreadable(folder: Path, changed: Collection[str]) -> Iterator[str]:
    """Find what Python would not even read: it is not worth ending what runs."""
    for path in changed:
        if path.endswith(".py") and (folder / path).is_file():
            try:
                ast.parse((folder / path).read_bytes())
            except (SyntaxError, ValueError) as error:
                yield f"{path}, line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)


_silent: Callable[[str], None] = lambda _: None  # noqa: E731 - nothing to show
