"""Replay of recorded scenarios against the daemon, with a comparison of every answer.

The recording has placeholders for values that differ between runs; a placeholder with a number is the same value
everywhere.
"""

import asyncio
import grp
import http.server
import itertools
import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pebble_record
import pebble_wire
from paas_local.pebble import VERSION
from pebble_record import is_array, is_object

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WILD = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[-+]\d\d:\d\d)",
    "ns": r"\d{19}",
    "boundary": r"[0-9a-zA-Z]+",
    "random": r"\d+",
    "id": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "version": re.escape(VERSION),
}
PLACEHOLDER = re.compile(r"\{([a-zA-Z]+[0-9]*(?:-[0-9]+)?)\}")


class DifferenceError(AssertionError):
    """An answer that differs from the recording."""


class Matcher:
    """A comparison of answers with the recording, with the values of numbered placeholders."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known: dict[str, str] = dict(known)

    def fill(self, value: Any) -> Any:
        """Replace placeholders with known values."""
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda match: self.known.get(match[1], match[0]), value)
        if is_object(value):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        return [self.fill(item) for item in value] if is_array(value) else value

    def compare(self, recorded: Any, answer: Any, where: str = "") -> None:
        """Raise DifferenceError if the answer differs."""
        if recorded == "{some}":
            if not isinstance(answer, int) or answer < 1:
                raise DifferenceError(f"{where}: recorded a number, answer {answer!r}")
        elif isinstance(recorded, str) and isinstance(answer, str):
            self._text(recorded, answer, where)
        elif is_object(recorded) and is_object(answer):
            self._object(recorded, answer, where)
        elif is_array(recorded) and is_array(answer):
            if len(recorded) != len(answer):
                raise DifferenceError(f"{where}: recorded {len(recorded)} items, answer {len(answer)}: {answer}")
            for place, pair in enumerate(zip(recorded, answer, strict=True)):
                self.compare(*pair, f"{where}[{place}]")
        elif recorded != answer:
            raise DifferenceError(f"{where}: recorded {recorded!r}, answer {answer!r}")

    def _object(self, recorded: dict[str, Any], answer: dict[str, Any], where: str) -> None:
        if recorded.get("status") == "down" and "failures" in answer:
            # Failures continue to count after the recorded ones.
            recorded = {**recorded, "failures": "{some}"}
        if recorded.get("kind") == "recover-check" and recorded.get("status") == "Doing":
            answer = {key: item for key, item in answer.items() if key != "log"}
        keys = {self.fill(key): key for key in recorded if recorded[key] is not None or key == "user-id"}
        missing = keys.keys() ^ {key for key, item in answer.items() if item is not None or key == "user-id"}
        if missing:
            raise DifferenceError(f"{where}: keys differ: {sorted(missing)}\n  recorded {recorded}\n  answer {answer}")
        for key, original in keys.items():
            self.compare(own(key, recorded[original]), answer[key], f"{where}.{key}")

    def _text(self, recorded: str, answer: str, where: str) -> None:
        fresh: list[str] = []
        pattern = ""
        position = 0
        for each in PLACEHOLDER.finditer(recorded):
            name = each[1]
            pattern += re.escape(recorded[position : each.start()])
            position = each.end()
            if name in self.known:
                pattern += re.escape(self.known[name])
            elif name in WILD:
                pattern += f"(?:{WILD[name]})"
            elif re.fullmatch(r"(change|task|notice)-\d+", name):
                pattern += rf"(?P={group(name)})" if name in fresh else rf"(?P<{group(name)}>\d+)"
                fresh.append(name)
            else:
                pattern += re.escape(each[0])
        match = re.fullmatch(pattern + re.escape(recorded[position:]), answer)
        if match is None:
            raise DifferenceError(f"{where}:\n  recorded {self.fill(recorded)!r}\n  answer  {answer!r}")
        self.known.update({name: match[group(name)] for name in fresh})


def group(name: str) -> str:
    return name.replace("-", "_")


def own(key: str, recorded: Any) -> Any:
    """Replace root, which made the recording, by the user that runs the replay."""
    user, folder = pwd.getpwuid(os.getuid()), grp.getgrgid(os.getgid())
    if recorded == 0 and key in ("user-id", "uid"):
        return user.pw_uid
    if recorded == 0 and key in ("group-id", "gid"):
        return folder.gr_gid
    if recorded == "root" and key in ("user", "USER"):
        return user.pw_name
    return folder.gr_name if recorded == "root" and key == "group" else recorded


class Forge:
    """The process that forks daemons, and their exit codes; ``program`` is another Pebble than the built-in one."""

    def __init__(self, program: str | None = None) -> None:
        self._program: tuple[str, ...] = (program,) if program else ()
        self._process: asyncio.subprocess.Process | None = None
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._turn: asyncio.Lock = asyncio.Lock()
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        script = Path(__file__).with_name("pebble_forge.py")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, str(script), *self._program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            message = json.loads(line)
            if "started" in message:
                self.ended(message["started"])
                self._started.put_nowait(message["started"])
            elif not self.ended(message["ended"]).done():
                self.ended(message["ended"]).set_result(message["code"])

    def ended(self, pid: int) -> "asyncio.Future[int]":
        return self._ended.setdefault(pid, asyncio.get_running_loop().create_future())

    async def start(self, request: dict[str, Any]) -> int:
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._turn:
            self._process.stdin.write((json.dumps(request) + "\n").encode())
            return await asyncio.wait_for(self._started.get(), 30)

    async def close(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reading is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading


class Web:
    """The server of a check or a log target."""

    def __init__(self, port: int) -> None:
        self.status: int = 200
        self.body: str = ""
        self.received: list[dict[str, Any]] = []
        self._port: int = port
        self._server: asyncio.AbstractServer | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("Content-Length", 0)))
            method, path, _ = head[0].split(" ")
            received: dict[str, Any] = {"method": method, "path": path, "headers": headers}
            self.received.append({**received, **({"json": json.loads(body)} if body else {})})
            phrase = http.server.BaseHTTPRequestHandler.responses[http.HTTPStatus(self.status)][0]
            length = f"Content-Length: {len(self.body)}\r\n" if self.status != 204 else ""
            writer.write(f"HTTP/1.1 {self.status} {phrase}\r\n{length}Connection: close\r\n\r\n{self.body}".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


class Scenario:
    """One run of a recorded scenario; ``records`` puts an answer that differs into its step."""

    def __init__(self, forge: Forge, *, records: bool = False) -> None:
        self._forge: Forge = forge
        self._records: bool = records
        self._folder: Path = Path(tempfile.mkdtemp(prefix="pebble-"))
        self._folder.chmod(0o755)
        (self._folder / "home").mkdir()
        ports = {f"PORT{number}": str(free_port()) for number in (1, 2)}
        self._matcher: Matcher = Matcher({"DIR": str(self._folder), **ports})
        self._pid: int | None = None
        self._begun: bool = False
        self._webs: dict[str, Web] = {}
        self._listeners: dict[str, socket.socket] = {}
        self._sockets: dict[str, pebble_wire.WebSocket] = {}
        self._opened: list[pebble_wire.WebSocket] = []
        self._took: list[float] = []

    async def play(self, steps: list[dict[str, Any]]) -> None:
        try:
            for number, step in enumerate(steps):
                began = asyncio.get_running_loop().time()
                try:  # an error names its step
                    if "hang-up" in step and any("alive" in later for later in steps[number:]):
                        await self._wait_for_pid()
                    await self._step(step)
                except (DifferenceError, OSError, asyncio.TimeoutError) as error:
                    text = json.dumps(step)[:400]
                    raise DifferenceError(
                        f"step {number}: {text}\n{type(error).__name__} {error}\n{self._log()}"
                    ) from None
                self._took.append(asyncio.get_running_loop().time() - began)
        finally:
            await self._close()

    def _log(self) -> str:
        log = self._folder / "log"
        return log.read_text()[-3000:] if log.exists() else ""

    async def _close(self) -> None:
        for opened in self._opened:
            opened.hang_up()
        if self._pid is not None:
            await self._end(signal.SIGTERM)
        # The servers close after the daemon: asyncio does not close a connection that it accepts while its server
        # closes, and the last connections of the daemon are still to be accepted.
        await asyncio.sleep(0.05)
        for opened in (*self._webs.values(), *self._listeners.values()):
            opened.close()
        shutil.rmtree(self._folder)

    async def _step(self, step: dict[str, Any]) -> None:
        names = ("request", "open", "send", "receive", "hang-up", "expect", "missing", "daemon", "sleep")
        arrange = ("put", "mkdir", "symlink", "fifo", "remove", "http-server", "tcp-server")
        name = next(name for name in (*names, *arrange, "note") if name in step)
        if not self._begun and name not in (*arrange, "daemon"):
            await self._start(["--hold"])
        steps: dict[str, Callable[[dict[str, Any]], Any]] = {
            "request": self._request,
            "open": self._open,
            "send": self._send,
            "receive": self._receive,
            "hang-up": self._hang_up,
            "expect": self._expect,
            "missing": self._missing,
            "daemon": self._daemon,
            "sleep": lambda step: asyncio.sleep(step["sleep"]),
            "http-server": self._http_server,
            "tcp-server": self._tcp_server,
            "note": self._note,
        }
        waiting = steps.get(name, self._arrange)(step)
        if waiting is not None:
            await waiting

    async def _start(self, arguments: list[str], environment: dict[str, str] | None = None, uid: int = 0) -> None:
        self._begun = True
        if uid:
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, uid, uid)
        self._pid = await self._forge.start(
            {
                "arguments": ["run", "--create-dirs", *arguments],
                "environment": {
                    "HOME": f"{self._folder}/home",
                    "PATH": PATH,
                    "PEBBLE": f"{self._folder}/pebble",
                    **(environment or {}),
                },
                "folder": str(self._folder),
                "log": str(self._folder / "log"),
                "uid": uid,
            }
        )
        for _ in range(1000):
            if self._forge.ended(self._pid).done() or self._listens():
                return
            await asyncio.sleep(0.02)

    def _listens(self) -> bool:
        try:
            pebble_wire.connect(self._socket, None).close()
        except OSError:
            return False
        return True

    @property
    def _socket(self) -> str:
        return f"{self._folder}/pebble/.pebble.socket"

    async def _end(self, number: int) -> int:
        assert self._pid is not None
        ended = self._forge.ended(self._pid)
        if not ended.done() and number:
            os.kill(self._pid, number)
        self._pid = None
        return await asyncio.wait_for(asyncio.shield(ended), 15)

    async def _daemon(self, step: dict[str, Any]) -> None:
        what = step["daemon"]
        if what == "start":
            arguments = self._matcher.fill(step["args"])
            await self._start(arguments, step.get("env"), step.get("as-uid", 0))
        if "exit-code" in step:
            code = await self._end({"stop": signal.SIGTERM, "kill": signal.SIGKILL}.get(what, 0))
            step["exit-code"] = self._compared(step["exit-code"], code, "exit code")
        if "stderr" in step and self._matcher.fill(step["stderr"]) not in self._log():
            if not self._records:
                raise DifferenceError(f"recorded {step['stderr']!r} in the log")
            step["stderr"] = pebble_record.recorded(self._log().strip().rpartition("\n")[2], self._matcher.known)

    def _compared(self, recorded: Any, answer: Any, where: str) -> Any:
        """Return the recording of an answer, which is the old one unless the answer differs and is recorded."""
        known = dict(self._matcher.known)
        try:
            self._matcher.compare(recorded, answer, where)
        except DifferenceError:
            if not self._records:
                raise
            self._matcher.known = known
            return pebble_record.recorded(answer, known)
        return recorded

    def _arrange(self, step: dict[str, Any]) -> None:
        name = next(name for name in ("put", "mkdir", "symlink", "fifo", "remove") if name in step)
        path = Path(self._matcher.fill(step[name]))
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == "put":
            path.write_text(self._matcher.fill(step["content"]))
            path.chmod(int(step.get("mode", "644"), 8))
        elif name == "mkdir":
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        elif name == "symlink":
            path.symlink_to(step["to"])
        elif name == "fifo":
            os.mkfifo(path, 0o644)
        else:
            path.unlink()

    def _expect(self, step: dict[str, Any]) -> None:
        path = Path(self._matcher.fill(step["expect"]))
        info = path.lstat()
        answer: dict[str, Any] = {
            "mode": f"{stat.S_IMODE(info.st_mode):o}",
            "uid": info.st_uid,
            "gid": info.st_gid,
            **({"content": path.read_bytes().decode()} if "content" in step else {}),
        }
        self._matcher.compare({key: value for key, value in step.items() if key != "expect"}, answer, str(path))

    def _missing(self, step: dict[str, Any]) -> None:
        if Path(self._matcher.fill(step["missing"])).exists():
            raise DifferenceError(f"{step['missing']} exists")

    async def _request(self, step: dict[str, Any]) -> None:
        # The recording waited for checks before requests about health, without a step for it; and the output of a
        # process comes later than its start.
        patience = 4 if step["request"]["path"] in ("/v1/health", "/v1/logs") else step.get("until", 0)
        deadline = asyncio.get_running_loop().time() + patience
        while (difference := await self._differs(step)) is not None:
            if asyncio.get_running_loop().time() >= deadline:
                if not self._records:
                    raise difference
                json_type = self._last.get("content-type") == "application/json"
                answer = {name: value for name, value in self._last.items() if name != "content-type" or not json_type}
                step["response"] = pebble_record.recorded(answer, self._matcher.known)
                return
            await asyncio.sleep(0.02)

    async def _differs(self, step: dict[str, Any]) -> DifferenceError | None:
        known = dict(self._matcher.known)
        try:
            await self._ask(step)
        except DifferenceError as difference:
            self._matcher.known = known
            return difference
        return None

    async def _ask(self, step: dict[str, Any]) -> None:
        call = self._prepared(step)
        if step.get("transport") == "http":
            connection = socket.create_connection(("127.0.0.1", int(self._matcher.known["PORT1"])))
        else:
            connection = pebble_wire.connect(self._socket, step.get("as-uid"))
        connection.setblocking(False)
        closes = re.search(r"[\d.]+", step.get("connection", ""))
        answer = await pebble_wire.request(connection, call, float(closes[0]) if closes else None)
        recorded: dict[str, Any] = {"content-type": "application/json", **step["response"]}
        if "lines" in recorded:
            recorded["lines"], answer["lines"] = lines(step, recorded["lines"], answer["lines"])
        if step.get("unordered"):
            answer["json"]["result"].sort(key=place)
        if not recorded.get("json", recorded.get("lines", recorded.get("body", True))):
            answer.pop("content-type")
            recorded.pop("content-type")
        self._last = answer
        self._matcher.compare(recorded, answer, call["path"])

    def _prepared(self, step: dict[str, Any]) -> dict[str, Any]:
        """Fill in the values of requests that the recording describes in words."""
        call: dict[str, Any] = self._matcher.fill(step["request"])
        query = call.get("query", [])
        if ["after", "the last-repeated of the notice"] in query:
            call["query"] = [*query[:-1], ["after", self._last["json"]["result"][0]["last-repeated"]]]
        if call.get("json", {}) and call["json"].get("data") == {"k": "x repeated 4100 times"}:
            call["json"]["data"] = {"k": "x" * 4100}
        if "added by someone else" in step.get("note", ""):
            asyncio.get_running_loop().call_later(0.3, asyncio.ensure_future, self._notify())
        return call

    async def _notify(self) -> None:
        added = {"action": "add", "type": "custom", "key": "example.com/late"}
        call = {"method": "POST", "path": "/v1/notices", "json": added}
        await pebble_wire.request(pebble_wire.connect(self._socket, None), call, None)

    async def _open(self, step: dict[str, Any]) -> None:
        task, name = self._matcher.fill(step["open"]["task"]), step["open"]["websocket"]
        connection = pebble_wire.connect(self._socket, None)
        connection.setblocking(False)
        opened = pebble_wire.WebSocket()
        self._opened.append(opened)
        answer = await opened.open(connection, f"/v1/tasks/{task}/websocket/{name}")
        recorded = step["response"]
        if recorded["status"] == 200:
            answer = {"status": 200}
        elif answer["status"] == 101:
            self._sockets[name] = opened
        step["response"] = self._compared(recorded, answer, name)

    async def _send(self, step: dict[str, Any]) -> None:
        opened = self._sockets[step["send"]]
        if "text" in step:
            opened.send(1, step["text"].encode())
        elif "binary" in step:
            opened.send(2, step["binary"].encode())
        else:
            opened.send(8, step["close"].to_bytes(2, "big"))

    async def _receive(self, step: dict[str, Any]) -> None:
        opened = self._sockets[step["receive"]]
        frames = await opened.receive(step["frames"])
        step["frames"] = self._compared(step["frames"], frames, step["receive"])
        if "closed" in step:
            self._matcher.compare(step["closed"], await opened.closed(), "closed")

    async def _wait_for_pid(self) -> None:
        """Wait until the command has written its pid, before its client disconnects."""
        path = self._folder / "pid"
        deadline = asyncio.get_running_loop().time() + 10
        while not (path.exists() and path.read_text().strip()):
            if asyncio.get_running_loop().time() > deadline:
                raise DifferenceError("the command has not written its pid")
            await asyncio.sleep(0.02)

    async def _hang_up(self, step: dict[str, Any]) -> None:
        names = list(self._sockets) if step["hang-up"] is True else [step["hang-up"]]
        for name in names:
            self._sockets.pop(name).hang_up()

    async def _http_server(self, step: dict[str, Any]) -> None:
        port = self._matcher.fill(step["http-server"])
        if port not in self._webs:
            self._webs[port] = Web(int(port))
            await self._webs[port].open()
        web = self._webs[port]
        if "received" not in step:
            web.status, web.body = step["status"], step["body"]
            return
        for _ in range(200):
            if web.received:
                break
            await asyncio.sleep(0.02)
        answer = web.received[: len(step["received"])]
        for recorded, seen in zip(step["received"], answer, strict=True):
            headers = {key: value for key, value in seen["headers"].items() if key in recorded["headers"]}
            recorded["headers"]["User-Agent"] = recorded["headers"]["User-Agent"].replace("v1.32.1", VERSION)
            self._matcher.compare(recorded, {**seen, "headers": headers}, "received")

    async def _tcp_server(self, step: dict[str, Any]) -> None:
        port = self._matcher.fill(step["tcp-server"])
        if port in self._listeners:
            self._listeners.pop(port).close()
        if step["listening"]:
            self._listeners[port] = socket.create_server(("127.0.0.1", int(port)), backlog=100)

    def _note(self, step: dict[str, Any]) -> None:
        """Compare a measurement, which the note describes."""
        note = step["note"]
        between = re.fullmatch(r"seconds between the start of (\w) and that of (\w)", note)
        if "gaps" in step:
            times = self._times("starts")
            gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
            pairs = zip(step["gaps"], gaps, strict=False)
            good = len(gaps) >= len(step["gaps"]) and all(least <= gap < least * 1.1 + 0.4 for least, gap in pairs)
        elif between:
            good = about(self._times(between[2])[0] - self._times(between[1])[0], step["about"])
        elif note == "seconds between the first start and the last":
            times = sorted(self._times(name)[0] for name in "abcde")
            good = about(times[-1] - times[0], step["about"])
        elif note == "seconds until stopped":
            good = about(sum(self._took[-2:]), step["about"])
        elif note == "the state file":
            state = self._folder / "pebble" / step["files"][-1]
            files = sorted(path.name for path in state.parent.iterdir())
            good = files == step["files"] and f"{stat.S_IMODE(state.stat().st_mode):o}" == step["mode"]
        elif "alive" in step:
            path = next(path for name in ("child", "pid") if (path := self._folder / name).exists())
            good = not is_alive(int(path.read_text()))
        else:
            raise DifferenceError(f"unknown note {note!r}")
        if not good:
            raise DifferenceError(note)

    def _times(self, name: str) -> list[float]:
        return [float(line) for line in (self._folder / name).read_text().split()]


def place(change: dict[str, Any]) -> int:
    return int(change["id"])


def lines(step: dict[str, Any], recorded: list[Any], answer: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the comparable parts of logs, where the recording describes lines in words."""
    if "in any order" in step.get("note", ""):
        return recorded, sorted(answer, key=lambda line: line["service"])
    words = " ".join(line["note"] for line in recorded if "note" in line)
    if not words:
        return recorded, answer
    plain = [line for line in recorded if "note" not in line]
    if match := re.search(r"messages of (\[.*\]) characters", words):
        return json.loads(match[1]), [len(line["message"]) for line in answer]
    if match := re.search(r"(\d+) lines in all", words):
        return [int(match[1]), *plain], [len(answer), *answer[: len(plain)]]
    match = re.search(r"(\d+) of \d+ messages", words)
    assert match is not None
    return [int(match[1]), plain[-1]["message"]], [len(answer), answer[-1]["message"]]


def about(seconds: float, recorded: float) -> bool:
    return -0.3 <= seconds - recorded <= 0.7


def is_alive(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


async def replay(
    scenarios: Mapping[str, list[dict[str, Any]]], at_once: int, program: str | None = None, *, records: bool = False
) -> dict[str, str]:
    """Play scenarios side by side; return the difference of each, or an empty text.

    ``program`` is another Pebble than the built-in one. ``records`` puts answers that differ into the steps.
    """
    forge = Forge(program)
    await forge.open()
    room = asyncio.Semaphore(at_once)

    async def play(steps: list[dict[str, Any]]) -> None:
        async with room:
            await Scenario(forge, records=records).play(steps)

    # An error ends its scenario, and the others go on.
    answer = await asyncio.gather(*(play(steps) for steps in scenarios.values()), return_exceptions=True)
    await forge.close()
    await asyncio.sleep(0.05)  # for the last connections to close
    return {
        name: "" if error is None else f"{type(error).__name__}: {error}"
        for name, error in zip(scenarios, answer, strict=True)
    }
