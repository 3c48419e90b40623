"""Metrics, over the ``prometheus_scrape`` interface: the scrape jobs, and the address of each unit.

In a target, ``*`` means the address of every unit. Prometheus names the framework's own job.
"""

import collections.abc

from paas_common.values.facts import Facts, Identity, StrMap, unit_number
from paas_common.values.framework import Ports
from paas_common.values.paas_config import PaasConfig, ScrapeConfig, StaticConfig

SCHEDULER = "@scheduler:"
"""Start of a target on the one unit that runs the schedulers."""
Job = dict[str, object]


def jobs(facts: Facts, ports: Ports, config: PaasConfig) -> list[Job]:
    """Return the framework's job, then those of ``paas-config.yaml``."""
    job: Job = {"metrics_path": ports.metrics_path, "static_configs": [{"targets": [f"*:{ports.metrics}"]}]}
    configs = (config.prometheus.scrape_configs if config.prometheus else None) or ()
    return [job, *(_job(config, _scheduler_host(facts)) for config in configs)]


def unit(identity: Identity, address: str | None) -> StrMap:
    """Return the unit databag; the address is left out until Juju knows it."""
    known = {"prometheus_scrape_unit_address": address} if address else {}
    return {
        **known,
        "prometheus_scrape_unit_name": identity.unit,
        "prometheus_scrape_unit_fqdn": identity.pod_fqdn(identity.unit),
    }


def _job(config: ScrapeConfig, scheduler_host: str) -> Job:
    return {
        "job_name": config.job_name,
        "metrics_path": config.metrics_path,
        "static_configs": list(_static_configs(config.static_configs, scheduler_host)),
    }


def _static_configs(
    configs: collections.abc.Iterable[StaticConfig], scheduler_host: str
) -> collections.abc.Iterator[Job]:
    for config in configs:
        targets = [
            f"{scheduler_host}:{target.removeprefix(SCHEDULER)}" if target.startswith(SCHEDULER) else target
            for target in config.targets
        ]
        yield {"targets": targets, **({"labels": config.labels} if config.labels else {})}


def _scheduler_host(facts: Facts) -> str:
    """Return the host of the unit with the lowest number, which runs the schedulers."""
    units = [facts.identity.unit, *(facts.peers.others if facts.peers else ())]
    return facts.identity.pod_fqdn(min(units, key=unit_number))
