"""The wrappers around a WSGI application: public URL, traces, and spans in access lines."""

import logging
import subprocess
import sys

import pytest
from opentelemetry import trace
from paas_common.servers.payload import wsgi
from paas_common.servers.payload.wsgi import Application, PublicUrl, with_public_url, with_span


def environ_of(address: str, **variables: str) -> dict[str, object]:
    """Return the WSGI environment of one request."""
    environs: list[dict[str, object]] = []

    def application(environ: dict[str, object], _: Application) -> object:
        environs.append(environ)
        return ()

    with_public_url(application, address)({"PATH_INFO": "/", "wsgi.url_scheme": "http", **variables}, print)
    return environs[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/notes", "/notes"),
        ("/shop/notes", "/notes"),
        ("/shop/", "/"),
        ("/shop", "/"),
        ("/shopping", "/shopping"),
        ("", "/"),
    ],
)
def test_the_prefix_is_known_and_not_in_the_path(path: str, expected: str) -> None:
    environ = environ_of("http://a.com/shop/", PATH_INFO=path, SCRIPT_NAME="/of-somebody")

    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/shop", expected)


def test_an_address_without_a_path() -> None:
    environ = environ_of("http://a.com/", PATH_INFO="/notes")

    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/notes")


@pytest.mark.parametrize(("header", "scheme"), [("https", "https"), ("http", "http"), ("gopher", "http")])
def test_the_scheme_is_the_proxy_s(header: str, scheme: str) -> None:
    assert environ_of("http://a.com", HTTP_X_FORWARDED_PROTO=header)["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize(("header", "host"), [("a.com", "a.com"), ("evil.com", "shop.demo")])
def test_a_forwarded_host_is_believed_if_it_is_the_public_one(header: str, host: str) -> None:
    assert environ_of("http://a.com/shop", HTTP_HOST="shop.demo", HTTP_X_FORWARDED_HOST=header)["HTTP_HOST"] == host


class Asynchronous:
    """An application of an ASGI framework."""

    async def __call__(self, *_: object) -> None:
        """Answer nothing."""


async def function(*_: object) -> None:
    """Answer nothing."""


@pytest.mark.parametrize("application", [Asynchronous(), function])
def test_an_application_of_another_protocol_stays_as_it_is(application: Application) -> None:
    assert with_public_url(application, "http://a.com/shop") is application
    assert not isinstance(application, PublicUrl)


SPAN = trace.SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=False, trace_flags=trace.TraceFlags(1))


def answer(status: str, headers: list[tuple[str, str]]) -> object:
    """Begin an answer, as a server does."""
    return status, headers


def test_the_span_of_a_request_is_known_after_it() -> None:
    def application(_: dict[str, object], start_response: Application) -> object:
        with trace.use_span(trace.NonRecordingSpan(SPAN)):
            return start_response("200 OK", [])

    environ: dict[str, object] = {}
    with_span(application)(environ, answer)

    assert environ == {"paas.span": f"{0xABC:032x} {0xDEF:016x}"}


def test_without_a_span_nothing_is_remembered() -> None:
    def application(_: dict[str, object], start_response: Application) -> object:
        return start_response("200 OK", [])

    environ: dict[str, object] = {}
    with_span(application)(environ, answer)

    assert environ == {}


async def asynchronous(scope: object) -> None:
    """Speak another protocol."""


def test_an_asynchronous_application_stays_as_it_is() -> None:
    assert with_span(asynchronous) is asynchronous


SETTING_UP = """
import logging
from opentelemetry import trace
from paas_common.servers.payload import wsgi
from opentelemetry.sdk.trace import TracerProvider
mine = TracerProvider()
{before}
wsgi.send_traces(logging.getLogger())
print(type(trace.get_tracer_provider()).__module__, trace.get_tracer_provider() is mine)
"""


@pytest.mark.parametrize(
    ("before", "output"),
    [
        ("", "opentelemetry.sdk.trace False\n"),
        ("trace.set_tracer_provider(mine)", "opentelemetry.sdk.trace True\n"),
    ],
)
def test_traces_are_sent_unless_the_application_does_it(before: str, output: str) -> None:
    program = SETTING_UP.format(before=before)

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == output


def test_an_image_without_opentelemetry_logs_the_missing_package(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    wsgi.send_traces(logging.getLogger())

    assert "no traces are sent: " in caplog.text
    assert "opentelemetry-exporter-otlp-proto-http" in caplog.text
