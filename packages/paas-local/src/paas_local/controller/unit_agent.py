"""What the agent of one unit does: keeps its pod, and runs one hook after the other as long as the unit lives."""

import asyncio
import base64
import dataclasses
import os
import random
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Protocol

from paas_local.build.errors import ProjectError
from paas_local.controller import dispatch, pod_spec, waiting
from paas_local.controller.hook_tool_server import Answer, ToolServer
from paas_local.controller.pebble_watcher import Workload
from paas_local.controller.storage import Line
from paas_local.juju import actions, events, hook_commit, hook_tools, lifecycle, next_hook, operations
from paas_local.juju.errors import Refused
from paas_local.juju.hook_context import Context
from paas_local.juju.model import Model, Unit, seconds
from paas_local.pods import containers

DEFAULT_INTERVAL = 300.0
SPREAD = 0.2
PAUSE = 5.0
# A container that ends sooner than this after its start is started again at once, but from then on more and more
# slowly, as Kubernetes does.
STEADY = 10.0
LONGEST_PAUSE = 60.0
OPERATION = "juju.worker.uniter.operation"


class Pod(Protocol):
    """A unit's containers, while they run."""

    async def run(self, argv: list[str], *, env: Mapping[str, str], cwd: str) -> Process:
        """Start a program in the charm container."""
        ...

    def pebble_socket(self, container: str) -> Path:
        """Give a path to a container's Pebble."""
        ...

    async def wait_container(self, name: str) -> int:
        """Return once a container has ended."""
        ...

    def replace_spec(self, spec: containers.PodSpec) -> None:
        """Note what containers are made of that start from now on."""
        ...

    async def start_container(self, name: str) -> None:
        """Start a container again."""
        ...

    async def stop(self) -> None:
        """End all containers."""
        ...


class Models(Protocol):
    """What the agents share: the models as they are now, their logs, and the machine's pods."""

    @property
    def news(self) -> asyncio.Event:
        """Is set with the next change of any model."""
        ...

    def model(self, name: str) -> Model:
        """Give a model as it is now."""
        ...

    def change(self, name: str, change: Callable[[Model], Model]) -> Model:
        """Change a model; it is kept before this returns."""
        ...

    def log(self, name: str, line: Line) -> None:
        """Keep a line of a model's log."""
        ...

    def folders(self, name: str) -> pod_spec.Folders:
        """Say where a model's things lie."""
        ...

    async def start_pod(self, spec: containers.PodSpec) -> Pod:
        """Start a pod with its address."""
        ...


class Agent:
    """The agent of one unit."""

    def __init__(self, models: Models, model: str, unit: str) -> None:
        self._models = models
        self._name = model
        self._unit = unit
        self._context: Context | None = None
        self._context_id = ""

    async def live(self) -> None:
        """Start the pod, run hooks until the unit is gone, and end the pod."""
        unit = self._unit_now()
        if unit is None:
            return
        if not unit.seen.removed:
            await self._live()
        left = self._unit_now()
        if left is None or left.seen.removed:
            pod_spec.clear(self._folders, unit)
        if left is not None and left.seen.removed:
            self._change(lambda model: lifecycle.drop_unit(model, self._unit))

    async def _live(self) -> None:
        self._change(lambda model: operations.new_pod(model, self._unit, time.time()))
        server = ToolServer(self._folders.pod(self._unit) / "agent.socket", self._answer)
        pod: Pod | None = None
        try:
            pod = await self._start(server)
            if pod is not None:
                await self._with(pod)
        finally:
            if pod is not None:
                await pod.stop()
            await server.close()

    async def _with(self, pod: Pod) -> None:
        self._change(lambda model: operations.pod_up(model, self._unit, time.time()))
        model = self._models.model(self._name)
        declared = model.applications[self._unit.partition("/")[0]].charm.containers
        jobs: list[Coroutine[Any, Any, None]] = [self._hooks(pod), self._tick()]
        jobs += [self._keep(pod, container) for container in declared]
        running = [asyncio.create_task(job) for job in jobs]
        try:
            # the hooks end with the unit; that anything else ends is a defect, which must not go unseen
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            await _ended(running)

    async def _start(self, server: ToolServer) -> Pod | None:
        while (unit := self._unit_now()) is not None:
            model = self._models.model(self._name)
            try:
                spec = pod_spec.spec(self._folders, model, unit)
                pod_spec.prepare(spec, model.applications[unit.application].resources)
                await server.open()
                return await self._models.start_pod(spec)
            except (containers.PodError, ProjectError, OSError) as error:
                await server.close()
                self._no_pod(str(error))
                await asyncio.sleep(PAUSE)
        return None

    def _no_pod(self, reason: str) -> None:
        self._log("ERROR", "juju.worker.caasoperator", f"cannot start the pod: {reason}")
        self._change_unit(lambda model: operations.pod_failed(model, self._unit, reason))

    async def _hooks(self, pod: Pod) -> None:
        while True:
            news = self._models.news
            now = time.time()
            unit = self._unit_now()
            if unit is None or unit.seen.removed:
                return
            event = next_hook.next_event(self._models.model(self._name), self._unit, now)
            if event is not None:
                await self._run(pod, event)
                continue
            wake = next_hook.wakes_at(self._models.model(self._name), self._unit)
            await waiting.until(news, max(wake - now, 0) if wake is not None else None)

    async def _run(self, pod: Pod, event: events.Event) -> None:
        model = self._change(lambda model: hook_commit.begin(model, self._unit, event, time.time()))
        argv = dispatch.arguments(model, self._unit, event, self._folders.charm(self._unit))
        if argv is None:
            self._log("DEBUG", OPERATION, f'skipped "{events.hook(event)}" hook (missing)')
            self._succeed(Context(unit=self._unit, event=event, snapshot=model), event)
            return
        self._context = Context(unit=self._unit, event=event, snapshot=model)
        self._context_id = f"{self._unit}-{events.hook(event)}-{int.from_bytes(os.urandom(8), 'big')}"
        environment = dispatch.environment(model, self._unit, event, self._context_id)
        module = f"unit.{self._unit}.{events.hook(event)}"
        try:
            ended = await dispatch.run(
                pod, self._unit, argv, environment, lambda level, text: self._log(level, module, text)
            )
            context = self._context
        finally:
            self._context = None
        self._conclude(context, event, ended)

    def _conclude(self, context: Context, event: events.Event, ended: dispatch.Ended) -> None:
        if isinstance(event, events.Run):
            self._finish(context, event, ended)
        elif ended.code == 0:
            self._succeed(context, event)
        elif ended.interrupted:
            self._change(lambda model: hook_commit.interrupted(model, self._unit, event, time.time()))
        else:
            self._fail(event, f"exit status {ended.code}")

    def _succeed(self, context: Context, event: events.Event) -> None:
        try:
            self._change(lambda model: hook_commit.commit(model, context, time.time()))
        except Refused as error:
            self._fail(event, error.message)
            return
        level = "DEBUG" if event == events.Lifecycle(step="update-status") else "INFO"
        how = "via hook dispatching script: dispatch"
        self._log(level, OPERATION, f'ran "{events.hook(event)}" hook ({how})')

    def _fail(self, event: events.Event, reason: str) -> None:
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
        self._change(lambda model: hook_commit.fail(model, self._unit, event, time.time(), jitter))
        name, how = events.hook(event), "via hook dispatching script: dispatch"
        self._log("ERROR", OPERATION, f'hook "{name}" ({how}) failed: {reason}')
        self._log("INFO", "juju.worker.uniter", f'awaiting error resolution for "{name}" hook')

    def _finish(self, context: Context, event: events.Run, ended: dispatch.Ended) -> None:
        end = actions.Exit(code=ended.code, stdout=ended.stdout, stderr=ended.stderr)
        try:
            if end.code == 0:
                self._change(lambda model: hook_commit.commit(model, context, time.time()))
        except Refused as error:
            end = dataclasses.replace(end, code=1, stderr=f"{end.stderr}ERROR {error.message}\n")
        if end.code != 0:
            self._change(lambda model: hook_commit.fail(model, self._unit, event, time.time()))
        self._change(lambda model: actions.finish(model, event.task, end, time.time()))

    def _answer(self, context: str, request: hook_tools.Request) -> Answer:
        if self._context is None or context != self._context_id:
            return Answer(stderr=f'ERROR cannot get context "{context}"\n', code=1)
        world = hook_tools.World(
            context=self._context,
            model=self._models.model(self._name),
            now=time.time(),
            fresh_id=fresh_id(),
        )
        reply = hook_tools.answer(world, request)
        self._context = dataclasses.replace(self._context, writes=reply.writes)
        if reply.model is not world.model:
            self._change(lambda _: reply.model)
        for level, text in reply.log:
            self._log(level, f"unit.{self._unit}.juju-log", _prefixed(world.context.event, text))
        return Answer(stdout=reply.stdout, stderr=reply.stderr, code=reply.code)

    async def _keep(self, pod: Pod, container: str) -> None:
        quick = 0
        while True:
            began = time.monotonic()
            watcher = asyncio.create_task(self._workload(pod, container).watch())
            try:
                code = await pod.wait_container(container)
            finally:
                await _ended([watcher])
            self._log("WARNING", "juju.worker.caasunit", f"container {container} ended with {code}; starting it")
            quick = quick + 1 if time.monotonic() - began < STEADY else 0
            if quick > 1:
                await asyncio.sleep(min(2.0 ** (quick - 2), LONGEST_PAUSE))
            # nothing tells when what kept it from starting is over
            while not await self._start_again(pod, container):  # noqa: ASYNC110
                await asyncio.sleep(PAUSE)

    async def _start_again(self, pod: Pod, container: str) -> bool:
        unit = self._unit_now()
        if unit is not None:
            pod.replace_spec(pod_spec.spec(self._folders, self._models.model(self._name), unit))
        try:
            await pod.start_container(container)
        except containers.PodError as error:
            self._log("ERROR", "juju.worker.caasunit", str(error))
            return False
        return True

    def _workload(self, pod: Pod, container: str) -> Workload:
        return Workload(
            container,
            pod.pebble_socket(container),
            lambda: self._change_unit(lambda model: operations.booted(model, self._unit, container)),
            lambda event: self._change_unit(lambda model: operations.occurred(model, self._unit, event)),
        )

    async def _tick(self) -> None:
        while True:
            config = self._models.model(self._name).config
            interval = seconds(config.get("update-status-hook-interval", "")) or DEFAULT_INTERVAL
            await asyncio.sleep(interval * random.uniform(1 - SPREAD, 1 + SPREAD))  # noqa: S311 - spreads load
            self._change_unit(lambda model: operations.tick(model, self._unit))

    @property
    def _folders(self) -> pod_spec.Folders:
        return self._models.folders(self._name)

    def _unit_now(self) -> Unit | None:
        return self._models.model(self._name).unit(self._unit)

    def _change(self, change: Callable[[Model], Model]) -> Model:
        return self._models.change(self._name, change)

    def _change_unit(self, change: Callable[[Model], Model]) -> None:
        if self._unit_now() is not None:
            self._change(change)

    def _log(self, level: str, module: str, message: str) -> None:
        entity = f"unit-{self._unit.replace('/', '-')}"
        line = Line(time=time.time(), entity=entity, level=level, module=module, message=message)
        self._models.log(self._name, line)


def fresh_id() -> str:
    """Make an id of 20 characters as Juju's secrets have."""
    return base64.b32hexencode(os.urandom(12)).decode().lower().rstrip("=")


def _prefixed(event: events.Event, text: str) -> str:
    return f"{event.endpoint}:{event.relation}: {text}" if isinstance(event, events.Related) else text


async def _ended(running: list[asyncio.Task[None]]) -> None:
    for job in running:
        job.cancel()
    await asyncio.gather(*running, return_exceptions=True)
