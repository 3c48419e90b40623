"""The child processes of the daemon.

All children are started and reaped here, with ``waitpid(-1)``: asyncio's child watchers and ``Popen.wait`` would take
exit codes from each other, and orphans must be reaped too.
"""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from paas_local.pebble.plan import users
from paas_local.pebble.services import terminals

_PR_SET_CHILD_SUBREAPER = 36
_SIGNAL_BASE = 128

Stream = int | IO[bytes] | None


class StartError(OSError):
    """A program that cannot be started; the message is Go's."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The environment, the working directory and the user of a process."""

    environment: Mapping[str, str]
    folder: str | None = None
    user: users.User | None = None


@dataclass(kw_only=True)
class Process:
    """A child process; ``exited`` has its exit code, 128+N after signal N."""

    pid: int
    exited: asyncio.Future[int] = field(repr=False)

    @property
    def is_running(self) -> bool:
        """True until the process has been reaped."""
        return not self.exited.done()

    def signal(self, number: int) -> None:
        """Send a signal to this process only."""
        if self.is_running:
            os.kill(self.pid, number)

    def signal_group(self, number: int) -> None:
        """Send a signal to its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Processes:
    """The child processes."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[Process, subprocess.Popen[bytes]]] = {}
        self._may_set_groups: bool = users.may_set_groups()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Reap every child from now on, also orphans of children."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._record_exit(pid, os.waitstatus_to_exitcode(status))

    def _record_exit(self, pid: int, code: int) -> None:
        running = self._running.pop(pid, None)
        if running is None:
            return
        process, popen = running
        popen.returncode = code  # so Popen never waits for this pid itself
        if not process.exited.done():
            process.exited.set_result(_SIGNAL_BASE - code if code < 0 else code)

    def start(
        self,
        program: str,
        words: Sequence[str],
        context: Context,
        *,
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = subprocess.DEVNULL,
        stderr: Stream = subprocess.STDOUT,
        takes_terminal: bool = False,
    ) -> Process:
        """Start a program in a session, and so a process group, of its own; raises StartError.

        ``takes_terminal`` makes standard input the terminal of the session.
        """
        user = context.user
        changes_user = user is not None and not user.is_self
        try:
            popen = subprocess.Popen(  # reaped in _reap, not by a with block
                words,
                executable=program,
                env=context.environment,
                cwd=context.folder,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=terminals.take if takes_terminal else None,  # noqa: PLW1509  the daemon has no threads
                user=user.uid if user is not None and user.uid != os.geteuid() else None,
                group=user.gid if user is not None and user.gid != os.getegid() else None,
                extra_groups=[] if changes_user or (user and self._may_set_groups) else None,
            )
        except OSError as error:
            raise StartError(f"fork/exec {program}: {reason(error)}") from None
        except ValueError:  # a NUL in a word or in the environment
            raise StartError(f"fork/exec {program}: invalid argument") from None
        process = Process(pid=popen.pid, exited=asyncio.get_running_loop().create_future())
        self._running[popen.pid] = (process, popen)
        return process


def reason(error: OSError) -> str:
    """Return the text of an error as Go writes it, in lower case."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]


def find_program(program: str) -> str | None:
    """Find a program in the daemon's PATH; a path is returned as it is."""
    if "/" in program:
        return program
    path = shutil.which(program)
    return None if path is None else str(Path(path).absolute())
