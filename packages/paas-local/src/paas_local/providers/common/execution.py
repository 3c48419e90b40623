"""How a provider runs a program beside its server; secrets are given on standard input, where no list shows them."""

from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
    from paas_local.providers.common.provider import NotReadyError
else:
    from provider import NotReadyError


def execute(container: ops.Container, *command: str, stdin: str | None = None) -> str:
    """Give what a program prints; its failure is told by its last line."""
    try:
        answer, _ = container.exec([*command], stdin=stdin, timeout=60).wait_output()
    except ops.pebble.Error as error:
        said = str(getattr(error, "stderr", None) or "").strip().splitlines()
        raise NotReadyError(": ".join(["the server refuses a change", *said[-1:]])) from error
    return answer
