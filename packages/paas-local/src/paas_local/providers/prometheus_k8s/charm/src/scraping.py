"""What applications want scraped, and the targets that this means."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

Bag = Mapping[str, str]
Document = Mapping[str, Any]

_EVERY = 5.0
_PATIENCE = 10.0
_LENGTHS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+)(ms|[smhd])")
_ANY_UNIT = "*"


class InvalidError(Exception):
    """An application wrote what cannot be used; the text names the key."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What one application wants."""

    targets: tuple[Document, ...] = ()
    """Each as the server reads it."""
    groups: tuple[Document, ...] = ()
    """Of alert rules."""


def read(app: Bag, units: Mapping[str, Bag]) -> Wish:
    """Read the databags of one application and its units."""
    about = _object(app, "scrape_metadata")
    jobs = _list(_json(app, "scrape_jobs", []), "scrape_jobs")
    targets = [
        target
        for number, job in enumerate(jobs)
        for target in _targets(_mapping(job, f"scrape_jobs[{number}]"), f"scrape_jobs[{number}]", about, units)
    ]
    return Wish(targets=tuple(targets), groups=tuple(_groups(app)))


def _groups(app: Bag) -> Iterator[Document]:
    where = "alert_rules.groups"
    for number, group in enumerate(_list(_object(app, "alert_rules").get("groups", []), where)):
        found = _mapping(group, f"{where}[{number}]")
        rules = _list(found.get("rules", []), f"{where}[{number}].rules")
        named = [_mapping(rule, f"{where}[{number}].rules[{index}]") for index, rule in enumerate(rules)]
        yield {"name": str(found.get("name", "")), "rules": named}


def _targets(job: Document, where: str, about: Document, units: Mapping[str, Bag]) -> Iterator[Document]:
    names = ("model", "model_uuid", "application")
    labels = {f"juju_{name}": str(about[name]) for name in names if name in about}
    if "charm_name" in about:
        labels["juju_charm"] = str(about["charm_name"])
    begin = f"juju_{about.get('model', '')}_{str(about.get('model_uuid', ''))[:7]}_{about.get('application', '')}"
    labels["job"] = f"{begin}_{job.get('job_name', 'prometheus_scrape')}"
    query = _mapping(job.get("params", {}), f"{where}.params")
    timing = {
        "interval": _seconds(job.get("scrape_interval"), f"{where}.scrape_interval", _EVERY),
        "timeout": _seconds(job.get("scrape_timeout"), f"{where}.scrape_timeout", _PATIENCE),
    }
    for number, config in enumerate(_list(job.get("static_configs", []), f"{where}.static_configs")):
        place = f"{where}.static_configs[{number}]"
        static = _mapping(config, place)
        own = _mapping(static.get("labels", {}), f"{place}.labels")
        for target in _list(static.get("targets", []), f"{place}.targets"):
            for address, prefix, unit in _expanded(str(target), units):
                path = prefix + str(job.get("metrics_path", "/metrics"))
                asked = f"?{urlencode(query, doseq=True)}" if query else ""
                yield {
                    "url": f"{job.get('scheme', 'http')}://{address}{path}{asked}",
                    "labels": {**own, **labels, **unit, "instance": address},
                    **timing,
                }


def _expanded(target: str, units: Mapping[str, Bag]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Give each address that a target means, with what its paths begin with and the label of its unit."""
    host, _, port = target.rpartition(":")
    if host != _ANY_UNIT:
        yield target, "", {}
        return
    for name, bag in sorted(units.items()):
        address = bag.get("prometheus_scrape_unit_address") or bag.get("prometheus_scrape_unit_fqdn")
        # Who has just come has not said yet where it is.
        if address:
            address = f"[{address}]" if ":" in address else address
            unit = {"juju_unit": bag.get("prometheus_scrape_unit_name", name)}
            yield f"{address}:{port}", bag.get("prometheus_scrape_unit_path", "").rstrip("/"), unit


def _seconds(given: object, where: str, otherwise: float) -> float:
    """Read one of Prometheus' durations, as ``1m30s``."""
    if given is None:
        return otherwise
    parts = _PART.findall(str(given))
    seconds = sum(int(number) * _LENGTHS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != str(given) or seconds <= 0:
        raise InvalidError(f"{where}: {given!r} is no duration, as 15s")
    return seconds


def _json(bag: Bag, key: str, otherwise: object) -> object:
    try:
        return json.loads(bag[key]) if key in bag else otherwise
    except json.JSONDecodeError as error:
        raise InvalidError(f"{key}: not JSON: {error}") from error


def _object(bag: Bag, key: str) -> Document:
    return _mapping(_json(bag, key, {}), key)


def _mapping(value: object, where: str) -> Document:
    if not isinstance(value, dict):
        raise InvalidError(f"{where}: not an object")
    return cast("Document", value)


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise InvalidError(f"{where}: not a list")
    return cast("list[object]", value)
