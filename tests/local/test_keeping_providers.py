"""Built-in providers that keep data of applications: objects, mails, spans, log lines, dashboards."""

import base64
import json
import lzma
import shlex
import smtplib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any, cast

import boto3
import pytest
from deployment import Deployment
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from provision import Provider, deployed


def base(provider: Provider, number: int = 0) -> str:
    """Return the URL of one of its ports on this machine, by its position."""
    host, port = provider.address(number)
    return f"http://{host}:{port}"


def fetch(url: str) -> Any:
    """Read a JSON document."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def send(url: str, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> tuple[int, str, bytes]:
    """Post a body; return the status, the content type and the body of the answer."""
    request = urllib.request.Request(url, body, {"Content-Type": kind, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read()


def test_s3_keeps_an_object_in_the_requested_bucket(juju: Deployment):
    provider = deployed(juju, "s3-integrator", "s3")
    provider.write(bucket="photos")

    databag = provider.read("bucket", "access-key", "secret-key", "endpoint", "region", "s3-uri-style")

    assert databag["endpoint"] == "http://s3-integrator.test.svc.cluster.local:9000"
    host, port = provider.address()
    session = boto3.Session(databag["access-key"], databag["secret-key"], region_name=databag["region"])
    storage = cast("Any", session).client("s3", endpoint_url=f"http://{host}:{port}")
    storage.put_object(Bucket=databag["bucket"], Key="animals/cat.txt", Body=b"miaow")
    assert storage.get_object(Bucket=databag["bucket"], Key="animals/cat.txt")["Body"].read() == b"miaow"
    listed = provider.run("list-objects", "bucket=photos")
    assert (listed["objects"]["1"]["key"], listed["objects"]["1"]["size"]) == ("animals/cat.txt", "5")


def test_a_mail_needs_a_login_and_is_kept(juju: Deployment):
    provider = deployed(juju, "smtp-integrator", "smtp")
    databag = provider.read("host", "port", "auth_type", "transport_security", "user", "password_id")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "web@app.test", "you@there.test", "Grüße"
    mail.set_content("Es geht.\n")

    host, port = provider.address()
    with smtplib.SMTP(host, port, timeout=10) as connection:
        with pytest.raises(smtplib.SMTPSenderRefused, match="Authentication required"):
            connection.send_message(mail)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            connection.login(databag["user"], "wrong")
        connection.login(databag["user"], provider.secret(databag["password_id"])["password"])
        connection.send_message(mail)

    listed = provider.run("list-mails")["mails"]
    assert list(listed) == ["1"]
    assert listed["1"] == {"from": "web@app.test", "to": "you@there.test", "subject": "Grüße", "body": "Es geht.\n"}
    assert [each["subject"] for each in fetch(f"{base(provider, 1)}/mails")] == ["Grüße"]


def test_traces_are_received_from_opentelemetrys_own_exporter(juju: Deployment):
    provider = deployed(juju, "tempo-coordinator-k8s", "tracing")
    provider.write(receivers='["otlp_http"]')

    databag = json.loads(provider.read("receivers")["receivers"])

    url = "http://tempo-coordinator-k8s.test.svc.cluster.local:4318"
    assert databag == [{"protocol": {"name": "otlp_http", "type": "http"}, "url": url}]
    tracers = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{base(provider)}/v1/traces", compression=Compression.Gzip)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    with tracers.get_tracer("test").start_as_current_span("checkout"):
        pass
    tracers.shutdown()
    listed = provider.run("list-spans", "service=shop")["spans"]
    assert {key: listed["1"][key] for key in ("service", "name", "status")} == {
        "service": "shop",
        "name": "checkout",
        "status": "unset",
    }
    assert len(fetch(f"{base(provider)}/spans")) == 1


def test_traces_in_json_are_received_and_invalid_ones_are_refused(juju: Deployment):
    provider = deployed(juju, "tempo-coordinator-k8s", "tracing")
    url = f"{base(provider)}/v1/traces"
    span = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "name": "by hand"}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}

    assert send(url, json.dumps(document).encode(), "application/json") == (200, "application/json", b"{}")
    status, language, reason = send(url, b"junk", "application/json")
    assert (status, language, json.loads(reason)["code"]) == (400, "application/json", 3)
    assert send(url, b"junk", "application/x-protobuf")[:2] == (400, "application/x-protobuf")
    assert send(url, b"not gzip", "application/json", {"Content-Encoding": "gzip"})[0] == 400
    assert send(url, b"", "text/plain")[0] == 415
    listed = fetch(f"{base(provider)}/spans")
    assert (listed[0]["name"], listed[0]["trace"]) == ("by hand", "5b8efff798038103d269b633813fc60c")


FORWARDING = """
import http.client, json, socket, sys

def ask(path, document):
    connection = http.client.HTTPConnection("pebble")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect("/charm/containers/redis/pebble.socket")
    connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json"})
    answer = connection.getresponse().read().decode()
    assert json.loads(answer)["status-code"] < 300, answer

target = {"override": "replace", "type": "loki", "location": sys.argv[1], "services": ["all"]}
layer = json.dumps({"log-targets": {"loki": {**target, "labels": {"job": "test"}}}})
ask("/v1/layers", {"action": "add", "label": "forward", "combine": True, "format": "yaml", "layer": layer})
ask("/v1/services", {"action": "restart", "services": ["redis"]})
"""


def test_logs_of_pebble_are_received_and_selected_by_labels(juju: Deployment):
    deployed(juju, "redis-k8s", "redis")
    provider = deployed(juju, "loki-k8s", "logging")
    provider.write(alert_rules="{}")

    unit, app = provider.read_unit("endpoint", "public_address"), provider.read("event")

    host = "loki-k8s-0.loki-k8s-endpoints.test.svc.cluster.local"
    assert unit["public_address"] == host
    assert json.loads(unit["endpoint"]) == {"url": f"http://{host}:3100/loki/api/v1/push"}
    assert json.loads(app["event"]) == {"valid": True, "errors": ""}
    location = json.loads(unit["endpoint"])["url"]
    juju("exec", "--unit", "redis-k8s/0", "--", f"python3 -c {shlex.quote(FORWARDING)} {location}")
    query = urllib.parse.urlencode({"query": '{job="test", pebble_service="redis"}'})

    def lines() -> list[str]:
        answer = fetch(f"{base(provider)}/loki/api/v1/query_range?{query}")
        return [line for stream in answer["data"]["result"] for _, line in stream["values"]]

    juju.wait("a line of Redis at Loki", lambda: any("Ready to accept connections" in line for line in lines()))
    listed = provider.run("list-logs", 'labels=job=~"te.*"', "limit=1")["logs"]["1"]
    assert listed["service"] == "redis"
    push = f"{base(provider)}/loki/api/v1/push"
    assert send(push, b"junk", "application/json")[0] == 400
    assert send(push, b"junk", "application/x-protobuf")[0] == 400
    assert send(push, b"not gzip", "application/json", {"Content-Encoding": "gzip"})[0] == 400
    refused = juju.run("run", "loki-k8s/0", "list-logs", "labels=job=test")
    assert "is not supported; write" in refused.stdout + refused.stderr


def grafana_status(url: str, user: str, password: str) -> int:
    """Return the status of a request with a login."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(f"{url}/api/search", headers={"Authorization": f"Basic {login}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_dashboards_are_listed_with_the_queries_of_their_panels(juju: Deployment):
    provider = deployed(juju, "grafana-k8s", "grafana-dashboard")
    panel = {"title": "Requests", "type": "timeseries", "targets": [{"expr": "rate(requests[5m])"}]}
    dashboard = {"uid": "abc", "title": "Shop", "tags": ["charm: client"], "panels": [panel]}
    content = base64.b64encode(lzma.compress(json.dumps(dashboard).encode())).decode()

    provider.write(dashboards=json.dumps({"templates": {"file:shop": {"content": content}}, "uuid": "1"}))

    listed = juju.wait("the dashboard", lambda: fetch(f"{base(provider)}/api/search"))
    (row,) = listed
    assert (row["uid"], row["title"], row["type"]) == ("abc", "Shop", "dash-db")
    assert fetch(f"{base(provider)}/api/dashboards/uid/abc")["dashboard"] == dashboard
    assert fetch(f"{base(provider)}/panels/abc") == [
        {"title": "Requests", "type": "timeseries", "queries": ["rate(requests[5m])"]}
    ]
    assert provider.run("list-dashboards")["dashboards"] == {
        "1": {"title": "Shop", "uid": "abc", "application": "client", "panels": "Requests"}
    }
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{base(provider)}/panels/other")
    juju("config", "grafana-k8s", "allow_anonymous_access=false")
    password = provider.run("get-admin-password")["admin-password"]
    juju.wait("a server that asks for a login", lambda: grafana_status(base(provider), "admin", "wrong") == 401)
    assert grafana_status(base(provider), "admin", password) == 200
    assert provider.run("list-dashboards")["count"] == "1"
    juju("config", "grafana-k8s", "--reset", "allow_anonymous_access")
    juju.wait("a server for everybody", lambda: fetch(f"{base(provider)}/api/search"))
    provider.write(dashboards=json.dumps({"templates": {"file:shop": {"content": "junk"}}, "uuid": "2"}))
    event = json.loads(provider.read("event")["event"])
    (error,) = event["errors"]
    assert error["dashboard_id"] == "file:shop"
    assert f"file:shop: {error['error']}" in juju.wait_for("grafana-k8s/0", "blocked")
    assert fetch(f"{base(provider)}/api/search") == []
