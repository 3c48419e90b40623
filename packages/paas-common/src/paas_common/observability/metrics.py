"""Metrics, over the ``prometheus_scrape`` interface: what to scrape on each unit, and where the unit is.

In a target, ``*`` stands for the address of every unit. Prometheus names the framework's own job itself.
"""

import collections.abc

from paas_common.values import facts
from paas_common.values.paas_config import PaasConfig, ScrapeConfig, StaticConfig
from paas_common.values.workload import Ports

SCHEDULER = "@scheduler:"
"""How a target begins that is only on the unit which runs the schedulers."""
Job = dict[str, object]


def jobs(found: facts.Facts, ports: Ports, config: PaasConfig) -> list[Job]:
    """Give the framework's job, then those of the charm's author."""
    own: Job = {"metrics_path": ports.metrics_path, "static_configs": [{"targets": [f"*:{ports.metrics}"]}]}
    more = (config.prometheus.scrape_configs if config.prometheus else None) or ()
    return [own, *(_job(each, _scheduling(found)) for each in more)]


def unit(me: facts.Identity, address: str | None) -> facts.Text:
    """Tell where this unit is; an address that Juju does not know yet is told later."""
    known = {"prometheus_scrape_unit_address": address} if address else {}
    return {
        **known,
        "prometheus_scrape_unit_name": me.unit,
        "prometheus_scrape_unit_fqdn": me.pod(me.unit),
    }


def _job(config: ScrapeConfig, scheduling: str) -> Job:
    return {
        "job_name": config.job_name,
        "metrics_path": config.metrics_path,
        "static_configs": list(_static(config.static_configs, scheduling)),
    }


def _static(configs: collections.abc.Iterable[StaticConfig], scheduling: str) -> collections.abc.Iterator[Job]:
    for config in configs:
        targets = [
            f"{scheduling}:{target.removeprefix(SCHEDULER)}" if target.startswith(SCHEDULER) else target
            for target in config.targets
        ]
        yield {"targets": targets, **({"labels": config.labels} if config.labels else {})}


def _scheduling(found: facts.Facts) -> str:
    """Give the host of the unit with the lowest number, which is the one that runs the schedulers."""
    units = [found.me.unit, *(found.peers.others if found.peers else ())]
    return found.me.pod(min(units, key=facts.unit_number))
