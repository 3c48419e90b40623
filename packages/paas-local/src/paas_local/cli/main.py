"""The command line: ``paas-local``, with Juju's verbs."""

import importlib
from pathlib import Path

import click
from typing_extensions import override

from paas_local.cli.commands.command import Verbs

_MODULES = {
    "applications": (
        *("integrate", "relate", "remove-relation", "config", "add-unit", "remove-unit", "remove-application"),
        "resolved",
    ),
    "deploy": ("deploy",),
    "local": ("fetch-libs", "shutdown", "version"),
    "models": ("add-model", "models", "switch", "destroy-model", "model-config"),
    "projects": ("new", "schema"),
    "providers": ("providers",),
    "secrets": (
        *("add-secret", "update-secret", "grant-secret", "revoke-secret", "remove-secret", "secrets", "show-secret"),
    ),
    "status": ("status", "url"),
    "units": ("run", "exec", "show-unit", "debug-log"),
    "up": ("up",),
}
"""Module below ``paas_local.cli.commands`` to the verbs in it."""
_MODULE_OF = {verb: module for module, verbs in _MODULES.items() for verb in verbs}
_FUNCTIONS = {"exec": "execute", "relate": "integrate"}
"""Verb to the function of another name."""


class VerbsOnDemand(Verbs):
    """Imports a verb when it is asked for: scripts ask for status often, which needs little of what deploy needs."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULE_OF)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULE_OF:
            return None
        module = importlib.import_module(f"paas_local.cli.commands.{_MODULE_OF[cmd_name]}")
        return getattr(module, _FUNCTIONS.get(cmd_name, cmd_name.replace("-", "_")))


@click.group(cls=VerbsOnDemand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="paas-local", message="%(prog)s %(version)s")
@click.option(
    "--pebble",
    type=click.Path(exists=True, dir_okay=False, executable=True, path_type=Path),
    envvar="PAAS_LOCAL_PEBBLE",
    help="A real pebble, instead of the one on PATH or the built-in one.",
)
@click.pass_context
def main(context: click.Context, pebble: Path | None) -> None:
    """Run charms on this machine the way Juju runs them on Kubernetes."""
    context.obj = pebble.absolute() if pebble else None
