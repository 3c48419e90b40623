"""The built-in Prometheus, Loki and Grafana together, as processes: what is scraped and pushed is drawn."""

import contextlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
from deployment import built_once
from drawn_panels import Drawn, drawn_panels
from paas_local.build import rocks
from paas_local.providers import BUILT_IN
from test_ingress_proxy import free_port

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "packages/paas-flask/src/paas_flask/cos/grafana_dashboards/flask.json"
TOPOLOGY = {"juju_model": "demo", "juju_model_uuid": "c0ffee00", "juju_application": "web", "juju_unit": "web/0"}
OTHER = {**TOPOLOGY, "juju_application": "other", "juju_unit": "other/0"}
Result = TypeVar("Result")


class Exporter(BaseHTTPRequestHandler):
    """The metrics of an application, whose counters grow with each scrape; a second path is another application."""

    scrapes = 0

    def do_GET(self) -> None:
        Exporter.scrapes += 1
        number = Exporter.scrapes * (3 if self.path == "/metrics" else 7)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            f"# TYPE flask_requests counter\nflask_requests {number}\n"
            "# TYPE flask_response_code counter\n"
            f'flask_response_code{{status="200"}} {number}\nflask_response_code{{status="500"}} {Exporter.scrapes}\n'
            f'# TYPE flask_request_duration summary\nflask_request_duration{{quantile="0.5"}} 0.25\n'.encode()
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it overrides
        """Write nothing."""


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The URLs of the servers, and the folder of their files."""

    prometheus: str
    loki: str
    grafana: str
    folder: Path

    def query(self, path: str, **parameters: object) -> Any:
        return json.loads(fetched(f"{self.prometheus}/api/v1/{path}?{urlencode(parameters)}"))["data"]

    def configure(self, *targets: Mapping[str, object]) -> None:
        file = self.folder / "new.json"
        file.write_text(json.dumps({"targets": targets, "groups": []}))
        file.replace(self.folder / "config.json")


def fetched(url: str, data: bytes | None = None) -> str:
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def waited(read: Callable[[], Result]) -> Result:
    """Wait until a function returns a result; connection errors are retried."""
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError):
            if result := read():
                return result
        assert time.monotonic() < deadline
        time.sleep(0.2)


def target(port: int, path: str, labels: Mapping[str, str]) -> Mapping[str, object]:
    return {"url": f"http://127.0.0.1:{port}{path}", "labels": {"job": "x", **labels}, "interval": 0.5, "timeout": 5}


@pytest.fixture(scope="module")
def exporter() -> Generator[int]:
    """Serve the metrics; yield the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def servers(exporter: int, tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    ports = {name: free_port() for name in ("prometheus", "loki", "grafana")}
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    dashboards = {"flask": {"applications": ["web"], "dashboard": json.loads(DASHBOARD.read_text())}, "odd": ODD}
    sources = [{"uid": name, "type": name, "url": urls[name], "unit": ""} for name in ("prometheus", "loki")]
    for name, content in (("dashboards", dashboards), ("sources", sources)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    running = Servers(folder=folder, **urls)
    running.configure(target(exporter, "/metrics", TOPOLOGY), target(exporter, "/other", OTHER))
    commands = {
        "prometheus": ["-m", "prometheus.server", "--config", str(folder / "config.json")],
        "loki": [str(BUILT_IN["loki-k8s"] / "rock/files/loki/server.py")],
        "grafana": [
            *("-m", "grafana.server"),
            *("--dashboards", str(folder / "dashboards.json"), "--sources", str(folder / "sources.json")),
        ],
    }
    with contextlib.ExitStack() as stack:
        for name, words in commands.items():
            stack.enter_context(served(name, [*words, "--port", str(ports[name])]))
        for url in (f"{urls['prometheus']}/-/ready", f"{urls['loki']}/ready", f"{urls['grafana']}/api/health"):
            waited(lambda url=url: fetched(url))
        yield running


@contextlib.contextmanager
def served(name: str, words: list[str]) -> Generator[None]:
    """Run a server of a built-in charm with the packages of its image."""
    with built_once(f"{name}-k8s"):
        rock = rocks.build(BUILT_IN[f"{name}-k8s"] / "rock", lambda _: None)
    assert rock.python
    login = {"GRAFANA_USER": "admin", "GRAFANA_PASSWORD": "secret", "GRAFANA_ANONYMOUS": "1"}
    environment = {**os.environ, **login, "PYTHONPATH": str(BUILT_IN[f"{name}-k8s"] / "rock/files")}
    process = subprocess.Popen([rock.python / "bin/python", *words], env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


ODD = {
    "applications": ["web"],
    "dashboard": {
        "title": "Odd <one>",
        "panels": [
            {"title": "A map", "type": "geomap"},
            {"title": "A join", "type": "graph", "targets": [{"expr": 'label_replace(up, "a", "b", "c", "d")'}]},
            {"title": "Nothing", "type": "stat", "targets": [{"expr": "vector(0) / vector(0)"}]},
            {"title": "Traces", "type": "stat", "datasource": {"type": "tempo"}, "targets": [{"expr": "{}"}]},
        ],
    },
}


def panels(servers: Servers, uid: str, **parameters: object) -> dict[str, Drawn]:
    return drawn_panels(fetched(f"{servers.grafana}/d/{uid}?{urlencode(parameters)}"))


def test_a_dashboard_of_a_flask_application_is_drawn_with_the_values_of_prometheus(servers: Servers):
    rate = 'sum by (status) (rate(flask_response_code{juju_application=~"web"}[60s]))'
    waited(lambda: len(servers.query("query", query=rate)["result"]) == 2)
    end = int(time.time()) // 5 * 5 + 5
    waited(lambda: time.time() > end)  # the points until then change no more
    parameters: dict[str, Any] = {"from": (end - 60) * 1000, "to": end * 1000, "var-juju_application": "web"}

    drawn = panels(servers, "flask", **parameters)

    matrix = servers.query("query_range", query=rate, start=end - 60, end=end, step=5)["result"]
    assert drawn["Responses by status"].lines == {
        row["metric"]["status"]: [
            f"{time.strftime('%H:%M:%S', time.gmtime(moment))}: {float(value):.6g} req/s"
            for moment, value in row["values"]
        ]
        for row in matrix
    }
    assert list(drawn["Request rate by unit"].lines) == ["web/0"]
    assert {text.partition(": ")[2] for text in drawn["Duration by quantile"].lines["0.5"]} == {"0.25 s"}
    assert drawn["Targets that answer"].text == "1"


def test_without_variables_a_dashboard_has_all_applications(servers: Servers):
    waited(lambda: len(servers.query("query", query="flask_requests")["result"]) == 2)

    assert panels(servers, "flask")["Targets that answer"].text == "2"


def test_a_panel_of_logs_has_the_lines_of_loki(servers: Servers):
    now = time.time_ns()
    stream = {"stream": {"product": "Juju", **TOPOLOGY}, "values": [[str(now - 10**9), "GET <b>/</b>"]]}
    fetched(f"{servers.loki}/loki/api/v1/push", json.dumps({"streams": [stream]}).encode())

    text = panels(servers, "flask", to=now // 10**6 + 10_000)["Log"].text

    assert text.endswith("web/0 GET <b>/</b>")
    labels = json.loads(fetched(f"{servers.loki}/loki/api/v1/label/juju_application/values"))
    assert labels == {"status": "success", "data": ["web"]}


def test_a_panel_without_a_drawing_has_a_text_in_its_place(servers: Servers):
    assert {title: panel.text for title, panel in panels(servers, "odd").items()} == {
        "A map": "Not drawn: panels of the type geomap are not supported",
        "A join": "Not drawn: the function label_replace is not supported",
        "Nothing": "No data",
        "Traces": "Not drawn: no data source of the type tempo is related (grafana-source)",
    }


def test_the_front_page_links_to_the_dashboards_below_the_prefix_of_a_proxy(servers: Servers):
    request = urllib.request.Request(f"{servers.grafana}/", headers={"X-Forwarded-Prefix": "/demo-grafana"})

    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()

    assert '<a href="/demo-grafana/d/odd">Odd &lt;one&gt;</a> (web)' in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=soon", "from must be milliseconds since 1970, now, or a text such as now-1h"),
        ("from=now&to=now-1h", "from must be before to"),
    ],
)
def test_an_invalid_time_range_is_an_error(servers: Servers, query: str, words: str):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(f"{servers.grafana}/d/flask?{query}")

    with caught.value as error:
        assert (error.code, error.read().decode().strip()) == (400, words)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("query?query=sum(", "unclosed left parenthesis"),
        ("query?query=up&time=noon", "time must be a time in seconds or RFC 3339"),
        ("query_range?query=up&step=0", "step must be seconds or a duration such as 15s"),
        ("query_range?query=up&start=0&end=99999999&step=1s", "start, end and step must have from 1 to 11000 points"),
    ],
)
def test_prometheus_names_the_error_of_a_query(servers: Servers, path: str, words: str):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(f"{servers.prometheus}/api/v1/{path}")

    with caught.value as error:
        assert json.load(error) == {"status": "error", "errorType": "bad_data", "error": words}


def test_a_removed_target_ends_and_the_others_keep_their_series(servers: Servers, exporter: int):
    waited(lambda: len(servers.query("query", query="up")["result"]) == 2)
    first = servers.query("query", query="count_over_time(flask_requests[1h])")["result"]

    servers.configure(target(exporter, "/metrics", TOPOLOGY))

    waited(lambda: len(servers.query("query", query="up")["result"]) == 1)
    assert servers.query("query", query="up")["result"][0]["metric"]["juju_unit"] == "web/0"
    assert len(servers.query("targets")["activeTargets"]) == 1
    later = servers.query("query", query="count_over_time(flask_requests[1h])")["result"]
    assert all(int(new["value"][1]) >= int(old["value"][1]) for new, old in zip(later, first, strict=True))
