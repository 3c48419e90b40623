"""providers: list the built-in charms."""

import click

from paas_local.cli import built_in_charms, output, tables
from paas_local.cli.juju_click import format_option, juju_command


@juju_command
@format_option("tabular", "json", "yaml")
def providers(output_format: str) -> None:
    """List the built-in charms, which are deployed by name."""
    charms = (built_in_charms.find(name) for name in built_in_charms.charm_names())
    summaries = {charm.name: charm.summary for charm in charms if charm}
    if output_format != "tabular":
        output.show(summaries, output_format)
        return
    columns = [tables.Column(name="Name"), tables.Column(name="Summary")]
    for line in tables.table(columns, list(summaries.items())):
        click.echo(line)
