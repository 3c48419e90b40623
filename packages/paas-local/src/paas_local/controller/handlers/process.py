"""The commands about the background process."""

import asyncio
import os
from importlib import metadata
from typing import Any

from paas_local.controller.handlers.registry import Controller, Request, command, query

_ANSWER_FIRST = 0.05


@query
async def ping(controller: Controller, request: Request) -> dict[str, Any]:
    """Return the version of paas-local, the process id, and the Pebble in use."""
    del request
    return {"version": metadata.version("paas-local"), "pid": os.getpid(), "pebble": controller.pebble}


@query
async def packed_folders(controller: Controller, request: Request) -> dict[str, Any]:
    """Return the folders of the packed charms, the built images and the stored files of all applications."""
    del request
    applications = [app for name in controller.names for app in controller.model(name).applications.values()]
    return {
        "charms": sorted({application.charm.folder for application in applications}),
        "rocks": sorted(
            {folder for each in applications for name, folder in each.resources.items() if name in each.charm.images}
        ),
        "files": sorted(
            {folder for each in applications for name, folder in each.resources.items() if name in each.charm.files}
        ),
    }


@command
async def shutdown(controller: Controller, request: Request) -> dict[str, Any]:
    """End the process after this answer."""
    del request
    asyncio.get_running_loop().call_later(_ANSWER_FIRST, controller.stop.set)
    return {}
