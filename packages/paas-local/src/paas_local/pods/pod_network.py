"""Process that becomes a program in the network of the pods, where their addresses and the published ports answer.

``python -I -m paas_local.pods.pod_network SOCKET PROGRAM [ARGUMENT…]``: the controller listens on SOCKET. The program
keeps its user, its files and its environment; only ``/etc/resolv.conf`` names the name server of the pods.
"""

import contextlib
import os
import socket
import struct
import sys
import tempfile
from pathlib import Path

from paas_local.pods import namespaces
from paas_local.pods.bridge import GATEWAY

_CREDENTIALS = struct.Struct("3i")
_RESOLV_CONF = "/etc/resolv.conf"


def controller(path: str) -> int:
    """Return the process that listens on a unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        size = _CREDENTIALS.size
        process, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return process


def enter(process: int) -> None:
    """Enter the network of a process, unless it is the own one, as the same user as before."""
    uid, gid = os.geteuid(), os.getegid()
    user, network = (os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY) for name in ("user", "net"))
    if _is_own(network, "net"):
        return
    if other_user := not _is_own(user, "user"):
        namespaces.setns(user, namespaces.NEWUSER)
    namespaces.setns(network, namespaces.NEWNET)
    namespaces.unshare(namespaces.NEWNS)
    namespaces.mount("none", "/", flags=namespaces.REC | namespaces.SLAVE)
    _replace_name_server()
    if other_user:
        namespaces.unshare(namespaces.NEWUSER)
        namespaces.map_user((uid, gid), (0, 0))


def _is_own(file: int, name: str) -> bool:
    return os.fstat(file).st_ino == Path(f"/proc/self/ns/{name}").stat().st_ino


def _replace_name_server() -> None:
    """Show another ``/etc/resolv.conf`` to this process and its children; some machines have none."""
    with tempfile.NamedTemporaryFile("w", prefix="paas-local-") as file:
        file.write(f"nameserver {GATEWAY}\n")
        file.flush()
        Path(file.name).chmod(0o644)
        with contextlib.suppress(FileNotFoundError):
            namespaces.mount(file.name, os.path.realpath(_RESOLV_CONF), flags=namespaces.BIND)


def main(argv: list[str]) -> int:
    """Become the program."""
    path, *program = argv
    try:
        process = controller(path)
    except OSError as error:
        sys.stderr.write(f"paas-local: no background process answers ({error.strerror}); type: paas-local status\n")
        return 1
    try:
        enter(process)
    except OSError as error:
        reason = namespaces.explain(error, namespaces.sysctls())
        sys.stderr.write(f"paas-local: the tests cannot reach the units: {reason}\n")
        return 1
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is meant
    except OSError as error:
        sys.stderr.write(f"paas-local: {program[0]}: {error.strerror}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
