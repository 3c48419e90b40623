"""A machine without namespaces: a charm's dispatch and Pebble are ordinary processes."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import paas_local
import yaml
from paas_local.controller import daemon
from paas_local.controller.hook_tool_server import listen
from paas_local.controller.pod_spec import Folders
from paas_local.pods import containers
from paas_local.pods.bridge import NetworkError
from paas_local.pods.launcher import PodError

PATIENCE = 240.0
SOURCE = Path(paas_local.__file__).parent


class PlainPod:
    """A pod that runs programs on the machine itself; paths of the charm container are replaced by real ones."""

    def __init__(self, spec: containers.PodSpec) -> None:
        self.spec = spec
        self.may_stop = asyncio.Event()
        self.may_stop.set()
        self._killed = asyncio.Event()
        self.runs: list[dict[str, str]] = []
        self._pebbles: dict[str, asyncio.subprocess.Process] = {}
        tag = f"unit-{spec.unit.replace('/', '-')}"
        self._tools = spec.folder / "tools"
        self._tools.mkdir()
        tool = self._tools / "jujuc"
        tool.write_text(containers.hook_tool_program())
        tool.chmod(0o755)
        for name in spec.tools:
            (self._tools / name).symlink_to("jujuc")
        self._places = {
            f"/var/lib/juju/agents/{tag}/charm": str(spec.charm_dir),
            f"/var/lib/juju/agents/{tag}/agent.socket": str(spec.agent_socket),
            f"/var/lib/juju/tools/{tag}": str(self._tools),
            "/var/lib/juju": str(spec.folder),
        }

    async def run(
        self,
        argv: list[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        container: str = containers.CHARM,
        stdin: int = asyncio.subprocess.DEVNULL,
    ) -> asyncio.subprocess.Process:
        self.runs.append(dict(env))
        return await asyncio.create_subprocess_exec(
            *[self._place(word) for word in argv],
            env={key: self._place(value) for key, value in env.items()},
            cwd=self._place(cwd),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    def environment(self, container: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "CONTAINER": container}

    def pebble_socket(self, container: str) -> Path:
        return self.spec.folder / container / "pebble.socket"

    def replace_spec(self, spec: containers.PodSpec) -> None:
        self.spec = spec

    async def wait_container(self, name: str) -> int:
        if name == containers.CHARM:
            await self._killed.wait()
            return 137
        return await self._pebbles[name].wait()

    def kill(self) -> None:
        """Kill all containers, the charm's too."""
        self._killed.set()
        for process in self._pebbles.values():
            process.kill()

    async def start_container(self, name: str) -> None:
        folder = self.spec.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "layers").mkdir(parents=True)
        self._pebbles[name] = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "paas_local.pebble", "run", "--hold"),
            *("--socket", str(self.pebble_socket(name)), "--layers", str(folder / "layers")),
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def kill_container(self, name: str) -> None:
        self._pebbles[name].kill()

    async def stop(self) -> None:
        await self.may_stop.wait()
        for process in self._pebbles.values():
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _place(self, text: str) -> str:
        for place, real in self._places.items():
            text = text.replace(place, real)
        return text


class PlainMachine:
    """A machine that starts plain pods and pretends to publish ports."""

    def __init__(self) -> None:
        self.pods: dict[str, PlainPod] = {}
        self.started: list[str] = []
        self.published: dict[int, int] = {}
        self.routes: dict[int, tuple[str, ...]] = {}
        self.broken = ""
        self.ports_taken = ""

    async def start_pod(self, spec: containers.PodSpec) -> PlainPod:
        if self.broken:
            raise PodError(self.broken)
        pod = PlainPod(spec)
        for container in spec.containers:
            await pod.start_container(container.name)
        self.pods[spec.unit] = pod
        self.started.append(spec.unit)
        return pod

    async def take_over_pod(self, spec: containers.PodSpec) -> None:
        """Find no pod: a controller on this machine always ends with its pods."""

    async def kill_other_pods(self, folders: Collection[Path]) -> None:
        """Kill nothing."""

    async def publish(self, port: int, preferred: int) -> int:
        if self.ports_taken:
            raise NetworkError(self.ports_taken)
        number = preferred
        while number in self.published:
            number += 1
        self.published[number] = port
        return number

    def route(self, host_port: int, addresses: Sequence[str]) -> None:
        self.routes[host_port] = tuple(addresses)

    async def unpublish(self, port: int) -> None:
        del self.published[port]

    async def close(self) -> None:
        pass


class Operator:
    """A client of the daemon's socket."""

    def __init__(self, session: aiohttp.ClientSession, home: Path, machine: PlainMachine) -> None:
        self._session = session
        self.machine = machine
        self.folders = Folders(root=home / "models" / "demo")

    async def answer(self, command: str, /, **body: Any) -> dict[str, Any]:
        async with self._session.post(f"/v1/{command}", json=body) as response:
            return await response.json()

    async def ask(self, command: str, /, **body: Any) -> Any:
        answer = await self.answer(command, model="demo", **body)
        assert "result" in answer, answer
        return answer["result"]

    async def error(self, command: str, /, **body: Any) -> str:
        answer = await self.answer(command, model="demo", **body)
        return answer["error"]

    async def deploy(self, charm: Path, application: str = "", **more: Any) -> None:
        metadata = yaml.safe_load((charm / "metadata.yaml").read_text())
        await self.ask("deploy", charm=str(charm), application=application or metadata["name"], **more)

    async def unit(self, name: str) -> dict[str, Any]:
        document = await self.ask("status")
        return document["applications"].get(name.partition("/")[0], {}).get("units", {}).get(name, {})

    async def until(self, name: str, workload: str, message: str = "", *, wait: float = PATIENCE) -> None:
        """Wait until a unit has a status and is idle."""
        deadline = time.monotonic() + wait
        shown: dict[str, Any] = {}
        while time.monotonic() < deadline:
            shown = await self.unit(name)
            status = shown.get("workload-status", {})
            idle = shown.get("juju-status", {}).get("current") == "idle"
            if idle and status["current"] == workload and message in status.get("message", ""):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{name} is not {workload} {message}: {shown}\n{await self.log()}")

    async def until_ran(self, unit: str, hook: str, times: int = 1) -> None:
        """Wait until a unit has run a hook a number of times."""

        async def ran() -> bool:
            return (await self.ran(unit)).count(hook) >= times

        await self.eventually(ran)

    async def eventually(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until a condition is true."""
        deadline = time.monotonic() + PATIENCE
        while not await condition():  # no event says that a file or a process has changed
            assert time.monotonic() < deadline, await self.log()
            await asyncio.sleep(0.1)

    async def ran(self, unit: str) -> list[str]:
        """Return the hooks that a unit's charm has recorded."""
        file = self.folders.root.parent.parent / f"{unit.replace('/', '-')}.hooks"
        return file.read_text().split() if file.exists() else []

    async def lines(self, limit: int = 0) -> list[dict[str, Any]]:
        body = {"model": "demo", "limit": limit}
        async with self._session.post("/v1/debug-log", json=body) as response:
            return [yaml.safe_load(line) async for line in response.content]

    async def follow(self, word: str) -> None:
        """Read the growing log until a line has the word."""
        body = {"model": "demo", "follow": True}
        async with self._session.post("/v1/debug-log", json=body) as response:
            async for line in response.content:
                if word in yaml.safe_load(line)["message"]:
                    return

    async def log(self) -> str:
        return "\n".join(f"{line['level']} {line['module']} {line['message']}" for line in await self.lines())


@asynccontextmanager
async def operating(home: Path, *, model: bool = True) -> AsyncGenerator[Operator]:
    """Yield the operator of a daemon on a plain machine, with a model."""
    machine = PlainMachine()
    running = daemon.Daemon(home, machine)
    socket = home / "daemon.sock"
    async with daemon.serving(running, listen(socket)):
        folder = os.open(home, os.O_PATH)
        connector = aiohttp.UnixConnector(path=f"/proc/self/fd/{folder}/{socket.name}")
        async with aiohttp.ClientSession("http://daemon", connector=connector) as session:
            operator = Operator(session, home, machine)
            if model:
                await operator.ask("add-model")
            yield operator
        os.close(folder)


def packed(folder: Path, name: str, body: str = "", *, shell: str = "exit 0", **metadata: Any) -> Path:
    """Return a packed charm whose dispatch records the hook, then runs the charm's Python or a line of shell."""
    charm = folder / name
    (charm / "src").mkdir(parents=True)
    options = metadata.pop("options", {})
    actions = metadata.pop("actions", {})
    documents = {
        "metadata.yaml": {"name": name, "summary": name, "description": name, **metadata},
        "config.yaml": {"options": options},
        "actions.yaml": actions,
    }
    for file, document in documents.items():
        (charm / file).write_text(yaml.safe_dump(document))
    code = "import os\nimport pathlib\n\nimport ops\n\n\nclass Charm(ops.CharmBase):\n" + body
    (charm / "src" / "charm.py").write_text(f"{code}\n\n\nif __name__ == '__main__':\n    ops.main(Charm)\n")
    hooks = f"{folder}/home/${{JUJU_UNIT_NAME%/*}}-${{JUJU_UNIT_NAME#*/}}.hooks"
    dispatch = charm / "dispatch"
    dispatch.write_text(
        "#!/bin/sh\n"
        f'echo "${{JUJU_DISPATCH_PATH#*/}}" >> "{hooks}"\n'
        + (f'exec {sys.executable} "$JUJU_CHARM_DIR/src/charm.py"\n' if body else f"{shell}\n")
    )
    dispatch.chmod(0o755)
    return charm
