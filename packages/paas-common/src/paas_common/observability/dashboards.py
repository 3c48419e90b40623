"""Dashboards, over the ``grafana_dashboard`` interface: compressed JSON, by the file's name without suffix.

The interface has a ``uuid`` that makes a databag look new. It is derived from the content here, so that an unchanged
databag stays the same.
"""

import base64
import hashlib
import json
import lzma
import typing
import uuid

from paas_common.values.facts import Identity, StrMap

from . import topology
from ._custom import unique_name

SUFFIXES: typing.Final = (".json", ".json.tmpl", ".tmpl")
_PRESET: typing.Final = 1
"""Ten times as fast as lzma's default, for a few more bytes; readers accept any preset."""
_UID_BYTES: typing.Final = 20
"""Grafana accepts 40 characters; readers keep a uid of that length and replace others."""
Dashboard = dict[str, typing.Any]


def templates(identity: Identity, files: StrMap) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the dashboards by id, and what is wrong with invalid files."""
    dashboards: dict[str, object] = {}
    reasons: list[str] = []
    for path, text in files.items():
        name = f"file:{unique_name(path, SUFFIXES)}"
        dashboard = _parse(text)
        if isinstance(dashboard, str):
            reasons.append(f"{path} is not a valid dashboard: {dashboard}")
        elif name in dashboards:
            reasons.append(f"{path} has the name of another dashboard, which is used instead (rename the file)")
        else:
            dashboards[name] = _template(identity, path, name, dashboard)
    return dashboards, tuple(reasons)


def encoded(dashboards: dict[str, object]) -> str:
    """Return the databag value; its uuid identifies the content."""
    content = json.dumps(dashboards)
    return json.dumps({"templates": dashboards, "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, content))})


def _parse(text: str) -> Dashboard | str:
    """Return a dashboard, or the reason why it cannot be read."""
    try:
        text.encode()
        dashboard = json.loads(text, parse_constant=_reject)
    except UnicodeEncodeError:
        return "it is not UTF-8"
    except json.JSONDecodeError as error:
        return f"{error.msg[:1].lower()}{error.msg[1:]} in line {error.lineno}, column {error.colno}"
    except ValueError as error:
        return str(error)
    return typing.cast("Dashboard", dashboard) if isinstance(dashboard, dict) else "it is not a JSON object"


def _reject(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _template(identity: Identity, path: str, name: str, dashboard: Dashboard) -> object:
    content = {**dashboard, "uid": _uid(identity, path, dashboard), "tags": _tags(identity, dashboard)}
    return {
        "charm": identity.charm,
        "content": _compressed(json.dumps(content)),
        "juju_topology": topology.unit(identity),
        "inject_dropdowns": True,
        "dashboard_alt_uid": _digest(identity.charm, name),
    }


def _uid(identity: Identity, path: str, dashboard: Dashboard) -> str:
    """Return a uid for charm and file, so that all applications of the charm share one dashboard.

    A uid in the file stays if it has the same form, because readers keep it too.
    """
    uid = dashboard.get("uid")
    kept = isinstance(uid, str) and len(uid) == 2 * _UID_BYTES and set(uid) <= set("0123456789abcdef")
    return str(uid) if kept else _digest(identity.charm, path)


def _tags(identity: Identity, dashboard: Dashboard) -> list[str]:
    listed = typing.cast("list[object]", dashboard.get("tags") if isinstance(dashboard.get("tags"), list) else [])
    tags = [tag for tag in listed if isinstance(tag, str)]
    return tags if any(tag.startswith("charm: ") for tag in tags) else [*tags, f"charm: {identity.charm}"]


def _digest(*words: str) -> str:
    return hashlib.shake_256("-".join(words).encode()).hexdigest(_UID_BYTES)


def _compressed(text: str) -> str:
    return base64.b64encode(lzma.compress(text.encode(), preset=_PRESET)).decode()
