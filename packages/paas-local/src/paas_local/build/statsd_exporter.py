#!/usr/bin/env python3
"""StatsD server that exposes the metrics to Prometheus.

It replaces Prometheus' own exporter in local images, with the flags of rockcraft's layer. It runs in the image's
interpreter, so that it imports no other module of paas_local.
"""

import argparse
import asyncio
import contextlib
import json
import re
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r"(?P<name>[^:|@]+):(?P<value>[-+]?[0-9.eE]+)\|(?P<kind>c|g|ms|h|d|s)(?:\|@(?P<rate>[0-9.eE]+))?")
_QUANTILES = (0.5, 0.9, 0.99)
_KEPT = 1000
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")
_MILLISECONDS = 1000

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rule:
    """Name and labels for the metrics that match a pattern; ``*`` matches one word."""

    pattern: re.Pattern[str]
    name: str
    labels: Mapping[str, str]


@dataclass
class Summary:
    """Observations of one duration: their count, their sum, and the most recent ones."""

    count: float = 0
    total: float = 0
    last: list[float] = field(default_factory=list[float])

    def observe(self, value: float, weight: float) -> None:
        """Add a value that was observed ``weight`` times."""
        self.count += weight
        self.total += value * weight
        self.last = [*self.last[-_KEPT + 1 :], value]

    def quantile(self, part: float) -> float:
        """Return a quantile of the most recent values; ``part`` is between 0 and 1."""
        ordered = sorted(self.last)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


@dataclass
class Metrics:
    """All metrics since the start."""

    rules: tuple[Rule, ...] = ()
    counters: dict[str, dict[Labels, float]] = field(default_factory=dict[str, dict[Labels, float]])
    gauges: dict[str, dict[Labels, float]] = field(default_factory=dict[str, dict[Labels, float]])
    summaries: dict[str, dict[Labels, Summary]] = field(default_factory=dict[str, dict[Labels, Summary]])

    def take(self, packet: str) -> None:
        """Count the metrics in a packet; other lines are ignored."""
        for line in packet.splitlines():
            metric = _LINE.match(line.strip())
            if metric:
                with contextlib.suppress(ValueError):
                    weight = 1 / float(metric["rate"] or 1)
                    self._report(metric["name"], metric["kind"], metric["value"], weight)

    def _report(self, reported: str, kind: str, text: str, weight: float) -> None:
        name, labels = self._name_and_labels(reported)
        value = float(text)
        if kind == "c":
            family = self.counters.setdefault(name, {})
            family[labels] = family.get(labels, 0) + value * weight
        elif kind == "g":
            family = self.gauges.setdefault(name, {})
            family[labels] = family.get(labels, 0) + value if text[0] in "+-" else value
        elif kind in {"ms", "h", "d"}:
            seconds = value / _MILLISECONDS if kind == "ms" else value
            self.summaries.setdefault(name, {}).setdefault(labels, Summary()).observe(seconds, weight)

    def _name_and_labels(self, reported: str) -> tuple[str, Labels]:
        for rule in self.rules:
            match = rule.pattern.fullmatch(reported)
            if match:
                labels = {label: _filled(text, match) for label, text in rule.labels.items()}
                return _filled(rule.name, match), tuple(sorted(labels.items()))
        return _NOT_IN_NAMES.sub("_", reported), ()

    def text(self) -> str:
        """Return all metrics in Prometheus' text format."""
        lines: list[str] = []
        for kind, families in (("counter", self.counters), ("gauge", self.gauges)):
            for name, family in sorted(families.items()):
                lines.append(f"# TYPE {name} {kind}")
                lines += [f"{name}{_braced(labels)} {value:g}" for labels, value in sorted(family.items())]
        for name, family in sorted(self.summaries.items()):
            lines.append(f"# TYPE {name} summary")
            for labels, summary in sorted(family.items(), key=lambda item: item[0]):
                for part in _QUANTILES:
                    quantile = _braced((*labels, ("quantile", f"{part:g}")))
                    lines.append(f"{name}{quantile} {summary.quantile(part):g}")
                lines.append(f"{name}_sum{_braced(labels)} {summary.total:g}")
                lines.append(f"{name}_count{_braced(labels)} {summary.count:g}")
        return "".join(f"{line}\n" for line in lines)


def rules(text: str) -> tuple[Rule, ...]:
    """Read a mapping file; the original reads YAML, this one only JSON."""
    document = json.loads(text)
    return tuple(
        Rule(
            pattern=re.compile(re.escape(entry["match"]).replace(r"\*", r"([^.]+)")),
            name=entry["name"],
            labels=entry.get("labels", {}),
        )
        for entry in document["mappings"]
    )


def _filled(text: str, match: re.Match[str]) -> str:
    return re.sub(r"\$\{?(\d+)\}?", lambda group: match[int(group[1])], text)


def _braced(labels: Labels) -> str:
    def quoted(value: str) -> str:
        return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    return "{" + ",".join(f'{name}="{quoted(value)}"' for name, value in labels) + "}" if labels else ""


class _Packets(asyncio.DatagramProtocol):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        self._metrics.take(data.decode(errors="replace"))


async def serve(metrics: Metrics, *, udp: str, tcp: str, web: str) -> None:
    """Serve until SIGTERM or SIGINT."""

    async def lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            metrics.take(line.decode(errors="replace"))
        writer.close()

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readline()
        while (await reader.readline()).strip():
            pass
        known = request.split()[1:2] in ([b"/metrics"], [b"/"])
        body = metrics.text().encode() if known else b"not found\n"
        head = f"HTTP/1.1 {'200 OK' if known else '404 Not Found'}\r\nContent-Type: text/plain; version=0.0.4\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    # StatsD clients resolve localhost to 127.0.0.1, even if it is another address too.
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Packets(metrics), local_addr=_address(udp), family=socket.AF_INET
    )
    servers = [
        await asyncio.start_server(lines, *_address(tcp)),
        await asyncio.start_server(page, *_address(web)),
    ]
    await ended.wait()
    transport.close()
    for server in servers:
        server.close()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host or "0.0.0.0", int(port)  # noqa: S104 - as the original


def arguments() -> argparse.ArgumentParser:
    """Return a parser for the flags of the original."""
    parser = argparse.ArgumentParser(prog="statsd_exporter", description=__doc__)
    parser.add_argument("--statsd.mapping-config", dest="mapping", help="file that names the metrics")
    parser.add_argument("--statsd.listen-udp", dest="udp", default=":9125")
    parser.add_argument("--statsd.listen-tcp", dest="tcp", default=":9125")
    parser.add_argument("--web.listen-address", dest="web", default=":9102")
    return parser


def main() -> None:
    """Run the program."""
    options = arguments().parse_args()
    try:
        mapping = rules(Path(options.mapping).read_text(encoding="utf-8")) if options.mapping else ()
        asyncio.run(serve(Metrics(mapping), udp=options.udp, tcp=options.tcp, web=options.web))
    except (OSError, ValueError) as error:
        sys.exit(f"statsd_exporter: {error}")


if __name__ == "__main__":
    main()
