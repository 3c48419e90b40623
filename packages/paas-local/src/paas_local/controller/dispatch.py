"""How one event becomes a run of the charm: its environment, and what its process leaves behind.

The environment is made from nothing: a charm must not depend on what the daemon happens to have in its own.
"""

import asyncio
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from paas_local.juju import actions, events
from paas_local.juju.hook_tools.storage import location
from paas_local.juju.model import Model, Task
from paas_local.juju.status_document import VERSION

if TYPE_CHECKING:
    from asyncio.subprocess import Process

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
API_ADDRESSES = "10.152.183.1:17070 controller-service.controller-local.svc.cluster.local:17070"
CLOUD_API_VERSION = "1.31.0"
# A background process of the charm may hold its output open for ever; what it says later is lost.
LATE_OUTPUT = 1.0

Say = Callable[[str, str], None]


class Runs(Protocol):
    """Where a charm's process is started; a pod."""

    async def run(self, argv: list[str], *, env: Mapping[str, str], cwd: str) -> "Process":
        """Start it in the charm container."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How the charm's process ended, and all that it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def interrupted(self) -> bool:
        """Whether it was ended from outside, which is no failure of the hook."""
        return self.code in {-15, -9, 143, 137}


def agent_folder(unit: str) -> str:
    """Name the folder of a unit's agent in the charm container."""
    return f"/var/lib/juju/agents/unit-{unit.replace('/', '-')}"


def charm_folder(unit: str) -> str:
    """Name the charm's folder in the charm container."""
    return f"{agent_folder(unit)}/charm"


def arguments(model: Model, unit: str, event: events.Event, charm: Path) -> list[str] | None:
    """Say what is run: the charm's dispatch, a hook of its own, or an operator's command through a shell.

    Nothing, when the charm has neither: such a hook counts as done.
    """
    command = model.tasks[event.task].command if isinstance(event, events.Run) else ()
    if command:
        return ["/bin/sh", "-c", command[0] if len(command) == 1 else shlex.join(command)]
    for program in ("dispatch", _dispatched(event)["JUJU_DISPATCH_PATH"]):
        if (charm / program).exists():
            return [f"{charm_folder(unit)}/{program}"]
    return None


def environment(model: Model, unit: str, event: events.Event, context: str) -> dict[str, str]:
    """Give the whole environment of a hook or an action."""
    charm = charm_folder(unit)
    tag = f"unit-{unit.replace('/', '-')}"
    return {
        "APT_LISTCHANGES_FRONTEND": "none",
        "CHARM_DIR": charm,
        "CLOUD_API_VERSION": CLOUD_API_VERSION,
        "DEBIAN_FRONTEND": "noninteractive",
        "JUJU_AGENT_SOCKET_ADDRESS": f"{agent_folder(unit)}/agent.socket",
        "JUJU_AGENT_SOCKET_NETWORK": "unix",
        "JUJU_API_ADDRESSES": API_ADDRESSES,
        "JUJU_AVAILABILITY_ZONE": "",
        "JUJU_CHARM_DIR": charm,
        "JUJU_CHARM_FTP_PROXY": model.config.get("juju-ftp-proxy", ""),
        "JUJU_CHARM_HTTPS_PROXY": model.config.get("juju-https-proxy", ""),
        "JUJU_CHARM_HTTP_PROXY": model.config.get("juju-http-proxy", ""),
        "JUJU_CHARM_NO_PROXY": model.config.get("juju-no-proxy", ""),
        "JUJU_CONTEXT_ID": context,
        "JUJU_MACHINE_ID": "",
        "JUJU_MODEL_NAME": model.name,
        "JUJU_MODEL_UUID": model.uuid,
        "JUJU_PRINCIPAL_UNIT": "",
        "JUJU_UNIT_NAME": unit,
        "JUJU_VERSION": VERSION,
        "LANG": "C.UTF-8",
        "PATH": f"/var/lib/juju/tools/{tag}:{SYSTEM_PATH}",
        "TERM": "tmux-256color",
        **_dispatched(event),
        **_particular(model, event),
    }


async def run(pod: Runs, unit: str, argv: list[str], env: Mapping[str, str], say: Say) -> Ended:
    """Run the charm's process; what it prints becomes lines of the log as it comes."""
    process = await pod.run(argv, env=env, cwd=charm_folder(unit))
    stdout, stderr = list[bytes](), list[bytes]()
    readers = [
        asyncio.create_task(_follow(process.stdout, stdout, "DEBUG", say)),
        asyncio.create_task(_follow(process.stderr, stderr, "WARNING", say)),
    ]
    try:
        code = await process.wait()
        await asyncio.wait(readers, timeout=LATE_OUTPUT)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return Ended(code=code, stdout=_text(stdout), stderr=_text(stderr))


async def _follow(stream: asyncio.StreamReader | None, kept: list[bytes], level: str, say: Say) -> None:
    rest = b""
    while stream is not None and (chunk := await stream.read(65536)):
        kept.append(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            say(level, line.decode(errors="replace"))
    if rest:
        say(level, rest.decode(errors="replace"))


def _text(chunks: list[bytes]) -> str:
    return b"".join(chunks).decode(errors="replace")


def _dispatched(event: events.Event) -> dict[str, str]:
    # in an action the name is empty: ops then decides by the path
    if isinstance(event, events.Run):
        return {"JUJU_DISPATCH_PATH": f"actions/{event.action}", "JUJU_HOOK_NAME": ""}
    name = events.hook(event)
    return {"JUJU_DISPATCH_PATH": f"hooks/{name}", "JUJU_HOOK_NAME": name}


def _particular(model: Model, event: events.Event) -> dict[str, str]:
    match event:
        case events.Related():
            found = _related(event)
        case events.PebbleReady(container=container):
            found = {"JUJU_WORKLOAD_NAME": container}
        case events.Notice(container=container, notice=notice, key=key):
            found = {
                "JUJU_WORKLOAD_NAME": container,
                "JUJU_NOTICE_ID": notice,
                "JUJU_NOTICE_TYPE": "custom",
                "JUJU_NOTICE_KEY": key,
            }
        case events.Check(container=container, check=check):
            found = {"JUJU_WORKLOAD_NAME": container, "JUJU_PEBBLE_CHECK_NAME": check}
        case events.SecretStep():
            found = _secret(event)
        case events.Storage(storage=storage):
            found = {
                "JUJU_STORAGE_ID": storage,
                "JUJU_STORAGE_LOCATION": location(storage),
                "JUJU_STORAGE_KIND": "filesystem",
            }
        case events.Run(task=number):
            found = _task(model.tasks[number])
        case events.Lifecycle():
            found = {}
    return found


def _related(event: events.Related) -> dict[str, str]:
    found = {
        "JUJU_RELATION": event.endpoint,
        "JUJU_RELATION_ID": f"{event.endpoint}:{event.relation}",
        "JUJU_REMOTE_APP": event.application,
        "JUJU_REMOTE_UNIT": event.unit,
    }
    return {**found, "JUJU_DEPARTING_UNIT": event.departing} if event.change == "departed" else found


def _secret(event: events.SecretStep) -> dict[str, str]:
    found = {"JUJU_SECRET_ID": f"secret:{event.secret}", "JUJU_SECRET_LABEL": event.label}
    if event.becomes == "changed":
        return found
    return {**found, "JUJU_SECRET_REVISION": str(event.revision)}


def _task(task: Task) -> dict[str, str]:
    if task.action == actions.JUJU_EXEC:
        return {}
    # the variable is called UUID and holds the number of the task
    return {
        "JUJU_ACTION_NAME": task.action,
        "JUJU_ACTION_UUID": str(task.id),
        "JUJU_ACTION_TAG": f"action-{task.id}",
    }
