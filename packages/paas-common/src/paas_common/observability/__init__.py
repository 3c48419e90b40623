"""What those are told that watch the application: Prometheus, Grafana and Loki, each over its interface.

All of it is worked out anew in each pass, from the facts, and has the same bytes as long as they are the same. Nothing
of it holds the application up: what is wrong with a dashboard or a rule is told, and the rest goes its way.
"""

import collections.abc
import dataclasses
import json
import typing

from paas_common.observability import dashboards, log_targets, metrics, rules, topology
from paas_common.values import facts
from paas_common.values.paas_config import PaasConfig
from paas_common.values.workload import Hold, Ports

METRICS: typing.Final = "prometheus_scrape"
DASHBOARDS: typing.Final = "grafana_dashboard"
LOGS: typing.Final = "loki_push_api"
PROVIDED: typing.Final = (METRICS, DASHBOARDS)
REQUIRED: typing.Final = (LOGS,)
FOLDERS: typing.Final = {
    METRICS: "prometheus_alert_rules",
    DASHBOARDS: "grafana_dashboards",
    LOGS: "loki_alert_rules",
}
"""Where the files for each interface lie, below ``cos`` and ``cos_custom``."""
ENDINGS: typing.Final = {
    FOLDERS[METRICS]: rules.ENDINGS,
    FOLDERS[DASHBOARDS]: dashboards.ENDINGS,
    FOLDERS[LOGS]: rules.ENDINGS,
}
"""How the names of files end that are looked at."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """What is to stand in our databags of one relation."""

    relation: int
    app: facts.Text = dataclasses.field(default_factory=dict[str, str])
    """For the leader to write."""
    unit: facts.Text = dataclasses.field(default_factory=dict[str, str])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What is told, and what could not be."""

    messages: tuple[Message, ...]
    faults: tuple[Hold, ...]


def report(found: facts.Facts, options: tuple[Ports, PaasConfig] | None) -> Report:
    """Tell each watcher what it can use; without valid options, nothing of where the metrics are."""
    watched = found.watched
    related = tuple(dict.fromkeys(watcher.interface for watcher in watched.watchers))
    told = {interface: _app(interface, found, options) for interface in related} if found.me.leader else {}
    messages = tuple(
        Message(
            relation=watcher.relation,
            app=told[watcher.interface][0] if found.me.leader else {},
            unit=metrics.unit(found.me, watcher.address) if watcher.interface == METRICS else {},
        )
        for watcher in watched.watchers
    )
    wrong = [problem for _, problems in told.values() for problem in problems]
    wrong += [
        f"{stray} is not looked at (there is room for {', '.join(sorted(FOLDERS.values()))})"
        for stray in watched.strays
    ]
    return Report(
        messages=messages,
        faults=tuple(Hold(kind="blocked", reason=reason) for reason in (*wrong, *_of_logs(found))),
    )


def targets(found: facts.Facts) -> collections.abc.Mapping[str, collections.abc.Mapping[str, object]]:
    """Give the log targets of this unit, by name."""
    return log_targets.entries(found.me, _endpoints(found)[0]) if found.watched.forwards_logs else {}


def _app(
    interface: str, found: facts.Facts, options: tuple[Ports, PaasConfig] | None
) -> tuple[facts.Text, tuple[str, ...]]:
    """Give what the leader writes, and what is wrong with the files that it is made of."""
    me = found.me
    files = {path: text for path, text in found.watched.files.items() if path.split("/")[1] == FOLDERS[interface]}
    if interface == DASHBOARDS:
        shown, problems = dashboards.templates(me, files)
        return {"dashboards": dashboards.encoded(shown)}, problems
    merged, problems = rules.merged(me, files)
    common = {"alert_rules": json.dumps(merged)}
    if interface == LOGS:
        return {"metadata": json.dumps(topology.metadata(me)), **common}, problems
    jobs = {"scrape_jobs": json.dumps(metrics.jobs(found, *options))} if options else {}
    return {"scrape_metadata": json.dumps(topology.metadata(me)), **jobs, **common}, problems


def _of_logs(found: facts.Facts) -> tuple[str, ...]:
    if found.watched.forwards_logs:
        return _endpoints(found)[1]
    return tuple(
        f"integration {watcher.endpoint} needs Juju 3.4 or newer, and this is {found.watched.juju}: no logs are sent "
        f"(upgrade Juju, or juju remove-relation {found.me.app}:{watcher.endpoint} {watcher.app})"
        for watcher in found.watched.watchers
        if watcher.interface == LOGS
    )


def _endpoints(found: facts.Facts) -> tuple[dict[str, str], tuple[str, ...]]:
    return log_targets.read(watcher for watcher in found.watched.watchers if watcher.interface == LOGS)
