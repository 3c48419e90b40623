"""Scrape jobs in relation data, and the targets that follow from them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

Databag = Mapping[str, str]
Document = Mapping[str, Any]

_DEFAULT_INTERVAL = 5.0
_DEFAULT_TIMEOUT = 10.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+)(ms|[smhd])")
_ANY_UNIT = "*"


class InvalidError(Exception):
    """A databag that cannot be read; the text names the key and the reason."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """The targets and alert rules of one application."""

    targets: tuple[Document, ...] = ()
    """Targets in the form of the server's configuration."""
    groups: tuple[Document, ...] = ()
    """Groups of alert rules."""


def read(app: Databag, units: Mapping[str, Databag]) -> Request:
    """Read the databags of one application and its units."""
    metadata = _object(app, "scrape_metadata")
    jobs = _list(_json(app, "scrape_jobs", []), "scrape_jobs")
    targets = [
        target
        for number, job in enumerate(jobs)
        for target in _targets(_mapping(job, f"scrape_jobs[{number}]"), f"scrape_jobs[{number}]", metadata, units)
    ]
    return Request(targets=tuple(targets), groups=tuple(_groups(app)))


def _groups(app: Databag) -> Iterator[Document]:
    where = "alert_rules.groups"
    for number, group in enumerate(_list(_object(app, "alert_rules").get("groups", []), where)):
        fields = _mapping(group, f"{where}[{number}]")
        rules = _list(fields.get("rules", []), f"{where}[{number}].rules")
        objects = [_mapping(rule, f"{where}[{number}].rules[{index}]") for index, rule in enumerate(rules)]
        yield {"name": str(fields.get("name", "")), "rules": objects}


def _targets(job: Document, where: str, metadata: Document, units: Mapping[str, Databag]) -> Iterator[Document]:
    names = ("model", "model_uuid", "application")
    labels = {f"juju_{name}": str(metadata[name]) for name in names if name in metadata}
    if "charm_name" in metadata:
        labels["juju_charm"] = str(metadata["charm_name"])
    model, uuid, application = (str(metadata.get(name, "")) for name in names)
    labels["job"] = f"juju_{model}_{uuid[:7]}_{application}_{job.get('job_name', 'prometheus_scrape')}"
    query = _mapping(job.get("params", {}), f"{where}.params")
    timing = {
        "interval": _seconds(job.get("scrape_interval"), f"{where}.scrape_interval", _DEFAULT_INTERVAL),
        "timeout": _seconds(job.get("scrape_timeout"), f"{where}.scrape_timeout", _DEFAULT_TIMEOUT),
    }
    for number, config in enumerate(_list(job.get("static_configs", []), f"{where}.static_configs")):
        place = f"{where}.static_configs[{number}]"
        static = _mapping(config, place)
        own = _mapping(static.get("labels", {}), f"{place}.labels")
        for target in _list(static.get("targets", []), f"{place}.targets"):
            for address, root, unit in _expanded(str(target), units):
                path = root + str(job.get("metrics_path", "/metrics"))
                suffix = f"?{urlencode(query, doseq=True)}" if query else ""
                yield {
                    "url": f"{job.get('scheme', 'http')}://{address}{path}{suffix}",
                    "labels": {**own, **labels, **unit, "instance": address},
                    **timing,
                }


def _expanded(target: str, units: Mapping[str, Databag]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield each address of a target, with the prefix of its paths and the label of its unit."""
    host, _, port = target.rpartition(":")
    if host != _ANY_UNIT:
        yield target, "", {}
        return
    for name, databag in sorted(units.items()):
        address = databag.get("prometheus_scrape_unit_address") or databag.get("prometheus_scrape_unit_fqdn")
        # A new unit has not written its address yet.
        if address:
            address = f"[{address}]" if ":" in address else address
            unit = {"juju_unit": databag.get("prometheus_scrape_unit_name", name)}
            yield f"{address}:{port}", databag.get("prometheus_scrape_unit_path", "").rstrip("/"), unit


def _seconds(duration: object, where: str, default: float) -> float:
    """Read a duration of Prometheus, such as ``1m30s``."""
    if duration is None:
        return default
    parts = _PART.findall(str(duration))
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != str(duration) or seconds <= 0:
        raise InvalidError(f"{where}: {duration!r} is not a duration such as 15s")
    return seconds


def _json(databag: Databag, key: str, default: object) -> object:
    try:
        return json.loads(databag[key]) if key in databag else default
    except json.JSONDecodeError as error:
        raise InvalidError(f"{key}: not JSON: {error}") from error


def _object(databag: Databag, key: str) -> Document:
    return _mapping(_json(databag, key, {}), key)


def _mapping(value: object, where: str) -> Document:
    if not isinstance(value, dict):
        raise InvalidError(f"{where}: not an object")
    return cast("Document", value)


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise InvalidError(f"{where}: not a list")
    return cast("list[object]", value)
