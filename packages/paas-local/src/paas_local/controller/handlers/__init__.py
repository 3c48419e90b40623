"""The controller's commands, by the noun that they are about; importing this package registers all of them."""

from paas_local.controller.handlers import (
    applications,
    log,
    models,
    offers,
    process,
    relations,
    secrets,
    ssh,
    tasks,
    units,
)

__all__ = ["applications", "log", "models", "offers", "process", "relations", "secrets", "ssh", "tasks", "units"]
