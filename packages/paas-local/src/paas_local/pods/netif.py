"""Network interfaces of the current network namespace, configured with ``ioctl``."""

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
    """Open the socket for the other functions; it belongs to the namespace that is current now."""
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)


def bring_up(link: socket.socket, name: str) -> None:
    """Bring an interface up."""
    fcntl.ioctl(link, _SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), _UP_AND_RUNNING))


def set_address(link: socket.socket, name: str, address: ipaddress.IPv4Interface) -> None:
    """Set the address and the network mask of an interface."""
    for request, number in ((_SIOCSIFADDR, address.ip), (_SIOCSIFNETMASK, address.netmask)):
        fcntl.ioctl(link, request, struct.pack("16s16s8x", name.encode(), _sockaddr(number)))


def add_default_route(link: socket.socket, gateway: ipaddress.IPv4Address) -> None:
    """Route all addresses outside of the known networks through the gateway."""
    anywhere = _sockaddr(ipaddress.IPv4Address(0))
    # struct rtentry: a word, three addresses, the flags; the rest may be zero.
    route = struct.pack("@L16s16s16sH", 0, anywhere, _sockaddr(gateway), anywhere, _ROUTE_UP_BY_GATEWAY)
    fcntl.ioctl(link, _SIOCADDRT, route.ljust(128, b"\0"))


def _sockaddr(number: ipaddress.IPv4Address) -> bytes:
    return struct.pack("=HH4s8x", socket.AF_INET, 0, number.packed)
