"""Writes the plan's results to Juju: databags, ports and the status, each only if it differs."""

import collections.abc

import ops

from paas_common.juju import databag, observability_relations, state
from paas_common.planning import migration
from paas_common.planning.plan import Published
from paas_common.values.facts import Facts
from paas_common.values.status import Blocked, Problem


def requests(charm: ops.CharmBase, facts: Facts, published: Published) -> None:
    """Write what other applications read."""
    if facts.identity.leader:
        _write_requests(charm, facts, published)
    observability_relations.write(charm, facts, published.observability_databags)


def notes(charm: ops.CharmBase, facts: Facts, notes: migration.Notes) -> None:
    """Write the notes into the peer relation."""
    relation = state.peer_relation(charm)
    if relation is None or facts.peers is None:
        return
    databag.write(relation.data[charm.unit], facts.peers.unit, notes.unit)
    if facts.identity.leader:
        databag.write(relation.data[charm.app], facts.peers.app, notes.app)


def ports(charm: ops.CharmBase, ports: collections.abc.Set[int]) -> bool:
    """Open the ports, if any are known; return whether others were open."""
    if not ports or charm.unit.opened_ports() == {ops.Port("tcp", port) for port in ports}:
        return False
    charm.unit.set_ports(*sorted(ports))
    return True


def status(charm: ops.CharmBase, problem: Problem | None, *, sets_app_status: bool) -> None:
    """Set the unit's status.

    Juju derives the application's status from the units', unless a charm has ever set it. paas_charm sets it at every
    event, so after a refresh from it the leader must go on setting it.
    """
    unit_status = _status(problem)
    if charm.unit.status != unit_status:
        charm.unit.status = unit_status
    if sets_app_status and charm.app.status != unit_status:
        charm.app.status = unit_status


def progress(charm: ops.CharmBase, message: str) -> None:
    """Set the unit's status to maintenance until the end of the pass: Juju shows it at once."""
    charm.unit.status = ops.MaintenanceStatus(message)


def _status(problem: Problem | None) -> ops.StatusBase:
    if problem is None:
        return ops.ActiveStatus()
    return ops.BlockedStatus(problem.reason) if isinstance(problem, Blocked) else ops.WaitingStatus(problem.reason)


def _write_requests(charm: ops.CharmBase, facts: Facts, published: Published) -> None:
    """Write the leader's requests."""
    for endpoint in facts.endpoints:
        if endpoint.relation is None:
            continue
        relation = next((each for each in charm.model.relations[endpoint.name] if each.active), None)
        if relation is not None:
            request = published.requests.get(endpoint.name, {})
            databag.write(relation.data[charm.app], endpoint.relation.request, request)
