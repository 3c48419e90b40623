"""Process in the host's namespaces: starts the controller, publishes ports and connects to the outside for it.

``python -m paas_local.pods.host_gateway --launcher PID --lifeline FILE [--pebble PATH]``. The controller runs as its
child in the namespaces of the launcher (``namespace_join``); each ends when the other ends. As long as this process
holds the socket ``FILE``, the launcher does not end, and the pods run.

The unix socket ``run/host`` takes three kinds of requests: ``listen`` publishes a port as long as the connection is
open, ``dial`` relays the connection to an address, and ``question`` is a DNS query for the host's name servers.
"""

import argparse
import asyncio
import contextlib
import errno
import functools
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paas_local import folders
from paas_local.pods import streams

_STOP_TIMEOUT = 30.0
_TRIES = 100
_DNS_TIMEOUT = 3.0
_UNPRIVILEGED = 1024
_ALTERNATIVE = 8000


def host_ports(port: int, preferred: int) -> tuple[int, ...]:
    """Return the host's ports to try for a pod's port, in order; 8080 is the alternative to 80 for a plain user."""
    start = port if port >= _UNPRIVILEGED else port + _ALTERNATIVE
    following = range(start, min(start + _TRIES, 65536))
    return tuple(dict.fromkeys((preferred, port, *following)))


def name_servers(resolv_conf: str) -> tuple[str, ...]:
    """Return the addresses of the name servers in ``resolv.conf``."""
    rows = (line.split() for line in resolv_conf.splitlines())
    return tuple(row[1] for row in rows if len(row) > 1 and row[0] == "nameserver")


def _resolv_conf() -> str:
    """Read the file for each query: a laptop changes its network."""
    path = Path("/etc/resolv.conf")
    return path.read_text() if path.exists() else ""


async def _serve(run: Path, controller: streams.Connection) -> None:
    """Answer one request of the controller."""
    match await controller.receive():
        case {"listen": {"port": int(port), "preferred": int(preferred)}}:
            await _listen(run, controller, port, preferred)
        case {"dial": {"address": str(address), "port": int(port)}}:
            await _dial(controller, address, port)
        case {"question": str(question)}:
            await controller.send({"answer": (await _ask(bytes.fromhex(question))).hex()})
        case _:
            return


async def _listen(run: Path, controller: streams.Connection, port: int, preferred: int) -> None:
    async def accepted(number: int, client: streams.Connection) -> None:
        with contextlib.suppress(OSError):
            async with streams.closing(await streams.connect_unix(run / "relay")) as pod:
                await pod.send({"port": number})
                await streams.relay(client, pod)

    ports = host_ports(port, preferred)
    for number in ports:
        try:
            callback = streams.serving(functools.partial(accepted, number))
            server = await asyncio.start_server(callback, "127.0.0.1", number)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            continue
        try:
            await controller.send({"port": number})
            await controller.reader.read()
        finally:
            server.close()
        return
    await controller.send({"error": f"no port of 127.0.0.1 is free for {port}, up to {ports[-1]}"})


async def _dial(controller: streams.Connection, address: str, port: int) -> None:
    try:
        connection = await streams.connect_tcp(address, port)
    except OSError as error:
        await controller.send({"error": str(error)})
        return
    async with streams.closing(connection) as world:
        await controller.send({})
        await streams.relay(controller, world)


class _Question(asyncio.DatagramProtocol):
    """One query to one name server."""

    def __init__(self, answer: asyncio.Future[bytes]) -> None:
        self._answer = answer

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio names it
        if not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)


async def _ask(question: bytes) -> bytes:
    """Query the host's name servers in order; returns nothing if none answers."""
    loop = asyncio.get_running_loop()
    for server in name_servers(_resolv_conf()):
        answer: asyncio.Future[bytes] = loop.create_future()
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            transport, _ = await loop.create_datagram_endpoint(
                functools.partial(_Question, answer), remote_addr=(server, 53)
            )
            try:
                transport.sendto(question)
                return await asyncio.wait_for(answer, _DNS_TIMEOUT)
            finally:
                transport.close()
    return b""


async def _keep(run: Path, argv: list[str]) -> int:
    """Serve until the controller ends; stop the controller on a signal."""
    server = await asyncio.start_unix_server(streams.serving(functools.partial(_serve, run)), str(run / "host"))
    controller = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.DEVNULL)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    ended = loop.create_task(controller.wait())
    stop = loop.create_task(stopped.wait())
    await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        controller.terminate()
        await asyncio.wait({ended}, timeout=_STOP_TIMEOUT)
    if not ended.done():
        controller.kill()
    stop.cancel()
    server.close()
    (run / "host").unlink(missing_ok=True)
    return await ended


def _arguments(argv: list[str]) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(prog="paas_local.pods.host_gateway")
    parser.add_argument("--launcher", required=True, help="process id of the launcher's namespace_init")
    parser.add_argument("--lifeline", type=int, required=True, help="a socket from which a ready launcher can be read")
    parser.add_argument("--pebble", type=Path, help="a real pebble to run in containers")
    parser.add_argument("program", nargs="*", help="program to run instead of the controller")
    return vars(parser.parse_args(argv))


def main(argv: list[str]) -> int:
    """Run the controller of this home until it ends."""
    arguments = _arguments(argv)
    # SIGHUP is handled, not ignored: child processes inherit an ignored signal (nohup), and services need SIGHUP.
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)
    run = folders.home() / "run"
    for stale in (run / "host", run / "relay", folders.home() / folders.SOCKET):
        stale.unlink(missing_ok=True)
    program = arguments["program"] or [sys.executable, "-I", "-m", "paas_local.controller.daemon"]
    if arguments["pebble"] is not None:
        program = [*program, "--pebble", str(arguments["pebble"])]
    with socket.socket(fileno=arguments["lifeline"]) as lifeline:
        # for the next gateway, the answer stays there
        if not lifeline.recv(1, socket.MSG_PEEK):
            return 1
        join = (sys.executable, "-I", "-m", "paas_local.pods.namespace_join", arguments["launcher"])
        return asyncio.run(_keep(run, [*join, *program]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
