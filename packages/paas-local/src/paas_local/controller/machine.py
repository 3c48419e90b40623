"""The machine: it starts pods with an address, and publishes their ports on the host."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from paas_local.controller.pod import Pod
from paas_local.pods import containers
from paas_local.pods.bridge import Network, NetworkError
from paas_local.pods.launcher import Launcher, PodError


class Machine(Protocol):
    """The machine, as the daemon uses it."""

    async def start_pod(self, spec: containers.PodSpec) -> Pod:
        """Start a pod and give it its address."""
        ...

    async def take_over_pod(self, spec: containers.PodSpec) -> Pod | None:
        """Return the pod of a former controller, if it is usable."""
        ...

    async def kill_other_pods(self, folders: Collection[Path]) -> None:
        """Kill the pods of a former controller, except those in some folders."""
        ...

    async def publish(self, port: int, preferred: int) -> int:
        """Publish a port of pods on the host, and return the host's port."""
        ...

    def route(self, host_port: int, addresses: Sequence[str]) -> None:
        """Connect a published port to these pods."""
        ...

    async def unpublish(self, port: int) -> None:
        """Close a published port of the host."""
        ...

    async def close(self) -> None:
        """Close the network."""
        ...


class LocalMachine:
    """The machine itself: pods in namespaces, the network between them, and the host's ports."""

    def __init__(self, network: Network, launcher: Launcher, pebble: Path | None) -> None:
        self._network = network
        self._launcher = launcher
        self._pebble = pebble

    async def open(self) -> None:
        """Wait for the end of a former controller, find its pods, and open the network."""
        await self._launcher.open()
        await self._network.open()

    async def start_pod(self, spec: containers.PodSpec) -> containers.Pod:
        """Start a pod and give it its address."""
        pod = await containers.Pod.start(spec, self._launcher, pebble=self._pebble)
        attached = False
        try:
            await self._network.attach(pod.pid, spec.address)
            attached = True
        except NetworkError as error:
            raise PodError(str(error)) from error
        finally:
            if not attached:
                await pod.stop()
        return pod

    async def take_over_pod(self, spec: containers.PodSpec) -> containers.Pod | None:
        """Return the pod of a former controller, if it is usable; it has its address."""
        return await containers.Pod.take_over(spec, self._launcher, pebble=self._pebble)

    async def kill_other_pods(self, folders: Collection[Path]) -> None:
        """Kill the pods of a former controller, except those in some folders."""
        await self._launcher.kill_others(folders)

    async def publish(self, port: int, preferred: int) -> int:
        """Publish a port of pods on the host, and return the host's port."""
        return await self._network.publish(port, preferred)

    def route(self, host_port: int, addresses: Sequence[str]) -> None:
        """Connect a published port to these pods."""
        self._network.route(host_port, addresses)

    async def unpublish(self, port: int) -> None:
        """Close a published port of the host."""
        await self._network.unpublish(port)

    async def close(self) -> None:
        """Close the network."""
        await self._launcher.close()
        await self._network.close()
