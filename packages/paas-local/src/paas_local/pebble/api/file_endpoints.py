"""Endpoints of files: list, read, write, make directories, remove."""

import os
import secrets
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any

from aiohttp import web

from paas_local.pebble.api import bodies, files, multipart, requests
from paas_local.pebble.api.files import Owner, PathError, Replacement
from paas_local.pebble.api.requests import ApiError, Call, sync

_CHUNK = 65536
_MIN_BOUNDARY = 32
_OWNER = {"permissions": "string", **bodies.USER_FIELDS}
_WRITE_BODY: bodies.Fields = {"action": "string", "files": [{"path": "string", "make-dirs": "bool", **_OWNER}]}
_JSON_BODY: bodies.Fields = {
    "action": "string",
    "dirs": [{"path": "string", "make-parents": "bool", **_OWNER}],
    "paths": [{"path": "string", "recursive": "bool"}],
}
_MAX_METADATA = 16 * 1024 * 1024


class FileApi:
    """The endpoints of files."""

    async def get(self, call: Call) -> web.StreamResponse:
        """List a directory, or read files."""
        action = call.query("action")
        if action == "list":
            return _list(call)
        if action == "read":
            return await _read(call)
        raise ApiError(400, f'invalid action "{action}"')

    async def post(self, call: Call) -> web.StreamResponse:
        """Write files, make directories, or remove both."""
        header = call.request.headers.get("Content-Type", "")
        kind = _content_type(header)
        if not header or kind.get_content_type() == "text/plain" != header.split(";")[0].strip().lower():
            raise ApiError(400, f'invalid Content-Type "{header}"')
        if kind.get_content_type() == "multipart/form-data":
            return await _write(call, str(kind.get_param("boundary", "")))
        if kind.get_content_type() != "application/json":
            raise ApiError(400, f'invalid media type "{kind.get_content_type()}"')
        body = await call.body(_JSON_BODY)
        action = body.get("action", "")
        if action == "make-dirs":
            return sync([_result(each, _make_dir) for each in body.get("dirs", [])])
        if action == "remove":
            return sync([_result(each, _remove) for each in body.get("paths", [])])
        if action == "write":
            raise ApiError(400, 'must use multipart with "write" action')
        raise ApiError(400, f'invalid action "{action}"')


def _content_type(header: str) -> Message:
    message = Message()
    message["Content-Type"] = header
    return message


def _result(item: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    try:
        act(item)
    except PathError as error:
        return {"path": item.get("path", ""), "error": error.document}
    return {"path": item.get("path", "")}


def _owner(item: Mapping[str, Any]) -> Owner:
    return Owner(user=bodies.user(item), permissions=item.get("permissions", ""))


def _make_dir(item: Mapping[str, Any]) -> None:
    files.make_dir(item.get("path", ""), _owner(item), parents=item.get("make-parents", False))


def _remove(item: Mapping[str, Any]) -> None:
    files.remove(item.get("path", ""), recursive=item.get("recursive", False))


def _list(call: Call) -> web.StreamResponse:
    path = call.query("path")
    if not path:
        raise ApiError(400, "must specify path")
    if not path.startswith("/"):
        raise ApiError(400, f'path must be absolute, got "{path}"')
    itself = call.flag("itself")
    try:
        return sync(files.entries(path, call.query("pattern"), itself=itself))
    except PathError as error:
        raise ApiError(error.status, str(error), error.kind) from None


async def _read(call: Call) -> web.StreamResponse:
    paths = call.request.query.getall("path", [])
    if not paths:
        raise ApiError(400, "must specify one or more paths")
    if call.request.headers.get("Accept") != "multipart/form-data":
        raise ApiError(400, "must accept multipart/form-data")
    boundary = secrets.token_hex(30)
    answer = web.StreamResponse(headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
    await answer.prepare(call.request)
    results: list[dict[str, Any]] = []
    for path in paths:
        try:
            descriptor = files.open_for_reading(path)
        except PathError as error:
            results.append({"path": path, "error": error.document})
            continue
        results.append({"path": path})
        with os.fdopen(descriptor, "rb") as file:
            name = path.replace("\\", "\\\\").replace('"', '\\"')
            await answer.write(_head(boundary, f'name="files"; filename="{name}"', "application/octet-stream"))
            while content := file.read(_CHUNK):
                await answer.write(content)
        await answer.write(b"\r\n")
    await answer.write(_head(boundary, 'name="response"', "application/json"))
    await answer.write(requests.text(requests.envelope(200, "sync", results)).encode())
    await answer.write(f"\r\n--{boundary}--\r\n".encode())
    return answer


def _head(boundary: str, disposition: str, kind: str) -> bytes:
    lines = [f"--{boundary}", f"Content-Disposition: form-data; {disposition}", f"Content-Type: {kind}", "", ""]
    return "\r\n".join(lines).encode()


async def _write(call: Call, boundary: str) -> web.StreamResponse:
    if len(boundary) < _MIN_BOUNDARY:
        raise ApiError(400, f'invalid boundary "{boundary}"')
    parts = multipart.Parts(call.request.content, boundary)
    metadata = await _metadata(parts)
    results: dict[str, PathError | None] = {}
    number = 0
    while True:
        try:
            head = await parts.head()
        except multipart.TruncatedError as error:
            raise ApiError(400, f"cannot read file part {number}: {error}") from None
        if head is None:
            break
        if head.name != "files":
            raise ApiError(400, f'field name must be "files", got "{head.name}"')
        if head.filename not in metadata:
            raise ApiError(400, f'no metadata for path "{head.filename}"')
        results[head.filename] = await _write_file(parts, metadata[head.filename])
        number += 1
    return sync([_written(path, results) for path in metadata])


async def _metadata(parts: multipart.Parts) -> dict[str, Mapping[str, Any]]:
    try:
        head = await parts.head()
        if head is None or head.name != "request":
            name = head.name if head else ""
            raise ApiError(400, f'metadata field name must be "request", got "{name}"')
        text = b""
        async for chunk in parts.content():
            text += chunk
            if len(text) > _MAX_METADATA:
                raise ApiError(400, "cannot read request metadata: too large")
        body = bodies.decode(text, _WRITE_BODY)
    except multipart.TruncatedError as error:
        raise ApiError(400, f"cannot read request metadata: {error}") from None
    except bodies.BadBodyError as error:
        raise ApiError(400, f"cannot decode request metadata: {error}") from None
    if body.get("action") != "write":
        raise ApiError(400, f'multipart action must be "write", got "{body.get("action", "")}"')
    if not body.get("files"):
        raise ApiError(400, "must specify one or more files")
    return {item.get("path", ""): item for item in body["files"]}


async def _write_file(parts: multipart.Parts, item: Mapping[str, Any]) -> PathError | None:
    """Write one part to its path; read its content to the end even after an error."""
    problem: PathError | None = None
    file: Replacement | None = None
    try:
        file = Replacement(item.get("path", ""), _owner(item), make_dirs=item.get("make-dirs", False))
    except PathError as error:
        problem = error
    try:
        async for chunk in parts.content():
            if file is not None and problem is None:
                file.write(chunk)
    except multipart.TruncatedError:
        if file is not None:
            file.discard()
        return PathError("unexpected EOF")
    except PathError as error:
        return error
    if file is not None:
        try:
            file.commit()
        except PathError as error:
            problem = error
    return problem


def _written(path: str, results: Mapping[str, PathError | None]) -> dict[str, Any]:
    problem = results.get(path, PathError(f'no file content for path "{path}"'))
    return {"path": path, **({"error": problem.document} if problem else {})}
