"""Dashboards in relation data.

The databag has one JSON object; each dashboard in it is JSON text, compressed by xz and encoded in base64.
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
    """A databag that cannot be read; the text names the key and the reason."""


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard, and the application that sent it."""

    uid: str
    application: str
    content: Document

    @property
    def version(self) -> int:
        """The version; of several dashboards with one uid, the highest version is shown."""
        version = self.content.get("version")
        return version if isinstance(version, int) else 0


@dataclass(frozen=True, kw_only=True)
class Invalid:
    """A dashboard that cannot be shown."""

    name: str
    """Its key in the databag."""
    reason: str


def read(app: Mapping[str, str], application: str) -> tuple[Dashboard | Invalid, ...]:
    """Read the dashboards of an application; none until it has sent any."""
    if "dashboards" not in app:
        return ()
    try:
        document: object = json.loads(app["dashboards"])
    except json.JSONDecodeError as error:
        raise InvalidError(f"dashboards: not JSON: {error}") from error
    templates = _object(document, "dashboards: not an object").get("templates")
    by_name = _object(templates, "dashboards.templates: not an object")
    return tuple(_read(name, template, application) for name, template in by_name.items())


def _read(name: str, template: object, application: str) -> Dashboard | Invalid:
    try:
        fields = _object(template, "it is not an object")
        content = _object(_json(_decompressed(fields.get("content"))), "its content is not an object")
        uid = _text(content.get("uid") or fields.get("dashboard_alt_uid"), "it has no uid")
        if not _UID.fullmatch(uid):
            return Invalid(name=name, reason="its uid must be up to 40 letters, digits, - and _")
        _text(content.get("title"), "it has no title")
    except InvalidError as reason:
        return Invalid(name=name, reason=str(reason))
    return Dashboard(uid=uid, application=application, content={**content, "uid": uid})


def _object(value: object, error: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidError(error)
    return cast("dict[str, Any]", value)


def _text(value: object, error: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidError(error)
    return value


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


def document(dashboards: Iterable[Dashboard]) -> str:
    """Write the server's file: one dashboard for each uid, with all the applications that sent it."""
    by_uid: dict[str, list[Dashboard]] = {}
    for dashboard in dashboards:
        by_uid.setdefault(dashboard.uid, []).append(dashboard)
    return json.dumps({uid: _newest(versions) for uid, versions in sorted(by_uid.items())}, indent=1)


def _newest(versions: list[Dashboard]) -> Document:
    newest = max(versions, key=lambda dashboard: dashboard.version)
    applications = sorted({dashboard.application for dashboard in versions})
    return {"applications": applications, "dashboard": newest.content}


def event(invalid: Iterable[Invalid]) -> str:
    """Write the answer to an application; empty if all of its dashboards are valid."""
    errors = [{"dashboard_id": each.name, "error": each.reason} for each in invalid]
    return json.dumps({"errors": errors}) if errors else ""


def valid(dashboards: Iterable[Dashboard | Invalid]) -> Iterator[Dashboard]:
    """Select the dashboards that can be shown."""
    return (each for each in dashboards if isinstance(each, Dashboard))


def invalid(dashboards: Iterable[Dashboard | Invalid]) -> list[Invalid]:
    """Select the dashboards that cannot be shown."""
    return [each for each in dashboards if isinstance(each, Invalid)]
