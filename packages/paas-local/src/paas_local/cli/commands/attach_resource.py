"""attach-resource: replace a resource of an application."""

import click

from paas_local.cli import arguments, packing, progress, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("application")
@click.argument("resource", metavar="NAME=FOLDER")
@model_option
def attach_resource(application: str, resource: str, model: str) -> None:
    """Replace an image of an application by the one that is built from a folder."""
    with progress.steps() as steps:
        client = session.connect(steps)
        images = packing.build(arguments.pairs([resource], what="a resource"), steps)
        client.request(
            "refresh",
            model=session.chosen_model(model),
            application=application,
            resources={key: str(rock.folder) for key, rock in images.items()},
        )
