"""find-offers: find the offers of all models."""

import click

from paas_local.cli import output, session, tables
from paas_local.cli.juju_click import format_option, juju_command


@juju_command
@click.argument("url", required=False, metavar="[[CONTROLLER:][OWNER/]MODEL[.OFFER]]")
@click.option("--url", "url_option", help="Only the offers of this URL.")
@click.option("--interface", default="", help="Only the offers with this interface.")
@click.option("--offer", default="", help="Only the offers with this in their name.")
@format_option("tabular", "json", "yaml")
def find_offers(url: str | None, url_option: str | None, interface: str, offer: str, output_format: str) -> None:
    """Find the offers of all models, or of one."""
    if offer and (url or url_option):
        raise click.UsageError("cannot specify both a URL term and offer term")
    if url and url_option:
        raise click.UsageError("URL term cannot be specified twice")
    model, _, name = session.short_name(url or url_option or "").partition(".")
    document = session.query("find-offers", model=model, name=name or offer, interface=interface)
    if not document:
        raise click.ClickException("no matching application offers found")
    if output_format != "tabular":
        output.show(document, output_format)
        return
    rows = [
        (
            key,
            each["access"],
            ", ".join(sorted(f"{endpoint['interface']}:{part}" for part, endpoint in each["endpoints"].items())),
        )
        for key, each in sorted(document.items())
    ]
    columns = [tables.Column(name=column) for column in ("URL", "Access", "Interfaces")]
    click.echo("\n".join(tables.table(columns, rows)))
