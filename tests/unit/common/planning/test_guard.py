"""Errors of a charm's own code become values without secrets."""

import pytest
from paas_common.planning import guard


def failing(message: str) -> str:
    raise LookupError(message)


def test_the_answer_of_code_that_succeeds_is_returned() -> None:
    assert guard.run("Charm.files", [], lambda: 3) == 3


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param("no such key", "LookupError: no such key", id="a-message"),
        pytest.param("", "LookupError", id="no-message"),
        pytest.param("two\n  lines", "LookupError: two lines", id="several-lines-become-one"),
        pytest.param("x" * 400, f"LookupError: {'x' * guard.WIDTH}", id="a-long-message-is-cut"),
        pytest.param("token s3/cret", "LookupError: token ***", id="a-secret-is-masked"),
        pytest.param("http://u:s3%2Fcret@h", "LookupError: http://u:***@h", id="a-secret-in-a-url-is-masked"),
    ],
)
def test_an_exception_becomes_one_line_that_names_the_code_and_the_log(message: str, reason: str) -> None:
    failure = guard.run("Charm.files", ["s3/cret"], lambda: failing(message))

    assert isinstance(failure, guard.Failure)
    assert failure.reason == f"Charm.files failed: {reason} (the traceback is in juju debug-log)"


def test_a_secret_that_the_cut_would_halve_is_masked() -> None:
    failure = guard.run("Charm.files", ["s3cret"], lambda: failing("x" * (guard.WIDTH - 2) + "s3cret"))

    assert isinstance(failure, guard.Failure)
    assert "s3" not in failure.reason


def test_the_traceback_names_the_failing_function_and_has_no_secret() -> None:
    failure = guard.run("Charm.files", ["s3cret"], lambda: failing("s3cret"))

    assert isinstance(failure, guard.Failure)
    assert failure.traceback.startswith("Charm.files failed:\nTraceback")
    assert "in failing" in failure.traceback
    assert "LookupError: ***" in failure.traceback
    assert "s3cret" not in failure.traceback


def test_a_request_to_exit_is_not_an_error() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        guard.run("Charm.files", [], leave)


def test_a_value_of_the_type_is_returned_and_another_is_named() -> None:
    assert guard.check_type(int, 80) == 80
    with pytest.raises(TypeError, match=r"^expected int, not str$"):
        guard.check_type(int, "80")
