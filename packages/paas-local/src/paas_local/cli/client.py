"""How a command asks the background process, which it starts when there is none.

The process listens on a unix socket in the home folder; every question is a POST of one JSON object. Only the
standard library is used, because a command that only asks should not wait for its own imports.
"""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from paas_local import folders

Progress = Callable[[str], None]

LOG = "daemon.log"
PATIENCE = 120.0
"""Seconds to wait for an answer that does not wait for anything itself."""
_ASKS_ONLY = frozenset(("config-get", "models", "ping", "secrets", "show-secret", "show-unit", "status"))
"""Verbs that may be asked again, because they change nothing."""
_START_PATIENCE = 60.0
_CONNECT_PATIENCE = 5.0
_LINES_SHOWN = 10
_LARGEST_LOG = 10_000_000


class ClientError(Exception):
    """The answer is no, or there is none; the text is for the person, the code for the shell."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class _EndedError(ClientError):
    """The process ended before it answered; whether it did what it was told is not known."""


class _NobodyAnswersError(Exception):
    """Nothing listens on the socket."""


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("paas-local", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect at once or not at all; only the answer may take its time."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_CONNECT_PATIENCE)
        try:
            connection.connect(str(self._path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            connection.close()
            raise _NobodyAnswersError from error
        except OSError as error:
            connection.close()
            raise ClientError(f"cannot connect to {self._path}: {error.strerror or error}") from error
        connection.settimeout(self.timeout)
        self.sock = connection


@dataclass(frozen=True, kw_only=True)
class Client:
    """Asks the background process of one home folder."""

    home: Path
    pebble: Path | None = None
    progress: Progress = lambda _: None
    program: tuple[str, ...] = (sys.executable, "-m", "paas_local.pods.host_gateway")

    @classmethod
    def here(cls, *, progress: Progress, pebble: Path | None = None) -> "Client":
        """Ask the process of this person's home folder."""
        found = pebble or shutil.which("pebble")
        return cls(home=folders.home(), pebble=Path(found) if found else None, progress=progress)

    def ask(self, verb: str, *, patience: float | None = PATIENCE, **body: Any) -> Any:
        """Give the result of a verb."""
        return self.answer(verb, patience=patience, **body)["result"]

    def answer(self, verb: str, *, patience: float | None = PATIENCE, **body: Any) -> Mapping[str, Any]:
        """Give a verb's whole answer; what stands beside the result is ours, not Juju's."""
        try:
            return self._read(verb, body, patience)
        except _EndedError:
            if verb not in _ASKS_ONLY:
                raise
            return self._read(verb, body, patience)

    def stream(self, verb: str, **body: Any) -> Iterator[Mapping[str, Any]]:
        """Give the lines of an answer as they come; it may never end."""
        with self._response(verb, body, None) as response:
            while line := response.readline():
                yield json.loads(line)

    def running(self) -> bool:
        """Say whether the background process listens; this starts nothing."""
        connection = _Connection(self.home / folders.SOCKET, _CONNECT_PATIENCE)
        try:
            connection.connect()
        except _NobodyAnswersError:
            return False
        connection.close()
        return True

    def wait_until_gone(self) -> None:
        """Wait until the background process, told to end, listens no more."""
        deadline = time.monotonic() + _START_PATIENCE
        while self.running():
            if time.monotonic() > deadline:
                raise ClientError(f"the background process did not end; see {self.home / LOG}")
            time.sleep(0.05)

    def start(self) -> None:
        """Start the background process if none answers; commands that start together start one."""
        with self._alone():
            if self.running():
                return
            self.progress("starting the background process")
            self._wait_until_free()
            with _interrupts_later() as interrupted:
                process = self._spawn()
            if interrupted:
                _end(process)
                raise KeyboardInterrupt
            self._wait_until_ready(process)

    def _read(self, verb: str, body: Mapping[str, Any], patience: float | None) -> Mapping[str, Any]:
        with self._response(verb, body, patience) as response:
            return json.loads(response.read())

    @contextlib.contextmanager
    def _response(
        self, verb: str, body: Mapping[str, Any], patience: float | None
    ) -> Generator[http.client.HTTPResponse]:
        connection = self._connected(patience)
        content = {"Content-Type": "application/json"}
        try:
            connection.request("POST", f"/v1/{verb}", json.dumps(body), content)
            response = connection.getresponse()
            self._refuse(response)
            yield response
        except TimeoutError as error:
            raise ClientError(
                f"the background process did not answer within {patience or 0:.0f} s; see {self.home / LOG}"
            ) from error
        except (ConnectionError, http.client.HTTPException) as error:
            raise _EndedError(
                f"the background process ended while it worked on {verb}; try again, or see {self.home / LOG}"
            ) from error
        finally:
            connection.close()

    def _connected(self, patience: float | None) -> _Connection:
        connection = _Connection(self.home / folders.SOCKET, patience)
        try:
            connection.connect()
        except _NobodyAnswersError:
            self.start()
        else:
            return connection
        try:
            connection.connect()
        except _NobodyAnswersError as error:
            raise ClientError(f"the background process ended at once; {self._last_words()}") from error
        return connection

    def _refuse(self, response: http.client.HTTPResponse) -> None:
        """Turn an answer that is no into an exception with its reason."""
        if response.status == http.client.OK:
            return
        if response.status >= http.client.INTERNAL_SERVER_ERROR:
            raise ClientError(f"a defect in the background process; {self._last_words()}")
        refusal = json.loads(response.read())
        raise ClientError(refusal["error"], refusal.get("code", 1))

    def _wait_until_free(self) -> None:
        """Let an earlier process, which listens no more, end what it runs; it holds a lock until then."""
        place = self.home / "run" / "lock"
        if not place.exists():
            return
        deadline = time.monotonic() + _START_PATIENCE
        with place.open("r") as lock:
            while _held(lock):
                if time.monotonic() > deadline:
                    raise ClientError(
                        f"an earlier background process, {place.read_text().strip()}, neither answers nor ends;"
                        " end it with kill"
                    )
                time.sleep(0.05)

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
                self._must_come(process, deadline)
                time.sleep(0.05)
        except BaseException:
            # Ctrl-C too: a process that is not ready serves nobody.
            _end(process)
            raise
        # It outlives this command on purpose; otherwise Python warns of it.
        process.returncode = 0

    def _must_come(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        if process.poll() is not None:
            raise ClientError(f"the background process did not start; {self._last_words()}")
        if time.monotonic() > deadline:
            raise ClientError(
                f"the background process was not ready within {_START_PATIENCE:.0f} s; {self._last_words()}"
            )

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        with (self.home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _last_words(self) -> str:
        """Show the end of the log: what the process said is the reason."""
        log = self.home / LOG
        if not log.exists():
            return f"there is no {log}"
        lines = log.read_text(errors="replace").splitlines()[-_LINES_SHOWN:]
        return "\n  ".join([f"the end of {log}:", *lines])


@contextlib.contextmanager
def _interrupts_later() -> Generator[list[int]]:
    """Note a Ctrl-C in place of acting on it: a process that is just being made must not be forgotten."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_CONNECT_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _held(lock: TextIO) -> bool:
    """Say whether another process holds a lock; it goes free again when the file is closed."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
