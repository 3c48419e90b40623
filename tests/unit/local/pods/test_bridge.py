"""Addresses and interface names of pods."""

import ipaddress

from paas_local.pods import bridge


def test_names_of_a_pod_follow_from_its_address() -> None:
    address = ipaddress.IPv4Address("10.152.3.77")

    assert bridge.veth_name(address) == "pod845"
    assert bridge.mac_address(address) == "02:00:0a:98:03:4d"


def test_the_name_of_a_veth_fits_into_the_kernel_s_limit() -> None:
    assert len(bridge.veth_name(bridge.NETWORK.broadcast_address)) < 16
