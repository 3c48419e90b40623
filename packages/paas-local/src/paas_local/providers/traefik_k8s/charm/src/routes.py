"""Routes, those in relation data of the interfaces ``ingress`` and ``ingress_per_unit``, and the proxy's configuration.

``ingress``, version 2, has JSON text in each value; the application writes its name and port, each unit its address.
``ingress_per_unit`` has plain text in each value, and each unit writes everything.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

DATA = "/var/lib/caddy"
CA_CERTIFICATE = f"{DATA}/pki/authorities/local/root.crt"
StrMap = Mapping[str, str]
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*|[0-9a-fA-F:]+")
_UNIT = re.compile(r"[a-z0-9][a-z0-9-]*/[0-9]+")
_OPTIONS = {"scheme": '"http"', "strip-prefix": "false"}
HTTP_PORT, HTTPS_PORT, METRICS_PORT = 80, 443, 8082
"""Ports of Traefik's charm, which answer on the unit's own address."""
_LAST_PORT = 65535


class InvalidError(Exception):
    """A databag that is invalid for the interface; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One application or unit behind the proxy."""

    prefix: str
    """The start of its paths, such as ``/demo-web``; empty for all paths."""
    domain: str = ""
    """The host that its requests name; empty for any."""
    port: int
    strip: bool = False
    hosts: tuple[str, ...] = field(default=())
    """The addresses of its units."""

    @property
    def request(self) -> tuple[str, str]:
        """The requests that are its own."""
        return self.domain, self.prefix


def read(app: StrMap, units: Iterable[StrMap]) -> Route | None:
    """Read the route of an application; None until it has requested one."""
    if "name" not in app:
        return None
    model, name = (_matching(app, key, _NAME, "a name") for key in ("model", "name"))
    port = _port(_value(app, "port"))
    options = {**_OPTIONS, **app}
    if _value(options, "scheme") != "http":
        raise InvalidError("scheme (only http is supported)")
    hosts = (_matching(unit, "ip" if "ip" in unit else "host", _HOST, "an address") for unit in units if "host" in unit)
    strip = _value(options, "strip-prefix") is True
    return Route(prefix=f"/{model}-{name}", port=port, strip=strip, hosts=tuple(sorted(hosts)))


def read_unit(unit: StrMap) -> tuple[str, Route] | None:
    """Read the name and the route of a unit that asks for a route of its own; None until it has requested one."""
    if "name" not in unit:
        return None
    values = {"mode": "http", "scheme": "http", **unit}
    for key in ("mode", "scheme"):
        if values[key] != "http":
            raise InvalidError(f"{key} (only http is supported)")
    rules = (("model", _NAME, "a name"), ("name", _UNIT, "the name of a unit"), ("host", _HOST, "an address"))
    for key, pattern, what in rules:
        if not pattern.fullmatch(values.get(key, "")):
            raise InvalidError(f"{key} (must be {what})")
    name, port = values["name"], values.get("port", "")
    return name, Route(
        prefix=f"/{values['model']}-{name.replace('/', '-')}",
        port=_port(int(port) if port.isdecimal() else port),
        strip=values.get("strip-prefix") == "true",
        hosts=(values["host"],),
    )


def _port(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LAST_PORT:
        raise InvalidError(f"port (must be from 1 to {_LAST_PORT})")
    return value


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
    """Return the URL of an application or unit below an address of the proxy, which may have a port."""
    return f"{scheme}://{route.prefix[1:]}.{host}/" if subdomain else f"{scheme}://{host}{route.prefix}"


def in_subdomain(route: Route, host: str) -> Route:
    """Return the route of all paths of a subdomain, in place of that of some paths."""
    return replace(route, domain=f"{route.prefix[1:]}.{host}", prefix="", strip=False)


def configuration(
    routes: Iterable[Route],
    ports: Iterable[int],
    *,
    https_ports: Iterable[int],
    name: str,
    metrics_port: int = METRICS_PORT,
    data: str = DATA,
) -> str:
    """Write Caddy's configuration, which answers 404 to all other paths and hosts.

    Caddy makes its own CA in the folder ``data``, with keys that only it may read, and signs a certificate for the
    host ``name`` and its subdomains that are used; it renews the certificates itself.
    """
    # of two prefixes of one path, the longer one decides
    routes = sorted(routes, key=lambda route: (not route.domain, -len(route.prefix), route.request))
    names = [name, *dict.fromkeys(route.domain for route in routes if route.domain)]
    handlers = {
        "automatic_https": {"disable": True},
        "routes": [*map(_route, routes), {"handle": [_answer(404)]}],
    }
    servers = {
        "ingress": {"listen": [f":{port}" for port in ports], **handlers},
        "https": {
            "listen": [f":{port}" for port in https_ports],
            "tls_connection_policies": [{"default_sni": name}],
            **handlers,
        },
        "metrics": {
            "listen": [f":{metrics_port}"],
            "automatic_https": {"disable": True},
            "routes": [{"match": [{"path": ["/metrics"]}], "handle": [{"handler": "metrics"}]}],
        },
    }
    policy = {"subjects": names, "issuers": [{"module": "internal"}]}
    document = {
        "admin": {"disabled": True, "config": {"persist": False}},
        "storage": {"module": "file_system", "root": data},
        "apps": {
            "http": {"grace_period": "1s", "metrics": {}, "servers": servers},
            "pki": {"certificate_authorities": {"local": {"name": "paas-local", "install_trust": False}}},
            "tls": {"certificates": {"automate": names}, "automation": {"policies": [policy]}},
        },
    }
    return json.dumps(document, indent=1)


def _route(route: Route) -> Mapping[str, Any]:
    """Write a route: the paths that begin with its prefix, of its host."""
    strip = [{"handler": "rewrite", "strip_path_prefix": route.prefix}] if route.strip else []
    host = {"host": [route.domain]} if route.domain else {}
    path = {"path": [route.prefix, f"{route.prefix}/*"]} if route.prefix else {}
    return {
        "match": [{**host, **path}],
        "handle": [*strip, _proxy(route) if route.hosts else _answer(502)],
        "terminal": True,
    }


def _proxy(route: Route) -> Mapping[str, Any]:
    prefix = {"request": {"set": {"X-Forwarded-Prefix": [route.prefix]}}} if route.strip else {}
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
