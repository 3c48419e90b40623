"""The pause after a command of the image has failed in its container, and the status meanwhile."""

import typing

from paas_common.values import environment
from paas_common.values.facts import CommandFailure, ContainerState, Step
from paas_common.values.status import Blocked, Problem, Waiting
from paas_common.values.workload import BeforeStart, Command, Workload

FIRST_PAUSE: typing.Final = 30.0
"""Seconds until a failed command runs again; each further failure doubles the pause."""
LONGEST_PAUSE: typing.Final = 600.0
BLOCKED_AFTER: typing.Final = 3
"""Failed attempts until the status is blocked."""


def paused(container: ContainerState, step: Step, fingerprint: str, env: str, now: float) -> CommandFailure | None:
    """Return the failure of a step until its pause is over; another fingerprint or environment ends the pause."""
    failure = container.failures.get(step)
    if failure is None or (failure.fingerprint, failure.environment) != (fingerprint, env):
        return None
    pause = min(FIRST_PAUSE * 2 ** (failure.attempts - 1), LONGEST_PAUSE)
    return failure if now < failure.at + pause else None


def problem(what: str, failure: CommandFailure, command: Command) -> Problem:
    """Return the status of a failed command, with the last lines of its output."""
    output = f": {failure.output}" if failure.output else ""
    reason = (
        f"{what} failed: {' '.join(command)}{output} (attempt {failure.attempts}; it is tried again at a "
        "later event, at once when the configuration changes)"
    )
    return Waiting(reason) if failure.attempts < BLOCKED_AFTER else Blocked(reason)


def of_workload(container: ContainerState, workload: Workload, now: float) -> Problem | None:
    """Return why the workload must not be applied yet: its check or its step before the start has just failed."""
    env = environment_digest(workload)
    if workload.checks and (failure := paused(container, "check", check_fingerprint(workload), env, now)):
        return Blocked(failure.output)
    step = workload.before_start
    if step and (failure := paused(container, "before-start", step.fingerprint, env, now)):
        return before_start_failed(failure, step)
    return None


def before_start_failed(failure: CommandFailure, step: BeforeStart) -> Problem:
    """Return the status of a failed step before the start."""
    return problem("the step before the start", failure, step.command)


def check_fingerprint(workload: Workload) -> str:
    """Return what identifies the checks and the files that they may read."""
    commands = [list(check.command) for check in workload.checks]
    return environment.digest([commands, {file.path: file.content for file in workload.files}])


def environment_digest(workload: Workload) -> str:
    """Return what identifies the application's environment."""
    return environment.digest(environment.plain(workload.environment))
