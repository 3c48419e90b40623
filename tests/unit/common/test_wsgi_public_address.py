"""What a WSGI application is told of the address under which people reach it."""

import pytest
from paas_common.public_address import Application, PublicAddress, behind


def told(address: str, **environ: str) -> dict[str, object]:
    """Give the environment that the application gets of a request."""
    seen: list[dict[str, object]] = []

    def application(given: dict[str, object], _: Application) -> object:
        seen.append(given)
        return ()

    behind(application, address)({"PATH_INFO": "/", "wsgi.url_scheme": "http", **environ}, print)
    return seen[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/notes", "/notes"),
        ("/shop/notes", "/notes"),
        ("/shop/", "/"),
        ("/shop", "/"),
        ("/shopping", "/shopping"),
        ("", "/"),
    ],
)
def test_the_prefix_is_known_and_not_in_the_path(path: str, expected: str) -> None:
    found = told("http://a.com/shop/", PATH_INFO=path, SCRIPT_NAME="/of-somebody")

    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("/shop", expected)


def test_an_address_without_a_path() -> None:
    found = told("http://a.com/", PATH_INFO="/notes")

    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("", "/notes")


@pytest.mark.parametrize(("header", "scheme"), [("https", "https"), ("http", "http"), ("gopher", "http")])
def test_the_scheme_is_the_proxy_s(header: str, scheme: str) -> None:
    assert told("http://a.com", HTTP_X_FORWARDED_PROTO=header)["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize(("header", "host"), [("a.com", "a.com"), ("evil.com", "shop.demo")])
def test_a_forwarded_host_is_believed_if_it_is_the_public_one(header: str, host: str) -> None:
    assert told("http://a.com/shop", HTTP_HOST="shop.demo", HTTP_X_FORWARDED_HOST=header)["HTTP_HOST"] == host


class Asynchronous:
    """What an ASGI framework's application looks like."""

    async def __call__(self, *_: object) -> None:
        """Answer nothing."""


async def function(*_: object) -> None:
    """Answer nothing."""


@pytest.mark.parametrize("application", [Asynchronous(), function])
def test_an_application_of_another_protocol_stays_as_it_is(application: Application) -> None:
    assert behind(application, "http://a.com/shop") is application
    assert not isinstance(application, PublicAddress)
