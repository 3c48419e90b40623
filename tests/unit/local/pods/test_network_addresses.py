import ipaddress

import pytest
from paas_local.pods import bridge, egress


def test_a_pod_s_cable_and_hardware_address_follow_from_its_address() -> None:
    address = ipaddress.IPv4Address("10.152.3.77")

    assert bridge.veth_name(address) == "pod845"
    assert bridge.mac_address(address) == "02:00:0a:98:03:4d"


def test_the_name_of_a_cable_fits() -> None:
    assert len(bridge.veth_name(bridge.NETWORK.broadcast_address)) < 16


@pytest.mark.parametrize(
    ("address", "outside"),
    [("203.0.113.5", True), ("192.168.1.1", True), ("10.152.0.1", False), ("127.0.0.1", False), ("0.0.0.0", False)],
)
def test_pods_reach_the_world_but_not_the_host_itself(address: str, outside: bool) -> None:
    assert egress.is_outside(ipaddress.IPv4Address(address), bridge.NETWORK) is outside


def test_a_question_that_nobody_answers_fails_at_once() -> None:
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03web\x00\x00\x01\x00\x01"

    answer = egress.server_failure(question)

    assert answer[:4] == b"\x12\x34\x81\x82"
    assert answer[4:] == question[4:]


def test_what_is_no_question_gets_no_answer() -> None:
    assert egress.server_failure(b"x") == b""
