"""Routes in relation data of the interface ``traefik_route``: a part of Traefik's own configuration, in YAML.

Of Traefik's rules this proxy knows ``Host`` and ``PathPrefix``; of its middlewares, ``stripPrefix``, and
``redirectScheme``, which it leaves out because it speaks both HTTP and HTTPS.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import yaml

Document = Mapping[str, Any]
_MATCHER = re.compile(r"\s*(Host|PathPrefix)\(\s*(`[^`]*`(?:\s*,\s*`[^`]*`)*)\s*\)\s*")
_VALUE = re.compile(r"`([^`]*)`")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_PREFIX = re.compile(r"/[A-Za-z0-9/._~-]*")


class InvalidError(Exception):
    """A configuration that the proxy cannot have; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Router:
    """One kind of requests, and the servers that answer them."""

    domain: str
    """The host that its requests name; empty for any."""
    prefix: str
    """The start of its paths; empty for all paths."""
    port: int
    hosts: tuple[str, ...]
    strip: bool


def read(app: Mapping[str, str]) -> tuple[Router, ...] | None:
    """Read the routers of an application; None until it has sent a configuration."""
    if "config" not in app:
        return None
    if app.get("static"):
        raise InvalidError("static (is not supported; the proxy has no ports but its own)")
    try:
        config = _mapping(yaml.safe_load(app["config"]), "config")
    except (yaml.YAMLError, ValueError):
        raise InvalidError("config (must be YAML)") from None
    if other := sorted(map(str, {*config} - {"http"})):
        raise InvalidError(f"config.{other[0]} (only http is supported)")
    http = _section(config, "http", "config")
    routers = _section(http, "routers", "config.http")
    return tuple(each for name, router in routers.items() for each in _routers(http, router, str(name)))


def _routers(http: Document, value: object, name: str) -> Iterator[Router]:
    where = f"config.http.routers.{name}"
    router = _mapping(value, where)
    port, hosts = _servers(http, str(router.get("service", "")))
    stripped = _stripped(http, router.get("middlewares") or [], where)
    for domain, prefix in _requests(str(router.get("rule", "")), f"{where}.rule"):
        yield Router(domain=domain, prefix=prefix, port=port, hosts=hosts, strip=prefix in stripped)


def _servers(http: Document, name: str) -> tuple[int, tuple[str, ...]]:
    """Return the port and the hosts of a service."""
    where = f"config.http.services.{name}"
    service = _section(_section(http, "services", "config.http"), name, "config.http.services")
    servers = _section(service, "loadBalancer", where).get("servers")
    texts = [str(server.get("url", "")) for server in _mappings(servers, f"{where}.loadBalancer.servers")]
    try:
        urls = [urlsplit(text) for text in texts]
        ports = {url.port or 80 for url in urls}
    except ValueError:
        urls, ports = [], set[int]()
    if len(ports) != 1 or not all(url.scheme == "http" and _HOST.fullmatch(url.hostname or "") for url in urls):
        raise InvalidError(f"{where}.loadBalancer.servers (must have http URLs with one port)")
    return ports.pop(), tuple(sorted(str(url.hostname) for url in urls))


def _stripped(http: Document, names: object, where: str) -> frozenset[str]:
    """Return the prefixes that the middlewares of a router remove."""
    if not isinstance(names, list):
        raise InvalidError(f"{where}.middlewares (must be a list)")
    prefixes: set[str] = set()
    for name in cast("list[object]", names):
        place = f"config.http.middlewares.{name}"
        middlewares = _section(http, "middlewares", "config.http")
        middleware = _section(middlewares, str(name), "config.http.middlewares")
        if other := sorted(map(str, {*middleware} - {"stripPrefix", "redirectScheme"})):
            raise InvalidError(f"{place}.{other[0]} (only stripPrefix and redirectScheme are supported)")
        if "stripPrefix" in middleware:
            listed = _section(middleware, "stripPrefix", place).get("prefixes")
            if not isinstance(listed, list):
                raise InvalidError(f"{place}.stripPrefix.prefixes (must be a list)")
            prefixes.update(str(prefix).rstrip("/") for prefix in cast("list[object]", listed))
    return frozenset(prefixes)


def _requests(rule: str, where: str) -> Iterator[tuple[str, str]]:
    """Yield the host and the prefix of the requests of a rule; empty for any."""
    for alternative in rule.split("||"):
        values = {"Host": [""], "PathPrefix": [""]}
        for term in alternative.split("&&"):
            match = _MATCHER.fullmatch(term)
            if match is None:
                raise InvalidError(f"{where} (only Host and PathPrefix, with && and ||, are supported)")
            values[match[1]] = _VALUE.findall(match[2])
        for host, prefix in itertools.product(values["Host"], values["PathPrefix"]):
            if (host and not _HOST.fullmatch(host)) or (prefix and not _PREFIX.fullmatch(prefix)):
                raise InvalidError(f"{where} (must have hosts and paths)")
            yield host, prefix.rstrip("/")


def _section(document: Document, key: str, where: str) -> Document:
    return _mapping(document.get(key), f"{where}.{key}")


def _mapping(value: object, where: str) -> Document:
    if not isinstance(value, dict):
        raise InvalidError(f"{where} (must be a mapping)")
    return cast("Document", value)


def _mappings(value: object, where: str) -> list[Document]:
    if not isinstance(value, list) or not value:
        raise InvalidError(f"{where} (must be a list)")
    return [_mapping(each, where) for each in cast("list[object]", value)]
