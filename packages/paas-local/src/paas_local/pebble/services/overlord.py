"""The overlord: the plan, and everything that acts on it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from paas_local.pebble.plan import command, layers, plan
from paas_local.pebble.plan.plan import Layer, Plan, PlanError
from paas_local.pebble.services import actions
from paas_local.pebble.services.changes import Change, Changes
from paas_local.pebble.services.checks import Checks
from paas_local.pebble.services.log_forwarding import LogForwarder
from paas_local.pebble.services.logs import Logs
from paas_local.pebble.services.notices import Notices
from paas_local.pebble.services.processes import Processes
from paas_local.pebble.services.service import Parts
from paas_local.pebble.services.services import Services

if TYPE_CHECKING:
    from paas_local.pebble.services.execs import Execution


class Overlord:
    """All parts that act, and the plan that they share."""

    def __init__(self, shut_down: Callable[[int], None], on_change: Callable[[], None]) -> None:
        self.layers: tuple[Layer, ...] = ()
        self.plan: Plan = Plan()
        self.processes: Processes = Processes()
        self.logs: Logs = Logs()
        self.notices: Notices = Notices(on_change)
        self.changes: Changes = Changes(self._record, on_change)
        parts = Parts(plan=lambda: self.plan, processes=self.processes, logs=self.logs, shut_down=shut_down)
        self.services: Services = Services(parts)
        self.checks: Checks = Checks(
            changes=self.changes,
            notices=self.notices,
            processes=self.processes,
            on_down=self.services.check_failed,
        )
        self.log_forwarder: LogForwarder = LogForwarder(self.logs)
        self.executions: dict[str, Execution] = {}

    def _record(self, change: Change) -> None:
        self.notices.add(None, "change-update", change.id, change.notice)

    def load(self, folder: Path, arguments: Mapping[str, tuple[str, ...]]) -> None:
        """Read the layer files, and put the arguments of services over them; raises PlanError."""
        stack = layers.read(folder)
        combined = plan.validate(plan.combine(stack))
        for name, words in arguments.items():
            stack = (*stack, _arguments_layer(combined, name, words))
        self._replace(stack)

    def add_layer(self, layer: Layer, *, merge: bool, inner: bool) -> None:
        """Add a layer; raises PlanError, and changes nothing, if the plan would not be valid with it."""
        self._replace(plan.add(self.layers, layer, merge=merge, inner=inner))

    def _replace(self, stack: tuple[Layer, ...]) -> None:
        combined = plan.validate(plan.combine(stack))
        self.layers, self.plan = stack, combined
        self.checks.plan_changed(combined)
        self.log_forwarder.plan_changed(combined)

    def autostart(self) -> None:
        """Start the enabled services, if there are any."""
        if any(service.enabled for service in self.plan.services.values()):
            actions.run(self.changes, self.services, "autostart", [])

    async def stop(self) -> None:
        """Stop checks, services and commands, and send the remaining logs."""
        self.checks.stop_all()
        if self.services.up:
            await actions.stop_all(self.changes, self.services).ready.wait()
        for execution in self.executions.values():
            execution.kill()
        await self.log_forwarder.close()


def _arguments_layer(combined: Plan, name: str, words: tuple[str, ...]) -> Layer:
    service = combined.services.get(name)
    if service is None:
        raise PlanError(f'service "{name}" does not exist')
    return Layer(
        label="pebble-service-args",
        services={name: plan.Service(override="merge", command=command.with_arguments(service.command, words))},
    )
