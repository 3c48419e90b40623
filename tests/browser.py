"""HTTP clients for applications: single requests, and a browser with cookies."""

import contextlib
import http.client
import http.cookiejar
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Page:
    """The response of a server."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def cookies(self) -> str:
        """Value of the ``Cookie`` header for the next request."""
        return "; ".join(each.partition(";")[0] for each in self.headers.get_all("Set-Cookie", []))


def browse(
    url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, *, ca: str | None = None
) -> Page:
    """Send a request like a browser, which resolves ``.localhost`` to this machine; redirects are not followed.

    ``ca`` is the text of the only certificate that is trusted, for a URL with HTTPS.
    """
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    body = urllib.parse.urlencode(form) if form is not None else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    address = "127.0.0.1" if host.endswith(".localhost") else host
    connection = http.client.HTTPConnection(address, parts.port or 80, timeout=10)
    if parts.scheme == "https":
        connection.connect()
        trusted = ssl.create_default_context(cadata=ca)
        connection.sock = trusted.wrap_socket(connection.sock, server_hostname=host)
    with contextlib.closing(connection):
        connection.request(
            "GET" if body is None else "POST", path, body, {"Host": parts.netloc, **kind, **(headers or {})}
        )
        answer = connection.getresponse()
        return Page(status=answer.status, headers=answer.headers, text=answer.read().decode())


class Browser:
    """An HTTP client of an application, with cookies. ``address`` raises ``OSError`` while there is no URL."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._url = ""
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def post(self, path: str, document: Any) -> Any:
        return self.send("POST", path, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def send(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
        content = self._send(method, path, body, headers)
        return json.loads(content) if content else None

    def text(self, path: str) -> str:
        return self._send("GET", path).decode()

    def log_in(self, path: str, username: str, password: str) -> str:
        """Submit a login form of Django; return the next page."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.text(path))
        assert token
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
        return self._send("POST", path, urllib.parse.urlencode(form).encode(), {"Referer": self._url + path}).decode()

    def _send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        self._url = self._url or self._address()
        request = urllib.request.Request(self._url + path, body, dict(headers or {}), method=method)
        try:
            with self._opener.open(request, timeout=10) as answer:
                return answer.read()
        except (ConnectionError, urllib.error.URLError):
            # The address may change when the application restarts.
            self._url = ""
            raise
