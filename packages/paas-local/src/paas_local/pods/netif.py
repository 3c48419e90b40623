"""How the network interfaces of the current network namespace get up and get their address."""

import fcntl
import ipaddress
import socket
import struct

_SIOCADDRT = 0x890B
_SIOCSIFFLAGS = 0x8914
_SIOCSIFADDR = 0x8916
_SIOCSIFNETMASK = 0x891C
_UP_AND_RUNNING = 0x41
_ROUTE_UP_BY_GATEWAY = 0x3


def control_socket() -> socket.socket:
    """Open what the other functions of this module act through; it stays in today's namespace."""
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)


def bring_up(link: socket.socket, name: str) -> None:
    """Switch an interface on."""
    fcntl.ioctl(link, _SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), _UP_AND_RUNNING))


def set_address(link: socket.socket, name: str, where: ipaddress.IPv4Interface) -> None:
    """Give an interface its address and the width of its network."""
    for request, number in ((_SIOCSIFADDR, where.ip), (_SIOCSIFNETMASK, where.netmask)):
        fcntl.ioctl(link, request, struct.pack("16s16s8x", name.encode(), _internet(number)))


def add_default_route(link: socket.socket, gateway: ipaddress.IPv4Address) -> None:
    """Send everything that is not on a known network to the gateway."""
    anywhere = _internet(ipaddress.IPv4Address(0))
    # struct rtentry: a word, three addresses, the flags; what follows may be zero.
    route = struct.pack("@L16s16s16sH", 0, anywhere, _internet(gateway), anywhere, _ROUTE_UP_BY_GATEWAY)
    fcntl.ioctl(link, _SIOCADDRT, route.ljust(128, b"\0"))


def _internet(number: ipaddress.IPv4Address) -> bytes:
    return struct.pack("=HH4s8x", socket.AF_INET, 0, number.packed)
