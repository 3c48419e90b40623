"""Gunicorn's metrics, as Prometheus scrapes them."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
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


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen in five seconds")


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


async def scrape(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return answer


def test_listens_on_the_given_addresses_until_a_signal():
    statsd, web = free_port(), free_port()
    metrics = Metrics(MAPPING)

    async def scenario() -> tuple[str, str]:
        address = f"localhost:{statsd}"
        served = asyncio.create_task(statsd_exporter.serve(metrics, udp=address, tcp=address, web=f"127.0.0.1:{web}"))
        await until(lambda: listens(web))
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.sendto(b"gunicorn.requests:1|c", ("127.0.0.1", statsd))
        _, writer = await asyncio.open_connection("127.0.0.1", statsd)
        writer.write(b"other:2|c\n")
        writer.close()
        await writer.wait_closed()
        await until(lambda: len(metrics.counters) == 2)
        pages = await scrape(web, "/metrics"), await scrape(web, "/other")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(served, 5)
        return pages

    page, other = asyncio.run(scenario())

    assert page.startswith("HTTP/1.1 200 OK\r\n")
    assert "flask_requests 1\n" in page
    assert "other 2\n" in page
    assert other.startswith("HTTP/1.1 404 Not Found\r\n")


def test_understands_the_flags_of_the_original():
    options = statsd_exporter.arguments().parse_args(
        ["--statsd.mapping-config=/m", "--statsd.listen-udp=localhost:1", "--statsd.listen-tcp=localhost:2"]
    )

    assert (options.mapping, options.udp, options.tcp, options.web) == ("/m", "localhost:1", "localhost:2", ":9102")


def test_a_failed_start_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["statsd_exporter", f"--statsd.mapping-config={tmp_path / 'none'}"])

    with pytest.raises(SystemExit, match=r"^statsd_exporter: .*No such file"):
        statsd_exporter.main()
