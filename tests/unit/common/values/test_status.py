"""Several problems become one status."""

import pytest
from paas_common.values.status import Blocked, Problem, Waiting, combine


@pytest.mark.parametrize(
    ("problems", "combined"),
    [
        pytest.param([Blocked("a")], Blocked("a"), id="one-blocked"),
        pytest.param([Waiting("a")], Waiting("a"), id="one-waiting"),
        pytest.param([Blocked("a"), Blocked("b")], Blocked("a; b"), id="order-stays"),
        pytest.param([Waiting("a"), Waiting("b")], Waiting("a; b"), id="waiting-only"),
        pytest.param([Waiting("w"), Blocked("b")], Blocked("b; w"), id="blocked-first"),
        pytest.param(
            [Waiting("w"), Blocked("b"), Waiting("x"), Blocked("c")], Blocked("b; c; w; x"), id="two-groups-in-order"
        ),
        pytest.param([Blocked("a"), Waiting("w", stop=True)], Blocked("a; w", stop=True), id="any-stop-stops"),
        pytest.param([Waiting("a", stop=True), Waiting("b")], Waiting("a; b", stop=True), id="a-waiting-one-stops"),
    ],
)
def test_reasons_are_joined_and_it_is_blocked_if_any_is(problems: list[Problem], combined: Problem) -> None:
    assert combine(problems) == combined


def test_an_iterator_is_read_once() -> None:
    assert combine(iter([Waiting("w"), Blocked("b")])) == Blocked("b; w")


def test_no_problem_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^combine\(\) needs at least one problem$"):
        combine([])
