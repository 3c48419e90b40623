"""How pods reach the rest of the world: connections to ports 80 and 443, and names, by way of the host process."""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

from paas_local.pods import streams

PORTS = (80, 443)
_HEADER = 12
_SERVER_FAILURE = 2


@contextlib.asynccontextmanager
async def forwarding(
    host: Path, network: ipaddress.IPv4Network, gateway: ipaddress.IPv4Address
) -> AsyncGenerator[None, None]:
    """Take what pods send to anywhere outside of their network, for as long as this lasts."""

    async def outgoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with streams.closing(streams.Connection(reader=reader, writer=writer)) as pod:
            address, port = writer.get_extra_info("sockname")
            if is_outside(ipaddress.IPv4Address(address), network):
                await _relay(host, pod, address, port)

    servers = [await asyncio.start_server(outgoing, "0.0.0.0", port) for port in PORTS]  # noqa: S104 - see network
    loop = asyncio.get_running_loop()
    names, _ = await loop.create_datagram_endpoint(lambda: _Names(host), local_addr=(str(gateway), 53))
    try:
        yield
    finally:
        names.close()
        for server in servers:
            server.close()


def is_outside(address: ipaddress.IPv4Address, network: ipaddress.IPv4Network) -> bool:
    """Tell whether a pod may reach this through the host: not the host's own services, nor other pods."""
    return not (address in network or address.is_loopback or address.is_unspecified)


async def _relay(host: Path, pod: streams.Connection, address: str, port: int) -> None:
    async with streams.closing(await streams.connect_unix(host)) as world:
        await world.send({"dial": {"address": address, "port": port}})
        if "error" not in await world.receive():
            await streams.relay(pod, world)


class _Names(asyncio.DatagramProtocol):
    """Answers questions for names with what the host's name servers say."""

    def __init__(self, host: Path) -> None:
        self._host = host
        self._asking: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(data, addr))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _answer(self, question: bytes, addr: tuple[str, int]) -> None:
        async with streams.closing(await streams.connect_unix(self._host)) as world:
            await world.send({"question": question.hex()})
            answer = await world.receive()
            found = bytes.fromhex(answer.get("answer", "")) or server_failure(question)
            self._transport.sendto(found, addr)


def server_failure(question: bytes) -> bytes:
    """Say that nobody can answer, so that programs need not wait for what will not come."""
    flags = bytes([question[2] | 0x80, 0x80 | _SERVER_FAILURE]) if len(question) >= _HEADER else b""
    return question[:2] + flags + question[4:] if flags else b""
