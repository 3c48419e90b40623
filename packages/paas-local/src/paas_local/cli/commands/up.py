"""up: run the application in a folder, and serve each saved change."""

from pathlib import Path

import click

from paas_local.build import python_environments
from paas_local.cli import (
    application_watcher,
    detect_framework,
    local_application,
    output,
    progress,
    scaffold,
    session,
)
from paas_local.cli.juju_click import juju_command
from paas_local.cli.local_application import Target


@juju_command
@click.argument("folder", default=".")
@click.option("--detach", is_flag=True, help="Return when the application is active, without watching the folder.")
@click.option("-m", "--model", "model", default="", help="The model, if not the one named as the folder.")
def up(folder: str, model: str, *, detach: bool) -> None:
    """Run the application in FOLDER with the backing services it requires, and serve each saved change."""
    source = Path(folder).resolve()
    if not source.is_dir():
        raise click.ClickException(f'there is no folder "{source}"; for a new project: paas-local new flask NAME')
    target = Target(folder=source, model=model or scaffold.application_name(source.name))
    _write_missing_files(source)
    warned: set[str] = set()
    with python_environments.cached_resolutions() as resolutions:
        with progress.steps(warned=warned) as steps:
            client = session.connect(steps)
            local_application.use_model(client, target, chosen=bool(model))
            packed = local_application.pack(target, steps)
            local_application.deploy(client, target, packed, steps)
            try:
                problem = local_application.wait_until_active(client, target, packed.charm.name, steps)
            except KeyboardInterrupt:
                output.say(f"\n{local_application.stop_advice(target, packed)}")
                raise
        if problem and detach:
            raise click.ClickException(problem)
        local_application.report(client, target, packed, problem)
        if not detach:
            application_watcher.watch(target, packed, resolutions, warned)


def _write_missing_files(folder: Path) -> None:
    detected = detect_framework.find(folder)
    output.say(f"{folder.name} is a {detected.framework} application: {detected.reason}")
    missing = scaffold.missing(detected.framework, detected.name, folder)
    scaffold.write(folder, missing)
    for file in sorted(missing):
        output.say(f"  wrote {file}")
    if any(file.is_relative_to(scaffold.CHARM) for file in missing):
        output.say(scaffold.lock(folder / scaffold.CHARM))
