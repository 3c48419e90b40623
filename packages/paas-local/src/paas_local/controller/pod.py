"""A unit's pod, as the controller uses it."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from paas_local.pods import containers


class Pod(Protocol):
    """A unit's containers, while they run."""

    spec: containers.PodSpec

    async def run(
        self,
        argv: list[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        container: str = containers.CHARM,
        stdin: int = asyncio.subprocess.DEVNULL,
    ) -> Process:
        """Start a program in a container."""
        ...

    def environment(self, container: str) -> dict[str, str]:
        """Return the environment of a container itself."""
        ...

    def pebble_socket(self, container: str) -> Path:
        """Return the path of a container's Pebble socket."""
        ...

    async def wait_container(self, name: str) -> int:
        """Return the exit code of a container once it has ended."""
        ...

    def replace_spec(self, spec: containers.PodSpec) -> None:
        """Replace the specification for containers that start from now on."""
        ...

    async def start_container(self, name: str) -> None:
        """Restart a container."""
        ...

    async def stop(self) -> None:
        """Stop all containers."""
        ...
