"""Run a pod, and programs in its containers, in the namespaces of ``paas_local.pods.namespace_init``.

Reads a job (JSON) from the file it is given; answers in JSON on standard output.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

from paas_local.build import rocks
from paas_local.pods import containers
from paas_local.pods.launcher import Launcher
from paas_local.pods.supervisor import LauncherProcess

HOOK_TOOL = containers.with_shebang(
    os.path.realpath(sys.executable), "import sys\nprint(sys.argv, sys.flags.isolated, sys.flags.no_site)\n"
)
IDLE = "#!/bin/sh\ntrap 'exit 0' TERM\nid -u\nwhile :; do sleep 60 & wait $!; done\n"


def spec(folder: Path, job: dict[str, Any]) -> containers.PodSpec:
    rock = rocks.Rock(
        folder=folder,
        name="app",
        layers={"001-app.yaml": "services: {}\n"},
        mounts=tuple(rocks.Mount(source=Path(m[0]), target=m[1], mode=m[2]) for m in job["mounts"]),
        environment={"ROCK": "yes"},
        python=Path(job["python"]) if job["python"] else None,
        packages=Path(job["packages"]) if job["packages"] else None,
        folders=("/flask", "/var/log/flask"),
    )
    return containers.PodSpec(
        unit="flask-k8s/0",
        model="demo",
        address="10.152.0.5",
        folder=folder / "pod",
        charm=cast("Any", SimpleNamespace(mounts=(folder / "environment",))),
        charm_dir=folder / "charm",
        resources=folder / "resources",
        agent_socket=folder / "agent.run" / "agent.socket",
        tools=("is-leader",),
        containers=(
            containers.Container(name="app", rock=rock, storage={}),
            containers.Container(name="other", rock=None, uid=170, storage={"/data": folder / "data"}),
        )[: job["containers"]],
        charm_storage={"/var/lib/juju/storage/data/0": folder / "data"},
        hosts=folder / "hosts",
    )


def prepare(folder: Path) -> None:
    for name in ("agent.run", "charm", "data", "environment", "resources"):
        (folder / name).mkdir(parents=True)
    (folder / "hosts").write_text("127.0.0.1 localhost\n10.152.0.5 flask-k8s-0\n")
    (folder / "pebble").write_text(IDLE)
    (folder / "pebble").chmod(0o755)


async def results(pod: containers.Pod, job: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for container, command in job["commands"]:
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        process = await pod.run(
            ["sh", "-c", command], env={"PATH": path, "ONLY": "this"}, cwd="/tmp", container=container
        )
        out, err = await process.communicate()
        results.append({"code": process.returncode, "out": out.decode(), "err": err.decode()})
    return results


async def killed(pod: containers.Pod) -> bool:
    """Kill the process that ``run`` returned; return whether the program in the container has ended too."""
    process = await pod.run(["sleep", "98765"], env={"PATH": "/usr/bin:/bin"}, cwd="/")
    assert await eventually(sleeping)
    process.kill()
    await process.wait()
    return await eventually(lambda: not sleeping())


async def eventually(true: Callable[[], bool]) -> bool:
    for _ in range(200):
        if true():
            return True
        await asyncio.sleep(0.02)
    return False


def sleeping() -> bool:
    return any(b"98765" in line for line in command_lines())


def command_lines() -> list[bytes]:
    lines: list[bytes] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                lines.append((folder / "cmdline").read_bytes())
            except OSError:  # it has ended already
                continue
    return [line for line in lines if line]


async def reached(socket: Path) -> bool:
    """Return whether the controller can connect to a container's Pebble."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_unix_connection(str(socket))
            writer.close()
            return True
        await asyncio.sleep(0.05)
    return False


async def restarted(pod: containers.Pod) -> int:
    """Kill a container's main program, start the container again, and return the first exit code."""
    process = await pod.run(
        ["sh", "-c", "touch /tmp/gone; kill -TERM 1"], env={"PATH": "/bin"}, cwd="/", container="app"
    )
    await process.wait()
    code = await asyncio.wait_for(pod.wait_container("app"), 5)
    await pod.start_container("app")
    return code


async def main(job: dict[str, Any]) -> None:
    folder = Path(job["folder"])
    prepare(folder)
    # A short path, because a test has a folder that is too long for a socket.
    os.chdir(folder)
    server = await asyncio.start_unix_server(lambda _, writer: writer.close(), "agent.run/agent.socket")
    pebble = folder / "pebble" if job["pebble"] == "idle" else None
    async with launched() as launcher:
        answer = await done_in_pod(folder, job, launcher, pebble)
    server.close()
    answer["left"] = [line.decode().replace("\0", " ") for line in command_lines()]
    answer["mounts"] = mounts(folder)
    say(answer)


@contextlib.asynccontextmanager
async def launched() -> AsyncGenerator[Launcher]:
    """Start a launcher for the duration of the block."""
    with TemporaryDirectory() as run:
        process = LauncherProcess(Path(run, "pods"), program=())
        assert process.lifeline.recv(1)
        launcher = Launcher(Path(run, "pods"))
        await launcher.open()
        yield launcher
        process.end()
        await launcher.close()


async def done_in_pod(folder: Path, job: dict[str, Any], launcher: Launcher, pebble: Path | None) -> dict[str, Any]:
    pod = await containers.Pod.start(spec(folder, job), launcher, pebble=pebble, hook_tool=HOOK_TOOL)
    answer: dict[str, Any] = {"results": await results(pod, job)}
    answer["killed"] = await killed(pod) if job["kill"] else None
    answer["restarted"] = await restarted(pod) if job["restart"] else None
    answer["reached"] = await reached(pod.pebble_socket("app")) if pebble is None else None
    if job["hold"]:
        say(answer)
        await asyncio.sleep(60)
    await pod.stop()
    return answer


def mounts(folder: Path) -> list[str]:
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(folder) in line]


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
