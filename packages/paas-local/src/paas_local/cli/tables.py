"""How a status document looks to a person: the sections and columns of ``juju status``.

Everything here is text made from values; nothing asks the daemon, so every picture has a plain test.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Paint = Callable[[str], str]
Row = Sequence[str]

LONGEST_VERSION = 30
LONGEST_MESSAGE = 120
_AT_WORK = ("idle", "executing")
_PORT_PARTS = re.compile(r"(\d+)(?:-(\d+))?(?:/(\w+))?")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its heading, the side its cells lean to, and what colours them."""

    name: str
    align: Literal["left", "right"] = "left"
    paint: Paint | None = None


def table(columns: Sequence[Column], rows: Iterable[Row]) -> list[str]:
    """Pad the cells of each column to one width, two spaces between columns, none at the end of a line."""
    body = list(rows)
    widths = [
        max(len(cell) for cell in cells) for cells in zip(*([column.name for column in columns], *body), strict=True)
    ]
    heading = _line([_pad(column, column.name, width) for column, width in zip(columns, widths, strict=True)])
    return [heading, *(_line(_cells(columns, widths, row)) for row in body)]


def status(
    document: Mapping[str, Any],
    *,
    published: Mapping[str, Sequence[str]] | None = None,
    integrations: Sequence[Mapping[str, str]] = (),
    storage: bool = False,
    paint: Mapping[str, Paint] | None = None,
) -> str:
    """Draw the whole picture; sections without rows are left out, the model's line is always there."""
    colours = paint or {}
    sections = (
        _model(document),
        _remote_applications(document, colours),
        _applications(document, colours),
        _units(document, colours),
        _offers(document),
        _integrations(integrations),
        _storage(document, colours) if storage else [],
        _published(published or {}),
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def is_empty(document: Mapping[str, Any]) -> bool:
    """Say whether a model has nothing to show."""
    return not document.get("applications") and not document.get("application-endpoints")


def only(document: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Keep the applications and units a person named; an application's name keeps all of its units."""
    kept = {
        name: {**application, "units": units}
        for name, application in document.get("applications", {}).items()
        if (units := _named_units(name, application, names)) is not None
    }
    return {**document, "applications": kept}


def secrets(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """List secrets by id; a secret that a charm owns has no name."""
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
    """Gather ports by protocol: ``80,443/tcp``; neighbours become a range: ``8000-8002/tcp``."""
    by_protocol: dict[str, set[int]] = {}
    for text in opened:
        if not (match := _PORT_PARTS.fullmatch(text)):
            continue
        first, last, protocol = match.groups()
        by_protocol.setdefault(protocol or "tcp", set()).update(range(int(first), int(last or first) + 1))
    return " ".join(f"{','.join(_ranges(sorted(numbers)))}/{name}" for name, numbers in by_protocol.items())


def natural(name: str) -> list[tuple[str, int]]:
    """Order names as a person counts: ``a/2`` stands before ``a/10``."""
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


def _remote_applications(document: Mapping[str, Any], paint: Mapping[str, Paint]) -> list[str]:
    rows = [
        (name, _current(remote), remote["url"].partition(":")[0], remote["url"].partition(":")[2])
        for name, remote in _in_order(document, "application-endpoints")
    ]
    return _section(_columns("SAAS", "Status", "Store", "URL", paint=paint), rows)


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


def _offers(document: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            name,
            offer["application"],
            offer["charm"].rpartition("/")[2].rpartition("-")[0],
            offer["charm"].rpartition("-")[2],
            f"{offer['active-connected-count']}/{offer['total-connected-count']}",
            endpoint,
            details["interface"],
            details["role"],
        )
        for name, offer in _in_order(document, "offers")
        for endpoint, details in _in_order(offer, "endpoints")
    ]
    names = ("Offer", "Application", "Charm", "Rev", "Connected", "Endpoint", "Interface", "Role")
    return _section(_columns(*names, right=("Rev",)), rows)


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
    filesystems = {
        filesystem["storage"]: filesystem for filesystem in document.get("storage", {}).get("filesystems", {}).values()
    }
    rows = [
        (
            unit,
            identifier,
            storage["kind"],
            filesystems.get(identifier, {}).get("pool", ""),
            attachment.get("location", ""),
            _size(filesystems.get(identifier, {}).get("size")),
            storage["status"]["current"],
            storage["status"].get("message", ""),
        )
        for identifier, storage in _in_order(document.get("storage", {}), "storage")
        for unit, attachment in _in_order(storage.get("attachments", {}), "units")
    ]
    names = ("Storage Unit", "Storage ID", "Type", "Pool", "Mountpoint", "Size", "Status", "Message")
    return _section(_columns(*names, right=("Size",), paint=paint), rows)


def _published(published: Mapping[str, Sequence[str]]) -> list[str]:
    rows = [(name, url) for name, urls in sorted(published.items()) for url in urls]
    return _section(_columns("Published", "URL"), rows)


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
    return sorted(part.items(), key=lambda item: natural(item[0]))


def _current(application: Mapping[str, Any]) -> str:
    return application.get("application-status", {}).get("current", "")


def _scale(application: Mapping[str, Any]) -> str:
    """Show how many units are wanted, and how many of them work where that is fewer."""
    wanted = application.get("scale", 0)
    units = application.get("units", {}).values()
    working = sum(unit["juju-status"]["current"] in _AT_WORK for unit in units)
    return str(wanted) if working == wanted else f"{working}/{wanted}"


def _unit_message(unit: Mapping[str, Any]) -> str:
    """Put what the agent is doing in front of what the charm says."""
    agent = unit["juju-status"]
    workload = unit["workload-status"].get("message", "")
    if agent["current"] == "executing" and (doing := _doing(agent.get("message", ""))):
        return f"({doing}) {workload}".rstrip()
    if agent["current"] == "allocating" and not workload:
        return agent.get("message", "")
    return workload


def _doing(message: str) -> str:
    """Take the hook's or the action's name out of the agent's sentence."""
    match = re.match(r"running (?:action (?P<action>\S+)|(?P<hook>\S+) hook)", message)
    return (match["action"] or match["hook"]) if match else ""


def _named_units(
    name: str, application: Mapping[str, Any], names: Sequence[str]
) -> Mapping[str, Mapping[str, Any]] | None:
    units: Mapping[str, Mapping[str, Any]] = application.get("units", {})
    if name in names:
        return units
    return {unit: entry for unit, entry in units.items() if unit in names} or None


def _ranges(numbers: Sequence[int]) -> list[str]:
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in found]


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 3] + "..."


def _size(mebibytes: int | None) -> str:
    if mebibytes is None:
        return ""
    gibibyte = 1024
    return f"{mebibytes / gibibyte:.1f}GiB" if mebibytes >= gibibyte else f"{mebibytes}MiB"
