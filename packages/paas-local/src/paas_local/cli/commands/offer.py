"""offer: offer endpoints of an application to other models."""

import click

from paas_local.cli import arguments, output, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("endpoints", metavar="[MODEL.]APP:ENDPOINT[,ENDPOINT]...")
@click.argument("name", required=False)
@ignored_options("--controller/-c")
@model_option
def offer(endpoints: str, name: str | None, model: str) -> None:
    """Offer endpoints of an application to other models; without NAME, under the application's name."""
    model_in_word, application, names = arguments.offered_endpoints(endpoints)
    answer = session.request(
        "offer",
        model=session.chosen_model(model_in_word or model),
        application=application,
        endpoints=names,
        name=name or application,
    )
    output.say(f'Application "{application}" endpoints [{", ".join(names)}] available at "{answer["url"]}"')
