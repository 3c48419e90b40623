"""The events of Juju and Pebble that run the steps."""

import collections.abc

import ops


def of_charm(charm: ops.CharmBase, container: str) -> collections.abc.Iterator[ops.BoundEvent]:
    """Return the events of the unit and of its workload container."""
    workload = charm.on[container]
    yield from (
        workload.pebble_ready,
        workload.pebble_check_failed,
        workload.pebble_check_recovered,
        charm.on.config_changed,
        charm.on.install,
        charm.on.leader_elected,
        charm.on.secret_changed,
        charm.on.start,
        charm.on.update_status,
        charm.on.upgrade_charm,
    )


def of_endpoints(
    charm: ops.CharmBase, handled: collections.abc.Iterable[str], required: collections.abc.Iterable[str]
) -> collections.abc.Iterator[ops.BoundEvent]:
    """Return the events of the peers and the ``handled`` endpoints; of ``required`` ones whether they are related."""
    for name in handled:
        yield from of_relations(charm.on[name])
        yield charm.on[name].relation_broken
    for name in required:
        yield charm.on[name].relation_created
        yield charm.on[name].relation_broken
    for name in charm.meta.peers:
        yield from of_relations(charm.on[name])


def of_relations(on: ops.PrefixedEvents) -> collections.abc.Iterator[ops.BoundEvent]:
    """Return the events of an endpoint while it has a relation."""
    yield from (on.relation_created, on.relation_joined, on.relation_changed, on.relation_departed)
