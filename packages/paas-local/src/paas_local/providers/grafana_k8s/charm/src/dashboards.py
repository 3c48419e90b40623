"""What dashboards applications send, and which of them cannot be shown.

The databag has one JSON object; in it each dashboard is JSON text, compressed by xz and written in base64.
"""

import base64
import json
import lzma
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

Document = Mapping[str, Any]
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class InvalidError(Exception):
    """An application wrote what cannot be used; the text names the key."""


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard, and where it is from."""

    uid: str
    application: str
    content: Document

    @property
    def version(self) -> int:
        """Of several with one name, the highest is shown."""
        version = self.content.get("version")
        return version if isinstance(version, int) else 0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a dashboard cannot be shown."""

    name: str
    """As its sender calls it."""
    reason: str


def read(app: Mapping[str, str], application: str) -> tuple[Dashboard | Fault, ...]:
    """Read what an application sends; nothing until it has."""
    if "dashboards" not in app:
        return ()
    try:
        sent: object = json.loads(app["dashboards"])
    except json.JSONDecodeError as error:
        raise InvalidError(f"dashboards: not JSON: {error}") from error
    templates = _object(sent, "dashboards: not an object").get("templates")
    named = _object(templates, "dashboards.templates: not an object")
    return tuple(_read(name, template, application) for name, template in named.items())


def _read(name: str, template: object, application: str) -> Dashboard | Fault:
    try:
        given = _object(template, "it is not an object")
        content = _object(_json(_decompressed(given.get("content"))), "its content is not an object")
        uid = _text(content.get("uid") or given.get("dashboard_alt_uid"), "it has no uid")
        if not _UID.fullmatch(uid):
            return Fault(name=name, reason="its uid is not up to 40 letters, digits, - and _")
        _text(content.get("title"), "it has no title")
    except InvalidError as reason:
        return Fault(name=name, reason=str(reason))
    return Dashboard(uid=uid, application=application, content={**content, "uid": uid})


def _object(found: object, otherwise: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise InvalidError(otherwise)
    return cast("dict[str, Any]", found)


def _text(found: object, otherwise: str) -> str:
    if not isinstance(found, str) or not found:
        raise InvalidError(otherwise)
    return found


def _decompressed(content: object) -> bytes:
    if not isinstance(content, str):
        raise InvalidError("it has no content")
    try:
        return lzma.decompress(base64.b64decode(content))
    except ValueError as error:
        raise InvalidError("its content is not base64") from error
    except lzma.LZMAError as error:
        raise InvalidError("its content is not compressed by xz") from error


def _json(text: bytes) -> object:
    try:
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidError("its content is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise InvalidError(f"its content is not JSON: {error}") from error


def shelf(dashboards: Iterable[Dashboard]) -> str:
    """Write what the server shows: one dashboard for each name, with all the applications that sent it."""
    named: dict[str, list[Dashboard]] = {}
    for dashboard in dashboards:
        named.setdefault(dashboard.uid, []).append(dashboard)
    return json.dumps({uid: _shelved(same) for uid, same in sorted(named.items())}, indent=1)


def _shelved(same: list[Dashboard]) -> Document:
    newest = max(same, key=lambda dashboard: dashboard.version)
    applications = sorted({dashboard.application for dashboard in same})
    return {"applications": applications, "dashboard": newest.content}


def event(faults: Iterable[Fault]) -> str:
    """Write what an application is told of its dashboards; nothing where all are good."""
    errors = [{"dashboard_id": fault.name, "error": fault.reason} for fault in faults]
    return json.dumps({"errors": errors}) if errors else ""


def good(found: Iterable[Dashboard | Fault]) -> Iterator[Dashboard]:
    """Choose what can be shown."""
    return (each for each in found if isinstance(each, Dashboard))


def bad(found: Iterable[Dashboard | Fault]) -> list[Fault]:
    """Choose what cannot."""
    return [each for each in found if isinstance(each, Fault)]
