"""What applications ask of the ingress, and the proxy's configuration that follows.

The databags are those of the ``ingress`` interface, version 2: each value is JSON text; the application says what
it is called and its port, each unit where it is.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Text = Mapping[str, str]
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*|[0-9a-fA-F:]+")
_OPTIONS = {"scheme": '"http"', "strip-prefix": "false"}
_LAST_PORT = 65535


class InvalidError(Exception):
    """A databag has not what the interface wants; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One application behind the proxy."""

    prefix: str
    """Such as ``/demo-web``."""
    port: int
    strip: bool = False
    hosts: tuple[str, ...] = field(default=())
    """Where its units are."""


def read(app: Text, units: Iterable[Text]) -> Route | None:
    """Return nothing until the application has asked."""
    if "name" not in app:
        return None
    model, name = (_matching(app, key, _NAME, "a name") for key in ("model", "name"))
    port = _value(app, "port")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port <= _LAST_PORT:
        raise InvalidError(f"port (must be from 1 to {_LAST_PORT})")
    given = {**_OPTIONS, **app}
    if _value(given, "scheme") != "http":
        raise InvalidError("scheme (only http is supported)")
    hosts = (_matching(unit, "ip" if "ip" in unit else "host", _HOST, "an address") for unit in units if "host" in unit)
    strip = _value(given, "strip-prefix") is True
    return Route(prefix=f"/{model}-{name}", port=port, strip=strip, hosts=tuple(sorted(hosts)))


def _value(bag: Text, key: str) -> Any:
    try:
        return json.loads(bag.get(key, ""))
    except ValueError:
        raise InvalidError(f"{key} (must be JSON)") from None


def _matching(bag: Text, key: str, pattern: re.Pattern[str], what: str) -> str:
    value = _value(bag, key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidError(f"{key} (must be {what})")
    return value


def configuration(routes: Iterable[Route], port: int) -> str:
    """Write Caddy's configuration: what no application asked for is not found."""
    server = {
        "listen": [f":{port}"],
        "automatic_https": {"disable": True},
        "routes": [*map(_route, sorted(routes, key=lambda route: route.prefix)), {"handle": [_answer(404)]}],
    }
    document = {
        "admin": {"disabled": True, "config": {"persist": False}},
        "apps": {"http": {"grace_period": "1s", "servers": {"ingress": server}}},
    }
    return json.dumps(document, indent=1)


def _route(route: Route) -> Mapping[str, Any]:
    strip = [{"handler": "rewrite", "strip_path_prefix": route.prefix}] if route.strip else []
    last = _proxy(route) if route.hosts else _answer(502)
    return {
        "match": [{"path": [route.prefix, f"{route.prefix}/*"]}],
        "handle": [*strip, last],
        "terminal": True,
    }


def _proxy(route: Route) -> Mapping[str, Any]:
    prefix = {"request": {"set": {"X-Forwarded-Prefix": [route.prefix]}}} if route.strip else {}
    upstreams = [{"dial": f"[{host}]:{route.port}" if ":" in host else f"{host}:{route.port}"} for host in route.hosts]
    return {
        "handler": "reverse_proxy",
        "upstreams": upstreams,
        "headers": prefix,
        # A unit that does not answer costs nobody a request, as long as another one does.
        "load_balancing": {"selection_policy": {"policy": "round_robin"}, "retries": len(upstreams) - 1},
        "flush_interval": -1,
    }


def _answer(status: int) -> Mapping[str, Any]:
    return {"handler": "static_response", "status_code": status}
