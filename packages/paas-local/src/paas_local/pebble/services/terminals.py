"""Terminals of commands: a command has one end, and the daemon the other."""

import fcntl
import os
import struct
import termios
from typing import Final

from paas_local.pebble.plan import users

END_OF_INPUT: Final = b"\x04"
"""Ctrl-D: closing our end would also end the output."""


def open_pair(width: int, height: int, user: users.User | None) -> tuple[int, int]:
    """Open a terminal of a size, unless that is 0; return our end and the command's, which belongs to its user."""
    ours, theirs = os.openpty()
    if user is not None and not user.is_self:
        os.fchown(theirs, user.uid, user.gid)
    if width > 0 and height > 0:
        resize(ours, width, height)
    return ours, theirs


def resize(descriptor: int, width: int, height: int) -> None:
    """Change the size of a terminal; sizes that it cannot have are ignored."""
    if 0 <= width < 1 << 16 and 0 <= height < 1 << 16:
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def take() -> None:
    """Make standard input the controlling terminal of this new session, so that Ctrl-C reaches its processes."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
