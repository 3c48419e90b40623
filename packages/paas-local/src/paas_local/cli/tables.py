"""The tables of ``status`` and other commands, as Juju prints them: sections, columns and colours."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Paint = Callable[[str], str]
Row = Sequence[str]

LONGEST_VERSION = 30
LONGEST_MESSAGE = 120
_AT_WORK = ("idle", "executing")
_LAST_COMMAND = re.compile(r" \([^()]*\)$")
_PORT_PARTS = re.compile(r"(\d+)(?:-(\d+))?(?:/(\w+))?")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its heading, the alignment of its cells, and the function that colours them."""

    name: str
    align: Literal["left", "right"] = "left"
    paint: Paint | None = None


def table(columns: Sequence[Column], rows: Iterable[Row]) -> list[str]:
    """Return the lines of a table: columns two spaces apart, no spaces at the end of a line."""
    body = list(rows)
    widths = [
        max(len(cell) for cell in cells) for cells in zip(*([column.name for column in columns], *body), strict=True)
    ]
    heading = _line([_pad(column, column.name, width) for column, width in zip(columns, widths, strict=True)])
    return [heading, *(_line(_cells(columns, widths, row)) for row in body)]


def status(
    document: Mapping[str, Any],
    *,
    published: Mapping[str, Mapping[str, str]] | None = None,
    integrations: Sequence[Mapping[str, str]] = (),
    storage: bool = False,
    paint: Mapping[str, Paint] | None = None,
) -> str:
    """Return the tables of a status document; sections without rows are left out, except the model's."""
    colours = paint or {}
    sections = (
        _model(document),
        _saas(document, colours),
        _applications(document, colours),
        _units(document, colours),
        _offers(document),
        _integrations(integrations),
        _storage(document, colours) if storage else [],
        _published(published or {}),
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def is_empty(document: Mapping[str, Any]) -> bool:
    """Return whether a model has neither applications nor consumed offers nor offers."""
    return not any(document.get(part) for part in ("applications", "application-endpoints", "offers"))


def secrets(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of secrets, sorted by id; a charm's secret has no name."""
    rows = [
        (
            identifier,
            str(entry.get("name") or "-"),
            str(entry.get("owner", "")),
            str(entry.get("rotation") or "never"),
            str(entry.get("revision", "")),
            str(entry.get("updated", "")),
        )
        for identifier, entry in sorted(entries.items())
    ]
    names = ("ID", "Name", "Owner", "Rotation", "Revision", "Last updated")
    columns = [Column(name=name, align="right" if name == "Revision" else "left") for name in names]
    return "\n".join(table(columns, rows)) + "\n"


def ports(opened: Iterable[str]) -> str:
    """Return ports by protocol, such as ``80,443/tcp``; consecutive ports are a range: ``8000-8002/tcp``."""
    by_protocol: dict[str, set[int]] = {}
    for text in opened:
        if not (match := _PORT_PARTS.fullmatch(text)):
            continue
        first, last, protocol = match.groups()
        by_protocol.setdefault(protocol or "tcp", set()).update(range(int(first), int(last or first) + 1))
    return " ".join(f"{','.join(_ranges(sorted(numbers)))}/{name}" for name, numbers in by_protocol.items())


def _natural(name: str) -> list[tuple[str, int]]:
    """Return the sort key of a name: ``a/2`` comes before ``a/10``."""
    return [(text, int(number or -1)) for text, number in re.findall(r"(\D*)(\d*)", name)]


def _model(document: Mapping[str, Any]) -> list[str]:
    model = document["model"]
    place = "/".join(filter(None, (model.get("cloud", ""), model.get("region", ""))))
    row = (
        model["name"],
        model.get("controller", ""),
        place,
        model.get("version", ""),
        model.get("sla", ""),
        document.get("controller", {}).get("timestamp", ""),
    )
    return table(_columns("Model", "Controller", "Cloud/Region", "Version", "SLA", "Timestamp"), [row])


def _saas(document: Mapping[str, Any], paint: Mapping[str, Paint]) -> list[str]:
    rows = [
        (name, _current(saas), *saas["url"].split(":", 1))
        for name, saas in _in_order(document, "application-endpoints")
    ]
    return _section(_columns("SAAS", "Status", "Store", "URL", paint=paint), rows)


def _offers(document: Mapping[str, Any]) -> list[str]:
    rows = list[Row]()
    for name, offer in _in_order(document, "offers"):
        charm, _, revision = offer["charm"].rpartition(":")[2].rpartition("/")[2].rpartition("-")
        connected = f"{offer['active-connected-count']}/{offer['total-connected-count']}"
        rows += endpoint_rows((name, offer["application"], charm, revision, connected), offer["endpoints"])
    names = ("Offer", "Application", "Charm", "Rev", "Connected", "Endpoint", "Interface", "Role")
    return _section(_columns(*names), rows)


def endpoint_rows(first: Row, endpoints: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """Return one row per endpoint; only the first one begins with the cells of ``first``."""
    cells = [first] + [("",) * len(first)] * len(endpoints)
    sorted_endpoints = sorted(endpoints.items())
    return [
        (*begin, name, endpoint["interface"], endpoint["role"])
        for begin, (name, endpoint) in zip(cells, sorted_endpoints, strict=False)
    ]


def _applications(document: Mapping[str, Any], paint: Mapping[str, Paint]) -> list[str]:
    rows = [
        (
            name,
            _cut(application.get("version", ""), LONGEST_VERSION),
            _current(application),
            _scale(application),
            application["charm-name"],
            application.get("charm-channel", ""),
            str(application["charm-rev"]),
            application.get("address", ""),
            "yes" if application.get("exposed") else "no",
            _cut(application.get("application-status", {}).get("message", ""), LONGEST_MESSAGE),
        )
        for name, application in _in_order(document, "applications")
    ]
    names = ("App", "Version", "Status", "Scale", "Charm", "Channel", "Rev", "Address", "Exposed", "Message")
    return _section(_columns(*names, right=("Scale", "Rev"), paint=paint), rows)


def _units(document: Mapping[str, Any], paint: Mapping[str, Paint]) -> list[str]:
    rows = [
        (
            name + ("*" if unit.get("leader") else ""),
            unit["workload-status"]["current"],
            unit["juju-status"]["current"],
            unit.get("address", ""),
            ports(unit.get("open-ports", ())),
            _cut(_unit_message(unit), LONGEST_MESSAGE),
        )
        for _, application in _in_order(document, "applications")
        for name, unit in _in_order(application, "units")
    ]
    return _section(_columns("Unit", "Workload", "Agent", "Address", "Ports", "Message", paint=paint), rows)


def _integrations(integrations: Sequence[Mapping[str, str]]) -> list[str]:
    rows = sorted(
        (
            integration["provider"],
            integration["requirer"],
            integration["interface"],
            integration["type"],
            integration.get("message", ""),
        )
        for integration in integrations
    )
    return _section(_columns("Integration provider", "Requirer", "Interface", "Type", "Message"), rows)


def _storage(document: Mapping[str, Any], paint: Mapping[str, Paint]) -> list[str]:
    rows = [
        (
            unit,
            identifier,
            storage["kind"],
            "",
            attachment.get("location", ""),
            "",
            storage["status"]["current"],
            storage["status"].get("message", ""),
        )
        for identifier, storage in _in_order(document.get("storage", {}), "storage")
        for unit, attachment in _in_order(storage.get("attachments", {}), "units")
    ]
    names = ("Storage Unit", "Storage ID", "Type", "Pool", "Mountpoint", "Size", "Status", "Message")
    return _section(_columns(*names, right=("Size",), paint=paint), rows)


def _published(published: Mapping[str, Mapping[str, str]]) -> list[str]:
    rows = [(name, port, url) for name, urls in sorted(published.items()) for port, url in urls.items()]
    return _section(_columns("Published", "Port", "URL"), rows)


def _columns(*names: str, right: Sequence[str] = (), paint: Mapping[str, Paint] | None = None) -> list[Column]:
    colours = paint or {}
    return [Column(name=name, align="right" if name in right else "left", paint=colours.get(name)) for name in names]


def _section(columns: Sequence[Column], rows: Sequence[Row]) -> list[str]:
    return table(columns, rows) if rows else []


def _cells(columns: Sequence[Column], widths: Sequence[int], row: Row) -> list[str]:
    padded = (_pad(column, cell, width) for column, cell, width in zip(columns, row, widths, strict=True))
    return [
        column.paint(cell) if column.paint and cell.strip() else cell
        for column, cell in zip(columns, padded, strict=True)
    ]


def _pad(column: Column, cell: str, width: int) -> str:
    return cell.rjust(width) if column.align == "right" else cell.ljust(width)


def _line(cells: Iterable[str]) -> str:
    return "  ".join(cells).rstrip()


def _in_order(document: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    part: Mapping[str, Mapping[str, Any]] = document.get(key, {})
    return sorted(part.items(), key=lambda item: _natural(item[0]))


def _current(application: Mapping[str, Any]) -> str:
    return application.get("application-status", {}).get("current", "")


def _scale(application: Mapping[str, Any]) -> str:
    """Return the scale of an application, preceded by its working units if they are fewer."""
    scale = application.get("scale", 0)
    units = application.get("units", {}).values()
    working = sum(unit["juju-status"]["current"] in _AT_WORK for unit in units)
    return str(scale) if working == scale else f"{working}/{scale}"


def _unit_message(unit: Mapping[str, Any]) -> str:
    """Return the charm's message, preceded by the hook or action that runs."""
    agent = unit["juju-status"]
    workload = unit["workload-status"].get("message", "")
    if agent["current"] == "executing" and (hook := _running_hook(agent.get("message", ""))):
        return f"({hook}) {workload}".rstrip()
    if agent["current"] == "allocating" and not workload:
        return agent.get("message", "")
    return workload


def _running_hook(message: str) -> str:
    """Return the name of the hook or the action in the agent's message."""
    match = re.match(r"running (?:action (?P<action>\S+)|(?P<hook>\S+) hook)", message)
    return (match["action"] or match["hook"]) if match else ""


def _ranges(numbers: Sequence[int]) -> list[str]:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in ranges]


def _cut(text: str, longest: int) -> str:
    """Return a text in one line, cut before a command in parentheses at its end: readers type that command."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    command = match[0] if (match := _LAST_COMMAND.search(line)) and len(match[0]) < longest // 2 else ""
    return line[: longest - len(command) - 3] + "..." + command
