"""relate: another name of integrate."""

from paas_local.cli.commands.integrate import integrate as relate

__all__ = ["relate"]
