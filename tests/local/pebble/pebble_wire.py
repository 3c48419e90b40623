"""HTTP and websockets over a unix socket, on the level of the transcripts."""

import asyncio
import base64
import http.client
import io
import json
import os
import socket
import struct
from typing import Any
from urllib.parse import urlencode


class Bytes(io.BytesIO):
    """Bytes in place of the socket of http.client."""

    def makefile(self, *_: object, **__: object) -> "Bytes":
        return self


def connect(path: str, uid: int | None) -> socket.socket:
    """Connect as a user; the kernel records the user id at this moment."""
    connection = socket.socket(socket.AF_UNIX)
    own = os.geteuid()
    if uid is not None and uid != own:
        os.seteuid(uid)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    finally:
        if os.geteuid() != own:
            os.seteuid(own)
    return connection


def head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{key}: {value}" for key, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def request(connection: socket.socket, call: dict[str, Any], hang_up_after: float | None) -> dict[str, Any]:
    """Send one request; read its answer to the end, or until the time has passed."""
    headers: dict[str, str] = {"Connection": "close", **call.get("headers", {})}
    body = b""
    if "json" in call:
        body = json.dumps(call["json"]).encode()
        headers.setdefault("Content-Type", "application/json")
    elif "body" in call:
        body = call["body"].encode()
    if headers.get("Transfer-Encoding") == "chunked":
        half = len(body) // 2
        chunks = [body[:half], body[half:]]
        sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    else:
        sent = body
        if body or call["method"] in ("POST", "PUT"):
            headers["Content-Length"] = str(len(body))
    query = urlencode([(name, value) for name, value in call.get("query", [])])
    path = f"{call['path']}?{query}" if query else call["path"]
    reader, writer = await asyncio.open_connection(sock=connection, limit=1 << 24)
    writer.write(head(call["method"], path, headers) + sent)
    received = b""
    try:
        deadline = asyncio.get_running_loop().time() + (hang_up_after or 30)
        while chunk := await asyncio.wait_for(reader.read(65536), deadline - asyncio.get_running_loop().time()):
            received += chunk
    except asyncio.TimeoutError:
        if hang_up_after is None:
            raise
    finally:
        writer.close()
    return parse(received)


def parse(received: bytes) -> dict[str, Any]:
    answer = http.client.HTTPResponse(Bytes(received))  # pyright: ignore[reportArgumentType]  only makefile is used
    answer.begin()
    try:
        body = answer.read()
    except http.client.IncompleteRead as error:
        body = error.partial
    parsed: dict[str, Any] = {"status": answer.status, "content-type": answer.getheader("Content-Type", "")}
    if parsed["content-type"] == "application/json":
        parsed["json"] = json.loads(body)
    elif parsed["content-type"] == "application/x-ndjson":
        parsed["lines"] = [json.loads(line) for line in body.splitlines()]
    else:
        parsed["body"] = body.decode()
    return parsed


class WebSocket:
    """The client's end of a websocket."""

    def __init__(self) -> None:
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._frames: list[dict[str, Any]] = []

    async def open(self, connection: socket.socket, path: str) -> dict[str, Any]:
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        }
        self._reader, self._writer = await asyncio.open_connection(sock=connection)
        self._writer.write(head("GET", path, headers))
        answer = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)
        status = int(answer.split(b" ", 2)[1])
        if status == 101:
            return {"status": status}
        length = next(int(line.split(b":")[1]) for line in answer.lower().split(b"\r\n") if b"content-length" in line)
        body = await self._reader.readexactly(length)
        self.hang_up()
        try:
            return {"status": status, "json": json.loads(body)}
        except ValueError:
            return {"status": status, "body": body.decode()}

    def send(self, code: int, content: bytes) -> None:
        assert self._writer is not None
        mask = os.urandom(4)
        size = len(content)
        length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))
        self._writer.write(struct.pack("!B", 0x80 | code) + length + mask + masked)

    def hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()

    async def frame(self) -> dict[str, Any]:
        """Return the next frame, or the code with which the daemon closed."""
        if self._frames:
            return self._frames.pop()
        assert self._reader is not None
        try:
            first, size = struct.unpack("!BB", await self._reader.readexactly(2))
            if size == 126:
                (size,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
            content = await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return {"closed": "eof"}
        code = first & 0x0F
        if code == 8:
            return {"closed": struct.unpack("!H", content[:2])[0]}
        return {"binary" if code == 2 else "text": content.decode()}

    async def receive(self, recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return as many frames as are recorded, with adjacent binary ones joined."""
        frames: list[dict[str, Any]] = []
        while not is_enough(frames, recorded):
            frame = await asyncio.wait_for(self.frame(), 10)
            if "binary" in frame and frames and "binary" in frames[-1]:
                frames[-1]["binary"] += frame["binary"]
            else:
                frames.append(frame)
            if "closed" in frame:
                break
        return frames

    async def closed(self) -> object:
        return (await asyncio.wait_for(self.frame(), 10)).get("closed")


def is_enough(frames: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> bool:
    if len(frames) < len(recorded):
        return False
    last = recorded[-1] if recorded else {}
    return "binary" not in last or len(frames[len(recorded) - 1].get("binary", "")) >= len(last["binary"])
