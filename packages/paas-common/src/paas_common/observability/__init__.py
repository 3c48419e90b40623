"""Builds the databags for Prometheus, Grafana and Loki.

The databags are built from the facts in each pass and have the same bytes for the same facts. An invalid dashboard or
rule does not stop the application: it becomes a problem, and the rest is written.
"""

import collections.abc
import dataclasses
import json
import typing

from paas_common.observability import dashboards, log_targets, metrics, rules, topology
from paas_common.values.facts import Facts, StrMap
from paas_common.values.framework import Ports
from paas_common.values.paas_config import PaasConfig
from paas_common.values.status import Blocked

METRICS: typing.Final = "prometheus_scrape"
DASHBOARDS: typing.Final = "grafana_dashboard"
LOGS: typing.Final = "loki_push_api"
PROVIDED: typing.Final = (METRICS, DASHBOARDS)
"""Interfaces that the charm provides."""
REQUIRED: typing.Final = (LOGS,)
"""Interfaces that the charm requires."""
FOLDERS: typing.Final = {
    METRICS: "prometheus_alert_rules",
    DASHBOARDS: "grafana_dashboards",
    LOGS: "loki_alert_rules",
}
"""Interface → folder of its files, below ``cos`` and ``cos_custom``."""
SUFFIXES: typing.Final = {
    FOLDERS[METRICS]: rules.SUFFIXES,
    FOLDERS[DASHBOARDS]: dashboards.SUFFIXES,
    FOLDERS[LOGS]: rules.SUFFIXES,
}
"""Folder → suffixes of the files that are read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Databags:
    """The databags that this unit writes into one observability relation."""

    relation_id: int
    app: StrMap = dataclasses.field(default_factory=dict[str, str])
    """The application databag, which the leader writes."""
    unit: StrMap = dataclasses.field(default_factory=dict[str, str])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Published:
    """The databags of all observability relations, and what is wrong with the files in them."""

    databags: tuple[Databags, ...]
    problems: tuple[Blocked, ...]


def publish(facts: Facts, options: tuple[Ports, PaasConfig] | None) -> Published:
    """Build the databags; without the ports, scrape jobs are left out."""
    observability = facts.observability
    interfaces = tuple(dict.fromkeys(relation.interface for relation in observability.relations))
    leader = facts.identity.leader
    built = {interface: _app_databag(interface, facts, options) for interface in interfaces} if leader else {}
    databags = tuple(
        Databags(
            relation_id=relation.id,
            app=built[relation.interface][0] if leader else {},
            unit=metrics.unit(facts.identity, relation.address) if relation.interface == METRICS else {},
        )
        for relation in observability.relations
    )
    reasons = [reason for _, reasons in built.values() for reason in reasons]
    reasons += [
        f"{file} is not read (cos_custom may have {', '.join(sorted(FOLDERS.values()))})"
        for file in observability.unused_files
    ]
    return Published(databags=databags, problems=tuple(map(Blocked, (*reasons, *_log_problems(facts)))))


def targets(facts: Facts) -> collections.abc.Mapping[str, collections.abc.Mapping[str, object]]:
    """Return the log targets of this unit, by name."""
    return log_targets.entries(facts.identity, _log_urls(facts)[0]) if facts.observability.forwards_logs else {}


def _app_databag(
    interface: str, facts: Facts, options: tuple[Ports, PaasConfig] | None
) -> tuple[StrMap, tuple[str, ...]]:
    """Return the application databag, and what is wrong with the files that it is built from."""
    identity = facts.identity
    files = {path: text for path, text in facts.observability.files.items() if path.split("/")[1] == FOLDERS[interface]}
    if interface == DASHBOARDS:
        templates, reasons = dashboards.templates(identity, files)
        return {"dashboards": dashboards.encoded(templates)}, reasons
    merged, reasons = rules.merged(identity, files)
    alert_rules = {"alert_rules": json.dumps(merged)}
    if interface == LOGS:
        return {"metadata": json.dumps(topology.metadata(identity)), **alert_rules}, reasons
    jobs = {"scrape_jobs": json.dumps(metrics.jobs(facts, *options))} if options else {}
    return {"scrape_metadata": json.dumps(topology.metadata(identity)), **jobs, **alert_rules}, reasons


def _log_problems(facts: Facts) -> tuple[str, ...]:
    if facts.observability.forwards_logs:
        return _log_urls(facts)[1]
    return tuple(
        f"integration {relation.endpoint} needs Juju 3.4 or newer, and this is {facts.observability.juju_version}: no "
        "logs are forwarded "
        f"(upgrade Juju, or juju remove-relation {facts.identity.app}:{relation.endpoint} {relation.app})"
        for relation in facts.observability.relations
        if relation.interface == LOGS
    )


def _log_urls(facts: Facts) -> tuple[dict[str, str], tuple[str, ...]]:
    return log_targets.read(relation for relation in facts.observability.relations if relation.interface == LOGS)
