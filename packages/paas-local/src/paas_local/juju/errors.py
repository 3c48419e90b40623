"""The error that an operator, or a charm that calls a hook tool, gets."""


class JujuError(Exception):
    """A request failed and changed nothing; ``code`` is the exit status of the command or hook tool."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
