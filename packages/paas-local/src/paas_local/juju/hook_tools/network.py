"""The hook tools for a unit's addresses and ports.

The ingress address is the unit's own. On Kubernetes it is that of the application's service.
"""

import re
from collections.abc import Sequence
from typing import Any

from paas_local.juju import open_ports
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags
from paas_local.juju.open_ports import HIGHEST_PORT

PORT = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?(?:/(?P<protocol>tcp|udp))?|icmp")


def network_get(call: Call) -> Reply:
    """Return the network of an endpoint."""
    binding = call.arguments.word(0)
    application = call.context.snapshot.applications[call.context.application]
    if binding not in {*application.charm.endpoints, "juju-info"}:
        raise JujuError(f'no network config found for binding "{binding}"')
    address = _address(call)
    for name in ("bind-address", "ingress-address", "primary-address"):
        if call.arguments.on(name):
            return call.document(address)
    network: dict[str, Any] = {
        "bind-addresses": [
            {
                "mac-address": "",
                "interface-name": "",
                "addresses": [{"hostname": "", "value": address, "cidr": ""}],
            }
        ],
        "egress-subnets": [f"{address}/32"],
        "ingress-addresses": [address],
    }
    return call.document(network)


def unit_get(call: Call) -> Reply:
    """Return the private or public address, which are the same."""
    return call.document(_address(call))


def opened_ports(call: Call) -> Reply:
    """Return the open ports, including the pending writes of this hook."""
    ports = _ports(call)
    if not call.arguments.on("endpoints"):
        return call.document(open_ports.names(ports))
    return call.document([f"{port} ({', '.join(names)})" for port, names in open_ports.endpoints(ports).items()])


def open_port(call: Call) -> Reply:
    """Open a port or a range, for some endpoints or for all."""
    return call.writing(ports=open_ports.with_port(_ports(call), _port(call), _endpoints(call)))


def close_port(call: Call) -> Reply:
    """Close a port or a range, for some endpoints or for all."""
    return call.writing(ports=open_ports.without_port(_ports(call), _port(call), _endpoints(call)))


def _ports(call: Call) -> frozenset[str]:
    if call.writes.ports is not None:
        return call.writes.ports
    unit = call.model.unit(call.context.unit)
    return unit.ports if unit else frozenset()


def _endpoints(call: Call) -> Sequence[str]:
    """Return the endpoints of ``--endpoints``; none for all."""
    chosen = [name for name in call.arguments.flags.get("endpoints", "").split(",") if name and name != "*"]
    application = call.context.snapshot.applications[call.context.application]
    for name in chosen:
        if name not in application.charm.endpoints:
            raise JujuError(f'endpoint "{name}" not found', code=BAD_ARGUMENTS)
    return chosen


def _address(call: Call) -> str:
    unit = call.model.unit(call.context.unit)
    return unit.address if unit else ""


def _port(call: Call) -> str:
    text = call.arguments.word(0).lower()
    match = PORT.fullmatch(text)
    if match is None:
        raise JujuError(
            f'invalid port or range "{text}", expected <port>[-<port>][/tcp|/udp] or icmp', code=BAD_ARGUMENTS
        )
    if match["first"] is None:
        return "icmp"
    first, last = int(match["first"]), int(match["last"] or match["first"])
    if not 0 < first <= last <= HIGHEST_PORT:
        raise JujuError(f'port range bounds must be between 1 and {HIGHEST_PORT}, got "{text}"', code=BAD_ARGUMENTS)
    numbers = str(first) if first == last else f"{first}-{last}"
    return f"{numbers}/{match['protocol'] or 'tcp'}"


_ADDRESSES = ("bind-address", "ingress-address", "primary-address")
TOOLS = {
    "network-get": Tool(run=network_get, flags=flags("relation", booleans=_ADDRESSES)),
    "unit-get": Tool(run=unit_get, flags=flags()),
    "opened-ports": Tool(run=opened_ports, flags=flags(booleans=("endpoints",))),
    "open-port": Tool(run=open_port, flags=flags("endpoints")),
    "close-port": Tool(run=close_port, flags=flags("endpoints")),
}
