"""Lines are written in the formats of their log targets."""

from datetime import datetime, timezone

from paas_local.pebble.services import log_forwarding
from paas_local.pebble.services.logs import Line

LINE = Line(number=0, time=datetime(2026, 1, 1, 12, 0, 0, 500, tzinfo=timezone.utc), service="a", message='say "hi"')
NANOSECONDS = "1767268800000500000"


def test_variables_come_from_the_environment_of_the_service():
    assert log_forwarding.expand("v-${X}-$NOPE-$X", {"X": "42"}) == "v-42--42"


def test_loki_gets_streams():
    assert log_forwarding.loki([LINE], {"a": {"k": "v"}}) == {
        "streams": [{"stream": {"k": "v", "pebble_service": "a"}, "values": [[NANOSECONDS, 'say "hi"']]}]
    }


def test_opentelemetry_gets_resources():
    (resource,) = log_forwarding.opentelemetry([LINE], {"a": {"k": "v"}})["resourceLogs"]

    assert resource["resource"]["attributes"][0] == {"key": "service.name", "value": {"stringValue": "a"}}
    assert resource["scopeLogs"][0]["logRecords"] == [
        {"timeUnixNano": NANOSECONDS, "body": {"stringValue": 'say "hi"'}}
    ]


def test_syslog_gets_structured_data():
    (message,) = log_forwarding.syslog([LINE], {"a": {"k": 'v"'}}, "host")

    assert message == (b'<13>1 2026-01-01T12:00:00.000Z host a - - [pebble@28978 k="v\\""] say "hi"\n')
