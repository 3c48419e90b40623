"""The launcher: it forks the first process of each container of all pods, which builds the container's root.

``python -m paas_local.pods.container_init SOCKET`` listens on a unix socket for the controller. Each line from the
controller is the path of a specification. Each line to it is JSON: ``{"spec": PATH, "pid": N}`` once the main program
runs, ``{"spec": PATH, "error": …}`` if it does not, and ``{"pid": N, "exit": N}`` when the container has ended. A new
controller first gets the lines of all containers, and then ``{}``.

The containers outlive the controller. This process ends when nothing holds the other end of its standard input any
more, and all containers end with it. It imports the built-in Pebble once; all containers share that memory.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from paas_local.pods import namespaces, netif, rootfs_builder, rootfs_steps

READY = b"\n"
_SHARED = {"net": namespaces.NEWNET, "uts": namespaces.NEWUTS, "ipc": namespaces.NEWIPC}
_CREDENTIALS = struct.Struct("3i")
_END_TIMEOUT = 5.0


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
    """The containers, and the controller that they are reported to."""

    def __init__(self, listener: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self._lifeline, self._kept_end = os.pipe()
        self._containers: dict[int, _Container] = {}
        self._listener = listener
        self._controller: socket.socket | None = None
        self._input = b""

    def run(self) -> int:
        """Start containers and report their ends, until the other end of the standard input is closed."""
        wake, wake_end = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wake_end, False)
        signal.signal(signal.SIGCHLD, lambda _, __: None)
        signal.set_wakeup_fd(wake_end)
        for file in (0, wake, self._listener.fileno()):
            self._selector.register(file, selectors.EVENT_READ)
        os.write(0, READY)
        while True:
            for key, _ in self._selector.select():
                if key.fd == 0:
                    return 0
                if key.fd == wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake, 4096)
                    self._reap()
                elif key.fileobj == self._listener.fileno():
                    self._accept()
                elif key.fileobj is self._controller:
                    self._read_requests()
                elif (container := self._containers.get(key.data)) and container.starting:
                    self._read_error(container)

    def _accept(self) -> None:
        """Accept a controller; the next one waits until this one has ended."""
        self._controller, _ = self._listener.accept()
        self._selector.unregister(self._listener.fileno())
        self._selector.register(self._controller, selectors.EVENT_READ)
        self._input = b""
        for container in self._containers.values():
            self._say({"spec": container.path, "pid": container.pid})
            if container.exit_code is not None:
                self._say({"pid": container.pid, "exit": container.exit_code})
        self._say({})

    def _read_requests(self) -> None:
        assert self._controller
        try:
            data = self._controller.recv(65536)
        except ConnectionError:
            data = b""
        *lines, self._input = (self._input + data).split(b"\n")
        for line in lines:
            path = os.fsdecode(line)
            try:
                self._start(path)
            except OSError as error:
                self._say({"spec": path, "error": rootfs_builder.describe(error)})
        if not data:
            self._selector.unregister(self._controller)
            _wait_for_end(self._controller)
            self._controller.close()
            self._controller = None
            self._selector.register(self._listener.fileno(), selectors.EVENT_READ)

    def _start(self, path: str) -> None:
        spec = decode(Path(path).read_text())
        if spec.module and spec.module not in sys.modules:
            importlib.import_module(spec.module)
            gc.collect()
            gc.freeze()
        errors, end = os.pipe()
        namespaces.unshare(namespaces.NEWPID)
        pid = os.fork()
        if pid == 0:
            _become(spec, path, self._lifeline, end)
        namespaces.setns(self._namespace, namespaces.NEWPID)
        os.close(end)
        former = [key for key, each in self._containers.items() if each.path == path and each.exit_code is not None]
        for key in former:
            del self._containers[key]
        self._containers[pid] = _Container(path, pid, errors)
        self._selector.register(errors, selectors.EVENT_READ, pid)

    def _read_error(self, container: "_Container") -> None:
        if data := os.read(container.errors, 65536):
            container.error += data
            return
        self._selector.unregister(container.errors)
        os.close(container.errors)
        container.starting = False
        error = container.error.decode(errors="replace")
        self._say({"spec": container.path, "error": error} if error else {"spec": container.path, "pid": container.pid})

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            container = self._containers[pid]
            while container.starting:
                self._read_error(container)
            code = os.waitstatus_to_exitcode(status)
            container.exit_code = 128 - code if code < 0 else code
            self._say({"pid": pid, "exit": container.exit_code})

    def _say(self, answer: Mapping[str, object]) -> None:
        """Send a line to the controller, if there is one; the next one gets all of them."""
        if self._controller:
            with contextlib.suppress(ConnectionError):
                self._controller.sendall(json.dumps(answer).encode() + b"\n")


class _Container:
    """A container that starts, runs or has ended."""

    def __init__(self, path: str, pid: int, errors: int) -> None:
        self.path = path
        self.pid = pid
        self.errors = errors
        self.error = b""
        self.starting = True
        self.exit_code: int | None = None


def _wait_for_end(controller: socket.socket) -> None:
    """Wait until a controller that has closed its connection has closed all other files, such as listening sockets."""
    size = _CREDENTIALS.size
    pid, _, _ = _CREDENTIALS.unpack(controller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    deadline = time.monotonic() + _END_TIMEOUT
    # os.pidfd_open is missing in some builds of Python
    while not _has_ended(pid) and time.monotonic() < deadline:
        time.sleep(0.005)


def _has_ended(pid: int) -> bool:
    """Return whether all threads of a process have ended; the parent may not have waited for it yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX" and len(threads) == 1


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
    """Start the containers that the controller names."""
    path = argv[0].strip()
    Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        return Launcher(listener).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
