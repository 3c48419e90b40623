"""remove-application: remove applications with their units and relations."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("applications", nargs=-1, metavar="APP...")
@click.option("--no-prompt", is_flag=True, expose_value=False, help="Do not ask, which paas-local never does.")
@click.option("--force", is_flag=True, help="Do not run the hooks of the units.")
@click.option("--destroy-storage", is_flag=True, expose_value=False, help="Remove the storage, which is always done.")
@model_option
def remove_application(applications: tuple[str, ...], model: str, *, force: bool) -> None:
    """Remove applications, their units and their relations."""
    if not applications:
        raise click.UsageError("no application specified")
    name = session.chosen_model(model)
    before = session.query("status", model=name).get("applications", {})
    for application in applications:
        if application not in before:
            raise click.ClickException(
                f'removing application {application} failed: application "{application}" not found'
            )
    session.request("remove-application", model=name, applications=list(applications), force=force)
    for application in applications:
        click.echo(f"will remove application {application}")
        for unit in sorted(before[application].get("units", {})):
            click.echo(f"- will remove unit {unit}")
