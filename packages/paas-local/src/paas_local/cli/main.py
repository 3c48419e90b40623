"""The program ``paas-local``: Juju's commands, one module of ``commands`` each."""

import importlib
import pkgutil
from pathlib import Path

import click
from typing_extensions import override

from paas_local.cli import commands
from paas_local.cli.juju_click import JujuGroup


class CommandsOnDemand(JujuGroup):
    """The group of all commands, each imported on use: ``status`` does not wait for the imports of ``deploy``.

    The module ``add_model`` defines the command ``add-model``.
    """

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        return next(value for value in vars(module).values() if isinstance(value, click.Command))


@click.group(cls=CommandsOnDemand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="paas-local", message="%(prog)s %(version)s")
@click.option(
    "--pebble",
    type=click.Path(exists=True, dir_okay=False, executable=True, path_type=Path),
    envvar="PAAS_LOCAL_PEBBLE",
    help="A real pebble, instead of the one on PATH or the built-in one.",
)
@click.pass_context
def main(context: click.Context, pebble: Path | None) -> None:
    """Run charms on this machine as Juju runs them on Kubernetes."""
    context.obj = pebble.absolute() if pebble else None
