"""Requests to the forward proxy, and Squid's rules."""

import json
from typing import Any

import pytest
from paas_local.providers.squid_forward_proxy.charm.src import access

ID = "7c9ed8a6-1f0e-4a56-9a6b-0f4f4f0c9d11"
OTHER = "0d5f0d4e-7f55-4d43-9d0c-0b8b6c1c1c55"


def request(**values: Any) -> dict[str, Any]:
    return {"requirer": ID, "domains": [], "auth": [], **values}


def read(*requests: Any, units: tuple[str, ...] = ("10.1.2.30",)) -> tuple[access.Request | access.RefusedRequest, ...]:
    return access.read({"requests": json.dumps(requests)}, [{"private-address": unit} for unit in units])


def rules(*permits: access.Permit) -> list[str]:
    text = access.configuration(permits, name="proxy", port=3128, accounts="/passwd", names="")
    return [line for line in text.splitlines() if line.startswith(("acl", "http_access"))]


def test_a_request_without_domains_and_methods_gets_an_account_for_all_domains():
    assert read(request()) == (access.Request(id=ID, auth="userpass", sources=("10.1.2.30",)),)


def test_the_safest_of_several_methods_is_used():
    (result,) = read(request(auth=["none", "telepathy", "userpass", "srcip"]))

    assert isinstance(result, access.Request)
    assert result.auth == "userpass"


def test_a_host_without_a_port_has_the_ports_of_the_web():
    (result,) = read(request(domains=["B.example", "a.example:8080", "a.example:81", "[::1]", "10.1.2.3:9"]))

    assert isinstance(result, access.Request)
    assert result.domains == {
        "10.1.2.3": (9,),
        "[::1]": (80, 443),
        "a.example": (81, 8080),
        "b.example": (80, 443),
    }


def test_addresses_in_a_request_override_those_of_the_units():
    (result,) = read(request(auth=["srcip"], src_ips=["192.0.2.7", "198.51.100.9/24"]))

    assert isinstance(result, access.Request)
    assert result.sources == ("192.0.2.7/32", "198.51.100.0/24")


def test_an_empty_databag_has_no_requests():
    assert access.read({}, []) == ()


@pytest.mark.parametrize(
    ("values", "status", "reason"),
    [
        ({"domains": ["a b"]}, "invalid", 'requests.domains (must be host or host:port, not "a b")'),
        (
            {"domains": ["a\nhttp_access allow all"]},
            "invalid",
            'requests.domains (must be host or host:port, not "a\\nhttp_access allow all")',
        ),
        ({"domains": [".a"]}, "invalid", 'requests.domains (must be host or host:port, not ".a")'),
        ({"domains": ["a:70000"]}, "invalid", 'requests.domains (must be host or host:port, not "a:70000")'),
        ({"domains": ["[a]"]}, "invalid", 'requests.domains (must be host or host:port, not "[a]")'),
        ({"domains": ["[::g]:1"]}, "invalid", 'requests.domains (must be host or host:port, not "[::g]:1")'),
        ({"domains": ["[:::]"]}, "invalid", 'requests.domains (must be host or host:port, not "[:::]")'),
        ({"domains": None}, "invalid", "requests.domains (must be a list of strings)"),
        ({"auth": [1]}, "invalid", "requests.auth (must be a list of strings)"),
        ({"src_ips": ["here"]}, "invalid", "requests.src_ips (must be addresses or networks)"),
        (
            {"auth": ["telepathy"]},
            "unsupported",
            "requests.auth (must have one of srcip+userpass, userpass, srcip, none)",
        ),
    ],
)
def test_an_invalid_request_is_refused_with_its_key(values: dict[str, Any], status: str, reason: str):
    assert read(request(**values)) == (access.RefusedRequest(id=ID, status=status, reason=reason),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("junk", "requests (must be JSON)"),
        ("{}", "requests (must be a list)"),
        ("[1]", "requests (must have objects)"),
        ('[{"requirer": 1}]', "requests.requirer (must be a UUID)"),
        ('[{"requirer": "me"}]', "requests.requirer (must be a UUID)"),
        (json.dumps([request(), request()]), "requests.requirer (must be different in each)"),
    ],
)
def test_requests_that_are_not_a_list_are_an_error(text: str, reason: str):
    with pytest.raises(access.InvalidError) as error:
        access.read({"requests": text}, [])

    assert str(error.value) == reason


def test_only_requested_domains_are_allowed():
    request = access.Request(
        id=ID, auth="srcip+userpass", domains={"a.example": (80, 443)}, sources=("10.1.2.3", "10.1.2.4")
    )

    assert rules(access.Permit(request=request, username="me", password="pw")) == [
        "http_access deny manager",
        "acl client0_source src 10.1.2.3 10.1.2.4",
        "acl client0_user proxy_auth me",
        "acl client0_0_host dstdomain -n a.example",
        "acl client0_0_port port 80 443",
        "http_access allow client0_0_host client0_0_port client0_source client0_user",
        "http_access deny all",
    ]


def test_a_request_without_authentication_and_domains_allows_everything():
    assert rules(access.Permit(request=access.Request(id=ID, auth="none"))) == [
        "http_access deny manager",
        "http_access allow all",
        "http_access deny all",
    ]


def test_passwords_are_not_written():
    account = access.Request(id=ID, auth="userpass")
    without = access.Request(id=OTHER, auth="none")

    text = access.passwords(
        [access.Permit(request=account, username="me", password="pw"), access.Permit(request=without)]
    )

    assert text == "me:8fe4c11451281c094a6578e6ddbf5eed\n"


def test_new_names_of_pods_change_the_configuration():
    first, again, other = (
        access.configuration([], name="proxy", port=3128, accounts="/passwd", names=names) for names in ("a", "a", "b")
    )

    assert first == again != other
