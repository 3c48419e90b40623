"""url: print the URLs of applications on this machine."""

import click

from paas_local.cli import progress, session, tables
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("application", required=False)
@model_option
def url(application: str | None, model: str) -> None:
    """Print the URL of an application on this machine; of several URLs, each with its application and port."""
    with progress.steps() as steps:
        answer = session.connect(steps).query_answer("status", model=session.chosen_model(model))
    published: dict[str, dict[str, str]] = answer.get("published", {})
    if application and application not in answer["result"].get("applications", {}):
        raise click.ClickException(f'application "{application}" not found')
    urls = [
        (name, port, url)
        for name, urls in sorted(published.items())
        if application in {None, name}
        for port, url in urls.items()
    ]
    unreachable: dict[str, str] = answer.get("unreachable", {})
    if reason := next((why for name, why in unreachable.items() if not urls and application in {None, name}), None):
        raise click.ClickException(reason)
    if not urls:
        subject = f'application "{application}"' if application else "the model"
        raise click.ClickException(f"{subject} has no open port yet; see: paas-local status")
    if application and len(urls) == 1:
        # for scripts: curl "$(paas-local url web)"
        click.echo(urls[0][-1])
        return
    for line in tables.table([tables.Column(name=""), tables.Column(name=""), tables.Column(name="")], urls)[1:]:
        click.echo(line)
