"""Containers of a unit: start, take over from a former controller, run programs in them, stop.

A container ends with the launcher and with its own first process; only the pod's folder remains.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paas_local.pods import container_init, namespaces, nsenter, rootfs, rootfs_steps
from paas_local.pods.launcher import Launcher, PodError, Running, kill_containers

if TYPE_CHECKING:
    # Importing these imports everything that packs charms and builds images.
    from paas_local.build.charms import Charm
    from paas_local.build.rocks import Rock

CHARM = "charm"
PEBBLE = "paas_local.pebble.__main__"
_HOOK_TOOL = Path(__file__).parent.parent / "controller" / "hook_tool.py"
_PERL = Path("/usr/bin/perl")
_STOP_TIMEOUT = 12.0
_TAKE_OVER_TIMEOUT = 10.0
_LONGEST_SOCKET = 107
_LONGEST_SHEBANG = 120
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}
# what a Python application prints is shown at once, not when a buffer is full
_UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
_PEBBLE = "/charm/bin/pebble"
_PEBBLE_ENVIRONMENT = {
    "PEBBLE": "/charm/container/pebble",
    "PEBBLE_COPY_ONCE": "/var/lib/pebble/default",
    "PEBBLE_SOCKET": "/charm/container/pebble.socket",
}
"""As Juju sets it: Pebble's folder is next to its socket, and begins as a copy of the image's."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """A workload container, as declared in the charm's metadata, with its image."""

    name: str
    rock: "Rock | None"
    uid: int | None = None
    storage: Mapping[str, Path]
    """Location in the container to the folder on the host."""


@dataclass(frozen=True, kw_only=True)
class PodSpec:
    """One pod."""

    unit: str
    model: str
    address: str
    folder: Path
    """The pod's own folder, with the socket and the log of each container."""
    charm: "Charm"
    charm_dir: Path
    resources: Path
    """A folder for each resource."""
    agent_socket: Path
    """In a folder of its own, which the pod shows: a later socket at this path works too."""
    tools: tuple[str, ...]
    containers: tuple[Container, ...]
    charm_storage: Mapping[str, Path]
    hosts: Path
    """``/etc/hosts`` of all containers; changes are written into the same file."""


class Pod:
    """The running containers of a unit."""

    def __init__(self, spec: PodSpec, launcher: Launcher, pebble: Path | None, hook_tool: str) -> None:
        self.spec = spec
        self._launcher = launcher
        self._hook_tool = hook_tool
        self._pebble = pebble
        self._machine = rootfs.machine(
            privileged=namespaces.is_mapped(rootfs.DAEMON_USER, Path("/proc/self/uid_map").read_text())
        )
        self._running: dict[str, Running] = {}
        self._sockets: dict[str, int] = {}

    @classmethod
    async def start(cls, spec: PodSpec, launcher: Launcher, *, pebble: Path | None, hook_tool: str = "") -> "Pod":
        """Start all containers; the network namespace of :attr:`pid` has no address yet."""
        pod = cls(spec, launcher, pebble, hook_tool or hook_tool_program())
        await kill_containers(launcher.take(spec.folder).values())
        try:
            for each in spec.containers:
                (spec.folder / each.name).mkdir(parents=True, exist_ok=True)
            await pod._start(CHARM, pod._charm_spec())
            for each in spec.containers:
                await pod.start_container(each.name)
        except BaseException:
            await pod._kill()
            raise
        return pod

    @classmethod
    async def take_over(
        cls, spec: PodSpec, launcher: Launcher, *, pebble: Path | None, hook_tool: str = ""
    ) -> "Pod | None":
        """Return the pod that a former controller has started; without a usable one, kill what is left of it.

        The programs that the former controller ran in the charm container end, with all that they started.
        """
        pod = cls(spec, launcher, pebble, hook_tool or hook_tool_program())
        pod._running.update(launcher.take(spec.folder))
        usable = False
        try:
            usable = pod._is_as_specified() and await pod._kill_programs()
        finally:
            if not usable:
                await pod._kill()
        return pod if usable else None

    @property
    def pid(self) -> int:
        """Process id whose namespaces are the pod's, for ``Network.attach``."""
        return self._running[CHARM].pid

    @property
    def hostname(self) -> str:
        """Name of the pod in Kubernetes, ``flask-k8s-0``."""
        return self.spec.unit.replace("/", "-")

    async def run(
        self,
        argv: list[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        container: str = CHARM,
        stdin: int = asyncio.subprocess.DEVNULL,
    ) -> asyncio.subprocess.Process:
        """Start a program in a container with exactly this environment."""
        uid = self._container(container).uid if container != CHARM else None
        return await asyncio.create_subprocess_exec(
            *nsenter.command(self._running[container].pid, uid, cwd, argv),
            env=dict(env),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    def environment(self, container: str) -> dict[str, str]:
        """Return the environment of a container itself, without what a hook or a service adds."""
        if container == CHARM:
            return dict(_ENVIRONMENT)
        rock = self._container(container).rock
        return {**_ENVIRONMENT, **_UNBUFFERED, **(rock.environment if rock is not None else {})}

    def pebble_socket(self, container: str) -> Path:
        """Return a path to a container's Pebble that is short enough for a socket address."""
        path = self.spec.folder / container / "pebble.socket"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET:
            return path
        if container not in self._sockets:
            self._sockets[container] = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
        return Path(f"/proc/self/fd/{self._sockets[container]}/{path.name}")

    def replace_spec(self, spec: PodSpec) -> None:
        """Use another specification for containers that start from now on."""
        self.spec = spec

    async def wait_container(self, name: str) -> int:
        """Return the exit code of a container's main program once it has ended."""
        return await asyncio.shield(self._running[name].exit_code)

    async def start_container(self, name: str) -> None:
        """Start a workload container with a new root; only its storage is kept from before."""
        container = self._container(name)
        folder = self.spec.folder / name
        (folder / "pebble.socket").unlink(missing_ok=True)
        shutil.rmtree(folder / "pebble", ignore_errors=True)
        uid = container.uid or None
        steps = (
            *rootfs.base(self._machine, hostname=self.hostname, hosts=self.spec.hosts, uid=uid, rock=container.rock),
            *rootfs.workload(
                self._machine,
                rock=container.rock,
                uid=uid,
                storage=container.storage,
                pebble=folder,
                runner=self._runner(),
            ),
        )
        module, program = (PEBBLE, PEBBLE) if self._pebble is None else ("", _PEBBLE)
        command = (program, "run", "--create-dirs", "--hold")
        environment = {**self.environment(name), **_PEBBLE_ENVIRONMENT}
        spec = self._container_spec(name, steps, command, module=module, environment=environment, pod=self.pid, uid=uid)
        await self._start(name, spec)

    async def stop(self) -> None:
        """Stop all containers, after Pebble has stopped their services or the timeout has passed."""
        workloads = [running for name, running in self._running.items() if name != CHARM]
        for running in workloads:
            running.signal(signal.SIGTERM)
        if workloads:
            await asyncio.wait([running.exit_code for running in workloads], timeout=_STOP_TIMEOUT)
        await self._kill()

    async def _kill(self) -> None:
        """Kill the containers, and wait until all of their processes are gone."""
        await kill_containers(self._running.values())
        while self._sockets:
            os.close(self._sockets.popitem()[1])

    def _container(self, name: str) -> Container:
        return next(each for each in self.spec.containers if each.name == name)

    def _is_as_specified(self) -> bool:
        """Return whether the pod runs, with the containers that it should have and this version's charm container."""
        if set(self._running) != {CHARM, *(each.name for each in self.spec.containers)}:
            return False
        file = self._spec_file(CHARM)
        current = container_init.encode(self._charm_spec())
        return not self._running[CHARM].exit_code.done() and file.exists() and file.read_text() == current

    async def _kill_programs(self) -> bool:
        """Kill all programs in the charm container, and return whether that was possible."""
        process = await self.run(["/bin/sh", "-c", "kill -KILL -1 || true"], env=_ENVIRONMENT, cwd="/")
        try:
            await asyncio.wait_for(process.communicate(), _TAKE_OVER_TIMEOUT)
        except asyncio.TimeoutError:
            process.kill()
        return process.returncode == 0

    def _charm_spec(self) -> container_init.Spec:
        spec = self.spec
        steps = (
            *rootfs.base(self._machine, hostname=self.hostname, hosts=spec.hosts),
            *rootfs.interpreter(_base_python(), [sys.base_prefix]),
            rootfs.python3(_base_python()),
            *rootfs.charm(
                agent=rootfs.unit_tag(spec.unit),
                agent_files={
                    "charm": spec.charm_dir,
                    "resources": spec.resources,
                    "run": spec.agent_socket.parent,
                },
                mounts=spec.charm.mounts,
                storage=spec.charm_storage,
                pebbles={each.name: spec.folder / each.name for each in spec.containers},
                tools=spec.tools,
                hook_tool=self._hook_tool,
            ),
        )
        return self._container_spec(CHARM, steps, (), environment=_ENVIRONMENT)

    def _runner(self) -> tuple[rootfs_steps.Step, ...]:
        """Return the steps that show the Pebble: the built-in one and its Python, or the one file of a real one."""
        if self._pebble is not None:
            return (rootfs_steps.Bind(source=str(self._pebble), path=_PEBBLE),)
        return (
            *rootfs.interpreter(sys.executable, [sys.prefix, sys.base_prefix]),
            *rootfs.same([Path(__file__).parent.parent]),
        )

    def _container_spec(
        self,
        name: str,
        steps: tuple[rootfs_steps.Step, ...],
        argv: tuple[str, ...],
        *,
        environment: Mapping[str, str],
        module: str = "",
        pod: int | None = None,
        uid: int | None = None,
    ) -> container_init.Spec:
        return container_init.Spec(
            root=str(self.spec.folder / "root"),
            steps=steps,
            argv=argv,
            module=module,
            environment=environment,
            hostname=self.hostname if pod is None else None,
            pod=pod,
            uid=uid,
            log=str(self.spec.folder / f"{name}.log"),
        )

    def _spec_file(self, name: str) -> Path:
        return self.spec.folder / f"{name}.json"

    async def _start(self, name: str, spec: container_init.Spec) -> None:
        (self.spec.folder / "root").mkdir(parents=True, exist_ok=True)
        file = self._spec_file(name)
        file.write_text(container_init.encode(spec))
        try:
            self._running[name] = await self._launcher.start(file)
        except PodError as error:
            raise PodError(f"container {name} of {self.spec.unit} does not start: {error}") from error


def _base_python() -> str:
    """Return the interpreter outside of this process's virtual environment."""
    return os.path.realpath(sys.executable)


def hook_tool_program(perl: Path = _PERL) -> str:
    """Return the program of the hook tools: in Perl if the machine has it, because that starts sooner than Python."""
    if perl.exists():
        return _HOOK_TOOL.with_suffix(".pl").read_text()
    return with_shebang(_base_python(), _HOOK_TOOL.read_text())


def with_shebang(python: str, source: str) -> str:
    """Return a program as a script for this interpreter, isolated and without site packages."""
    if len(python) > _LONGEST_SHEBANG or " " in python:
        # A shell runs these lines; for Python they are one string.
        return f"#!/bin/sh\n''':'\nexec '{python}' -IS \"$0\" \"$@\"\n'''\n{source}"
    return f"#!{python} -IS\n{source}"
