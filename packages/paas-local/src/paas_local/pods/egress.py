"""Outgoing traffic of the pods: connections to ports 80 and 443, and DNS queries, through the host process."""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import cast

from paas_local.pods import streams

PORTS = (80, 443)
_HEADER = 12
_SERVER_FAILURE = 2
_LOCALHOST = b"\x09localhost"
_ADDRESS = b"\0\1"
"""The type of a question for an IPv4 address."""
_LOOPBACK = b"\xc0\x0c\0\1\0\1" + (60).to_bytes(4, "big") + b"\0\4\x7f\0\0\1"
"""The record of 127.0.0.1, for a minute, with the name of the question."""


@contextlib.asynccontextmanager
async def forwarding(
    host: Path, network: ipaddress.IPv4Network, gateway: ipaddress.IPv4Address
) -> AsyncGenerator[None, None]:
    """Forward to the socket ``host`` while this lasts: connections out of ``network``, DNS queries to ``gateway``."""

    async def outgoing(pod: streams.Connection) -> None:
        address, port = pod.writer.get_extra_info("sockname")
        if is_outside(ipaddress.IPv4Address(address), network):
            await _relay(host, pod, address, port)

    servers = [await asyncio.start_server(streams.serving(outgoing), "0.0.0.0", port) for port in PORTS]  # noqa: S104 - see bridge
    loop = asyncio.get_running_loop()
    names, _ = await loop.create_datagram_endpoint(lambda: _NameServer(host), local_addr=(str(gateway), 53))
    try:
        yield
    finally:
        names.close()
        for server in servers:
            server.close()


def is_outside(address: ipaddress.IPv4Address, network: ipaddress.IPv4Network) -> bool:
    """Return whether a pod may reach an address through the host: not the host's own services, nor other pods."""
    return not (address in network or address.is_loopback or address.is_unspecified)


async def _relay(host: Path, pod: streams.Connection, address: str, port: int) -> None:
    # the host process may have ended a moment ago
    with contextlib.suppress(OSError):
        async with streams.closing(await streams.connect_unix(host)) as outside:
            await outside.send({"dial": {"address": address, "port": port}})
            if "error" not in await outside.receive():
                await streams.relay(pod, outside)


class _NameServer(asyncio.DatagramProtocol):
    """Answers DNS queries: for .localhost itself, else with the answers of the host's name servers."""

    def __init__(self, host: Path) -> None:
        self._host = host
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if answer := localhost(data):
            self._transport.sendto(answer, addr)
            return
        task = asyncio.get_running_loop().create_task(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, question: bytes, addr: tuple[str, int]) -> None:
        document: Mapping[str, str] = {}
        with contextlib.suppress(OSError):
            async with streams.closing(await streams.connect_unix(self._host)) as host:
                await host.send({"question": question.hex()})
                document = await host.receive()
        self._transport.sendto(bytes.fromhex(document.get("answer", "")) or server_failure(question), addr)


def localhost(question: bytes) -> bytes:
    """Return the DNS answer for a name that ends in .localhost, which is the machine itself (RFC 6761); else nothing.

    Published ports answer there for the tests in the network of the pods. A pod finds the names of its model before.
    """
    end = question.find(b"\0", _HEADER)
    if not question[_HEADER : max(end, 0)].lower().endswith(_LOCALHOST):
        return b""
    address = _LOOPBACK if question[end + 1 : end + 3] == _ADDRESS else b""
    counts = b"\0\1" + (b"\0\1" if address else b"\0\0") + bytes(4)
    return question[:2] + bytes([question[2] | 0x80, 0x80]) + counts + question[_HEADER : end + 5] + address


def server_failure(question: bytes) -> bytes:
    """Return the DNS answer SERVFAIL, so that programs do not wait; empty if the question is too short."""
    flags = bytes([question[2] | 0x80, 0x80 | _SERVER_FAILURE]) if len(question) >= _HEADER else b""
    return question[:2] + flags + question[4:] if flags else b""
