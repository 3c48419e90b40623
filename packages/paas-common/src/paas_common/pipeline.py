"""The four steps of an event: read, plan, apply and report.

Only an event that brings something new imports this module, and with it pydantic and the integrations.
"""

import collections.abc
import dataclasses
import logging
import typing

import ops

from paas_common import extension
from paas_common.integrations import Integrations
from paas_common.juju import (
    charm_libraries,
    handled_events,
    observability_relations,
    one_endpoint,
    record,
    report,
    secret_key,
    state,
)
from paas_common.pebble import apply, commands, errors
from paas_common.pebble import container as containers
from paas_common.planning import contributions, migration, options
from paas_common.planning.plan import Draft, Plan, Published, complete, draft
from paas_common.values import environment
from paas_common.values.extension import Additions, WorkloadContext
from paas_common.values.facts import ContainerState, Facts, Peers, ReadableSecret, unit_number
from paas_common.values.status import Blocked, Problem, Waiting, combine
from paas_common.values.workload import HEALTH_CHECK, Command, Workload

if typing.TYPE_CHECKING:
    from paas_common.charm import PaasCharm

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Planned:
    """The result of the first two steps."""

    facts: Facts
    plan: Plan
    published: Published
    drafted: Draft | None = None
    """None if the application cannot run."""
    additions: Additions | None = None
    """None if the application cannot run."""


class CommandError(Exception):
    """A command in the container did not succeed; the message is for the operator and has no secrets."""


class Pipeline:
    """The steps for one charm object.

    ``overridden`` are the methods that its class overrides. ``previous`` is the record of the last pass, and
    ``endpoint`` the only one that can have changed since; empty if anything can have.
    """

    def __init__(
        self,
        charm: "PaasCharm",
        overridden: frozenset[str],
        surroundings: str,
        previous: record.Record | None,
        *,
        endpoint: str,
    ) -> None:
        self._charm = charm
        self._surroundings = surroundings
        self._previous = previous
        self._endpoint = endpoint
        self._overridden = overridden
        self._spec = charm.spec
        self._done = False
        self._running = False
        self._record: record.Record | None = None
        self._opened: frozenset[int] = frozenset()
        self._container = charm.unit.get_container(
            next((name for name in self._spec.containers if name in charm.meta.containers), self._spec.containers[-1])
        )
        self._known = Integrations({integration.interface: integration for integration in charm.integrations})
        self._requirers, self._created = charm_libraries.Requirers(), set[str]()
        self._create_requirers({endpoint} if endpoint else charm.meta.requires.keys())
        if endpoint and endpoint not in self._endpoints():
            self._record = previous  # an endpoint of the author, whose events change nothing here

    def events(self) -> collections.abc.Iterator[ops.BoundEvent]:
        """Return the events that run the steps."""
        if self._endpoint:  # libraries' events come too early: the library has not written everything yet
            if self._endpoint in self._endpoints():
                yield from handled_events.of_relations(self._charm.on[self._endpoint])
            return
        yield from handled_events.of_charm(self._charm, self._container.name)
        yield from self._requirers.events
        yield from handled_events.of_endpoints(self._charm, self._endpoints(), self._required_endpoints())

    def _endpoints(self) -> collections.abc.Iterator[str]:
        """Return the names of the endpoints that this class handles, apart from the peers'."""
        for name, meta in self._charm.meta.requires.items():
            if meta.interface_name in self._known and name not in self._charm.own_endpoints:
                yield name
        yield from observability_relations.endpoints(self._charm.meta, self._charm.own_endpoints)

    def _required_endpoints(self) -> collections.abc.Iterator[str]:
        """Return the names of other endpoints without which the application cannot run."""
        return state.required_endpoints(self._charm, self._known, self._charm.own_endpoints)

    def run(self) -> None:
        """Run the four steps once per dispatch: charm libraries emit further events for the same hook."""
        if self._done or self._running:
            return
        if self._endpoint and self._previous:
            self._record = one_endpoint.run(
                self._charm,
                self._spec,
                self._endpoint,
                known=self._known,
                requirers=self._requirers,
                previous=self._previous,
            )
            self._done = self._record is not None
        if not self._done:
            self._run_passes()

    def reconcile(self) -> None:
        """Run the four steps again, after those that run now."""
        self._done = False
        if not self._running:
            self._run_passes()

    def _run_passes(self) -> None:
        """Run the four steps, and again if ``reconcile`` is called meanwhile; twice at most."""
        self._running = True
        record.remove(self._charm)
        for _ in range(2):
            self._done = True
            self._record = None
            facts, problem = self._read()
            planned = self._plan(facts, problem)
            applied = self._apply(planned)
            self._report(planned, applied)
            if self._done:
                break
        self._running, self._done = False, True

    def workload_context(self) -> WorkloadContext | None:
        """Return the application as it is about to run; None if it cannot run."""
        planned = self._plan(*self._read())
        return planned.additions.context if planned.additions and isinstance(planned.plan.outcome, Workload) else None

    def commit(self) -> None:
        """Write the record of a complete pass; no handler runs any more."""
        if self._record:
            record.write(self._charm, self._record)

    def run_command(self, command: Command, variables: collections.abc.Mapping[str, str]) -> str:
        """Run a command in the container as the application runs, with further variables; return its output.

        Raises ``CommandError`` if it fails, or if the application cannot run.
        """
        outcome = self._plan(*self._read()).plan.outcome
        if isinstance(outcome, Blocked | Waiting):
            raise CommandError(f"{self._container.name} container is not ready: {outcome.reason}")
        try:
            result = commands.run(self._container, outcome, command, variables)
        except errors.ERRORS as error:
            raise CommandError(errors.waiting(self._container, error).reason) from error
        if isinstance(result, commands.Failed):
            raise CommandError(result.output)
        return result

    def rotate_secret_key(self, event: ops.ActionEvent) -> None:
        """Replace the application's secret key.

        Without effect while a problem would leave the old key in use. An application that is stopped or not up yet gets
        the new key at its start.
        """
        relation = state.peer_relation(self._charm)
        if not self._charm.unit.is_leader():
            event.fail("only leader unit can rotate secret key")
            return
        if relation is None:
            event.fail("charm is still initializing")
            return
        facts, problem = self._read()
        if facts.secret_key is None:
            event.fail("Juju did not return the secret with the key, so it cannot be replaced now (try it again)")
            return
        read = options.read(self._spec, facts)
        if not isinstance(read, options.Options):
            event.fail(combine(read).reason)
            return
        outcome = self._plan(facts, problem).plan.outcome
        starts_later = facts.container is None or (isinstance(outcome, Blocked | Waiting) and outcome.stop)
        if isinstance(outcome, Blocked | Waiting) and not starts_later:
            event.fail(outcome.reason)
            return
        secret_key.rotate(self._charm, relation, state.plain_key_field(self._spec), state.key_label(self._spec))
        self.run()
        status = self._charm.unit.status
        if not (starts_later or isinstance(status, ops.ActiveStatus)):
            event.fail(f"the secret key is rotated, but {self._charm.unit.name} is {status.name}: {status.message}")
            return
        event.set_results(_rotated(read, facts.peers))

    def force_migration(self, event: ops.ActionEvent) -> None:
        """Make a migration due on all units, for example after a database was restored."""
        facts, _ = self._read()
        if not facts.identity.leader:
            event.fail(
                f"only the leader can force a migration (juju run {self._charm.app.name}/leader force-migration)"
            )
            return
        if facts.peers is None:
            event.fail("charm is still initializing")
            return
        report.notes(self._charm, facts, migration.force(facts))
        self.run()
        event.set_results({"status": self._charm.unit.status.message or self._charm.unit.status.name})

    def explain(self, event: ops.ActionEvent) -> None:
        """Return the source of each of the application's variables, without its value."""
        outcome = self._plan(*self._read()).plan.outcome
        if isinstance(outcome, Blocked | Waiting):
            event.fail(outcome.reason)
            return
        event.set_results({"variables": "\n".join(environment.explain(outcome.environment))})

    def _read(self) -> tuple[Facts, Problem | None]:
        """Read the facts; the problem says why the container could not be read."""
        self._create_requirers(self._charm.meta.requires.keys())
        container, problem = self._read_container()
        facts = state.read(
            self._charm,
            self._spec,
            known=self._known,
            missing_libraries=self._requirers.missing,
            own_endpoints=self._charm.own_endpoints,
            container=container,
        )
        return facts, problem

    def _create_requirers(self, endpoints: collections.abc.Set[str]) -> None:
        """Create the requirers of these endpoints, except the author's own, unless they are there."""
        due = endpoints - self._created - self._charm.own_endpoints
        names = [name for name in self._charm.meta.requires if name in due]
        self._requirers |= charm_libraries.create(self._charm, self._known, names)
        self._created |= due

    def _plan(self, facts: Facts, problem: Problem | None) -> _Planned:
        """Plan in two stages; the charm class's own methods are asked between them."""
        drafted, published = draft(self._spec, facts, self._known)
        additions = extension.ask(self._charm, drafted) if isinstance(drafted, Draft) else drafted
        if isinstance(drafted, Draft) and isinstance(additions, Additions):
            calls_after_start = "after_start" in self._overridden
            plan = complete(drafted, additions, calls_after_start=calls_after_start)
            return _Planned(facts=facts, plan=plan, published=published, drafted=drafted, additions=additions)
        reason = drafted if isinstance(drafted, Blocked | Waiting) else additions
        assert isinstance(reason, Blocked | Waiting)
        plan = Plan(outcome=problem or reason, notes=migration.withdraw(facts))
        return _Planned(facts=facts, plan=plan, published=published)

    def _read_container(self) -> tuple[ContainerState | None, Problem | None]:
        try:
            return containers.read(self._container, self._spec), None
        except errors.ERRORS as error:
            return None, errors.waiting(self._container, error)

    def _apply(self, planned: _Planned) -> apply.Applied:
        """Make the container run the plan."""
        outcome, container = planned.plan.outcome, planned.facts.container
        if container is None:
            return apply.Applied(problem=outcome if isinstance(outcome, Blocked | Waiting) else None)
        try:
            if isinstance(outcome, Blocked | Waiting):
                if outcome.stop:
                    containers.stop(self._container, self._spec, container)
                return apply.Applied(problem=outcome)
            return apply.apply(
                self._container,
                outcome,
                container,
                now=planned.facts.now,
                start_timeout=self._charm.start_timeout,
                active=isinstance(self._charm.unit.status, ops.ActiveStatus),
                announce=lambda text: report.progress(self._charm, text),
            )
        except errors.ERRORS as error:
            return apply.Applied(problem=errors.waiting(self._container, error))

    def _after_start(self, planned: _Planned, applied: apply.Applied) -> Problem | None:
        """Call ``after_start`` if it is due."""
        if not applied.after_start_due or planned.additions is None:
            return None
        if failed := extension.after_start(self._charm, planned.additions):
            return failed
        try:
            containers.after_start_succeeded(self._container, self._spec)
        except errors.ERRORS as error:
            return errors.waiting(self._container, error)
        return None

    def _report(self, planned: _Planned, applied: apply.Applied) -> None:
        """Write databags, ports and the status; keep a record if nothing is left to do."""
        facts, plan = planned.facts, planned.plan
        for traceback in planned.published.tracebacks:
            logger.error(traceback)
        ports = plan.outcome.ports if isinstance(plan.outcome, Workload) else frozenset[int]()
        if report.ports(self._charm, ports):  # the ingress learns whether the port is open
            self._opened = ports
        report.requests(self._charm, facts, planned.published)
        report.notes(self._charm, facts, plan.notes)
        if applied.migrated:
            noted = migration.with_notes(facts, plan.notes)
            report.notes(self._charm, noted, migration.done(noted, applied.migrated))
        unpublished = self._requirers.problems
        if planned.published.port is not None:
            unpublished += charm_libraries.publish_port(
                self._charm, self._requirers, self._known, planned.published.port, ports
            )
        problem = applied.problem or self._after_start(planned, applied)
        problems = [*([problem] if problem else []), *planned.published.problems, *unpublished]
        app_status = facts.identity.leader and state.refreshed_from_paas_charm(self._spec, facts)
        report.status(self._charm, combine(problems) if problems else None, sets_app_status=app_status)
        if planned.drafted and applied.seen and not problems and not self._extended:
            self._record = self._recorded(planned.drafted, applied.seen, app_status=app_status)

    @property
    def _extended(self) -> bool:
        """Return whether the charm's author has added code that may return something else at each event."""
        return bool(self._charm.integrations or self._overridden - {"after_start"})

    def _recorded(self, drafted: Draft, seen: apply.Seen, *, app_status: bool) -> record.Record:
        facts = drafted.facts
        endpoints = state.endpoints_read(self._known, facts) | state.peers_read(self._charm)
        databags = {name: record.databags(self._charm, name, endpoint) for name, endpoint in endpoints.items()}
        before = self._previous.databags if self._previous else {}
        others = facts.peers.others if facts.peers else ()
        secrets = {option.name: option.secret for option in facts.options if option.secret}
        contents = {name: secret.content for name, secret in secrets.items() if isinstance(secret, ReadableSecret)}
        return record.Record(
            surroundings=self._surroundings,
            leader=facts.identity.leader,
            options=record.options(self._charm, contents),
            secret_options=sorted(contents),
            planned_units=facts.planned_units,
            endpoints=endpoints,
            databags=databags,
            lowest_unit=min(unit_number(each) for each in (facts.identity.unit, *others)),
            contributions=contributions.digests(drafted.endpoints, facts),
            base_url=drafted.base_url,
            unhandled=sorted(
                name for name in endpoints if endpoints[name].library and not self._handled(name, databags)
            ),
            unconfirmed=sorted(
                name
                for name in endpoints
                if record.own(self._charm, before.get(name, {})) != record.own(self._charm, databags[name])
            ),
            unconfirmed_ports=sorted(self._opened),
            app_status=app_status,
            container=self._container.name,
            check=HEALTH_CHECK if drafted.options.paas_config.checks_health else "",
            plan=record.plan(seen.plan),
            services=record.services(seen.services),
        )

    def _handled(self, name: str, databags: collections.abc.Mapping[str, collections.abc.Mapping[str, str]]) -> bool:
        """Return whether the endpoint's library has handled these databags, now or before."""
        before = self._previous
        handled = before and name not in before.unhandled and before.databags.get(name) == databags[name]
        return bool(handled) or record.event_endpoint() == name


def _rotated(read: options.Options, peers: Peers | None) -> dict[str, str]:
    """Return the results of a rotation: which key the application uses, and what the other units do."""
    results = {"status": "success"}
    if not read.key_is_generated:
        results["note"] = f"the application goes on using the key of {read.secret_key.source}"
    elif others := sorted(peers.others if peers else ()):
        results["note"] = f"{', '.join(others)} will use the new key after the next hook"
    return results
