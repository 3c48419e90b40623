"""Asks the methods that a charm class overrides, between the two stages of planning.

Whatever such a method does wrong becomes a status that names the method; the traceback goes to ``juju debug-log``.
"""

import collections.abc
import dataclasses
import logging
import typing

from paas_common.planning import guard
from paas_common.planning.plan import Draft
from paas_common.values import environment
from paas_common.values.environment import Environment, EnvOverrides
from paas_common.values.extension import Additions, WorkloadContext
from paas_common.values.status import Blocked, Problem, Waiting, combine
from paas_common.values.workload import File, LayerEntry

logger = logging.getLogger(__name__)
AnswerT = typing.TypeVar("AnswerT")
_HIGHEST_PORT: typing.Final = 65535


class Methods(typing.Protocol):
    """The methods of ``PaasCharm`` that a charm may override; their meaning is described there."""

    def environment(self, context: WorkloadContext, /) -> EnvOverrides:
        """Return variables to set or remove."""
        ...

    def readiness_problems(self, context: WorkloadContext, /) -> collections.abc.Iterable[Problem]:
        """Return reasons not to run."""
        ...

    def files(self, context: WorkloadContext, /) -> collections.abc.Iterable[File]:
        """Return files to write."""
        ...

    def ports(self, context: WorkloadContext, /) -> collections.abc.Iterable[int]:
        """Return ports to open."""
        ...

    def services(self, context: WorkloadContext, /) -> collections.abc.Mapping[str, LayerEntry]:
        """Return services to add."""
        ...

    def after_start(self, context: WorkloadContext, /) -> None:
        """Act after a start."""


def ask(methods: Methods, draft: Draft) -> Additions | Problem:
    """Return what the methods add, or why the application must not run.

    ``environment`` is asked first; the other methods see its changes.
    """
    source = f"{type(methods).__name__}.environment"
    overrides = _attempt(
        methods, "environment", draft.environment, lambda: _overrides(methods.environment(draft.context), source)
    )
    if isinstance(overrides, Blocked):
        return overrides
    added = [variable for variable in overrides.values() if variable]
    removed = {name for name, variable in overrides.items() if variable is None}
    merged = environment.merge([draft.environment.values(), added])
    variables = {name: variable for name, variable in merged.items() if name not in removed}
    context = dataclasses.replace(draft.context, environment=environment.plain(variables))

    def attempt(name: str, code: collections.abc.Callable[[], tuple[AnswerT, ...]]) -> tuple[AnswerT, ...] | Blocked:
        return _attempt(methods, name, variables, code)

    problems = attempt("readiness_problems", lambda: _problems(methods.readiness_problems(context)))
    files = attempt("files", lambda: _files(methods.files(context), draft.charm_paths))
    ports = attempt("ports", lambda: _ports(methods.ports(context)))
    added_services = attempt("services", lambda: _services(methods.services(context), draft.container.services))
    failed = [answer for answer in (problems, files, ports, added_services) if isinstance(answer, Blocked)]
    if isinstance(problems, tuple) and (all_problems := (*problems, *failed)):
        return combine(all_problems)
    if isinstance(problems, Blocked) or isinstance(files, Blocked) or isinstance(ports, Blocked):
        return combine(failed)
    if isinstance(added_services, Blocked):
        return added_services
    return Additions(environment=variables, context=context, files=files, ports=ports, services=dict(added_services))


def after_start(methods: Methods, additions: Additions) -> Blocked | None:
    """Call ``after_start``; return a problem if it fails."""
    failed = _attempt(methods, "after_start", additions.environment, lambda: methods.after_start(additions.context))
    return Blocked(f"{failed.reason}; it is tried again at the next event") if failed else None


def _attempt(
    methods: Methods, name: str, variables: Environment, code: collections.abc.Callable[[], AnswerT]
) -> AnswerT | Blocked:
    answer = guard.run(f"{type(methods).__name__}.{name}", environment.secrets(variables), code)
    if isinstance(answer, guard.Failure):
        logger.error(answer.traceback)
        return Blocked(answer.reason)
    return answer


def _overrides(overrides: EnvOverrides, source: str) -> dict[str, environment.Variable | None]:
    variables = {variable.name: variable for variable in environment.variables(overrides, source)}
    return {name: variables.get(name) for name in overrides}


def _problems(problems: collections.abc.Iterable[object]) -> tuple[Problem, ...]:
    checked: list[Problem] = []
    for problem in problems:
        if not isinstance(problem, Blocked | Waiting):
            raise TypeError(f"expected Blocked or Waiting, not {type(problem).__name__}")
        checked.append(problem)
    return tuple(checked)


def _files(files: collections.abc.Iterable[object], charm_paths: collections.abc.Container[str]) -> tuple[File, ...]:
    checked = tuple(guard.check_type(File, file) for file in files)
    for place, file in enumerate(checked):
        if not file.path.startswith("/"):
            raise ValueError(f"{file.path}: the path of a file must be absolute")
        if file.path in charm_paths:
            raise ValueError(f"{file.path}: this file is the charm's own")
        if any(file.path == other.path for other in checked[:place]):
            raise ValueError(f"{file.path}: the file is there twice")
    return checked


def _services(
    services: collections.abc.Mapping[str, LayerEntry], of_image: collections.abc.Container[str]
) -> tuple[tuple[str, LayerEntry], ...]:
    for name, entry in services.items():
        if name in of_image:
            raise ValueError(f"{name}: the image has a service of this name")
        guard.check_type(collections.abc.Mapping, entry)
        if not entry.get("command"):
            raise ValueError(f"{name}: a service needs a command")
    return tuple(services.items())


def _ports(ports: collections.abc.Iterable[object]) -> tuple[int, ...]:
    checked = tuple(guard.check_type(int, port) for port in ports)
    for port in checked:
        if not 0 < port <= _HIGHEST_PORT:
            raise ValueError(f"{port}: a port is from 1 to {_HIGHEST_PORT}")
    return checked
