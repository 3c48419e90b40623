"""The base class of the charms: every event runs the same four steps, read, plan, apply and report."""

import collections.abc
import dataclasses
import logging
import typing

import ops

from paas_common import extension
from paas_common.integrations import Integration, Integrations
from paas_common.juju import charm_libraries, observability_relations, report, secret_key, state
from paas_common.pebble import apply, commands, errors
from paas_common.pebble import container as containers
from paas_common.planning import migration, options
from paas_common.planning.plan import Draft, Plan, Published, complete, draft
from paas_common.values import environment
from paas_common.values.environment import EnvOverrides
from paas_common.values.extension import Additions, WorkloadContext
from paas_common.values.facts import ContainerState, Facts, Peers
from paas_common.values.framework import FrameworkSpec
from paas_common.values.status import Blocked, Problem, Waiting, combine
from paas_common.values.workload import Command, File, LayerEntry, Workload

logger = logging.getLogger(__name__)


_OVERRIDE_ENVIRONMENT: typing.Final = "override environment()"
_REPLACEMENTS: typing.Final = {
    "_reconcile": "override environment(), files() or after_start(); reconcile() starts a pass",
    "restart": "override files() or after_start(); reconcile() starts a pass",
    "is_ready": "override readiness_problems()",
    "_create_app": _OVERRIDE_ENVIRONMENT,
    "_create_charm_state": _OVERRIDE_ENVIRONMENT,
    "_gen_environment": _OVERRIDE_ENVIRONMENT,
    "gen_environment": _OVERRIDE_ENVIRONMENT,
    "_base_url": "override environment() and set the variable that ends with BASE_URL",
    "get_cos_dir": "put dashboards and alert rules into cos_custom/",
}
"""Names that subclasses of paas_charm (1.12) override, and their replacement here."""


class CommandError(Exception):
    """A command in the container did not succeed; the message is for the operator and has no secrets."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Planned:
    """The result of the first two steps."""

    facts: Facts
    plan: Plan
    published: Published
    additions: Additions | None = None
    """None if the application cannot run."""


class PaasCharm(ops.CharmBase):
    """Base of the charms; a framework sets ``spec``.

    A charm may set ``integrations`` and override the methods that take a ``WorkloadContext``. All of them except
    ``after_start`` are asked at every event, and must return the same for the same context.
    """

    spec: typing.ClassVar[FrameworkSpec]
    integrations: typing.ClassVar[tuple[Integration[typing.Any], ...]] = ()
    """The charm's own integrations; one with a built-in interface replaces the built-in."""
    own_endpoints: typing.ClassVar[frozenset[str]] = frozenset()
    """Endpoints of known interfaces that the charm handles itself: the base class does not touch their relations."""
    start_timeout: typing.ClassVar[float] = 15.0
    """Seconds that an event waits for a started application to answer, before the status says that it does not."""

    def __init_subclass__(cls, **keywords: typing.Any) -> None:
        """Refuse definitions that cannot work, such as methods that paas_charm calls and this class does not.

        Raises ``TypeError`` that names the replacement.
        """
        super().__init_subclass__(**keywords)
        if isinstance(cls.own_endpoints, str):
            raise TypeError(
                f'{cls.__name__}.own_endpoints must be a set of names (frozenset({{"{cls.own_endpoints}"}}))'
            )
        for name in vars(cls):
            if replacement := _REPLACEMENTS.get(name):
                raise TypeError(f"{cls.__name__}.{name} is never called: {replacement} (docs/extending.md)")
            if name.startswith("_paas_"):
                raise TypeError(
                    f"{cls.__name__}.{name}: names that start with _paas_ belong to the base class (rename it)"
                )

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self._paas_done = False
        self._paas_running = False
        self._paas_container = self.unit.get_container(
            next(
                (name for name in self.spec.containers if name in self.meta.containers),
                self.spec.containers[-1],
            )
        )
        self._paas_known = Integrations({integration.interface: integration for integration in self.integrations})
        self._paas_requirers = charm_libraries.create(self, self._paas_known, self.own_endpoints)
        for event in self._paas_events():
            framework.observe(event, self._paas_on_event)
        if "rotate-secret-key" in self.meta.actions:
            framework.observe(self.on["rotate-secret-key"].action, self._paas_on_rotate_secret_key)
        if "explain" in self.meta.actions:
            framework.observe(self.on["explain"].action, self._paas_on_explain)
        if "force-migration" in self.meta.actions:
            framework.observe(self.on["force-migration"].action, self._paas_on_force_migration)

    def environment(self, context: WorkloadContext, /) -> EnvOverrides:
        """Return variables to set, which override all others; ``None`` removes a variable."""
        del context
        return {}

    def readiness_problems(self, context: WorkloadContext, /) -> collections.abc.Iterable[Problem]:
        """Return reasons why the application must not run with this context."""
        del context
        return ()

    def files(self, context: WorkloadContext, /) -> collections.abc.Iterable[File]:
        """Return files that the application reads in its container."""
        del context
        return ()

    def ports(self, context: WorkloadContext, /) -> collections.abc.Iterable[int]:
        """Return ports to open in addition to the application's."""
        del context
        return ()

    def services(self, context: WorkloadContext, /) -> collections.abc.Mapping[str, LayerEntry]:
        """Return Pebble services that run in addition to the image's, by name."""
        del context
        return {}

    def after_start(self, context: WorkloadContext, /) -> None:
        """Act once the application answers after a start, a restart or a reload.

        It may do whatever a charm may do. If it fails, it is called again at the next event.
        """

    def reconcile(self) -> None:
        """Run a pass: read Juju and Pebble again, and make the container match.

        Call it after a change that the methods above depend on, such as an event of a charm library. A call during a
        pass, for example from an event that a charm library emits in it, makes another pass follow.
        """
        self._paas_done = False
        if not self._paas_running:
            self._paas_run_passes()

    def workload_context(self) -> WorkloadContext | None:
        """Return the application as it is about to run, for event handlers; None if it cannot run."""
        planned = self._paas_plan(*self._paas_read())
        return planned.additions.context if planned.additions and isinstance(planned.plan.outcome, Workload) else None

    def run_command(self, command: Command, variables: collections.abc.Mapping[str, str], /) -> str:
        """Run a command in the container as the application runs, with further variables; return its output.

        Raises ``CommandError`` if it fails, or if the application cannot run.
        """
        outcome = self._paas_plan(*self._paas_read()).plan.outcome
        if isinstance(outcome, Blocked | Waiting):
            raise CommandError(f"{self._paas_container.name} container is not ready: {outcome.reason}")
        try:
            result = commands.run(self._paas_container, outcome, command, variables)
        except errors.ERRORS as error:
            raise CommandError(errors.waiting(self._paas_container, error).reason) from error
        if isinstance(result, commands.Failed):
            raise CommandError(result.output)
        return result

    def _paas_events(self) -> collections.abc.Iterator[ops.BoundEvent]:
        workload = self.on[self._paas_container.name]
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
        yield from self._paas_requirers.events
        for name, meta in self.meta.requires.items():
            if meta.interface_name in self._paas_known and name not in self.own_endpoints:
                yield from _relation_events(self.on[name])
                yield self.on[name].relation_broken
        for name in observability_relations.endpoints(self.meta, self.own_endpoints):
            yield from _relation_events(self.on[name])
            yield self.on[name].relation_broken
        for name in self.meta.peers:
            yield from _relation_events(self.on[name])

    def _paas_on_event(self, _: ops.EventBase) -> None:
        """Run the four steps once per dispatch: charm libraries emit further events for the same hook."""
        if not (self._paas_done or self._paas_running):
            self._paas_run_passes()

    def _paas_run_passes(self) -> None:
        """Run the four steps, and again if ``reconcile`` is called meanwhile; twice at most."""
        self._paas_running = True
        for _ in range(2):
            self._paas_done = True
            facts, problem = self._paas_read()
            planned = self._paas_plan(facts, problem)
            applied = self._paas_apply(planned)
            self._paas_report(planned, applied)
            if self._paas_done:
                break
        self._paas_running, self._paas_done = False, True

    def _paas_read(self) -> tuple[Facts, Problem | None]:
        """Read the facts; the problem says why the container could not be read."""
        container, problem = self._paas_read_container()
        facts = state.read(
            self,
            self.spec,
            known=self._paas_known,
            own_endpoints=self.own_endpoints,
            missing_libraries=self._paas_requirers.missing,
            container=container,
        )
        return facts, problem

    def _paas_plan(self, facts: Facts, problem: Problem | None) -> _Planned:
        """Plan in two stages; the charm class's own methods are asked between them."""
        drafted, published = draft(self.spec, facts, self._paas_known)
        additions = extension.ask(self, drafted) if isinstance(drafted, Draft) else drafted
        if isinstance(drafted, Draft) and isinstance(additions, Additions):
            calls_after_start = type(self).after_start is not PaasCharm.after_start
            plan = complete(drafted, additions, calls_after_start=calls_after_start)
            return _Planned(facts=facts, plan=plan, published=published, additions=additions)
        reason = drafted if isinstance(drafted, Blocked | Waiting) else additions
        assert isinstance(reason, Blocked | Waiting)
        plan = Plan(outcome=problem or reason, notes=migration.grant(facts))
        return _Planned(facts=facts, plan=plan, published=published)

    def _paas_read_container(self) -> tuple[ContainerState | None, Problem | None]:
        try:
            return containers.read(self._paas_container, self.spec), None
        except errors.ERRORS as error:
            return None, errors.waiting(self._paas_container, error)

    def _paas_apply(self, planned: _Planned) -> apply.Applied:
        """Make the container run the plan."""
        outcome, container = planned.plan.outcome, planned.facts.container
        if container is None:
            return apply.Applied(problem=outcome if isinstance(outcome, Blocked | Waiting) else None)
        try:
            if isinstance(outcome, Blocked | Waiting):
                if outcome.stop:
                    containers.stop(self._paas_container, self.spec, container)
                return apply.Applied(problem=outcome)
            return apply.apply(
                self._paas_container, outcome, container, now=planned.facts.now, start_timeout=self.start_timeout
            )
        except errors.ERRORS as error:
            return apply.Applied(problem=errors.waiting(self._paas_container, error))

    def _paas_after_start(self, planned: _Planned, applied: apply.Applied) -> Problem | None:
        """Call ``after_start`` if it is due."""
        if not applied.after_start_due or planned.additions is None:
            return None
        if failed := extension.after_start(self, planned.additions):
            return failed
        try:
            containers.after_start_succeeded(self._paas_container, self.spec)
        except errors.ERRORS as error:
            return errors.waiting(self._paas_container, error)
        return None

    def _paas_report(self, planned: _Planned, applied: apply.Applied) -> None:
        """Write databags, ports and the status."""
        facts, plan = planned.facts, planned.plan
        for traceback in planned.published.tracebacks:
            logger.error(traceback)
        ports = plan.outcome.ports if isinstance(plan.outcome, Workload) else frozenset[int]()
        report.ports(self, ports)  # the ingress learns whether the port is open
        unpublished = report.publish(
            self, facts, self._paas_known, self._paas_requirers, planned.published, open_ports=ports
        )
        report.notes(self, facts, plan.notes)
        if applied.migrated:
            noted = migration.with_notes(facts, plan.notes)
            report.notes(self, noted, migration.done(noted, applied.migrated))
        problem = applied.problem or self._paas_after_start(planned, applied)
        problems = [*([problem] if problem else []), *planned.published.problems, *unpublished]
        report.status(
            self,
            combine(problems) if problems else None,
            sets_app_status=facts.identity.leader and state.refreshed_from_paas_charm(self.spec, facts),
        )

    def _paas_on_rotate_secret_key(self, event: ops.ActionEvent) -> None:
        """Replace the application's secret key.

        Without effect while a problem would leave the old key in use. An application that is stopped or not up yet gets
        the new key at its start.
        """
        relation = state.peer_relation(self)
        if not self.unit.is_leader():
            event.fail("only leader unit can rotate secret key")
            return
        if relation is None:
            event.fail("charm is still initializing")
            return
        facts, problem = self._paas_read()
        if facts.secret_key is None:
            event.fail("Juju did not return the secret with the key, so it cannot be replaced now (try it again)")
            return
        read = options.read(self.spec, facts)
        if not isinstance(read, options.Options):
            event.fail(combine(read).reason)
            return
        outcome = self._paas_plan(facts, problem).plan.outcome
        starts_later = facts.container is None or (isinstance(outcome, Blocked | Waiting) and outcome.stop)
        if isinstance(outcome, Blocked | Waiting) and not starts_later:
            event.fail(outcome.reason)
            return
        secret_key.rotate(self, relation, state.plain_key_field(self.spec), state.key_label(self.spec))
        self._paas_on_event(event)
        status = self.unit.status
        if not (starts_later or isinstance(status, ops.ActiveStatus)):
            event.fail(f"the secret key is rotated, but {self.unit.name} is {status.name}: {status.message}")
            return
        event.set_results(_rotated(read, facts.peers))

    def _paas_on_force_migration(self, event: ops.ActionEvent) -> None:
        """Make a migration due on all units, for example after a database was restored."""
        facts, _ = self._paas_read()
        if not facts.identity.leader:
            event.fail(f"only the leader can force a migration (juju run {self.app.name}/leader force-migration)")
            return
        if facts.peers is None:
            event.fail("charm is still initializing")
            return
        report.notes(self, facts, migration.force(facts))
        self._paas_on_event(event)
        event.set_results({"status": self.unit.status.message or self.unit.status.name})

    def _paas_on_explain(self, event: ops.ActionEvent) -> None:
        """Return the source of each of the application's variables, without its value."""
        outcome = self._paas_plan(*self._paas_read()).plan.outcome
        if isinstance(outcome, Blocked | Waiting):
            event.fail(outcome.reason)
            return
        event.set_results({"variables": "\n".join(environment.explain(outcome.environment))})


def _rotated(read: options.Options, peers: Peers | None) -> dict[str, str]:
    """Return the results of a rotation: which key the application uses, and what the other units do."""
    results = {"status": "success"}
    if not read.key_is_generated:
        results["note"] = f"the application goes on using the key of {read.secret_key.source}"
    elif others := sorted(peers.others if peers else ()):
        results["note"] = f"{', '.join(others)} will use the new key after the next hook"
    return results


def _relation_events(on: ops.PrefixedEvents) -> tuple[ops.BoundEvent, ...]:
    return on.relation_created, on.relation_joined, on.relation_changed, on.relation_departed
