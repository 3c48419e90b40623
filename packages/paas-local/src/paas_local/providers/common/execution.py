"""Execution of programs in the server's container; secrets go through standard input, which no process list shows."""

from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common.provider import NotReadyError
else:
    from provider import NotReadyError


def execute(
    container: ops.Container,
    *command: str,
    stdin: str | None = None,
    timeout: float = 60,
    failure: str = "the server refuses a change",
) -> str:
    """Return the output of a program; raises NotReadyError with the failure's text and the last line of stderr."""
    try:
        output, _ = container.exec([*command], stdin=stdin, timeout=timeout).wait_output()
    except ops.pebble.Error as error:
        lines = str(getattr(error, "stderr", None) or "").strip().splitlines()
        raise NotReadyError(": ".join([failure, *lines[-1:]])) from error
    return output
