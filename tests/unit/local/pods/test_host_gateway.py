"""Ports that the host publishes, and its name servers."""

import pytest
from paas_local.pods import host_gateway


@pytest.mark.parametrize(
    ("ports", "first", "last"),
    [
        pytest.param((8000, 8000), (8000, 8001), 8099, id="its own, then the next"),
        pytest.param((8000, 8003), (8003, 8000, 8001), 8099, id="the one that it had before"),
        pytest.param((80, 80), (80, 8080, 8081), 8179, id="a plain user cannot have 80"),
        pytest.param((65530, 65530), (65530, 65531), 65535, id="there is a last port"),
    ],
)
def test_tries_the_same_port_first(ports: tuple[int, int], first: tuple[int, ...], last: int) -> None:
    tried = host_gateway.host_ports(*ports)

    assert tried[: len(first)] == first
    assert tried[-1] == last


def test_name_servers_are_read_from_resolv_conf() -> None:
    text = "# by hand\nsearch lan\nnameserver 127.0.0.53\nnameserver fe80::1\noptions edns0\nnameserver\n"

    assert host_gateway.name_servers(text) == ("127.0.0.53", "fe80::1")
