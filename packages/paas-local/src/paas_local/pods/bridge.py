"""The network that pods share: a bridge in the daemon's namespace, its gateway, and the way from and to the host.

The daemon has no other network. What leaves the pods, and what comes in over a published port, passes the host
process, which is asked over the unix socket ``host``; it reaches pods over the unix socket ``relay``.
"""

import asyncio
import contextlib
import ipaddress
import os
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Protocol, cast

from paas_local import folders
from paas_local.pods import egress, namespaces, netif, streams

NETWORK = ipaddress.IPv4Network("10.152.0.0/16")
GATEWAY = ipaddress.IPv4Address("10.152.0.1")
_BRIDGE = "pods"


class NetworkError(Exception):
    """The pods' network cannot do what is asked; one line says why."""


class _Netlink(Protocol):
    """What we use of pyroute2, which does not tell its types."""

    async def link(self, command: str, **fields: object) -> object: ...
    async def route(self, command: str, **fields: object) -> object: ...


class Network:
    """The daemon's end of everything that leaves or enters a pod."""

    def __init__(self, run: Path | None = None) -> None:
        self._run = folders.home() / "run" if run is None else run
        self._published: dict[int, streams.Connection] = {}
        self._stack = contextlib.AsyncExitStack()
        self._bridge = 0

    async def open(self) -> None:
        """Make the bridge, and start what answers on it."""
        from pyroute2 import AsyncIPRoute  # noqa: PLC0415 - a third of a second; the daemon has other things to do

        netlink = await self._stack.enter_async_context(AsyncIPRoute())
        self._netlink = cast("_Netlink", netlink)
        await self._netlink.link("add", ifname=_BRIDGE, kind="bridge")
        with netif.control_socket() as link:
            netif.set_address(link, _BRIDGE, ipaddress.IPv4Interface(f"{GATEWAY}/{NETWORK.prefixlen}"))
            netif.bring_up(link, _BRIDGE)
        self._bridge = socket.if_nametoindex(_BRIDGE)
        # Whatever address a pod asks for, it is one of ours: so the listeners of egress get it.
        loopback = socket.if_nametoindex("lo")
        await self._netlink.route(
            "add", dst="0.0.0.0/0", family=socket.AF_INET, oif=loopback, type="local", scope="host"
        )
        (self._run / "relay").unlink(missing_ok=True)
        server = await asyncio.start_unix_server(_incoming, str(self._run / "relay"))
        self._stack.callback(server.close)
        await self._stack.enter_async_context(egress.forwarding(self._run / "host", NETWORK, GATEWAY))

    async def attach(self, pid: int, address: str) -> None:
        """Connect the network namespace of a process to the bridge, under this address."""
        where = ipaddress.IPv4Interface(f"{address}/{NETWORK.prefixlen}")
        name = veth_name(where.ip)
        with contextlib.suppress(OSError):
            await self._netlink.link("del", index=socket.if_nametoindex(name))
        peer = {"ifname": "eth0", "net_ns_pid": pid, "address": mac_address(where.ip)}
        await self._netlink.link("add", ifname=name, kind="veth", peer=peer)
        await self._netlink.link("set", index=socket.if_nametoindex(name), master=self._bridge, state="up")
        with _control_in(pid) as link:
            netif.set_address(link, "eth0", where)
            netif.bring_up(link, "eth0")
            netif.add_default_route(link, GATEWAY)

    async def publish(self, address: str, port: int) -> int:
        """Let the host listen for a pod's port; answers the host's port, the same number if that is free."""
        connection = await streams.connect_unix(self._run / "host")
        await connection.send({"listen": {"address": address, "port": port}})
        answer = await connection.receive()
        if "port" not in answer:
            await connection.close()
            raise NetworkError(answer.get("error", "the host process is gone"))
        self._published[answer["port"]] = connection
        return answer["port"]

    async def unpublish(self, host_port: int) -> None:
        """End what :meth:`publish` began."""
        await self._published.pop(host_port).close()

    async def close(self) -> None:
        """End all; the bridge goes with the daemon's namespace."""
        for host_port in tuple(self._published):
            await self.unpublish(host_port)
        await self._stack.aclose()


async def _incoming(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Connect one connection of the host to the pod that it is for."""
    async with streams.closing(streams.Connection(reader=reader, writer=writer)) as outside:
        wanted = await outside.receive()
        if not wanted:
            return
        with contextlib.suppress(OSError):
            async with streams.closing(await streams.connect_tcp(wanted["address"], wanted["port"])) as pod:
                await streams.relay(outside, pod)


@contextlib.contextmanager
def _control_in(pid: int) -> Generator[socket.socket, None, None]:
    """Open a control socket in the network namespace of another process.

    A namespace is a thread's; nothing else of this thread runs until it is back in its own.
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
    """Name the bridge's end of a pod's cable."""
    return f"pod{int(address) - int(NETWORK.network_address)}"


def mac_address(address: ipaddress.IPv4Address) -> str:
    """Give a pod the same one again, so that what others remember of its address stays true."""
    return "02:00:" + ":".join(f"{byte:02x}" for byte in address.packed)
