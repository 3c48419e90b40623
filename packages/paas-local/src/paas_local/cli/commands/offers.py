"""offers: list the offers of a model."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from paas_local.cli import output, session, tables
from paas_local.cli.juju_click import format_option, ignored_options, juju_command, model_option

_CONNECTIONS = ("Offer", "User", "Relation ID", "Status", "Endpoint", "Interface", "Role", "Ingress subnets")
_SUMMARY = ("Offer", "Application", "Charm", "Connected", "Store", "URL", "Endpoint", "Interface", "Role")


@juju_command
@click.argument("name", required=False)
@click.option("--interface", help="Only the offers with this interface.")
@click.option("--application", help="Only the offers of this application.")
@click.option("--active-only", is_flag=True, help="Only the offers with relations.")
@ignored_options("--allowed-consumer", "--connected-user")
@format_option("tabular", "summary", "json", "yaml")
@model_option
def offers(
    name: str | None,
    interface: str | None,
    application: str | None,
    output_format: str,
    model: str,
    *,
    active_only: bool,
) -> None:
    """List the offers of a model and the relations to them."""
    document = {
        key: offer
        for key, offer in session.query("offers", model=session.chosen_model(model)).items()
        if name in {None, key}
        and application in {None, offer["application"]}
        and interface in {None, *(endpoint["interface"] for endpoint in offer["endpoints"].values())}
        and (offer.get("connections") or not active_only)
    }
    if output_format in {"json", "yaml"}:
        output.show(document, output_format)
        return
    columns, rows = (_SUMMARY, _summary) if output_format == "summary" else (_CONNECTIONS, _connections)
    lines = tables.table([tables.Column(name=column) for column in columns], rows(document))
    click.echo("\n".join(lines))


def _connections(document: Mapping[str, Mapping[str, Any]]) -> Iterator[tables.Row]:
    for name, offer in document.items():
        connections = offer.get("connections", ())
        if not connections:
            yield (name, "-", "", "", "", "", "", "")
        for index, each in enumerate(connections):
            endpoint = offer["endpoints"].get(each["endpoint"], {})
            yield (
                "" if index else name,
                each["username"],
                str(each["relation-id"]),
                each["status"]["current"],
                each["endpoint"],
                endpoint.get("interface", ""),
                endpoint.get("role", ""),
                "",
            )


def _summary(document: Mapping[str, Mapping[str, Any]]) -> Iterator[tables.Row]:
    for name, offer in document.items():
        connections = offer.get("connections", ())
        joined = sum(each["status"]["current"] == "joined" for each in connections)
        connected = f"{joined}/{len(connections)}"
        first = (name, offer["application"], offer["charm"], connected, offer["store"], offer["offer-url"])
        yield from tables.endpoint_rows(first, offer["endpoints"])
