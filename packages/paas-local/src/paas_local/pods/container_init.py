"""Process that starts a container: builds the root, then runs the main program in it.

``python -m paas_local.pods.container_init SPEC.json``: this process stays outside the container. It prints one line of
JSON, ``{"pid": N}`` once the main program runs or ``{"error": …}``, forwards SIGTERM, and exits when the main program
exits. To kill it kills the whole container.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from paas_local.pods import namespaces, netif, rootfs_builder, rootfs_steps

_SHARED = {"net": namespaces.NEWNET, "uts": namespaces.NEWUTS, "ipc": namespaces.NEWIPC}


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One container."""

    root: str
    """An empty folder to mount the root on; it stays empty outside the container."""
    steps: tuple[rootfs_steps.Step, ...]
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    hostname: str | None
    """Host name of a new pod; None to join the pod of ``pod``."""
    pod: int | None = None
    """Process id of the pod's first container."""
    uid: int | None = None
    """User of the main program, unless it is 0."""
    idle: bool = False
    """True if the main program only sleeps, and does not reap orphaned processes."""
    log: str
    """File for the output of the main program."""


def encode(spec: Spec) -> str:
    """Return a specification as JSON."""
    return json.dumps({**vars(spec), "steps": [rootfs_steps.encode(step) for step in spec.steps]})


def decode(text: str) -> Spec:
    """Read a specification that :func:`encode` returned."""
    document: dict[str, Any] = json.loads(text)
    steps = tuple(rootfs_steps.decode(step) for step in document.pop("steps"))
    return Spec(steps=steps, argv=tuple(document.pop("argv")), **document)


def _main_program(spec: Spec, lifeline: int, errors: int) -> None:
    """Become the first process of the container; never returns."""
    try:
        namespaces.die_with_parent(lifeline)
        rootfs_builder.build(spec.root, spec.steps)
        os.setsid()
        namespaces.drop_capabilities()
        if spec.uid is not None:
            namespaces.set_user(spec.uid)
        namespaces.die_with_parent(lifeline)
        if spec.idle:
            # The kernel reaps orphans, because their new parent never waits for them.
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execve(spec.argv[0], spec.argv, dict(spec.environment))  # noqa: S606 - no shell is meant
    except OSError as error:
        os.write(errors, rootfs_builder.describe(error).encode())
    finally:
        os._exit(1)


def _enter_pod(spec: Spec) -> None:
    """Join the namespaces of the pod, or make them for its first container."""
    if spec.pod is not None:
        for name, kind in _SHARED.items():
            file = os.open(f"/proc/{spec.pod}/ns/{name}", os.O_RDONLY)
            namespaces.setns(file, kind)
            os.close(file)
    else:
        namespaces.unshare(namespaces.NEWNET | namespaces.NEWUTS | namespaces.NEWIPC)
        socket.sethostname(spec.hostname or "pod")
        with netif.control_socket() as link:
            netif.bring_up(link, "lo")


def _redirect_output(log: str) -> None:
    """Write the main program's output to the log; this process keeps a copy of its own standard output."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _wait(child: int) -> int:
    """Forward signals, wait for the container, and return its exit code as a shell does.

    SIGINT kills the container, and this process exits when all of the container is gone; after SIGKILL it could not.
    """

    def forward(number: int, _: FrameType | None) -> None:
        os.kill(child, signal.SIGKILL if number == signal.SIGINT else number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return 128 - code if code < 0 else code


def main(argv: list[str]) -> int:
    """Run the container that a file specifies."""
    namespaces.die_with_parent()
    spec = decode(Path(argv[0]).read_text())
    answer = os.fdopen(os.dup(1), "w")
    try:
        _redirect_output(spec.log)
        _enter_pod(spec)
        namespaces.unshare(namespaces.NEWPID)
    except OSError as error:
        answer.write(json.dumps({"error": rootfs_builder.describe(error)}) + "\n")
        return 1
    lifeline, kept_end = os.pipe()
    errors, error_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(kept_end)
        os.close(errors)
        _main_program(spec, lifeline, error_end)
    os.close(error_end)
    with os.fdopen(errors) as stream:
        error = stream.read()
    with answer:
        answer.write(json.dumps({"error": error} if error else {"pid": child}) + "\n")
    return _wait(child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
