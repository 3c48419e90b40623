"""Durations are read and written in Go's form."""

import pytest
from paas_local.pebble.plan import durations


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("90s", "1m30s"),
        ("1h", "1h0m0s"),
        ("1500ms", "1.5s"),
        ("0.300s", "300ms"),
        ("100us", "100µs"),
        ("1h30m", "1h30m0s"),
        ("-5s", "-5s"),
        ("0", "0s"),
        ("0s", "0s"),
        ("5ns", "5ns"),
    ],
)
def test_is_written_in_the_shortest_form(text: str, written: str):
    assert str(durations.parse(text)) == written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("5", 'missing unit in duration "5"'),
        ("soon", 'invalid duration "soon"'),
        ("", 'invalid duration ""'),
        ("--5s", 'invalid duration "--5s"'),
        ("5 weeks", 'unknown unit " weeks" in duration "5 weeks"'),
    ],
)
def test_refuses_an_invalid_duration(text: str, problem: str):
    with pytest.raises(durations.BadDurationError) as raised:
        durations.parse(text)

    assert str(raised.value) == f"time: {problem}"
