"""attach-resource: replace a resource of an application."""

import click

from paas_local.cli import arguments, packing, progress, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("application")
@click.argument("resource", metavar="NAME=PATH")
@model_option
def attach_resource(application: str, resource: str, model: str) -> None:
    """Replace a resource of an application: an image by the one that is built from a folder, a file by another."""
    paths = arguments.pairs([resource], what="a resource")
    name = session.chosen_model(model)
    with progress.steps() as steps:
        client = session.connect(steps)
        resources = packing.build(paths, packing.declared_in_model(client, name, application), steps)
        client.request("refresh", model=name, application=application, resources=resources)
