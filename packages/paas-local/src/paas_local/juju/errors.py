"""What an operator, or a charm that calls a hook tool, is told when the thing asked for cannot be done."""


class Refused(Exception):  # noqa: N818  # a refusal is an answer, not a defect
    """A request that changed nothing; ``code`` is the exit status that goes with the words."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
