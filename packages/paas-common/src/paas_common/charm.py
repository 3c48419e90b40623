"""The charm: every event takes the same four steps, read, decide, apply and report."""

import collections.abc
import dataclasses
import typing

import ops

from paas_common.integrations import Integration
from paas_common.juju import charm_libraries, observability_relations, secret_key, state
from paas_common.pebble import container
from paas_common.planning import extensions, migration
from paas_common.planning.decide import Decision, decide, invalid_options
from paas_common.planning.extensions import Situation
from paas_common.values import environment
from paas_common.values.environment import Given
from paas_common.values.facts import Facts, Image
from paas_common.values.workload import Command, File, Framework, Hold, Workload, worst


class CommandError(Exception):
    """A command in the container did not succeed; the text says why, without secrets."""


class PaasCharm(ops.CharmBase):
    """Base of the charms; a framework supplies ``spec`` and nothing else.

    The author of a charm may set ``integrations``, and override the methods that take a ``Situation``. All but
    ``started`` only answer: they are asked at every event, and the same situation must have the same answer.
    """

    spec: typing.ClassVar[Framework]
    integrations: typing.ClassVar[tuple[Integration[typing.Any], ...]] = ()
    """Integrations of the author's own; one of an interface that we know replaces ours."""
    start_patience: typing.ClassVar[float] = 15.0
    """Seconds that an event waits for a started application to take connections before it says so in the status."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self._passed = False
        self._container = self.unit.get_container(
            next(
                (name for name in self.spec.containers if name in self.meta.containers),
                self.spec.containers[-1],
            )
        )
        self._author = extensions.Author(
            integrations=self.integrations,
            hooks=self,
            awaits_starts=type(self).started is not PaasCharm.started,
        )
        self._interfaces = self._author.known
        self._requirers = charm_libraries.set_up(self, self._interfaces)
        for event in self._events():
            framework.observe(event, self._reconcile)
        if "rotate-secret-key" in self.meta.actions:
            framework.observe(self.on["rotate-secret-key"].action, self._rotate)
        if "explain" in self.meta.actions:
            framework.observe(self.on["explain"].action, self._explain)

    def environment(self, situation: Situation, /) -> Given:
        """Give variables that the application gets on top of all others; ``None`` takes one away."""
        del situation
        return {}

    def obstacles(self, situation: Situation, /) -> collections.abc.Iterable[Hold]:
        """Give reasons why the application must not run as it is about to."""
        del situation
        return ()

    def files(self, situation: Situation, /) -> collections.abc.Iterable[File]:
        """Give files that the application has to find in its container."""
        del situation
        return ()

    def ports(self, situation: Situation, /) -> collections.abc.Iterable[int]:
        """Give ports to open beside the application's."""
        del situation
        return ()

    def started(self, situation: Situation, /) -> None:
        """Act once the application answers after it was started, restarted or reloaded.

        It may do whatever a charm may. When it fails, it is called again at the next event.
        """

    def _events(self) -> collections.abc.Iterator[ops.BoundEvent]:
        workload = self.on[self._container.name]
        yield from (
            workload.pebble_ready,
            workload.pebble_check_failed,
            workload.pebble_check_recovered,
            self.on.config_changed,
            self.on.install,
            self.on.leader_elected,
            self.on.secret_changed,
            self.on.start,
            self.on.update_status,
            self.on.upgrade_charm,
        )
        yield from self._requirers.events
        for name, meta in self.meta.requires.items():
            if meta.interface_name in self._interfaces:
                yield from _of_relation(self.on[name])
                yield self.on[name].relation_broken
        for name in observability_relations.endpoints(self.meta):
            yield from _of_relation(self.on[name])
            yield self.on[name].relation_broken
        for name in self.meta.peers:
            yield from _of_relation(self.on[name])

    def _reconcile(self, _: ops.EventBase) -> None:
        """Take the four steps, once per dispatch: a library's event and Juju's own mean the same pass."""
        if self._passed:
            return
        self._passed = True
        image, trouble = self._image()
        found = self._facts(image)
        decision = decide(self.spec, found, self._author)
        if found.me.leader:
            state.ask(self, found, self._interfaces, decision.requests)
        if decision.port:
            charm_libraries.publish(self._requirers, decision.port)
        state.note(self, found, decision.notes)
        observability_relations.tell(self, found, decision.messages)
        outcome = trouble or decision.outcome
        done = self._apply(outcome, found.image, found.now)
        if done.migrated:
            state.note(self, migration.noted(found, decision.notes), migration.did(found, done.migrated))
        hold = done.hold or self._after_start(decision, done)
        holds = [*([hold] if hold else []), *decision.faults]
        ports = {outcome.port, *outcome.more_ports} if isinstance(outcome, Workload) else frozenset[int]()
        state.report(self, ports, worst(holds) if holds else None)

    def _after_start(self, decision: Decision, done: container.Applied) -> Hold | None:
        """Let the author's code act, where it is due."""
        if not (done.owed and decision.situation and isinstance(decision.outcome, Workload)):
            return None
        if hold := extensions.started(self, decision.situation, decision.outcome.environment):
            return hold
        try:
            container.settle(self._container, self.spec)
        except container.TROUBLE as error:
            return container.trouble(self._container, error)
        return None

    def _run(self, command: Command, extra: collections.abc.Mapping[str, str]) -> str:
        """Run a command in the container as the application would run; for a framework's actions.

        Raises ``CommandError`` when it fails, or when the application is not set up.
        """
        outcome = self._outcome()
        if isinstance(outcome, Hold):
            raise CommandError(f"{self._container.name} container is not ready: {outcome.reason}")
        try:
            done = container.run(self._container, outcome, command, extra)
        except container.TROUBLE as error:
            raise CommandError(container.trouble(self._container, error).reason) from error
        if isinstance(done, container.Failed):
            raise CommandError(done.said)
        return done

    def _outcome(self) -> Workload | Hold:
        """Decide without doing anything about it; for actions."""
        image, trouble = self._image()
        return trouble or decide(self.spec, self._facts(image), self._author).outcome

    def _facts(self, image: Image | None) -> Facts:
        return state.read(
            self, self.spec, interfaces=self._interfaces, missing_libraries=self._requirers.missing, image=image
        )

    def _image(self) -> tuple[Image | None, Hold | None]:
        try:
            return container.read(self._container, self.spec), None
        except container.TROUBLE as error:
            return None, container.trouble(self._container, error)

    def _apply(self, outcome: Workload | Hold, image: Image | None, now: float) -> container.Applied:
        if image is None:
            return container.Applied(hold=outcome if isinstance(outcome, Hold) else None)
        try:
            if isinstance(outcome, Workload):
                return container.apply(self._container, outcome, image, now=now, patience=self.start_patience)
            if outcome.stop:
                container.halt(self._container, self.spec, image)
        except container.TROUBLE as error:
            return container.Applied(hold=container.trouble(self._container, error))
        return container.Applied(hold=outcome)

    def _rotate(self, event: ops.ActionEvent) -> None:
        """Give the application a new secret key; who is logged in must log in again."""
        relation = state.peer(self)
        if not self.unit.is_leader():
            event.fail("only leader unit can rotate secret key")
            return
        if relation is None:
            event.fail("charm is still initializing")
            return
        image, _ = self._image()
        found = self._facts(image)
        if hold := invalid_options(self.spec, dataclasses.replace(found, key=found.key or "unused")):
            event.fail(hold.reason)
            return
        secret_key.rotate(self, relation, state.plain_key_field(self.spec))
        event.set_results({"status": "success"})
        self._reconcile(event)

    def _explain(self, event: ops.ActionEvent) -> None:
        """Tell where each of the application's variables comes from, without its value."""
        outcome = self._outcome()
        if isinstance(outcome, Hold):
            event.fail(outcome.reason)
            return
        event.set_results({"variables": "\n".join(environment.origins(outcome.environment))})


def _of_relation(on: ops.PrefixedEvents) -> tuple[ops.BoundEvent, ...]:
    return on.relation_created, on.relation_joined, on.relation_changed, on.relation_departed
