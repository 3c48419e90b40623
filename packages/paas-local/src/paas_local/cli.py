"""The command line: ``paas-local``, with Juju's verbs."""

from pathlib import Path

import click

from paas_local.verbs import applications, deploy, local, models, projects, providers, secrets, status, units, up
from paas_local.verbs.command import Verbs


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="paas-local", message="%(prog)s %(version)s")
@click.option(
    "--pebble",
    type=click.Path(exists=True, dir_okay=False, executable=True, path_type=Path),
    envvar="PAAS_LOCAL_PEBBLE",
    help="A real pebble, instead of the one on PATH or the built-in one.",
)
@click.pass_context
def main(context: click.Context, pebble: Path | None) -> None:
    """Run charms on this machine the way Juju runs them on Kubernetes."""
    context.obj = pebble.absolute() if pebble else None


for _verb in (
    models.add_model,
    models.models,
    models.switch,
    models.destroy_model,
    models.model_config,
    deploy.deploy,
    applications.integrate,
    applications.remove_relation,
    applications.config,
    applications.add_unit,
    applications.remove_unit,
    applications.remove_application,
    applications.resolved,
    status.status,
    status.url,
    units.run,
    units.execute,
    units.show_unit,
    units.debug_log,
    secrets.add_secret,
    secrets.update_secret,
    secrets.grant_secret,
    secrets.revoke_secret,
    secrets.remove_secret,
    secrets.secrets,
    secrets.show_secret,
    providers.providers,
    projects.new,
    projects.schema,
    up.up,
    local.fetch_libs,
    local.shutdown,
    local.version,
):
    main.add_command(_verb)
main.add_command(applications.integrate, "relate")
