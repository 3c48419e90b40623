"""Process that starts the containers of all pods: it forks the first process of each, which builds its root.

``python -m paas_local.pods.container_init [MODULE]`` imports the module once. Containers whose main program is that
module run it without a new interpreter, so that all of them share its memory. Each line of the input is the path of a
specification. Each line of the output is JSON: ``{"spec": PATH, "pid": N}`` once the main program runs,
``{"spec": PATH, "error": …}`` if it does not, and ``{"pid": N, "exit": N}`` when the container has ended. The process
ends with its input, and all containers end with it.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from paas_local.pods import namespaces, netif, rootfs_builder, rootfs_steps

_SHARED = {"net": namespaces.NEWNET, "uts": namespaces.NEWUTS, "ipc": namespaces.NEWIPC}


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One container."""

    root: str
    """An empty folder to mount the root on; it stays empty outside the container."""
    steps: tuple[rootfs_steps.Step, ...]
    argv: tuple[str, ...]
    """The main program; empty for a container that only waits for programs from outside."""
    module: str = ""
    """Python module whose ``main`` runs in place of a program, with the words of ``argv`` after the first."""
    environment: Mapping[str, str]
    hostname: str | None
    """Host name of a new pod; None to join the pod of ``pod``."""
    pod: int | None = None
    """Process id of the pod's first container."""
    uid: int | None = None
    """User of the main program, unless it is 0."""
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


class Launcher:
    """The containers that start or run."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self._lifeline, self._kept_end = os.pipe()
        self._starting: dict[int, _Starting] = {}
        self._input = b""

    def run(self) -> int:
        """Start containers and report their ends, until the input ends."""
        wake, wake_end = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wake_end, False)
        signal.signal(signal.SIGCHLD, lambda _, __: None)
        signal.set_wakeup_fd(wake_end)
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(wake, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fd == wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake, 4096)
                    self._reap()
                elif key.fd == 0:
                    if not self._read_input():
                        return 0
                elif key.data in self._starting:
                    self._read_error(key.data)

    def _read_input(self) -> bool:
        data = os.read(0, 65536)
        *lines, self._input = (self._input + data).split(b"\n")
        for line in lines:
            path = os.fsdecode(line)
            try:
                self._start(path)
            except OSError as error:
                _say({"spec": path, "error": rootfs_builder.describe(error)})
        return bool(data)

    def _start(self, path: str) -> None:
        spec = decode(Path(path).read_text())
        errors, end = os.pipe()
        namespaces.unshare(namespaces.NEWPID)
        pid = os.fork()
        if pid == 0:
            _become(spec, path, self._lifeline, end)
        namespaces.setns(self._namespace, namespaces.NEWPID)
        os.close(end)
        self._starting[pid] = _Starting(path, errors)
        self._selector.register(errors, selectors.EVENT_READ, pid)

    def _read_error(self, pid: int) -> None:
        starting = self._starting[pid]
        if data := os.read(starting.errors, 65536):
            starting.error += data
            return
        self._selector.unregister(starting.errors)
        os.close(starting.errors)
        del self._starting[pid]
        error = starting.error.decode(errors="replace")
        _say({"spec": starting.path, "error": error} if error else {"spec": starting.path, "pid": pid})

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            while pid in self._starting:
                self._read_error(pid)
            code = os.waitstatus_to_exitcode(status)
            _say({"pid": pid, "exit": 128 - code if code < 0 else code})


class _Starting:
    """A container whose main program does not run yet."""

    def __init__(self, path: str, errors: int) -> None:
        self.path = path
        self.errors = errors
        self.error = b""


def _say(answer: Mapping[str, object]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _become(spec: Spec, path: str, lifeline: int, errors: int) -> NoReturn:
    """Become the first process of the container."""
    try:
        namespaces.die_with_parent(lifeline)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        namespaces.set_title(f"container {path}")
        _redirect_output(spec.log)
        _close_all_except(lifeline, errors)
        _enter_pod(spec)
        rootfs_builder.build(spec.root, spec.steps)
        os.setsid()
        namespaces.drop_capabilities()
        if spec.uid is not None:
            namespaces.set_user(spec.uid)
        namespaces.die_with_parent(lifeline)
        _run(spec, errors)
    except OSError as error:
        os.write(errors, rootfs_builder.describe(error).encode())
    finally:
        os._exit(1)


def _run(spec: Spec, errors: int) -> NoReturn:
    """Run the main program."""
    if not spec.argv:
        # The kernel reaps orphans, because their new parent never waits for them.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.close(errors)
        while True:
            signal.pause()
    if not spec.module:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execve(spec.argv[0], spec.argv, dict(spec.environment))  # noqa: S606 - no shell is meant
    namespaces.keep_capabilities(of_root=spec.uid is None)
    os.environ.clear()
    os.environ.update(spec.environment)
    os.close(errors)
    try:
        code = importlib.import_module(spec.module).main(spec.argv[1:])
    except Exception:  # noqa: BLE001  an interpreter prints any error
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _close_all_except(*files: int) -> None:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) > 2 and int(name) not in files:  # noqa: PLR2004
            with contextlib.suppress(OSError):
                os.close(int(name))


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
        # As in a container of Kubernetes, every user may listen on any port.
        with contextlib.suppress(OSError):
            Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0", encoding="ascii")


def _redirect_output(log: str) -> None:
    """Read nothing, and write the main program's output to the log."""
    for target, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        file = os.open(path, flags, 0o600)
        os.dup2(file, target)
        os.close(file)


def main(argv: list[str]) -> int:
    """Start the containers that the input names."""
    namespaces.die_with_parent()
    if argv and argv[0].strip():
        importlib.import_module(argv[0].strip())
    gc.collect()
    gc.freeze()
    return Launcher().run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
