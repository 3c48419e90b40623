"""The log targets of the charms, in a daemon that forwards logs."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import ops.pebble
import pytest
from paas_common.observability import log_targets
from paas_common.values import facts

ME = facts.Identity(
    app="shop",
    unit="shop/0",
    model="prod",
    leader=True,
    model_uuid="5c6f2f0c-3c66-4c1c-9a52-0a9a7a3f4e10",
    charm="shop",
)
LABEL = "app-log-forwarding"


class Loki(ThreadingHTTPServer):
    """A server that keeps pushed streams."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Push)
        self.streams: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/loki/api/v1/push"

    @property
    def lines(self) -> list[str]:
        return [line for stream in self.streams for _, line in stream["values"]]


class _Push(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        cast("Loki", self.server).streams.extend(json.loads(body)["streams"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by the base class
        """Write no log."""


@pytest.fixture
def loki() -> Iterator[Loki]:
    with Loki() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def forward(client: ops.pebble.Client, *addresses: str) -> log_targets.Entries:
    """Add the log targets as the charm does; return the changes."""
    current = {name: dict(target.to_dict()) for name, target in client.get_plan().log_targets.items()}
    targets = log_targets.entries(ME, {f"loki/{number}": address for number, address in enumerate(addresses)})
    changes = log_targets.changes(current, targets)
    if changes:
        client.add_layer(LABEL, ops.pebble.Layer(cast("ops.pebble.LayerDict", {"log-targets": changes})), combine=True)
    return changes


def test_lines_arrive_with_labels_and_end_with_the_relation(client: ops.pebble.Client, loki: Loki, folder: Path):
    output = folder / "output"
    output.touch()
    client.add_layer("base", f"services: {{web: {{override: replace, command: tail -f {output}, startup: enabled}}}}")
    client.replan_services()

    forward(client, loki.address)
    with output.open("a") as file:
        file.write("first\n")
    wait_until(lambda: loki.lines == ["first"])
    again = forward(client, loki.address)
    gone = forward(client)
    with output.open("a") as file:
        file.write("second\n")
    time.sleep(1.5)  # a push comes one second after its line

    assert loki.streams[0]["stream"] == {
        "product": "Juju",
        "charm": "shop",
        "juju_model": "prod",
        "juju_model_uuid": ME.model_uuid,
        "juju_application": "shop",
        "juju_unit": "shop/0",
        "job": "juju_prod_5c6f2f0c_shop",
        "pebble_service": "web",
    }
    assert again == {}
    assert gone == {"loki/0": log_targets.DISABLED}
    assert forward(client) == {}
    assert loki.lines == ["first"]


def test_a_new_target_receives_the_lines_that_are_kept_once(client: ops.pebble.Client, loki: Loki, folder: Path):
    output = folder / "output"
    output.write_text("before\n")
    client.add_layer(
        "base", f"services: {{web: {{override: replace, command: tail -n 9 -f {output}, startup: enabled}}}}"
    )
    client.replan_services()

    forward(client, loki.address)
    wait_until(lambda: loki.lines == ["before"])
    client.add_layer("base", "services: {web: {override: merge, environment: {A: b}}}", combine=True)
    with output.open("a") as file:
        file.write("after\n")

    wait_until(lambda: loki.lines == ["before", "after"])
