"""The pass of an event that can only have changed its own endpoint: nothing else is read while that adds the same."""

import ops

from paas_common.integrations import Integrations
from paas_common.juju import record, report, state
from paas_common.juju.charm_libraries import Requirers
from paas_common.planning import contributions
from paas_common.values.framework import FrameworkSpec


def run(
    charm: ops.CharmBase,
    spec: FrameworkSpec,
    name: str,
    *,
    known: Integrations,
    requirers: Requirers,
    previous: record.Record,
) -> record.Record | None:
    """Publish what the endpoint needs and return the new record; None if a complete pass is due."""
    facts = state.read_endpoint(charm, spec, name, known=known, missing_libraries=requirers.missing)
    published = contributions.published(
        spec, facts, known, name, base_url=previous.base_url, before=previous.contributions.get(name)
    )
    if published is None or not record.same_in_pebble(charm, previous):
        return None
    report.requests(charm, facts, published)
    read = state.endpoints_read(known, facts)
    databags = {name: record.databags(charm, name, endpoint) for name, endpoint in read.items()}
    return previous._replace(
        endpoints={key: value for key, value in previous.endpoints.items() if key != name} | read,
        databags={key: value for key, value in previous.databags.items() if key != name} | databags,
        unhandled=[each for each in previous.unhandled if each != name],
        unconfirmed=[
            name
            for name, digests in databags.items()
            if record.own(charm, digests) != record.own(charm, previous.databags.get(name, {}))
        ],
        unconfirmed_ports=[],
    )
