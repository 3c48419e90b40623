"""Layers in YAML, and the checks of their entries."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml

from paas_local.pebble.plan import command, users, yaml_nodes
from paas_local.pebble.plan.durations import Duration
from paas_local.pebble.plan.plan import (
    Check,
    Count,
    ExecCheck,
    HttpCheck,
    Layer,
    LogTarget,
    PlanError,
    Service,
    TcpCheck,
    Workload,
    flatten,
    runs_as,
)

T = TypeVar("T")

_READERS: Mapping[Any, yaml_nodes.Reader] = {
    str: yaml_nodes.text,
    tuple[str, ...] | None: yaml_nodes.texts,
    Mapping[str, str] | None: yaml_nodes.mapping,
    int | None: yaml_nodes.integer,
    Count: yaml_nodes.count,
    float | None: yaml_nodes.factor,
    Duration | None: yaml_nodes.duration,
}


def _entry(
    kind: Callable[..., T], name: str, more: Mapping[str, yaml_nodes.Reader] | None = None
) -> Callable[[yaml.Node], T | None]:
    """Return a reader of entries: each field of the class has the reader of its type, or that in ``more``."""
    hints = get_type_hints(kind, include_extras=True)
    readers = {key.replace("_", "-"): (more or {}).get(key) or _reader(hint) for key, hint in hints.items()}
    shape = yaml_nodes.Shape(name, readers)

    def read(node: yaml.Node) -> T | None:
        values = shape.read(node)
        return None if values is None else kind(**values)

    return read


def _reader(hint: Any) -> yaml_nodes.Reader:
    return _READERS[hint] if hint in _READERS else yaml_nodes.text_as(hint.__metadata__[0])


_CHECK_KINDS = {
    "http": _entry(HttpCheck, "plan.HTTPCheck"),
    "tcp": _entry(TcpCheck, "plan.TCPCheck"),
    "exec": _entry(ExecCheck, "plan.ExecCheck"),
}
_SECTIONS: Mapping[str, tuple[str, Callable[[yaml.Node], Any]]] = {
    "services": ("map[string]*plan.Service", _entry(Service, "plan.Service")),
    "checks": ("map[string]*plan.Check", _entry(Check, "plan.Check", _CHECK_KINDS)),
    "log-targets": ("map[string]*plan.LogTarget", _entry(LogTarget, "plan.LogTarget")),
    "workloads": ("map[string]*workloads.Workload", _entry(Workload, "workloads.Workload")),
}
_ON_SUCCESS = ("", "restart", "shutdown", "failure-shutdown", "ignore")
_ON_FAILURE = ("", "restart", "shutdown", "success-shutdown", "ignore")


def parse(label: str, text: str) -> Layer:
    """Parse a layer; raises PlanError if an entry is invalid by itself."""
    if label.startswith("pebble-"):
        raise PlanError('cannot use reserved label prefix "pebble-"')
    sections: dict[str, Any] = {}
    for name, node in _top(label, text):
        if name in ("summary", "description"):
            _section(label, name, node, yaml_nodes.text)
        elif name in _SECTIONS:
            sections[name] = _section(label, name, node, lambda node, of=_SECTIONS[name]: _entries(node, *of))
        else:
            raise PlanError(f'cannot parse layer "{label}": unknown section "{name}"')
    return Layer(
        label=label,
        services=_checked(sections.get("services", {}), _check_service),
        checks=_checked(sections.get("checks", {}), _check_check),
        log_targets=_checked(sections.get("log-targets", {}), _check_target),
        workloads=_checked(sections.get("workloads", {}), _check_workload),
    )


def _top(label: str, text: str) -> list[tuple[str, yaml.Node]]:
    try:
        node = yaml_nodes.compose(text)
        if node is None or yaml_nodes.is_null(node):
            return []
        return yaml_nodes.pairs(node, "map[string]yaml.Node")
    except yaml_nodes.BadTextError as error:
        raise PlanError(f'cannot parse layer "{label}": {error}') from None
    except yaml_nodes.BadNodeError as error:
        raise PlanError(
            f'cannot parse layer "{label}": yaml: unmarshal errors:\n  line {error.line + 1}: {error}'
        ) from None


def _section(label: str, name: str, node: yaml.Node, read: Callable[[yaml.Node], Any]) -> Any:
    where = f'cannot parse layer "{label}" section "{name}"'
    if isinstance(node, yaml.ScalarNode) and not node.style and node.value == "":
        raise PlanError(f"{where}: EOF")
    try:
        return read(node)
    except yaml_nodes.BadNodeError as error:
        line = max(error.line - node.start_mark.line, 0) + 1
        raise PlanError(f"{where}: yaml: unmarshal errors:\n  line {line}: {error}") from None
    except yaml_nodes.BadValueError as error:
        raise PlanError(f"{where}: {error}") from None


def _entries(node: yaml.Node, target: str, read: Callable[[yaml.Node], Any]) -> dict[str, Any]:
    return {} if yaml_nodes.is_null(node) else {name: read(value) for name, value in yaml_nodes.pairs(node, target)}


def _checked(entries: Mapping[str, T | None], check: Callable[[str, T | None], T]) -> dict[str, T]:
    return {name: check(name, entry) for name, entry in entries.items()}


def _check_service(name: str, service: Service | None) -> Service:
    if not name:
        raise PlanError("cannot use empty string as service name")
    if name == "pebble":
        raise PlanError('cannot use reserved service name "pebble"')
    if name.startswith("-"):
        raise PlanError(f'cannot use service name "{name}": starting with "-" not allowed')
    if service is None:
        raise PlanError(f'service object cannot be null for service "{name}"')
    try:
        command.parse(service.command)
    except command.BadCommandError as error:
        raise PlanError(
            f'plan service "{name}" command invalid: cannot parse service "{name}" command: {error}'
        ) from None
    _check_action(name, "on-success", service.on_success, _ON_SUCCESS)
    _check_action(name, "on-failure", service.on_failure, _ON_FAILURE)
    for action in (service.on_check_failure or {}).values():
        _check_action(name, "on-check-failure", action, _ON_FAILURE)
    if service.backoff_factor is not None and service.backoff_factor < 1:
        raise PlanError(f'plan service "{name}" backoff-factor must be 1.0 or greater, not {service.backoff_factor:g}')
    return service


def _check_action(name: str, key: str, action: str, known: tuple[str, ...]) -> None:
    if action not in known:
        raise PlanError(f'plan service "{name}" {key} action "{action}" invalid')


def _check_check(name: str, check: Check | None) -> Check:
    if not name:
        raise PlanError("cannot use empty string as check name")
    if check is None:
        raise PlanError(f'check object cannot be null for check "{name}"')
    if check.level not in ("", "alive", "ready"):
        raise PlanError(f'plan check "{name}" level must be "alive" or "ready"')
    if check.startup not in ("", "enabled", "disabled"):
        raise PlanError(f'plan check "{name}" startup must be "enabled" or "disabled"')
    for key, duration in (("period", check.period), ("timeout", check.timeout)):
        if duration is not None and not duration.nanoseconds:
            raise PlanError(f'plan check "{name}" {key} must not be zero')
    if check.exec is not None:
        _check_exec(name, check.exec)
    return check


def _check_exec(name: str, check: ExecCheck) -> None:
    try:
        command.split(check.command)
        users.find(runs_as(check))
    except command.BadCommandError as error:
        raise PlanError(f'plan check "{name}" command invalid: {error}') from None
    except users.UnknownUserError as error:
        raise PlanError(f'plan check "{name}" has invalid user/group: {error}') from None


def _check_target(name: str, target: LogTarget | None) -> LogTarget:
    if not name:
        raise PlanError("cannot use empty string as log target name")
    if target is None:
        raise PlanError(f'log target object cannot be null for log target "{name}"')
    if target.type not in ("", "loki", "opentelemetry", "syslog"):
        raise PlanError(
            f'log target "{name}" has unsupported type "{target.type}", must be "loki", "opentelemetry" or "syslog"'
        )
    for label in target.labels or {}:
        if label.startswith("pebble_"):
            raise PlanError(f'log target "{name}": label "{label}" uses reserved prefix "pebble_"')
    return target


def _check_workload(name: str, workload: Workload | None) -> Workload:
    if not name:
        raise PlanError("cannot use empty string as workload name")
    if workload is None:
        raise PlanError(f'workload object cannot be null for workload "{name}"')
    return workload


def read(folder: Path) -> tuple[Layer, ...]:
    """Read the layer files of a folder, ``NNN-label.yaml``, in the order of their numbers."""
    named: list[tuple[int, str, Path]] = []
    for path in sorted(folder.glob("*.yaml")):  # all names before any content, as Pebble does
        match = re.fullmatch(r"([0-9]{3})-([a-z](?:-?[a-z0-9])*)\.yaml", path.name)
        if match is None:
            raise PlanError(f'invalid layer filename: "{path.name}" (must look like "123-some-label.yaml")')
        named.append((int(match[1]), match[2], path))
    stack = tuple(parse(label, path.read_text()) for _, label, path in sorted(named))
    for layer in stack:
        flatten(layer.label, [layer])  # an entry without a valid override is an error of this file
    return stack
