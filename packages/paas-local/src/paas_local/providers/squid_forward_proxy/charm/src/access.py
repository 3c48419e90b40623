"""What clients ask of the forward proxy, and Squid's configuration that follows.

The databags are those of the ``http_proxy`` interface: requests and responses are JSON lists, matched by the id that
the requirer chooses. A request names domains and ways to prove who asks, of which the proxy takes the safest.
"""

import hashlib
import ipaddress
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

Text = Mapping[str, str]
WAYS = ("srcip+userpass", "userpass", "srcip", "none")
"""The safest first."""
USUAL = "userpass"
"""For who leaves it to the proxy."""
_WEB = (80, 443)
_LAST_PORT = 65535
_NAME = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_DOMAIN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")


class InvalidError(Exception):
    """A databag has not what the interface wants; the text names the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What one requirer asks for."""

    id: str
    auth: str
    """The way that is taken."""
    domains: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """Host to its ports; none are all."""
    sources: tuple[str, ...] = ()
    """Addresses from which it asks."""

    @property
    def by_account(self) -> bool:
        """Whether it needs an account."""
        return "userpass" in self.auth

    @property
    def by_source(self) -> bool:
        """Whether it is known by its address."""
        return "srcip" in self.auth


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A request that cannot be served, as it is answered."""

    id: str
    status: str
    """A word of the interface."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Permit:
    """A request, and the account that was made for it."""

    request: Request
    username: str = ""
    password: str = field(default="", repr=False)


def read(app: Text, units: Iterable[Text]) -> tuple[Request | Refusal, ...]:
    """Read the requests of a client; none until it has asked."""
    if "requests" not in app:
        return ()
    try:
        listed = json.loads(app["requests"])
    except ValueError:
        raise InvalidError("requests (must be JSON)") from None
    if not isinstance(listed, list):
        raise InvalidError("requests (must be a list)")
    addresses = tuple(sorted({unit["private-address"] for unit in units if "private-address" in unit}))
    found = [_request(asked, addresses) for asked in cast("list[object]", listed)]
    if len({each.id for each in found}) < len(found):
        raise InvalidError("requests.requirer (must be different in each)")
    return tuple(found)


def _request(asked: object, addresses: Sequence[str]) -> Request | Refusal:
    if not isinstance(asked, dict):
        raise InvalidError("requests (must have objects)")
    given = cast("dict[str, Any]", asked)
    try:
        number = str(uuid.UUID(given["requirer"]))
    except (LookupError, ValueError, TypeError, AttributeError):
        raise InvalidError("requests.requirer (must be a UUID)") from None
    try:
        domains = _domains(_texts(given, "domains"))
        ways, sources = _texts(given, "auth"), _sources(_texts({"src_ips": [], **given}, "src_ips"))
    except InvalidError as reason:
        return Refusal(id=number, status="invalid", reason=str(reason))
    auth = next((way for way in WAYS if way in ways), None) if ways else USUAL
    if auth is None:
        return Refusal(id=number, status="unsupported", reason=f"requests.auth (must have one of {', '.join(WAYS)})")
    return Request(id=number, auth=auth, domains=domains, sources=sources or tuple(addresses))


def _texts(given: Mapping[str, Any], key: str) -> list[str]:
    values = given.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in cast("list[object]", values)):
        raise InvalidError(f"requests.{key} (must be a list of texts)")
    return cast("list[str]", values)


def _domains(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Read hosts with their ports; who names no port means the web's two."""
    ports: dict[str, set[int]] = {}
    for name in names:
        host, port = _domain(name)
        ports.setdefault(host, set()).update([port] if port else _WEB)
    return {host: tuple(sorted(ports[host])) for host in sorted(ports)}


def _domain(name: str) -> tuple[str, int]:
    found = _DOMAIN.fullmatch(name)
    host, port = (found["host"], int(found["port"] or 0)) if found else ("", 0)
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
    """Write the accounts; of a password, which is long and made up, there is only the digest."""
    return "".join(
        f"{permit.username}:{hashlib.md5(permit.password.encode(), usedforsecurity=False).hexdigest()}\n"
        for permit in permits
        if permit.request.by_account
    )


def configuration(permits: Iterable[Permit], *, name: str, port: int, accounts: str, names: str) -> str:
    """Write Squid's configuration: what nobody asked for is forbidden.

    Squid reads the names of the pods when it starts: ``names`` says which they are, so that new ones are news.
    """
    # It asks who somebody is only where the rest of a line is met: what stands first is tried first.
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
    who: list[str] = []
    if request.by_source:
        yield f"acl {name}_source src {' '.join(request.sources)}"
        who.append(f"{name}_source")
    if request.by_account:
        yield f"acl {name}_user proxy_auth {permit.username}"
        who.append(f"{name}_user")
    if not request.domains:
        yield f"http_access allow {' '.join(who) or 'all'}"
    for number, (host, ports) in enumerate(request.domains.items()):
        where = f"{name}_{number}"
        yield f"acl {where}_host dstdomain -n {host}"
        yield f"acl {where}_port port {' '.join(map(str, ports))}"
        yield f"http_access allow {' '.join([f'{where}_host', f'{where}_port', *who])}"


def answered(answers: Iterable[Mapping[str, str]]) -> str:
    """Write the answers."""
    return json.dumps(sorted(answers, key=lambda answer: answer["requirer"]), sort_keys=True)
