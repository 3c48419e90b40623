"""The program ``paas-local``: Juju's commands, one module of ``commands`` each."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from typing_extensions import override

from paas_local.cli import commands
from paas_local.cli.juju_click import JujuGroup


class CommandsOnDemand(JujuGroup):
    """The group of all commands, each imported on use: ``status`` does not wait for the imports of ``deploy``.

    The module ``add_model`` defines the command ``add-model``.
    """

    sections: Mapping[str, Sequence[str]] = {
        "Your application": ("new", "up", "logs", "url", "schema", "move-charm"),
        "Models": (
            *("add-model", "models", "switch", "show-model", "model-config"),
            *("model-constraints", "set-model-constraints", "destroy-model"),
        ),
        "Applications": (
            *("deploy", "refresh", "config", "add-unit", "remove-unit", "scale-application", "remove-application"),
            *(
                "show-application",
                "export-bundle",
                "resources",
                "attach-resource",
                "trust",
                "expose",
                "unexpose",
                "providers",
            ),
        ),
        "Integrations": ("integrate", "relate", "remove-relation"),
        "Integrations across models": (
            *("offer", "offers", "find-offers", "show-offer", "remove-offer", "consume", "remove-saas"),
            *("suspend-relation", "resume-relation"),
        ),
        "Status and logs": ("status", "wait-for", "show-unit", "storage", "show-storage", "debug-log", "resolved"),
        "Actions and commands": ("run", "exec", "ssh", "scp", "operations", "show-operation", "pebble"),
        "Secrets": (
            *("add-secret", "update-secret", "grant-secret", "revoke-secret"),
            *("remove-secret", "secrets", "show-secret"),
        ),
        "Tests and scripts": ("test", "juju-path"),
        "This program": ("fetch-libs", "clean", "shutdown", "version"),
    }

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        modules = (file.stem for folder in commands.__path__ for file in Path(folder).glob("[!_]*.py"))
        return sorted(module.replace("_", "-") for module in modules)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        return next(value for value in vars(module).values() if isinstance(value, click.Command))


# the help is as wide as the terminal, which is narrower than this
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 1000}


@click.group(cls=CommandsOnDemand, context_settings=_SETTINGS)
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
