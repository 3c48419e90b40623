"""Unmodified applications behind an ingress with a path prefix, on real servers with the charms' configuration."""

import contextlib
import http.client
import http.server
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from paas_common.servers import gunicorn, uvicorn
from paas_common.values.framework import Server, Serving
from paas_django import DjangoSettings
from paas_django.framework import script_prefix
from paas_fastapi import FastapiSettings
from paas_flask import FlaskSettings
from paas_local.build import python_environments

HOST, PREFIX = "shop.example.com", "/demo-shop"
PUBLIC = f"http://{HOST}{PREFIX}"
PATIENCE = 30.0
REQUIREMENTS = ("django", "fastapi", "flask", "gunicorn[gevent]", "uvicorn", "whitenoise")

FLASK = """
import flask

app = flask.Flask(__name__)


@app.get("/")
def home():
    return {
        "link": flask.url_for("page"),
        "static": flask.url_for("static", filename="x.css"),
        "external": flask.url_for("page", _external=True),
    }


@app.get("/page")
def page():
    return {"here": flask.request.path}
"""
DJANGO = """
import django.http
import django.urls
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    SECRET_KEY="x",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.staticfiles"],
    MIDDLEWARE=["whitenoise.middleware.WhiteNoiseMiddleware"],
    STATIC_URL="static/",
    STATICFILES_DIRS=["static"],
    WHITENOISE_USE_FINDERS=True,
)


def home(request):
    link = django.urls.reverse("page")
    from django.templatetags.static import static
    return django.http.JsonResponse(
        {"link": link, "static": static("x.css"), "external": request.build_absolute_uri(link)}
    )


def page(request):
    return django.http.JsonResponse({"here": request.path_info})


urlpatterns = [django.urls.path("", home), django.urls.path("page", page, name="page")]
app = get_wsgi_application()
"""
FASTAPI = """
import fastapi
from fastapi.staticfiles import StaticFiles

app = fastapi.FastAPI()
app.mount("/static", StaticFiles(directory="static"), name="static")


@app.get("/")
def home(request: fastapi.Request):
    external = request.url_for("page")
    return {
        "link": external.path,
        "static": request.url_for("static", path="x.css").path,
        "external": str(external),
    }


@app.get("/page")
def page(request: fastapi.Request):
    return {"here": request.url.path.removeprefix(request.scope["root_path"])}
"""
Ask = Callable[[str], tuple[int, Any]]


@dataclass(frozen=True)
class Running:
    """An application that is reached directly and through the ingress."""

    port: int

    def ask(self, path: str, host: str = "shop.demo:8000", headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": host, **(headers or {})})
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if answer.getheader("content-type") == "application/json" else body


@contextlib.contextmanager
def ingress(upstream: int, *, passes_host: bool = True) -> Generator[Ask]:
    """Run a proxy that ends TLS and strips the prefix."""

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path.startswith(PREFIX)
            forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST, "X-Forwarded-Prefix": PREFIX}
            connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=10)
            with contextlib.closing(connection):
                host = self.headers["Host"] if passes_host else f"127.0.0.1:{upstream}"
                connection.request("GET", self.path.removeprefix(PREFIX) or "/", headers={"Host": host, **forwarded})
                answer = connection.getresponse()
                body = answer.read()
            self.send_response(answer.status)
            self.send_header("content-type", answer.getheader("content-type", ""))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Write no log."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield lambda path: Running(server.server_port).ask(path, HOST)
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """Return an interpreter with the frameworks and their servers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache/uv"))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        requirements = python_environments.Requirements(source=tmp_path_factory.mktemp("nothing"), lines=REQUIREMENTS)
        yield python_environments.install(requirements, lambda _: None).folder / "bin/python"


@contextlib.contextmanager
def running(framework: str, python: Path, folder: Path, address: str | None, *words: str) -> Generator[Running]:
    """Serve the framework's application with the charm's configuration of the server."""
    port = free_port()
    serving = Serving(port=port, json_logs=False, public_url=address, traces=False)
    app = folder / "app"
    (app / "static").mkdir(parents=True)
    (app / "static/x.css").write_text("body {}")
    text, settings, server = {
        "flask": (FLASK, FlaskSettings(), gunicorn_for(folder)),
        "django": (DJANGO, DjangoSettings(), gunicorn_for(folder, script_prefix)),
        "fastapi": (FASTAPI, FastapiSettings(), uvicorn.server(str(folder))),
    }[framework]
    (app / "shop.py").write_text(text)
    for file in server.files(settings, serving):
        Path(file.path).write_text(file.content)
    command = (
        ["-m", "uvicorn", "shop:app", "--port", str(port)]
        if framework == "fastapi"
        else ["-m", "gunicorn", "-c", str(folder / "gunicorn.conf.py"), "shop:app", *words]
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **server.variables({}, serving)}
    with subprocess.Popen([python, *command], cwd=app, env=environment) as process:
        try:
            wait_for(port)
            yield Running(port)
        finally:
            process.terminate()


def gunicorn_for(folder: Path, at_load: Callable[[str], str] = lambda _: "") -> Server:
    return gunicorn.server(str(folder), str(folder / "app"), str(folder), at_load=at_load)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < deadline, f"no server listens on {port}"
        time.sleep(0.1)


SERVERS = [
    pytest.param("flask", (), id="flask"),
    pytest.param("flask", ("-k", "gthread", "--threads", "2"), id="flask-threads"),
    pytest.param("flask", ("-k", "gevent"), id="flask-gevent"),
    pytest.param("flask", ("--preload",), id="flask-preload"),
    pytest.param("django", (), id="django"),
    pytest.param("django", ("-k", "gevent"), id="django-gevent"),
    pytest.param("fastapi", (), id="fastapi"),
]


@pytest.mark.parametrize(("framework", "words"), SERVERS)
def test_links_lead_back_through_the_ingress(python: Path, tmp_path: Path, framework: str, words: tuple[str, ...]):
    with running(framework, python, tmp_path, PUBLIC, *words) as shop, ingress(shop.port) as ask:
        status, links = ask(f"{PREFIX}/")
        page, style = ask(links["link"]), ask(links["static"])

    assert status == 200
    assert links == {
        "link": f"{PREFIX}/page",
        "static": f"{PREFIX}/static/x.css",
        "external": f"https://{HOST}{PREFIX}/page",
    }
    assert page == (200, {"here": "/page"})
    assert style == (200, b"body {}")


@pytest.mark.parametrize("framework", ["flask", "django", "fastapi"])
def test_a_direct_request_needs_no_prefix(python: Path, tmp_path: Path, framework: str):
    with running(framework, python, tmp_path, PUBLIC) as shop:
        page, (_, links) = shop.ask("/page"), shop.ask("/")

    assert page == (200, {"here": "/page"})
    assert links["external"] == f"http://shop.demo:8000{PREFIX}/page"


@pytest.mark.parametrize("framework", ["flask", "django"])
def test_under_gunicorn_links_work_for_a_direct_request_too(python: Path, tmp_path: Path, framework: str):
    with running(framework, python, tmp_path, PUBLIC) as shop:
        _, links = shop.ask("/")
        page, style = shop.ask(links["link"]), shop.ask(links["static"])

    assert page == (200, {"here": "/page"})
    assert style == (200, b"body {}")


@pytest.mark.parametrize("framework", ["flask", "django"])
def test_a_proxy_can_send_the_public_host_in_a_header(python: Path, tmp_path: Path, framework: str):
    with (
        running(framework, python, tmp_path, PUBLIC) as shop,
        ingress(shop.port, passes_host=False) as ask,
    ):
        _, links = ask(f"{PREFIX}/")
        _, others = shop.ask("/", headers={"X-Forwarded-Host": "evil.example.com"})

    assert links["external"] == f"https://{HOST}{PREFIX}/page"
    assert others["external"] == f"http://shop.demo:8000{PREFIX}/page"


@pytest.mark.parametrize("framework", ["flask", "django", "fastapi"])
@pytest.mark.parametrize("address", [None, f"http://{HOST}/"])
def test_without_a_prefix_nothing_is_added(python: Path, tmp_path: Path, framework: str, address: str | None):
    with running(framework, python, tmp_path, address) as shop:
        _, links = shop.ask("/")

    assert links == {"link": "/page", "static": "/static/x.css", "external": "http://shop.demo:8000/page"}
