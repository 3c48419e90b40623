"""Addresses of services: putting them together safely, and spelling them out as variables."""

import collections.abc
import typing
import urllib.parse

import pydantic


def url(scheme: str, host: str, *, username: str = "", password: str = "", path: str = "") -> str:
    """Put a URL together; names and passwords may hold any character."""
    account = f"{_quoted(username)}:{_quoted(password)}@" if username else ""
    return f"{scheme}://{account}{host}{path}"


def is_url(address: str) -> bool:
    """Tell whether the text has the shape of a URL: a scheme, and brackets only around an IPv6 address."""
    try:
        return bool(urllib.parse.urlsplit(address).scheme)
    except ValueError:
        return False


def is_web(address: str) -> bool:
    """Tell whether the text is an address for browsers and other clients of HTTP."""
    try:
        parts = urllib.parse.urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def is_endpoint(text: str) -> bool:
    """Tell whether the text is ``host`` or ``host:port``; an IPv6 address stands in brackets."""
    try:
        parts = urllib.parse.urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return False
    brackets = text.startswith("[")
    return (
        bool(parts.hostname)
        and parts.netloc == text
        and (brackets or text.count(":") <= 1)
        and not text.endswith(":")
        and port != 0
        and not set(text) & set("@ \\")
        and text.isprintable()
    )


def _checked(address: str) -> str:
    if not is_url(address):
        raise ValueError("must be a URL")
    return address


def _checked_if_any(address: str) -> str:
    return _checked(address) if address else address


def _checked_web(address: str) -> str:
    if not is_web(address):
        raise ValueError("must be a URL with http or https")
    return address


def _checked_host(host: str) -> str:
    written = f"[{host}]" if ":" in host and not host.startswith("[") else host
    if not is_endpoint(written) or _port(urllib.parse.urlparse(f"//{written}")):
        raise ValueError("must be the name or the address of a host")
    return written


Url = typing.Annotated[str, pydantic.AfterValidator(_checked)]
"""The text of an address, as it was given."""
UrlOrNothing = typing.Annotated[str, pydantic.AfterValidator(_checked_if_any)]
"""Likewise; empty where there is none."""
WebUrl = typing.Annotated[str, pydantic.AfterValidator(_checked_web)]
"""The text of an address for clients of HTTP, as it was given."""
Host = typing.Annotated[str, pydantic.AfterValidator(_checked_host)]
"""Where something listens, without its port; an IPv6 address gets the brackets that it needs in a URL."""


def carries(address: str, username: str, password: str) -> bool:
    """Tell whether the address names exactly this account, correctly quoted."""
    parts = urllib.parse.urlsplit(address)
    return (urllib.parse.unquote(parts.username or ""), urllib.parse.unquote(parts.password or "")) == (
        username,
        password,
    )


def with_parameters(address: str, wanted: collections.abc.Mapping[str, str]) -> str:
    """Add parameters to the query; those that the address has already stay as they are."""
    parts = urllib.parse.urlsplit(address)
    given = {name for name, _ in urllib.parse.parse_qsl(parts.query, keep_blank_values=True)}
    added = {name: value for name, value in wanted.items() if name not in given}
    if not added:
        return address
    query = "&".join(filter(None, (parts.query, urllib.parse.urlencode(added, safe="/"))))
    return parts._replace(path=parts.path or "/", query=query).geturl()


def prefix(address: str) -> str:
    """Give the path below which an address lies, without its last slash; empty where it has none."""
    return urllib.parse.urlsplit(address).path.rstrip("/")


def env(stem: str, address: str, *, username: str = "", password: str = "") -> dict[str, str]:
    """Spell out an address.

    The parts are those of ``urllib.parse.urlparse``. An address of several hosts has no port of its own, so the
    variable is left out. A known user name and password are given as they are, not as the URL quotes them.
    """
    parts = urllib.parse.urlparse(address)
    found = {
        "CONNECT_STRING": address,
        "SCHEME": parts.scheme,
        "NETLOC": parts.netloc,
        "PATH": parts.path,
        "PARAMS": parts.params,
        "QUERY": parts.query,
        "FRAGMENT": parts.fragment,
        "USERNAME": username or parts.username,
        "PASSWORD": password or parts.password,
        "HOSTNAME": parts.hostname,
        "PORT": _port(parts),
        "NAME": parts.path.removeprefix("/") if parts.path else None,
    }
    return {f"{stem}_{name}": value for name, value in found.items() if value is not None}


def _port(parts: urllib.parse.ParseResult) -> str | None:
    hosts = parts.netloc.rpartition("@")[2]
    port = hosts.rpartition(":")[2]
    return port if "," not in hosts and ":" in hosts and port.isdecimal() else None


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")
