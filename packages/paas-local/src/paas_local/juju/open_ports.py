"""The open ports of a unit, such as ``8000/tcp``, ``10-20/udp`` and ``icmp``; ``80/tcp db`` is for one endpoint."""

import re
from collections.abc import Collection, Mapping, Sequence

HIGHEST_PORT = 65535
_ALL = "*"


def names(ports: Collection[str]) -> Sequence[str]:
    """Return the ports that are open for any endpoint, in the order of their numbers."""
    return sorted({_parts(each)[0] for each in ports}, key=_by_number)


def endpoints(ports: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Return the endpoints of each port, ``*`` for all."""
    parts = [_parts(each) for each in ports]
    return {
        name: [_ALL] if name in ports else sorted(endpoint for port, endpoint in parts if port == name)
        for name in names(ports)
    }


def with_port(ports: frozenset[str], port: str, chosen: Sequence[str]) -> frozenset[str]:
    """Return the ports with one more, for some endpoints or for all."""
    return ports | ({f"{port} {endpoint}" for endpoint in chosen} or {port})


def without_port(ports: frozenset[str], port: str, chosen: Sequence[str]) -> frozenset[str]:
    """Return the ports without one, for some endpoints or for all."""
    if chosen:
        return ports - {f"{port} {endpoint}" for endpoint in chosen}
    return frozenset(each for each in ports if _parts(each)[0] != port)


def _parts(text: str) -> tuple[str, str]:
    port, _, endpoint = text.partition(" ")
    return port, endpoint


def _by_number(port: str) -> tuple[int, str]:
    digits = re.match(r"\d+", port)
    return int(digits[0]) if digits else HIGHEST_PORT + 1, port
