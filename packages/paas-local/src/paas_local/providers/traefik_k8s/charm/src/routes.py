"""Routes in relation data, and the proxy's configuration.

The databags are those of the ``ingress`` interface, version 2: each value is JSON text; the application writes its
name and port, each unit its address.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DATA = "/var/lib/caddy"
CA_CERTIFICATE = f"{DATA}/pki/authorities/local/root.crt"
StrMap = Mapping[str, str]
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*|[0-9a-fA-F:]+")
_OPTIONS = {"scheme": '"http"', "strip-prefix": "false"}
_LAST_PORT = 65535


class InvalidError(Exception):
    """A databag that is invalid for the interface; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One application behind the proxy."""

    prefix: str
    """The start of its paths, such as ``/demo-web``."""
    port: int
    strip: bool = False
    hosts: tuple[str, ...] = field(default=())
    """The addresses of its units."""


def read(app: StrMap, units: Iterable[StrMap]) -> Route | None:
    """Read the route of an application; None until it has requested one."""
    if "name" not in app:
        return None
    model, name = (_matching(app, key, _NAME, "a name") for key in ("model", "name"))
    port = _value(app, "port")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port <= _LAST_PORT:
        raise InvalidError(f"port (must be from 1 to {_LAST_PORT})")
    options = {**_OPTIONS, **app}
    if _value(options, "scheme") != "http":
        raise InvalidError("scheme (only http is supported)")
    hosts = (_matching(unit, "ip" if "ip" in unit else "host", _HOST, "an address") for unit in units if "host" in unit)
    strip = _value(options, "strip-prefix") is True
    return Route(prefix=f"/{model}-{name}", port=port, strip=strip, hosts=tuple(sorted(hosts)))


def _value(databag: StrMap, key: str) -> Any:
    try:
        return json.loads(databag.get(key, ""))
    except ValueError:
        raise InvalidError(f"{key} (must be JSON)") from None


def _matching(databag: StrMap, key: str, pattern: re.Pattern[str], what: str) -> str:
    value = _value(databag, key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidError(f"{key} (must be {what})")
    return value


def url(route: Route, scheme: str, host: str, *, subdomain: bool) -> str:
    """Return the URL of an application below an address of the proxy, which may have a port."""
    return f"{scheme}://{route.prefix[1:]}.{host}/" if subdomain else f"{scheme}://{host}{route.prefix}"


def configuration(
    routes: Iterable[Route], port: int, *, https_port: int, name: str, subdomains: bool = False, data: str = DATA
) -> str:
    """Write Caddy's configuration, which answers 404 to all other paths and hosts.

    Caddy makes its own CA in the folder ``data``, with keys that only it may read, and signs a certificate for the
    host ``name`` and its subdomains that are used; it renews the certificates itself.
    """
    routes = sorted(routes, key=lambda route: route.prefix)
    hosts = {route.prefix: f"{route.prefix[1:]}.{name}" for route in routes} if subdomains else {}
    names = [name, *hosts.values()]
    handlers = {
        "automatic_https": {"disable": True},
        "routes": [*(_route(route, hosts.get(route.prefix)) for route in routes), {"handle": [_answer(404)]}],
    }
    servers = {
        "ingress": {"listen": [f":{port}"], **handlers},
        "https": {"listen": [f":{https_port}"], "tls_connection_policies": [{"default_sni": name}], **handlers},
    }
    policy = {"subjects": names, "issuers": [{"module": "internal"}]}
    document = {
        "admin": {"disabled": True, "config": {"persist": False}},
        "storage": {"module": "file_system", "root": data},
        "apps": {
            "http": {"grace_period": "1s", "servers": servers},
            "pki": {"certificate_authorities": {"local": {"name": "paas-local", "install_trust": False}}},
            "tls": {"certificates": {"automate": names}, "automation": {"policies": [policy]}},
        },
    }
    return json.dumps(document, indent=1)


def _route(route: Route, host: str | None) -> Mapping[str, Any]:
    """Write the route of an application: all paths of a host, else those that begin with its prefix."""
    strips = route.strip and host is None
    strip = [{"handler": "rewrite", "strip_path_prefix": route.prefix}] if strips else []
    last = _proxy(route, strips=strips) if route.hosts else _answer(502)
    return {
        "match": [{"host": [host]} if host else {"path": [route.prefix, f"{route.prefix}/*"]}],
        "handle": [*strip, last],
        "terminal": True,
    }


def _proxy(route: Route, *, strips: bool) -> Mapping[str, Any]:
    prefix = {"request": {"set": {"X-Forwarded-Prefix": [route.prefix]}}} if strips else {}
    upstreams = [{"dial": f"[{host}]:{route.port}" if ":" in host else f"{host}:{route.port}"} for host in route.hosts]
    return {
        "handler": "reverse_proxy",
        "upstreams": upstreams,
        "headers": prefix,
        # If a unit does not answer, the request goes to another one.
        "load_balancing": {"selection_policy": {"policy": "round_robin"}, "retries": len(upstreams) - 1},
        "flush_interval": -1,
    }


def _answer(status: int) -> Mapping[str, Any]:
    return {"handler": "static_response", "status_code": status}
