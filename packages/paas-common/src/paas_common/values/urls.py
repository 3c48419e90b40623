"""URLs of services: building them safely, and splitting them into variables."""

import collections.abc
import typing
import urllib.parse

import pydantic

from paas_common.values.environment import SecretText


def url(scheme: str, host: str, *, username: str = "", password: str = "", path: str = "") -> str:
    """Build a URL; the user name and the password may hold any character."""
    account = f"{_quoted(username)}:{_quoted(password)}@" if username else ""
    return f"{scheme}://{account}{host}{path}"


def is_url(text: str) -> bool:
    """Return whether the text has a scheme, and brackets only around an IPv6 address."""
    try:
        return bool(urllib.parse.urlsplit(text).scheme)
    except ValueError:
        return False


def is_web_url(text: str) -> bool:
    """Return whether the text is an HTTP or HTTPS URL with a host."""
    try:
        parts = urllib.parse.urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def is_endpoint(text: str) -> bool:
    """Return whether the text is ``host`` or ``host:port``, with an IPv6 address in brackets."""
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


def endpoints(text: str) -> list[str]:
    """Return the endpoints of a comma-separated list, without empty ones: some providers write a last comma."""
    return [endpoint.strip() for endpoint in text.split(",") if endpoint.strip()]


def check_endpoints(text: str) -> str:
    """Return a list of endpoints unchanged; raises ``ValueError`` with the rule if one of them is invalid."""
    listed = endpoints(text)
    if (text and not listed) or not all(map(is_endpoint, listed)):
        raise ValueError("must be host:port, with a port from 1 to 65535 and IPv6 addresses in brackets")
    return text


def _check_url(text: str) -> str:
    if not is_url(text):
        raise ValueError("must be a URL")
    return text


def _check_optional_url(text: str) -> str:
    return _check_url(text) if text else text


def _check_secret_url(secret: pydantic.SecretStr) -> pydantic.SecretStr:
    _check_optional_url(secret.get_secret_value())
    return secret


def _check_web_url(text: str) -> str:
    if not is_web_url(text):
        raise ValueError("must be a URL with http or https")
    return text


def _check_host(host: str) -> str:
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    if not is_endpoint(bracketed) or _port(urllib.parse.urlparse(f"//{bracketed}")):
        raise ValueError("must be the name or the address of a host")
    return bracketed


Url = typing.Annotated[str, pydantic.AfterValidator(_check_url)]
"""A URL, unchanged."""
OptionalUrl = typing.Annotated[str, pydantic.AfterValidator(_check_optional_url)]
"""A URL, unchanged, or the empty text."""
SecretUrl = typing.Annotated[pydantic.SecretStr, pydantic.AfterValidator(_check_secret_url)]
"""A URL with a password, unchanged, or the empty text."""
WebUrl = typing.Annotated[str, pydantic.AfterValidator(_check_web_url)]
"""An HTTP or HTTPS URL, unchanged."""
Host = typing.Annotated[str, pydantic.AfterValidator(_check_host)]
"""A host without port; an IPv6 address gets the brackets that it needs in a URL."""


def has_account(url: str, username: str, password: str) -> bool:
    """Return whether the URL has exactly this user name and password, correctly quoted."""
    parts = urllib.parse.urlsplit(url)
    account = (urllib.parse.unquote(parts.username or ""), urllib.parse.unquote(parts.password or ""))
    return account == (username, password)


def with_parameters(url: str, parameters: collections.abc.Mapping[str, str]) -> str:
    """Add parameters to the query of a URL; parameters that it already has stay."""
    parts = urllib.parse.urlsplit(url)
    present = {name for name, _ in urllib.parse.parse_qsl(parts.query, keep_blank_values=True)}
    added = {name: value for name, value in parameters.items() if name not in present}
    if not added:
        return url
    query = "&".join(filter(None, (parts.query, urllib.parse.urlencode(added, safe="/"))))
    return parts._replace(path=parts.path or "/", query=query).geturl()


def hidden(url: str) -> str | SecretText:
    """Return a URL, or its host with the account, as a secret unless it has neither an account nor a query."""
    return SecretText(url) if "@" in url or "?" in url else url


def path_prefix(url: str) -> str:
    """Return the path of a URL without its last slash; empty if it has none."""
    return urllib.parse.urlsplit(url).path.rstrip("/")


def env(prefix: str, url: str, *, username: str = "", password: str = "") -> dict[str, str | SecretText]:
    """Return a variable for each part of a URL, named as ``urllib.parse.urlparse`` names the parts.

    A URL of several hosts has no PORT. USERNAME and PASSWORD are the plain texts, not quoted as in the URL.
    """
    parts = urllib.parse.urlparse(url)
    secret = password or parts.password
    values: dict[str, str | SecretText | None] = {
        "CONNECT_STRING": hidden(url),
        "SCHEME": parts.scheme,
        "NETLOC": hidden(parts.netloc),
        "PATH": parts.path,
        "PARAMS": parts.params,
        "QUERY": parts.query,
        "FRAGMENT": parts.fragment,
        "USERNAME": username or parts.username,
        "PASSWORD": SecretText(secret) if secret is not None else None,
        "HOSTNAME": parts.hostname,
        "PORT": _port(parts),
        "NAME": parts.path.removeprefix("/") if parts.path else None,
    }
    return {f"{prefix}_{name}": value for name, value in values.items() if value is not None}


def _port(parts: urllib.parse.ParseResult) -> str | None:
    hosts = parts.netloc.rpartition("@")[2]
    port = hosts.rpartition(":")[2]
    return port if "," not in hosts and ":" in hosts and port.isdecimal() else None


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")
