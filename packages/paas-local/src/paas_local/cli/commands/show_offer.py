"""show-offer: show an offer."""

import click

from paas_local.cli import output, session, tables
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("offer", metavar="[[CONTROLLER:][OWNER/]MODEL.]OFFER")
@format_option("tabular", "json", "yaml")
@model_option
def show_offer(offer: str, output_format: str, model: str) -> None:
    """Show the endpoints of an offer."""
    document = session.query("show-offer", offer=offer, model=session.model_of_offers([offer], model))
    if output_format != "tabular":
        output.show(document, output_format)
        return
    names = ("Store", "URL", "Access", "Description", "Endpoint", "Interface", "Role")
    rows = [
        row
        for key, entry in document.items()
        for row in tables.endpoint_rows((*key.split(":", 1), entry["access"], ""), entry["endpoints"])
    ]
    click.echo("\n".join(tables.table([tables.Column(name=name) for name in names], rows)))
