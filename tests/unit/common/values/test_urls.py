"""URLs work with any character in an account."""

import urllib.parse

import pytest
from paas_common.values import environment, urls

ODD = "p@ss/w:rd %#?&é ü"


def test_a_password_is_quoted_in_the_url_and_plain_in_its_own_variable() -> None:
    address = urls.url("postgresql", "pg:5432", username="us/er", password=ODD, path="/db")

    overrides = urls.env("DB", address, username="us/er", password=ODD)
    texts = {variable.name: variable.text for variable in environment.variables(overrides, "test")}

    parts = urllib.parse.urlsplit(texts["DB_CONNECT_STRING"])
    assert (parts.hostname, parts.port, parts.path) == ("pg", 5432, "/db")
    assert urllib.parse.unquote(parts.password or "") == texts["DB_PASSWORD"] == ODD
    assert texts["DB_USERNAME"] == "us/er"


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("postgresql://u:p@h:5432/d", "5432"),
        ("postgresql://u:p@h/d", None),
        ("postgresql://u:p@h1:5432,h2:5432/d", None),
        ("postgresql://u:p@h:none/d", None),
        ("postgresql://u:p@[::1]:5432/d", "5432"),
        ("postgresql://u:p@[::1]/d", None),
    ],
)
def test_the_port_is_there_when_there_is_one(address: str, port: str | None) -> None:
    assert urls.env("DB", address).get("DB_PORT") == port


def test_a_part_that_a_url_lacks_has_no_variable() -> None:
    assert urls.env("CACHE", "redis://h:6379") == {
        "CACHE_CONNECT_STRING": "redis://h:6379",
        "CACHE_SCHEME": "redis",
        "CACHE_NETLOC": "h:6379",
        "CACHE_PATH": "",
        "CACHE_PARAMS": "",
        "CACHE_QUERY": "",
        "CACHE_FRAGMENT": "",
        "CACHE_HOSTNAME": "h",
        "CACHE_PORT": "6379",
    }


@pytest.mark.parametrize(("address", "is_one"), [("a://b", True), ("no scheme", False), ("", False), ("a://[b", False)])
def test_a_url_has_a_scheme(address: str, is_one: bool) -> None:
    assert urls.is_url(address) is is_one
