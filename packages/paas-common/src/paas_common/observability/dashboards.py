"""Dashboards, over the ``grafana_dashboard`` interface: JSON, compressed, each under the stem of its file's name.

The interface has a ``uuid``, meant to make each message look new. Ours comes from the content, so that a message that
says nothing new is the same.
"""

import base64
import hashlib
import json
import lzma
import typing
import uuid

from paas_common.values import facts

from . import topology
from ._custom import stem

ENDINGS: typing.Final = (".json", ".json.tmpl", ".tmpl")
_PRESET: typing.Final = 1
"""Ten times as fast as the usual one, for a few bytes more; any reader copes with any."""
_UID_BYTES: typing.Final = 20
"""Grafana takes 40 characters; readers keep a name of that length and make their own of others."""
Dashboard = dict[str, typing.Any]


def templates(me: facts.Identity, files: facts.Text) -> tuple[dict[str, object], tuple[str, ...]]:
    """Give the dashboards by id, and what is wrong with files that hold none."""
    shown: dict[str, object] = {}
    problems: list[str] = []
    for path, text in files.items():
        name = f"file:{stem(path, ENDINGS)}"
        dashboard = _parse(text)
        if isinstance(dashboard, str):
            problems.append(f"{path} is no dashboard: {dashboard}")
        elif name in shown:
            problems.append(f"{path} has the name of another dashboard, which is used instead (rename the file)")
        else:
            shown[name] = _template(me, path, name, dashboard)
    return shown, tuple(problems)


def encoded(shown: dict[str, object]) -> str:
    """Write the message; an id of its own tells one from another."""
    content = json.dumps(shown)
    return json.dumps({"templates": shown, "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, content))})


def _parse(text: str) -> Dashboard | str:
    """Read a dashboard, or say why it cannot be read."""
    try:
        text.encode()
        dashboard = json.loads(text, parse_constant=_refuse)
    except UnicodeEncodeError:
        return "it is not UTF-8"
    except json.JSONDecodeError as error:
        return f"{error.msg[:1].lower()}{error.msg[1:]} in line {error.lineno}, column {error.colno}"
    except ValueError as error:
        return str(error)
    return typing.cast("Dashboard", dashboard) if isinstance(dashboard, dict) else "it is not a JSON object"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _template(me: facts.Identity, path: str, name: str, dashboard: Dashboard) -> object:
    return {
        "charm": me.charm,
        "content": _compressed(
            json.dumps({**dashboard, "uid": _uid(me, path, dashboard), "tags": _tags(me, dashboard)})
        ),
        "juju_topology": topology.of_unit(me),
        "inject_dropdowns": True,
        "dashboard_alt_uid": _digest(me.charm, name),
    }


def _uid(me: facts.Identity, path: str, dashboard: Dashboard) -> str:
    """Name it by charm and file, so that every application of the charm shows in one dashboard.

    An author's own name stays if it is as long as ours, because a reader keeps such a name as well.
    """
    own = dashboard.get("uid")
    kept = isinstance(own, str) and len(own) == 2 * _UID_BYTES and set(own) <= set("0123456789abcdef")
    return str(own) if kept else _digest(me.charm, path)


def _tags(me: facts.Identity, dashboard: Dashboard) -> list[str]:
    own = typing.cast("list[object]", dashboard.get("tags") if isinstance(dashboard.get("tags"), list) else [])
    tags = [tag for tag in own if isinstance(tag, str)]
    return tags if any(tag.startswith("charm: ") for tag in tags) else [*tags, f"charm: {me.charm}"]


def _digest(*words: str) -> str:
    return hashlib.shake_256("-".join(words).encode()).hexdigest(_UID_BYTES)


def _compressed(text: str) -> str:
    return base64.b64encode(lzma.compress(text.encode(), preset=_PRESET)).decode()
