"""Requests to the forward proxy, and Squid's configuration.

The databags are those of the ``http_proxy`` interface: requests and responses are JSON lists, matched by the id that
the requirer chooses. A request names domains and methods of authentication; the proxy uses the safest method.
"""

import hashlib
import ipaddress
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

StrMap = Mapping[str, str]
METHODS = ("srcip+userpass", "userpass", "srcip", "none")
"""Methods of authentication, the safest first."""
DEFAULT_METHOD = "userpass"
"""The method for requests that name none."""
_ADDRESSES = ("private-address", "ip")
"""Keys of a unit's address in its databag: of Juju 3, and of Juju 4."""
_WEB = (80, 443)
_LAST_PORT = 65535
_NAME = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_DOMAIN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")


class InvalidError(Exception):
    """A databag that is invalid for the interface; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request of one requirer."""

    id: str
    auth: str
    """The method of authentication."""
    domains: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """Host to its ports; empty for all hosts."""
    sources: tuple[str, ...] = ()
    """Addresses of the client."""

    @property
    def by_account(self) -> bool:
        """True if the client needs an account."""
        return "userpass" in self.auth

    @property
    def by_source(self) -> bool:
        """True if the client is authenticated by its address."""
        return "srcip" in self.auth


@dataclass(frozen=True, kw_only=True)
class RefusedRequest:
    """A request that is refused, with the answer."""

    id: str
    status: str
    """A status of the interface."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Permit:
    """A request, and its account."""

    request: Request
    username: str = ""
    password: str = field(default="", repr=False)


def read(app: StrMap, units: Iterable[StrMap]) -> tuple[Request | RefusedRequest, ...]:
    """Read the requests of a client; none until it has written any."""
    if "requests" not in app:
        return ()
    try:
        listed = json.loads(app["requests"])
    except ValueError:
        raise InvalidError("requests (must be JSON)") from None
    if not isinstance(listed, list):
        raise InvalidError("requests (must be a list)")
    addresses = tuple(sorted({unit[key] for unit in units for key in _ADDRESSES if key in unit}))
    requests = [_request(item, addresses) for item in cast("list[object]", listed)]
    if len({request.id for request in requests}) < len(requests):
        raise InvalidError("requests.requirer (must be different in each)")
    return tuple(requests)


def _request(item: object, addresses: Sequence[str]) -> Request | RefusedRequest:
    if not isinstance(item, dict):
        raise InvalidError("requests (must have objects)")
    fields = cast("dict[str, Any]", item)
    try:
        number = str(uuid.UUID(fields["requirer"]))
    except (LookupError, ValueError, TypeError, AttributeError):
        raise InvalidError("requests.requirer (must be a UUID)") from None
    try:
        domains = _domains(_texts(fields, "domains"))
        methods, sources = _texts(fields, "auth"), _sources(_texts({"src_ips": [], **fields}, "src_ips"))
    except InvalidError as reason:
        return RefusedRequest(id=number, status="invalid", reason=str(reason))
    auth = next((method for method in METHODS if method in methods), None) if methods else DEFAULT_METHOD
    if auth is None:
        return RefusedRequest(
            id=number, status="unsupported", reason=f"requests.auth (must have one of {', '.join(METHODS)})"
        )
    return Request(id=number, auth=auth, domains=domains, sources=sources or tuple(addresses))


def _texts(fields: Mapping[str, Any], key: str) -> list[str]:
    values = fields.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in cast("list[object]", values)):
        raise InvalidError(f"requests.{key} (must be a list of strings)")
    return cast("list[str]", values)


def _domains(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Read hosts with their ports; without a port, the ports are 80 and 443."""
    ports: dict[str, set[int]] = {}
    for name in names:
        host, port = _domain(name)
        ports.setdefault(host, set()).update([port] if port else _WEB)
    return {host: tuple(sorted(ports[host])) for host in sorted(ports)}


def _domain(name: str) -> tuple[str, int]:
    match = _DOMAIN.fullmatch(name)
    host, port = (match["host"], int(match["port"] or 0)) if match else ("", 0)
    if port <= _LAST_PORT and (_NAME.fullmatch(host) or (host.startswith("[") and _is_address(host[1:-1]))):
        return host.lower(), port
    raise InvalidError(f"requests.domains (must be host or host:port, not {json.dumps(name)})")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _sources(values: Iterable[str]) -> tuple[str, ...]:
    try:
        return tuple(sorted({str(ipaddress.ip_network(value, strict=False)) for value in values}))
    except ValueError:
        raise InvalidError("requests.src_ips (must be addresses or networks)") from None


def passwords(permits: Iterable[Permit]) -> str:
    """Write the accounts; passwords are long and random, so Squid's plain digest is safe."""
    return "".join(
        f"{permit.username}:{hashlib.md5(permit.password.encode(), usedforsecurity=False).hexdigest()}\n"
        for permit in permits
        if permit.request.by_account
    )


def configuration(permits: Iterable[Permit], *, name: str, port: int, accounts: str, names: str) -> str:
    """Write Squid's configuration, which denies all hosts that no client has requested.

    Squid reads the names of the pods only when it starts; with their digest in the text, a new name changes the
    configuration.
    """
    # Squid checks a line from left to right: it requests a login only if the rest of the line matches.
    rules = [line for number, permit in enumerate(permits) for line in _rules(f"client{number}", permit)]
    lines = [
        f"# names of pods: {hashlib.sha256(names.encode()).hexdigest()}",
        f"visible_hostname {name}",
        f"http_port {port}",
        f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {accounts}",
        f"auth_param basic realm {name}",
        "auth_param basic credentialsttl 1 minute",
        "http_access deny manager",
        *rules,
        "http_access deny all",
        "cache deny all",
        "cache_mem 0 MB",
        "memory_pools off",
        "access_log none",
        "cache_log /dev/null",
        "netdb_filename none",
        "pinger_enable off",
        "coredump_dir /tmp",
        "pid_filename /tmp/squid.pid",
        "shutdown_lifetime 1 second",
    ]
    return "".join(f"{line}\n" for line in lines)


def _rules(name: str, permit: Permit) -> Iterator[str]:
    request = permit.request
    client: list[str] = []
    if request.by_source:
        yield f"acl {name}_source src {' '.join(request.sources)}"
        client.append(f"{name}_source")
    if request.by_account:
        yield f"acl {name}_user proxy_auth {permit.username}"
        client.append(f"{name}_user")
    if not request.domains:
        yield f"http_access allow {' '.join(client) or 'all'}"
    for number, (host, ports) in enumerate(request.domains.items()):
        rule = f"{name}_{number}"
        yield f"acl {rule}_host dstdomain -n {host}"
        yield f"acl {rule}_port port {' '.join(map(str, ports))}"
        yield f"http_access allow {' '.join([f'{rule}_host', f'{rule}_port', *client])}"


def responses(answers: Iterable[Mapping[str, str]]) -> str:
    """Write the value of ``responses``."""
    return json.dumps(sorted(answers, key=lambda answer: answer["requirer"]), sort_keys=True)
