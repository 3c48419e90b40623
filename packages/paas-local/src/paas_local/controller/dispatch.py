"""One run of a charm for an event: its command, its environment and its output.

The environment inherits nothing, so that a charm cannot depend on the daemon's.
"""

import asyncio
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from paas_local.juju import actions, events
from paas_local.juju.model import Model, Task
from paas_local.juju.names import agent_folder, charm_folder, cluster_name, storage_folder, unit_tag

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_API_ADDRESSES = f"10.152.183.1:17070 {cluster_name('controller-local', 'controller-service')}:17070"
_CLOUD_API_VERSION = "1.31.0"
# A background process of the charm may keep the output open; later output is lost.
_LATE_OUTPUT = 1.0

LogLine = Callable[[str, str], None]


class CharmContainer(Protocol):
    """A pod whose charm container runs the charm."""

    async def run(self, argv: list[str], *, env: Mapping[str, str], cwd: str) -> "Process":
        """Start a program in the charm container."""
        ...


@dataclass(frozen=True, kw_only=True)
class Exit:
    """The end of the charm's process: its exit status and its output."""

    code: int
    stdout: str
    stderr: str

    @property
    def interrupted(self) -> bool:
        """Return whether the process was killed from outside, which does not fail the hook."""
        return self.code in {-15, -9, 143, 137}


def arguments(model: Model, unit: str, event: events.Event, charm: Path) -> list[str] | None:
    """Return the command: the charm's dispatch, its hook's or action's program, or the operator's shell command.

    Return None if the charm has neither; such a hook counts as done.
    """
    command = model.tasks[event.task].command if isinstance(event, events.Run) else ()
    if command:
        return ["/bin/sh", "-c", command[0] if len(command) == 1 else shlex.join(command)]
    for program in ("dispatch", _dispatched(event)["JUJU_DISPATCH_PATH"]):
        if (charm / program).exists():
            return [f"{charm_folder(unit)}/{program}"]
    return None


def environment(model: Model, unit: str, event: events.Event, context: str) -> dict[str, str]:
    """Return the whole environment of a hook or an action."""
    charm = charm_folder(unit)
    return {
        "APT_LISTCHANGES_FRONTEND": "none",
        "CHARM_DIR": charm,
        "CLOUD_API_VERSION": _CLOUD_API_VERSION,
        "DEBIAN_FRONTEND": "noninteractive",
        "JUJU_AGENT_SOCKET_ADDRESS": f"{agent_folder(unit)}/agent.socket",
        "JUJU_AGENT_SOCKET_NETWORK": "unix",
        "JUJU_API_ADDRESSES": _API_ADDRESSES,
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
        "JUJU_VERSION": model.agent_version,
        "LANG": "C.UTF-8",
        "PATH": f"/var/lib/juju/tools/{unit_tag(unit)}:{_SYSTEM_PATH}",
        "TERM": "tmux-256color",
        **_dispatched(event),
        **_event_variables(model, event),
    }


async def run(pod: CharmContainer, unit: str, argv: list[str], env: Mapping[str, str], log_line: LogLine) -> Exit:
    """Run the charm's process, and log each line of its output as it comes."""
    process = await pod.run(argv, env=env, cwd=charm_folder(unit))
    stdout, stderr = list[bytes](), list[bytes]()
    readers = [
        asyncio.create_task(_follow(process.stdout, stdout, "DEBUG", log_line)),
        asyncio.create_task(_follow(process.stderr, stderr, "WARNING", log_line)),
    ]
    try:
        code = await process.wait()
        await asyncio.wait(readers, timeout=_LATE_OUTPUT)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return Exit(code=code, stdout=_text(stdout), stderr=_text(stderr))


async def _follow(stream: asyncio.StreamReader | None, kept: list[bytes], level: str, log_line: LogLine) -> None:
    rest = b""
    while stream is not None and (chunk := await stream.read(65536)):
        kept.append(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            log_line(level, line.decode(errors="replace"))
    if rest:
        log_line(level, rest.decode(errors="replace"))


def _text(chunks: list[bytes]) -> str:
    return b"".join(chunks).decode(errors="replace")


def _dispatched(event: events.Event) -> dict[str, str]:
    # empty for an action: ops then decides by the path
    if isinstance(event, events.Run):
        return {"JUJU_DISPATCH_PATH": f"actions/{event.action}", "JUJU_HOOK_NAME": ""}
    name = events.hook(event)
    return {"JUJU_DISPATCH_PATH": f"hooks/{name}", "JUJU_HOOK_NAME": name}


def _event_variables(model: Model, event: events.Event) -> dict[str, str]:
    match event:
        case events.Related():
            variables = _related(event)
        case events.PebbleReady(container=container):
            variables = {"JUJU_WORKLOAD_NAME": container}
        case events.Notice(container=container, notice=notice, key=key):
            variables = {
                "JUJU_WORKLOAD_NAME": container,
                "JUJU_NOTICE_ID": notice,
                "JUJU_NOTICE_TYPE": "custom",
                "JUJU_NOTICE_KEY": key,
            }
        case events.Check(container=container, check=check):
            variables = {"JUJU_WORKLOAD_NAME": container, "JUJU_PEBBLE_CHECK_NAME": check}
        case events.SecretStep():
            variables = _secret(event)
        case events.Storage(storage=storage):
            variables = {
                "JUJU_STORAGE_ID": storage,
                "JUJU_STORAGE_LOCATION": storage_folder(storage),
                "JUJU_STORAGE_KIND": "filesystem",
            }
        case events.Run(task=number):
            variables = _task(model.tasks[number])
        case events.Lifecycle():
            variables = {}
    return variables


def _related(event: events.Related) -> dict[str, str]:
    variables = {
        "JUJU_RELATION": event.endpoint,
        "JUJU_RELATION_ID": f"{event.endpoint}:{event.relation}",
        "JUJU_REMOTE_APP": event.application,
        "JUJU_REMOTE_UNIT": event.unit,
    }
    return {**variables, "JUJU_DEPARTING_UNIT": event.departing} if event.change == "departed" else variables


def _secret(event: events.SecretStep) -> dict[str, str]:
    variables = {"JUJU_SECRET_ID": f"secret:{event.secret}", "JUJU_SECRET_LABEL": event.label}
    if event.becomes in {"changed", "rotate"}:
        return variables
    return {**variables, "JUJU_SECRET_REVISION": str(event.revision)}


def _task(task: Task) -> dict[str, str]:
    if task.action == actions.JUJU_EXEC:
        return {}
    # despite its name, the UUID is the task's number
    return {
        "JUJU_ACTION_NAME": task.action,
        "JUJU_ACTION_UUID": str(task.id),
        "JUJU_ACTION_TAG": f"action-{task.id}",
    }
