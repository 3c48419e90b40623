"""The contribution of each endpoint to the application; while it is the same, the endpoint's events change no more."""

import dataclasses

from paas_common import observability
from paas_common.integrations import Integrations
from paas_common.observability import metrics
from paas_common.planning import endpoints, options
from paas_common.planning.endpoints import Endpoints
from paas_common.planning.plan import Published
from paas_common.values import environment
from paas_common.values.facts import Facts
from paas_common.values.framework import FrameworkSpec


def digests(read: Endpoints, facts: Facts) -> dict[str, str]:
    """Return a digest of what each endpoint adds to the application, without endpoints that add nothing."""
    added: dict[str, object] = {}
    for endpoint in read:
        if ready := endpoint.ready:
            variables = [(variable.name, variable.text) for variable in ready.variables]
            files = [dataclasses.astuple(file) for file in ready.files]
            added[endpoint.endpoint.name] = [variables, files, ready.database, ready.url]
    for name in {relation.endpoint for relation in facts.observability.relations}:
        if targets := observability.targets(_with_relations_of(facts, name)):
            added[name] = {target: dict(entry) for target, entry in targets.items()}
    return {name: environment.digest(value) for name, value in added.items()}


def published(
    spec: FrameworkSpec, facts: Facts, known: Integrations, name: str, *, base_url: str, before: str | None
) -> Published | None:
    """Return what is published for an endpoint; None if it adds something else than before, or causes a problem.

    The facts have no other endpoint's relations. So None is also returned for whatever depends on other endpoints.
    """
    read = [each for each in endpoints.read(spec, facts, known, base_url) if each.endpoint.name == name]
    if any(each.integration.url or each.integration.needs_ingress for each in read):
        return None
    if metrics.SCHEDULER in facts.paas_config and facts.observability.relations:
        return None  # a scrape job names another unit
    databags = observability.publish(facts, options.addresses(spec, facts))
    if endpoints.problems(facts.identity, read) or databags.problems:
        return None
    if digests(read, facts).get(name) != before:
        return None
    return Published(requests=endpoints.requests(read), observability_databags=databags.databags)


def _with_relations_of(facts: Facts, name: str) -> Facts:
    relations = tuple(relation for relation in facts.observability.relations if relation.endpoint == name)
    return dataclasses.replace(facts, observability=dataclasses.replace(facts.observability, relations=relations))
