"""The agent of one unit: it keeps the unit's pod running, and runs one hook at a time."""

import asyncio
import dataclasses
import os
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from paas_local.build.errors import ProjectError
from paas_local.controller import dispatch, hook_queue, pod_spec, waiting
from paas_local.controller.hook_tool_server import Answer, ToolServer
from paas_local.controller.pebble_watcher import PebbleWatcher
from paas_local.controller.pod import Pod
from paas_local.controller.secret_ids import fresh_id
from paas_local.controller.storage import Line
from paas_local.juju import (
    actions,
    events,
    go_values,
    hook_commit,
    hook_tools,
    lifecycle,
    next_hook,
    operations,
    pod_changes,
)
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext
from paas_local.juju.model import Model, Unit, application_of
from paas_local.juju.names import unit_tag
from paas_local.pods import containers
from paas_local.pods.launcher import PodError

_UPDATE_STATUS_INTERVAL = 300.0
_UPDATE_STATUS_SPREAD = 0.2
_PAUSE = 5.0
# A container that ends sooner than this after its start is restarted with growing pauses, as on Kubernetes.
_STABLE_AFTER = 10.0
_LONGEST_PAUSE = 60.0
_OPERATION_MODULE = "juju.worker.uniter.operation"
_DISPATCHED = "via hook dispatching script: dispatch"


class Models(Protocol):
    """The daemon, as the agents use it: models, logs and pods."""

    @property
    def changed(self) -> asyncio.Event:
        """Return the event that the next change of any model sets."""
        ...

    @property
    def hooks(self) -> hook_queue.HookQueue:
        """Return the queue that the agents start their hooks from."""
        ...

    def model(self, name: str) -> Model:
        """Return a model as it is now."""
        ...

    def change(self, name: str, change: Callable[[Model], Model]) -> Model:
        """Change a model and store it."""
        ...

    def log(self, name: str, line: Line) -> None:
        """Append a line to a model's log."""
        ...

    def folders(self, name: str) -> pod_spec.Folders:
        """Return the folders of a model."""
        ...

    async def take_over_pod(self, spec: containers.PodSpec) -> Pod | None:
        """Return the pod of a former controller, if it is usable."""
        ...

    async def start_pod(self, spec: containers.PodSpec) -> Pod:
        """Start a pod and give it its address."""
        ...

    async def stop_pod(self, pod: Pod) -> None:
        """Stop a pod."""
        ...


class Agent:
    """The agent of one unit."""

    def __init__(self, models: Models, model: str, unit: str) -> None:
        self._models = models
        self._name = model
        self._unit = unit
        self._context: HookContext | None = None
        self._context_id = ""
        self._key = (model, unit)

    async def run(self) -> None:
        """Run one pod after the other until the unit is removed, and remove its folders."""
        unit = after = self._unit_now()
        if unit is None:
            return
        while after is not None and not after.local_state.removed:
            began = time.monotonic()
            await self._run_pod()
            unit, after = after, self._unit_now()
            if after is not None and not after.local_state.removed and time.monotonic() - began < _STABLE_AFTER:
                await asyncio.sleep(_PAUSE)
        pod_spec.remove_folders(self._folders, unit)
        if after is not None:
            self._change(lambda model: lifecycle.remove_unit(model, self._unit))

    async def _run_pod(self) -> None:
        """Run the unit's hooks in a pod, until the unit is removed or the pod has ended.

        The pod is that of a former controller, or a new one.
        """
        server = ToolServer(self._folders.agent_socket(self._unit), self._answer)
        pod: Pod | None = None
        try:
            pod = await self._take_over_pod(server)
            if pod is None:
                self._change(lambda model: pod_changes.new_pod(model, self._unit, time.time()))
                pod = await self._start_pod(server)
            if pod is not None:
                await self._run_jobs(pod)
        finally:
            if pod is not None:
                await self._models.stop_pod(pod)
            await server.close()

    async def _run_jobs(self, pod: Pod) -> None:
        self._change(lambda model: pod_changes.pod_started(model, self._unit, time.time()))
        model = self._models.model(self._name)
        containers = model.applications[application_of(self._unit)].charm.containers
        jobs: list[Coroutine[Any, Any, None]] = [self._run_hooks(pod), self._update_status_timer()]
        jobs += [self._keep_running(pod, container) for container in containers]
        jobs += [self._wait_for_end(pod)]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            # the hooks end with the unit; result() raises the defect that ended another job
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancel(tasks)

    async def _take_over_pod(self, server: ToolServer) -> Pod | None:
        """Return the pod of a former controller; only what that one ran in it has ended."""
        unit = self._unit_now()
        if unit is None or not unit.pod:
            return None
        pod: Pod | None = None
        try:
            spec = pod_spec.spec(self._folders, self._models.model(self._name), unit)
            await server.open()
            pod = await self._models.take_over_pod(spec)
        except (ProjectError, OSError) as error:
            self._log("WARNING", "juju.worker.caasoperator", f"cannot take over the pod: {error}")
        if pod is None:
            await server.close()
        else:
            self._change(lambda model: pod_changes.pod_taken_over(model, self._unit, time.time()))
        return pod

    async def _start_pod(self, server: ToolServer) -> Pod | None:
        while (unit := self._unit_now()) is not None:
            model = self._models.model(self._name)
            try:
                spec = pod_spec.spec(self._folders, model, unit)
                pod_spec.create_folders(self._folders, spec, model.applications[unit.application])
                await server.open()
                return await self._models.start_pod(spec)
            except (PodError, ProjectError, OSError) as error:
                await server.close()
                self._pod_failed(str(error))
                await asyncio.sleep(_PAUSE)
        return None

    def _pod_failed(self, reason: str) -> None:
        self._log("ERROR", "juju.worker.caasoperator", f"cannot start the pod: {reason}")
        self._change_unit(lambda model: pod_changes.pod_failed(model, self._unit, reason))

    async def _run_hooks(self, pod: Pod) -> None:
        try:
            await self._run_next_hooks(pod)
        finally:
            self._models.hooks.leave(self._key)

    async def _run_next_hooks(self, pod: Pod) -> None:
        while (unit := self._unit_now()) is not None and not unit.local_state.removed:
            changed = self._models.changed
            model = self._models.model(self._name)
            event = next_hook.next_event(model, self._unit, time.time())
            if event is None:
                await self._rest(changed)
                continue
            may_start = self._models.hooks.ask(self._key, hook_queue.urgency(model, self._unit, event))
            if may_start.is_set():
                await self._run_hook(pod, event)
                self._models.hooks.leave(self._key)
            else:
                await self._wait(event, changed, may_start)

    async def _rest(self, changed: asyncio.Event) -> None:
        """Wait until a hook may be due."""
        self._models.hooks.leave(self._key)
        now = time.time()
        model = self._change(lambda model: hook_commit.rest(model, self._unit, now))
        wake = next_hook.wakes_at(model, self._unit)
        await waiting.until(changed, seconds=max(wake - now, 0) if wake is not None else None)

    async def _wait(self, event: events.Event, changed: asyncio.Event, may_start: asyncio.Event) -> None:
        """Wait until the hook may start; a change meanwhile may bring another one, or a more urgent one."""
        self._change(lambda model: hook_commit.wait(model, self._unit, event, time.time()))
        await waiting.until(changed, may_start)

    async def _run_hook(self, pod: Pod, event: events.Event) -> None:
        model = self._change(lambda model: hook_commit.begin(model, self._unit, event, time.time()))
        argv = dispatch.arguments(model, self._unit, event, self._folders.charm(self._unit))
        if argv is None:
            self._log("DEBUG", _OPERATION_MODULE, f'skipped "{events.hook(event)}" hook (missing)')
            self._succeed(HookContext(unit=self._unit, event=event, snapshot=model), event)
            return
        self._context = HookContext(unit=self._unit, event=event, snapshot=model)
        self._context_id = f"{self._unit}-{events.hook(event)}-{int.from_bytes(os.urandom(8), 'big')}"
        environment = dispatch.environment(model, self._unit, event, self._context_id)
        module = f"unit.{self._unit}.{events.hook(event)}"
        try:
            end = await dispatch.run(
                pod, self._unit, argv, environment, lambda level, text: self._log(level, module, text)
            )
            context = self._context
        finally:
            self._context = None
        self._conclude(context, event, end)

    def _conclude(self, context: HookContext, event: events.Event, end: dispatch.Exit) -> None:
        if isinstance(event, events.Run):
            self._finish(context, event, end)
        elif end.code == 0:
            self._succeed(context, event)
        elif end.interrupted:
            self._change(lambda model: hook_commit.interrupted(model, self._unit, event, time.time()))
        else:
            self._fail(event, f"exit status {end.code}")

    def _succeed(self, context: HookContext, event: events.Event) -> None:
        try:
            self._commit(context)
        except JujuError as error:
            self._fail(event, error.message)
            return
        level = "DEBUG" if event == events.Lifecycle(step="update-status") else "INFO"
        self._log(level, _OPERATION_MODULE, f'ran "{events.hook(event)}" hook ({_DISPATCHED})')

    def _commit(self, context: HookContext) -> None:
        model = self._change(lambda model: hook_commit.commit(model, context, time.time()))
        if context.writes.storage:
            pod_spec.create_storage(self._folders, model.applications[context.application], self._unit)

    def _fail(self, event: events.Event, reason: str) -> None:
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
        self._change(lambda model: hook_commit.fail(model, self._unit, event, time.time(), jitter))
        name = events.hook(event)
        self._log("ERROR", _OPERATION_MODULE, f'hook "{name}" ({_DISPATCHED}) failed: {reason}')
        self._log("INFO", "juju.worker.uniter", f'awaiting error resolution for "{name}" hook')

    def _finish(self, context: HookContext, event: events.Run, end: dispatch.Exit) -> None:
        task_end = actions.Exit(code=end.code, stdout=end.stdout, stderr=end.stderr)
        try:
            if task_end.code == 0:
                self._commit(context)
        except JujuError as error:
            task_end = dataclasses.replace(task_end, code=1, stderr=f"{task_end.stderr}ERROR {error.message}\n")
        if task_end.code != 0:
            self._change(lambda model: hook_commit.fail(model, self._unit, event, time.time()))
        self._change(lambda model: actions.finish(model, event.task, task_end, time.time()))

    def _answer(self, context: str, request: hook_tools.Request) -> Answer:
        if self._context is None or context != self._context_id:
            return Answer(stderr=f'ERROR cannot get context "{context}"\n', code=1)
        tool_context = hook_tools.ToolContext(
            hook=self._context,
            model=self._models.model(self._name),
            now=time.time(),
            fresh_id=fresh_id(),
        )
        reply = hook_tools.answer(tool_context, request)
        self._context = dataclasses.replace(self._context, writes=reply.writes)
        if reply.model is not tool_context.model:
            self._change(lambda _: reply.model)
        for level, text in reply.log:
            self._log(level, f"unit.{self._unit}.juju-log", _prefixed(tool_context.hook.event, text))
        return Answer(stdout=reply.stdout, stderr=reply.stderr, code=reply.code)

    async def _keep_running(self, pod: Pod, container: str) -> None:
        early_ends = 0
        while True:
            began = time.monotonic()
            watcher = asyncio.create_task(self._pebble_watcher(pod, container).watch())
            try:
                code = await pod.wait_container(container)
            finally:
                await _cancel([watcher])
            self._change_unit(lambda model: pod_changes.container_ended(model, self._unit, container))
            self._log("WARNING", "juju.worker.caasunit", f"container {container} ended with {code}; restarting it")
            early_ends = early_ends + 1 if time.monotonic() - began < _STABLE_AFTER else 0
            if early_ends > 1:
                await asyncio.sleep(min(2.0 ** (early_ends - 2), _LONGEST_PAUSE))
            # no event says that the container could start now
            while not await self._restart(pod, container):  # noqa: ASYNC110
                await asyncio.sleep(_PAUSE)

    async def _wait_for_end(self, pod: Pod) -> None:
        """Return once the pod has ended: its namespaces are those of the charm container."""
        code = await pod.wait_container(containers.CHARM)
        self._log("WARNING", "juju.worker.caasoperator", f"the pod ended with {code}; starting another one")

    async def _restart(self, pod: Pod, container: str) -> bool:
        unit = self._unit_now()
        if unit is not None:
            pod.replace_spec(pod_spec.spec(self._folders, self._models.model(self._name), unit))
        try:
            await pod.start_container(container)
        except PodError as error:
            self._log("ERROR", "juju.worker.caasunit", str(error))
            return False
        return True

    def _pebble_watcher(self, pod: Pod, container: str) -> PebbleWatcher:
        unit = self._unit_now()
        return PebbleWatcher(
            container,
            pod.pebble_socket(container),
            lambda: self._change_unit(lambda model: pod_changes.pebble_started(model, self._unit, container)),
            lambda event, at: self._change_unit(
                lambda model: pod_changes.add_pending_event(model, self._unit, event, at)
            ),
            after=unit.notices_until.get(container) if unit is not None else None,
        )

    async def _update_status_timer(self) -> None:
        while True:
            config = self._models.model(self._name).config
            interval = go_values.seconds(config.get("update-status-hook-interval", "")) or _UPDATE_STATUS_INTERVAL
            await asyncio.sleep(interval * random.uniform(1 - _UPDATE_STATUS_SPREAD, 1 + _UPDATE_STATUS_SPREAD))  # noqa: S311 - spreads load
            self._change_unit(lambda model: operations.set_update_status_due(model, self._unit))

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
        line = Line(time=time.time(), entity=unit_tag(self._unit), level=level, module=module, message=message)
        self._models.log(self._name, line)


def _prefixed(event: events.Event, text: str) -> str:
    return f"{event.endpoint}:{event.relation}: {text}" if isinstance(event, events.Related) else text


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
