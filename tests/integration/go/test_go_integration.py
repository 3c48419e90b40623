"""The integration tests of Go."""

from framework_tests import FrameworkTests

from examples import GO

EXAMPLE = GO


class TestGo(FrameworkTests):
    """The guest book in Go."""
