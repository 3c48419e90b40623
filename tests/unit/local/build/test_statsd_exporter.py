"""Gunicorn's metrics, as Prometheus scrapes them."""

import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paas_local.build import statsd_exporter
from paas_local.build.frameworks import gunicorn
from paas_local.build.statsd_exporter import Metrics

MAPPING = statsd_exporter.rules(gunicorn.statsd_mapping("flask"))


def shown(*packets: str) -> list[str]:
    metrics = Metrics(MAPPING)
    for packet in packets:
        metrics.take(packet)
    return metrics.text().splitlines()


def test_counts_requests_under_the_frameworks_name():
    assert shown("gunicorn.requests:1|c|@1.0", "gunicorn.requests:1|c|@1.0") == [
        "# TYPE flask_requests counter",
        "flask_requests 2",
    ]


def test_the_status_code_is_a_label():
    lines = shown("gunicorn.request.status.200:1|c\ngunicorn.request.status.404:1|c")

    assert lines[1:] == ['flask_response_code{status="200"} 1', 'flask_response_code{status="404"} 1']


def test_durations_are_seconds():
    lines = shown("gunicorn.request.duration:250|ms", "gunicorn.request.duration:750|ms")

    assert "flask_request_duration_sum 1" in lines
    assert "flask_request_duration_count 2" in lines
    assert 'flask_request_duration{quantile="0.99"} 0.75' in lines


def test_a_metric_without_a_rule_keeps_its_name():
    assert shown("gunicorn.workers:4|g")[1] == "gunicorn_workers 4"


def test_a_gauge_may_be_changed_by_a_difference():
    assert shown("a:4|g", "a:-1|g")[1] == "a 3"


def test_a_sampled_counter_counts_for_all():
    assert shown("a:1|c|@0.1")[1] == "a 10"


@pytest.mark.parametrize("packet", ["", "nonsense", "a:b|c", "a:1|?", "a:1-1|c", "a:1|c|@e"])
def test_ignores_lines_that_are_not_metrics(packet: str):
    assert shown(packet) == []


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen in five seconds")


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def scrape(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as one, one.makefile(encoding="utf-8") as answer:
        one.sendall(f"GET {path} HTTP/1.1\r\n".encode())
        one.sendall(b"Host: x\r\n\r\n")
        return answer.read()


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Run the program; return its ports for metrics and for pages."""
    statsd, web = free_port(), free_port()
    mapping = tmp_path / "statsd-mapping.conf"
    mapping.write_text(gunicorn.statsd_mapping("flask"))
    flags = {"statsd.mapping-config": mapping, "statsd.listen-udp": f"localhost:{statsd}"}
    flags |= {"statsd.listen-tcp": f"localhost:{statsd}", "web.listen-address": f"127.0.0.1:{web}"}
    command = [sys.executable, statsd_exporter.__file__, *(f"--{name}={text}" for name, text in flags.items())]
    with subprocess.Popen(command) as program:
        until(lambda: listens(web))
        yield statsd, web
        program.send_signal(signal.SIGTERM)
        assert program.wait(5) == 0


def test_counts_packets_and_lines_until_a_signal(ports: tuple[int, int]):
    statsd, web = ports

    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.sendto(b"gunicorn.requests:1|c", ("127.0.0.1", statsd))
    with socket.create_connection(("127.0.0.1", statsd)) as client:
        client.sendall(b"first:1|c\nsec")
        client.sendall(b"ond:2|c\nlast:3|c")
    until(lambda: all(line in scrape(web, "/metrics") for line in ("flask_requests 1\n", "last 3\n")))

    page = scrape(web, "/metrics")
    assert page.startswith("HTTP/1.1 200 OK\n")
    assert "first 1\n" in page
    assert "second 2\n" in page


def test_has_one_page(ports: tuple[int, int]):
    assert scrape(ports[1], "/").startswith("HTTP/1.1 200 OK\n")
    assert scrape(ports[1], "/other").startswith("HTTP/1.1 404 Not Found\n")


def test_a_client_that_waits_or_goes_away_does_not_stop_the_others(ports: tuple[int, int]):
    with socket.create_connection(("127.0.0.1", ports[1])) as waits:
        waits.sendall(b"GET /metrics")
        with socket.create_connection(("127.0.0.1", ports[1])) as gone:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")

        assert scrape(ports[1], "/metrics").startswith("HTTP/1.1 200 OK\n")


def test_understands_the_flags_of_the_original():
    flags = statsd_exporter.flags(["--statsd.mapping-config=/m", "--statsd.listen-udp", "localhost:1"])

    assert flags == {
        "statsd.mapping-config": "/m",
        "statsd.listen-udp": "localhost:1",
        "statsd.listen-tcp": ":9125",
        "web.listen-address": ":9102",
    }


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--statsd.mapping-config=/none"], "[Errno 2] No such file or directory: '/none'"),
        (["--other=1"], "option --other not recognized"),
        (["other"], "unexpected other"),
    ],
)
def test_a_failed_start_is_one_line(arguments: list[str], error: str):
    with pytest.raises(SystemExit) as ended:
        statsd_exporter.main(arguments)

    assert ended.value.code == f"statsd_exporter: {error}"
