"""export-bundle: write the applications and relations of a model as a bundle."""

from pathlib import Path

import click

from paas_local.cli import built_in_charms, output, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.option("--filename", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@click.option("--include-charm-defaults", is_flag=True, help="Include the options that have their defaults.")
@ignored_options("--include-series", is_flag=True)
@model_option
def export_bundle(filename: Path | None, model: str, *, include_charm_defaults: bool) -> None:
    """Print the applications and relations of a model as a bundle, which deploy takes.

    A charm of your own is named as in `status`: write its path into the bundle before you deploy it.
    """
    document = session.query("export-bundle", model=session.chosen_model(model), defaults=include_charm_defaults)
    if not document["applications"]:
        raise click.ClickException("nothing to export as there are no applications")
    for entry in document["applications"].values():
        name = entry["charm"].removeprefix("local:").rpartition("-")[0]
        if built_in_charms.find(name):
            entry["charm"] = name
    offers = {
        name: {"offers": entry.pop("offers")} for name, entry in document["applications"].items() if "offers" in entry
    }
    text = output.formatted(document, "yaml")
    if offers:
        # Juju accepts offers in an overlay only
        text += "--- # overlay.yaml\n" + output.formatted({"applications": offers}, "yaml")
    if filename is None:
        click.echo(text, nl=False)
        return
    try:
        filename.write_text(text)
    except OSError as error:
        raise click.ClickException(f"cannot write {filename}: {error.strerror}") from error
    output.say(f"Bundle successfully exported to {filename}")
