"""Network of the pods: a bridge in the launcher's network namespace, its gateway, and the connections to the host.

The controller is there too, and has no other network. Pods reach each other without it. Outgoing traffic and published
ports go through the host process: the controller sends requests to the unix socket ``host``, and the host process
connects to pods over the unix socket ``relay``.
"""

import asyncio
import contextlib
import ipaddress
import os
import socket
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from paas_local import folders
from paas_local.pods import egress, namespaces, netif, streams

NETWORK = ipaddress.IPv4Network("10.152.0.0/16")
GATEWAY = ipaddress.IPv4Address("10.152.0.1")
_BRIDGE = "pods"
_CONNECT_PATIENCE = 1.0
"""Seconds, after which a pod that does not answer is passed over."""


class NetworkError(Exception):
    """A request to the network of the pods failed; the text is one line."""


class _Netlink(Protocol):
    """The methods of pyroute2 in use; pyroute2 has no types."""

    async def link(self, command: str, **fields: object) -> object: ...
    async def route(self, command: str, **fields: object) -> object: ...


@dataclass(kw_only=True)
class _Published:
    """A published port of the host."""

    port: int
    """The pods' port."""
    listener: streams.Connection
    """Closing it ends the listening."""
    addresses: list[str] = field(default_factory=list[str])
    """The pods, in the order of the next connection."""
    server: asyncio.Server | None = None
    """Listens on the same port in the controller's network, where tests run."""

    async def connect(self) -> streams.Connection | None:
        """Connect to the next pod that answers."""
        for address in tuple(self.addresses):
            # the next connection begins with the next pod
            with contextlib.suppress(ValueError):
                self.addresses.remove(address)
                self.addresses.append(address)
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                return await asyncio.wait_for(streams.connect_tcp(address, self.port), _CONNECT_PATIENCE)
        return None


class Network:
    """The bridge, and the controller's end of all traffic between pods and the host."""

    def __init__(self, run: Path | None = None) -> None:
        self._run = folders.home() / "run" if run is None else run
        self._published: dict[int, _Published] = {}
        self._stack = contextlib.AsyncExitStack()
        self._bridge = 0

    async def open(self) -> None:
        """Make the bridge and start its servers."""
        from pyroute2 import AsyncIPRoute  # noqa: PLC0415 - takes a third of a second to import

        netlink = await self._stack.enter_async_context(AsyncIPRoute())
        self._netlink = cast("_Netlink", netlink)
        # a former controller may have made it
        if _BRIDGE not in {name for _, name in socket.if_nameindex()}:
            await self._netlink.link("add", ifname=_BRIDGE, kind="bridge")
        with netif.control_socket() as link:
            netif.set_address(link, _BRIDGE, ipaddress.IPv4Interface(f"{GATEWAY}/{NETWORK.prefixlen}"))
            netif.bring_up(link, _BRIDGE)
        self._bridge = socket.if_nametoindex(_BRIDGE)
        # Every address is local here, so that connections of pods to any address reach the listeners of egress.
        loopback = socket.if_nametoindex("lo")
        await self._netlink.route(
            "replace", dst="0.0.0.0/0", family=socket.AF_INET, oif=loopback, type="local", scope="host"
        )
        (self._run / "relay").unlink(missing_ok=True)
        server = await asyncio.start_unix_server(streams.serving(self._incoming), str(self._run / "relay"))
        self._stack.callback(server.close)
        await self._stack.enter_async_context(egress.forwarding(self._run / "host", NETWORK, GATEWAY))

    async def attach(self, pid: int, address: str) -> None:
        """Connect the network namespace of a process to the bridge, with this address."""
        interface = ipaddress.IPv4Interface(f"{address}/{NETWORK.prefixlen}")
        name = veth_name(interface.ip)
        with contextlib.suppress(OSError):
            await self._netlink.link("del", index=socket.if_nametoindex(name))
        peer = {"ifname": "eth0", "net_ns_pid": pid, "address": mac_address(interface.ip)}
        await self._netlink.link("add", ifname=name, kind="veth", peer=peer)
        await self._netlink.link("set", index=socket.if_nametoindex(name), master=self._bridge, state="up")
        with _control_in(pid) as link:
            netif.set_address(link, "eth0", interface)
            netif.bring_up(link, "eth0")
            netif.add_default_route(link, GATEWAY)

    async def publish(self, port: int, preferred: int) -> int:
        """Publish a port of pods on the host; returns the host's port: ``preferred``, or the next that is free."""
        connection = await streams.connect_unix(self._run / "host")
        await connection.send({"listen": {"port": port, "preferred": preferred}})
        answer = await connection.receive()
        if "port" not in answer:
            await connection.close()
            raise NetworkError(answer.get("error", "the host process has ended"))
        number: int = answer["port"]
        published = self._published[number] = _Published(port=port, listener=connection)
        # egress listens on some ports of all addresses
        with contextlib.suppress(OSError):
            published.server = await asyncio.start_server(
                streams.serving(lambda client: _relay(client, published)), "127.0.0.1", number
            )
        return number

    def route(self, host_port: int, addresses: Sequence[str]) -> None:
        """Connect a published port to these pods, in turn, and pass over those that do not answer."""
        self._published[host_port].addresses = [*addresses]

    async def unpublish(self, host_port: int) -> None:
        """Stop listening on a port that :meth:`publish` returned."""
        published = self._published.pop(host_port)
        await published.listener.close()
        if published.server is not None:
            published.server.close()

    async def close(self) -> None:
        """Stop all servers; the bridge goes with the network namespace."""
        for host_port in tuple(self._published):
            await self.unpublish(host_port)
        await self._stack.aclose()

    async def _incoming(self, outside: streams.Connection) -> None:
        """Relay a connection of the host to a pod; its first line names the host's port."""
        if published := self._published.get((await outside.receive()).get("port", 0)):
            await _relay(outside, published)


async def _relay(client: streams.Connection, published: _Published) -> None:
    if (pod := await published.connect()) is not None:
        async with streams.closing(pod):
            await streams.relay(client, pod)


@contextlib.contextmanager
def _control_in(pid: int) -> Generator[socket.socket, None, None]:
    """Open a control socket in the network namespace of another process.

    A network namespace belongs to a thread: no other code of this thread runs until it is back in its own.
    """
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    other = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        namespaces.setns(other, namespaces.NEWNET)
        try:
            link = netif.control_socket()
        finally:
            namespaces.setns(own, namespaces.NEWNET)
    finally:
        os.close(own)
        os.close(other)
    with link:
        yield link


def veth_name(address: ipaddress.IPv4Address) -> str:
    """Return the name of the bridge's end of a pod's veth pair."""
    return f"pod{int(address) - int(NETWORK.network_address)}"


def mac_address(address: ipaddress.IPv4Address) -> str:
    """Return the MAC address for an IP address; it stays the same, so that ARP caches of other pods stay valid."""
    return "02:00:" + ":".join(f"{byte:02x}" for byte in address.packed)
