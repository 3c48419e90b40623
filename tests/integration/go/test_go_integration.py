"""The integration tests of Go."""

from framework_tests import LastTests, OneUnit

from examples import GO

EXAMPLE = GO


class TestGo(OneUnit):
    """The guest book in Go."""


class TestGoAtLast(LastTests):
    """Its units."""
