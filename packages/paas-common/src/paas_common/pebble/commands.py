"""Runs commands in the workload container as the application's user."""

import dataclasses
import http.client
import typing

import ops
import ops.pebble

from paas_common.pebble import errors
from paas_common.values import environment
from paas_common.values.facts import StrMap
from paas_common.values.workload import Command, Workload

TIMEOUT = 300.0
"""Seconds."""


@dataclasses.dataclass(frozen=True)
class Failed:
    """A command that did not succeed; the text has the last lines of its output, without secrets."""

    output: str
    ended: bool = True
    """The command ran to its end; otherwise Pebble could not run it, or it took too long."""


def run(
    container: ops.Container, workload: Workload, command: Command, extra: StrMap, timeout: float = TIMEOUT
) -> str | Failed:
    """Run a command with the main service's environment and extra variables; return its standard output."""
    try:
        process = container.exec(
            list(command),
            environment={**workload.service_environment, **extra},
            working_dir=workload.app_dir,
            user=workload.user,
            group=workload.user,
            timeout=timeout,
            combine_stderr=True,
        )
        return process.wait_output()[0]
    except ops.pebble.ExecError as error:  # pyright: ignore[reportUnknownVariableType]  generic in the output's type
        output = typing.cast("str | None", error.stdout)
        return Failed(redacted(workload, output or "") or f"exit status {error.exit_code}")
    except ops.pebble.ChangeError as error:  # it did not start, or took too long
        return Failed(redacted(workload, error.err), ended=False)
    except ops.pebble.APIError as error:
        if error.code != http.client.BAD_REQUEST:
            raise
        return Failed(redacted(workload, error.message))  # the image lacks the program or the user


def redacted(workload: Workload, output: str) -> str:
    """Return the last lines of an output without the application's secrets."""
    return errors.last_lines(environment.redact(output, workload.environment).splitlines())
