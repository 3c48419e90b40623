"""The client of the background process; it starts the process if there is none.

The process listens on a unix socket in the home folder. A request is one JSON object, sent with GET if it is a query,
which changes nothing, and with POST otherwise. Only the standard library is used, to keep a command's start-up short.
"""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from paas_local import folders
from paas_local.cli.unix_http import NotListeningError, UnixConnection, send_request

Progress = Callable[[str], None]

LOG = "daemon.log"
PATIENCE = 120.0
"""Seconds to wait for the answer to a request that is answered at once."""
_START_PATIENCE = 60.0
_CONNECT_PATIENCE = 5.0
_LINES_SHOWN = 10
_LARGEST_LOG = 10_000_000


class ClientError(Exception):
    """A request failed; the text is for the user, the code is the exit status."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class _EndedError(ClientError):
    """The process ended before it answered; whether it has handled the request is not known."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """The client of one home folder's background process."""

    home: Path
    pebble: Path | None = None
    progress: Progress = lambda _: None
    program: tuple[str, ...] = (sys.executable, "-m", "paas_local.pods.supervisor")

    @classmethod
    def of_home(cls, *, progress: Progress, pebble: Path | None = None) -> "Client":
        """Return the client of the user's home folder."""
        program = pebble or shutil.which("pebble")
        return cls(home=folders.home(), pebble=Path(program) if program else None, progress=progress)

    def request(self, command: str, /, *, patience: float | None = PATIENCE, **body: Any) -> Any:
        """Return the result of a command."""
        return self.request_answer(command, patience=patience, **body)["result"]

    def request_answer(self, command: str, /, *, patience: float | None = PATIENCE, **body: Any) -> Mapping[str, Any]:
        """Return a command's whole answer: the result in Juju's shape, and what paas-local adds to it."""
        return self._read("POST", command, body, patience)

    def query(self, command: str, /, **body: Any) -> Any:
        """Return the result of a command that changes nothing; repeat it if the process ended before it answered."""
        return self.query_answer(command, **body)["result"]

    def query_answer(self, command: str, /, **body: Any) -> Mapping[str, Any]:
        """Return a query's whole answer: the result in Juju's shape, and what paas-local adds to it."""
        try:
            return self._read("GET", command, body, PATIENCE)
        except _EndedError:
            return self._read("GET", command, body, PATIENCE)

    def stream(self, command: str, /, **body: Any) -> Iterator[Mapping[str, Any]]:
        """Yield the lines of an endless answer as they come."""
        with self._response("GET", command, body, None) as response:
            while line := response.readline():
                yield json.loads(line)

    def converse(self, command: str, stdin: BinaryIO, /, **body: Any) -> Iterator[Mapping[str, Any]]:
        """Send a request and, while the lines of its answer come, the bytes of a file."""
        with self._response("POST", command, body, None, stdin) as response:
            while line := response.readline():
                yield json.loads(line)

    def running(self) -> bool:
        """Return whether the background process listens, without starting it."""
        connection = UnixConnection(self.home / folders.SOCKET, _CONNECT_PATIENCE)
        try:
            _connect(connection)
        except NotListeningError:
            return False
        connection.close()
        return True

    def wait_until_gone(self) -> None:
        """Wait until the background process and all of its pods have ended."""
        deadline = time.monotonic() + _START_PATIENCE
        while self.running() or self._is_locked():
            if time.monotonic() > deadline:
                raise ClientError(f"the background process did not end; see {self.home / LOG}")
            time.sleep(0.05)

    def runs_before_free(self) -> bool:
        """Wait for the lock of an earlier process, which holds it until its pods have ended.

        Return True if it listens before that: it is started again by itself after it was killed.
        """
        deadline = time.monotonic() + _START_PATIENCE
        while self._is_locked():
            if self.running():
                return True
            if time.monotonic() > deadline:
                raise ClientError(
                    f"an earlier background process, {(self.home / 'run' / 'lock').read_text().strip()}, neither"
                    " answers nor ends; end it with kill"
                )
            time.sleep(0.05)
        return False

    def start(self) -> None:
        """Start the background process unless it runs; of commands that run at the same time, one starts it."""
        with self._start_lock():
            if self.running():
                return
            self.progress("starting the background process")
            if self.runs_before_free():
                return
            with _interrupts_delayed() as interrupted:
                process = self._spawn()
            if interrupted:
                _end(process)
                raise KeyboardInterrupt
            self._wait_until_ready(process)

    def _read(self, method: str, command: str, body: Mapping[str, Any], patience: float | None) -> Mapping[str, Any]:
        with self._response(method, command, body, patience) as response:
            return json.loads(response.read())

    @contextlib.contextmanager
    def _response(
        self,
        method: str,
        command: str,
        body: Mapping[str, Any],
        patience: float | None,
        stdin: BinaryIO | None = None,
    ) -> Generator[http.client.HTTPResponse]:
        connection = self._connected(patience)
        try:
            send_request(connection, method, f"/v1/{command}", json.dumps(body), stdin)
            response = connection.getresponse()
            self._raise_error(response)
            yield response
        except TimeoutError as error:
            raise ClientError(
                f"the background process did not answer within {patience or 0:.0f} s; see {self.home / LOG}"
            ) from error
        except (ConnectionError, http.client.HTTPException) as error:
            raise _EndedError(
                f"the background process ended while it worked on {command}; try again, or see {self.home / LOG}"
            ) from error
        finally:
            connection.close()

    def _connected(self, patience: float | None) -> UnixConnection:
        connection = UnixConnection(self.home / folders.SOCKET, patience)
        try:
            _connect(connection)
        except NotListeningError:
            self.start()
        else:
            return connection
        try:
            _connect(connection)
        except NotListeningError as error:
            raise ClientError(f"the background process ended at once; {self._end_of_log()}") from error
        return connection

    def _raise_error(self, response: http.client.HTTPResponse) -> None:
        if response.status == http.client.OK:
            return
        if response.status >= http.client.INTERNAL_SERVER_ERROR:
            raise ClientError(f"a defect in the background process; {self._end_of_log()}")
        error = json.loads(response.read())
        raise ClientError(error["error"], error.get("code", 1))

    def _is_locked(self) -> bool:
        """Return whether a process holds the lock of the home; the last one to hold it is the one with the pods."""
        lock_file = self.home / "run" / "lock"
        if not lock_file.exists():
            return False
        with lock_file.open("r") as lock:
            return _is_held(lock)

    def _spawn(self) -> subprocess.Popen[bytes]:
        log = self.home / LOG
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.old"))
        pebble = ("--pebble", str(self.pebble)) if self.pebble else ()
        with log.open("ab") as output:
            return subprocess.Popen(
                (*self.program, *pebble),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={**os.environ, "PAAS_LOCAL_HOME": str(self.home)},  # which may be relative to here
                start_new_session=True,
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_PATIENCE
        try:
            while not self.running():
                self._check_starting(process, deadline)
                time.sleep(0.05)
        except BaseException:
            # Ctrl-C too: no command uses a process that is not ready.
            _end(process)
            raise
        # It outlives this command; without this, Python warns about it.
        process.returncode = 0

    def _check_starting(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        if process.poll() is not None:
            raise ClientError(f"the background process did not start; {self._end_of_log()}")
        if time.monotonic() > deadline:
            raise ClientError(
                f"the background process was not ready within {_START_PATIENCE:.0f} s; {self._end_of_log()}"
            )

    @contextlib.contextmanager
    def _start_lock(self) -> Generator[None]:
        with (self.home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _end_of_log(self) -> str:
        """Return the end of the log, which has the reason."""
        log = self.home / LOG
        if not log.exists():
            return f"{log} does not exist"
        lines = log.read_text(errors="replace").splitlines()[-_LINES_SHOWN:]
        return "\n  ".join([f"the end of {log}:", *lines])


@contextlib.contextmanager
def _interrupts_delayed() -> Generator[list[int]]:
    """Collect Ctrl-C instead of raising it, so that a process in creation is not lost."""
    interrupts: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_CONNECT_PATIENCE)
    except subprocess.TimeoutExpired:
        # its group is the host gateway's too, and all others end with that
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _connect(connection: UnixConnection) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise ClientError(f"cannot connect to {connection.path}: {error.strerror or error}") from error


def _is_held(lock: TextIO) -> bool:
    """Return whether another process holds a lock; closing the file releases it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
