"""Traffic that pods may send through the host."""

import ipaddress

import pytest
from paas_local.pods import bridge, egress


@pytest.mark.parametrize(
    ("address", "outside"),
    [("203.0.113.5", True), ("192.168.1.1", True), ("10.152.0.1", False), ("127.0.0.1", False), ("0.0.0.0", False)],
)
def test_pods_reach_the_outside_but_not_the_host_itself(address: str, outside: bool) -> None:
    assert egress.is_outside(ipaddress.IPv4Address(address), bridge.NETWORK) is outside


def test_a_query_without_an_answer_fails_at_once() -> None:
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03web\x00\x00\x01\x00\x01"

    answer = egress.server_failure(question)

    assert answer[:4] == b"\x12\x34\x81\x82"
    assert answer[4:] == question[4:]


def test_a_datagram_that_is_not_a_query_gets_no_answer() -> None:
    assert egress.server_failure(b"x") == b""


def question(name: bytes, kind: int) -> bytes:
    return b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + name + b"\0" + kind.to_bytes(2, "big") + b"\0\x01"


@pytest.mark.parametrize("name", [b"\x07traefik\x04Demo\x09LocalHost", b"\x09localhost"])
def test_a_name_in_localhost_is_the_machine_itself(name: bytes) -> None:
    query = question(name, 1)

    answer = egress.localhost(query)

    assert answer[:12] == b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
    assert answer[12 : len(query)] == query[12:]
    assert answer[len(query) :] == b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01"


def test_a_name_in_localhost_has_no_other_address() -> None:
    query = question(b"\x09localhost", 28)

    answer = egress.localhost(query)

    assert answer == b"\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00" + query[12:]


@pytest.mark.parametrize("query", [question(b"\x03web\x04test", 1), question(b"\x0alocalhosts", 1), b"x", b""])
def test_other_questions_are_for_the_host(query: bytes) -> None:
    assert egress.localhost(query) == b""
