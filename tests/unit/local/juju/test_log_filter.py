"""The filter of debug-log."""

import pytest
from paas_local.juju.log_filter import Filter

LINES = [("unit-web-0", "a.b", "INFO"), ("unit-web-1", "a", "ERROR")]


@pytest.mark.parametrize(
    ("line_filter", "matches"),
    [
        pytest.param(Filter(), [True, True], id="empty"),
        pytest.param(Filter(include=("web/1",)), [False, True], id="unit"),
        pytest.param(Filter(exclude=("unit-web-1",)), [True, False], id="not this unit"),
        pytest.param(Filter(include=("unit-web*",)), [True, True], id="pattern"),
        pytest.param(Filter(level="WARNING"), [False, True], id="level"),
        pytest.param(Filter(modules=("a",)), [True, True], id="module and below"),
        pytest.param(Filter(modules=("a.b",)), [True, False], id="module"),
    ],
)
def test_a_filter_selects_lines(line_filter: Filter, matches: list[bool]):
    assert [
        line_filter.matches(entity=entity, module=module, level=level) for entity, module, level in LINES
    ] == matches
