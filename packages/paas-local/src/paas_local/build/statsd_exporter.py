#!/usr/bin/env python3
"""StatsD server that exposes the metrics to Prometheus.

It replaces Prometheus' own exporter in local images, with the flags of rockcraft's layer. It runs in the image's
interpreter, so that it imports no other module of paas_local. Each unit starts it, so it imports little: asyncio,
argparse and dataclasses would triple the start-up time.
"""

import getopt
import json
import re
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Generator, Mapping, Sequence

_LINE = re.compile(r"(?P<name>[^:|@]+):(?P<value>[-+]?[0-9.eE]+)\|(?P<kind>c|g|ms|h|d|s)(?:\|@(?P<rate>[0-9.eE]+))?")
_QUANTILES = (0.5, 0.9, 0.99)
_KEPT = 1000
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")
_MILLISECONDS = 1000

_FLAGS = {
    "statsd.mapping-config": "",
    "statsd.listen-udp": ":9125",
    "statsd.listen-tcp": ":9125",
    "web.listen-address": ":9102",
}
"""The flags of the original that are used, with their defaults; the mapping is the file that names the metrics."""
_CHUNK = 65536
_PATIENCE = 5.0
"""Seconds that a client may take to read a page."""

Labels = tuple[tuple[str, str], ...]
Reader = Generator[None, bytes, None]
"""It is sent what a connection receives, nothing once that has ended; it ends with the connection."""


class Rule:
    """Name and labels for the metrics that match a pattern; ``*`` matches one word."""

    def __init__(self, pattern: re.Pattern[str], name: str, labels: Mapping[str, str]) -> None:
        self.pattern = pattern
        self.name = name
        self.labels = labels


class Summary:
    """Observations of one duration: their count, their sum, and the most recent ones."""

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.last: list[float] = []

    def observe(self, value: float, weight: float) -> None:
        """Add a value that was observed ``weight`` times."""
        self.count += weight
        self.total += value * weight
        self.last = [*self.last[-_KEPT + 1 :], value]

    def quantile(self, part: float) -> float:
        """Return a quantile of the most recent values; ``part`` is between 0 and 1."""
        ordered = sorted(self.last)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


class Metrics:
    """All metrics since the start."""

    def __init__(self, rules: tuple[Rule, ...] = ()) -> None:
        self._rules = rules
        self._counters: dict[str, dict[Labels, float]] = {}
        self._gauges: dict[str, dict[Labels, float]] = {}
        self._summaries: dict[str, dict[Labels, Summary]] = {}

    def take(self, packet: str) -> None:
        """Count the metrics in a packet; other lines are ignored."""
        for line in packet.splitlines():
            metric = _LINE.match(line.strip())
            if metric:
                try:
                    weight = 1 / float(metric["rate"] or 1)
                    self._report(metric["name"], metric["kind"], metric["value"], weight)
                except ValueError:
                    continue

    def _report(self, reported: str, kind: str, text: str, weight: float) -> None:
        name, labels = self._name_and_labels(reported)
        value = float(text)
        if kind == "c":
            family = self._counters.setdefault(name, {})
            family[labels] = family.get(labels, 0) + value * weight
        elif kind == "g":
            family = self._gauges.setdefault(name, {})
            family[labels] = family.get(labels, 0) + value if text[0] in "+-" else value
        elif kind in {"ms", "h", "d"}:
            seconds = value / _MILLISECONDS if kind == "ms" else value
            self._summaries.setdefault(name, {}).setdefault(labels, Summary()).observe(seconds, weight)

    def _name_and_labels(self, reported: str) -> tuple[str, Labels]:
        for rule in self._rules:
            match = rule.pattern.fullmatch(reported)
            if match:
                labels = {label: _filled(text, match) for label, text in rule.labels.items()}
                return _filled(rule.name, match), tuple(sorted(labels.items()))
        return _NOT_IN_NAMES.sub("_", reported), ()

    def text(self) -> str:
        """Return all metrics in Prometheus' text format."""
        lines: list[str] = []
        for kind, families in (("counter", self._counters), ("gauge", self._gauges)):
            for name, family in sorted(families.items()):
                lines.append(f"# TYPE {name} {kind}")
                lines += [f"{name}{_braced(labels)} {value:g}" for labels, value in sorted(family.items())]
        for name, family in sorted(self._summaries.items()):
            lines.append(f"# TYPE {name} summary")
            for labels, summary in sorted(family.items(), key=lambda item: item[0]):
                for part in _QUANTILES:
                    quantile = _braced((*labels, ("quantile", f"{part:g}")))
                    lines.append(f"{name}{quantile} {summary.quantile(part):g}")
                lines.append(f"{name}_sum{_braced(labels)} {summary.total:g}")
                lines.append(f"{name}_count{_braced(labels)} {summary.count:g}")
        return "".join(f"{line}\n" for line in lines)


Protocol = Callable[[Metrics, socket.socket], Reader]


def rules(text: str) -> tuple[Rule, ...]:
    """Read a mapping file; the original reads YAML, this one only JSON."""
    document = json.loads(text)
    return tuple(
        Rule(re.compile(re.escape(entry["match"]).replace(r"\*", r"([^.]+)")), entry["name"], entry.get("labels", {}))
        for entry in document["mappings"]
    )


def _filled(text: str, match: re.Match[str]) -> str:
    return re.sub(r"\$\{?(\d+)\}?", lambda group: match[int(group[1])], text)


def _braced(labels: Labels) -> str:
    def quoted(value: str) -> str:
        return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    return "{" + ",".join(f'{name}="{quoted(value)}"' for name, value in labels) + "}" if labels else ""


def serve(metrics: Metrics, *, udp: str, tcp: str, web: str) -> None:
    """Serve until the process ends."""
    selector = selectors.DefaultSelector()

    def register(readable: socket.socket, read: Callable[[], object]) -> None:
        selector.register(readable, selectors.EVENT_READ, read)

    def listen(address: str, protocol: Protocol) -> None:
        listener = socket.create_server(_address(address))
        register(listener, lambda: accept(listener.accept()[0], protocol))

    def accept(connection: socket.socket, protocol: Protocol) -> None:
        connection.settimeout(_PATIENCE)
        reader = protocol(metrics, connection)
        next(reader)
        register(connection, lambda: receive(connection, reader))

    def receive(connection: socket.socket, reader: Reader) -> None:
        try:
            reader.send(connection.recv(_CHUNK))
        except (StopIteration, OSError):
            selector.unregister(connection)
            connection.close()

    # StatsD clients resolve localhost to 127.0.0.1, even if it is another address too.
    packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    packets.bind(_address(udp))
    register(packets, lambda: metrics.take(packets.recv(_CHUNK).decode(errors="replace")))
    listen(tcp, _lines)
    listen(web, _page)
    while True:
        for key, _ in selector.select():
            key.data()


def _lines(metrics: Metrics, _: socket.socket) -> Reader:
    """Count the metrics of a connection."""
    rest = b""
    while chunk := (yield):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            metrics.take(line.decode(errors="replace"))
    metrics.take(rest.decode(errors="replace"))


def _page(metrics: Metrics, connection: socket.socket) -> Reader:
    """Answer one request."""
    request = b""
    while b"\r\n\r\n" not in request and (chunk := (yield)):
        request += chunk
    known = request.split()[1:2] in ([b"/metrics"], [b"/"])
    body = metrics.text().encode() if known else b"not found\n"
    head = f"HTTP/1.1 {'200 OK' if known else '404 Not Found'}\r\nContent-Type: text/plain; version=0.0.4\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host or "0.0.0.0", int(port)  # noqa: S104 - as the original


def flags(arguments: Sequence[str]) -> dict[str, str]:
    """Read the flags; raise ``ValueError`` for others."""
    try:
        pairs, rest = getopt.getopt(arguments, "", [f"{name}=" for name in _FLAGS])
    except getopt.GetoptError as error:
        raise ValueError(error.msg) from None
    if rest:
        raise ValueError(f"unexpected {rest[0]}")
    return {**_FLAGS, **{name.removeprefix("--"): text for name, text in pairs}}


def main(arguments: Sequence[str]) -> None:
    """Run the program until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit())
    try:
        values = flags(arguments)
        serve(
            Metrics(_mapping(values["statsd.mapping-config"])),
            udp=values["statsd.listen-udp"],
            tcp=values["statsd.listen-tcp"],
            web=values["web.listen-address"],
        )
    except (OSError, ValueError) as error:
        sys.exit(f"statsd_exporter: {error}")


def _mapping(file: str) -> tuple[Rule, ...]:
    if not file:
        return ()
    with open(file, encoding="utf-8") as opened:  # noqa: PTH123 - pathlib would add to the start-up time
        return rules(opened.read())


if __name__ == "__main__":
    main(sys.argv[1:])
