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
