"""What a charm's author adds to the common charm: integrations of their own, and code that is asked on the way.

The author's code is not ours. Whatever it does wrong ends in a status that names it, with the traceback in the log; a
hook that failed would only be tried again and again.
"""

import collections.abc
import dataclasses
import logging
import traceback
import typing

from paas_common.integrations import Context, Integration, Invalid, Known, Reading
from paas_common.values import environment, facts
from paas_common.values.environment import Given
from paas_common.values.workload import File, Hold, worst

logger = logging.getLogger(__name__)

WIDTH: typing.Final = 300
"""How many characters of an error go into a status."""
SHORTEST_SECRET: typing.Final = 4
"""Shorter values of a databag are not blotted out of an error: they are ports and switches, and stand everywhere."""
Found = typing.TypeVar("Found")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Situation:
    """The application as it is about to run: what the code of a charm's author may decide by."""

    app: str
    unit: str
    model: str
    leader: bool
    options: collections.abc.Mapping[str, facts.Value] = dataclasses.field(repr=False)
    """The charm's options that have a value, as ``juju config`` has them."""
    environment: facts.Text = dataclasses.field(repr=False)
    """All that the application is to find in its environment, secrets in plain text."""
    port: int
    base_url: str
    app_dir: str


class Hooks(typing.Protocol):
    """The code that is asked; what it is asked stands where ``PaasCharm`` answers for who does not."""

    def environment(self, situation: Situation, /) -> Given:
        """Give variables."""
        ...

    def obstacles(self, situation: Situation, /) -> collections.abc.Iterable[Hold]:
        """Give reasons not to run."""
        ...

    def files(self, situation: Situation, /) -> collections.abc.Iterable[File]:
        """Give files."""
        ...

    def ports(self, situation: Situation, /) -> collections.abc.Iterable[int]:
        """Give ports to open."""
        ...

    def started(self, situation: Situation, /) -> None:
        """Act after a start."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Author:
    """Who extends the charm, and with what; nothing, unless something is given."""

    integrations: tuple[Integration[typing.Any], ...] = ()
    hooks: Hooks | None = None
    awaits_starts: bool = False
    """There is something to do after each start."""

    @property
    def known(self) -> Known:
        """Every integration by its interface; the author's come before ours."""
        return Known({each.interface: each for each in self.integrations})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Additions:
    """What the author's code answered."""

    environment: environment.Environment
    situation: Situation
    """With the environment as the author wants it."""
    files: tuple[File, ...] = ()
    ports: tuple[int, ...] = ()


def ask(
    author: Author, situation: Situation, variables: environment.Environment, taken: collections.abc.Container[str]
) -> Additions | Hold:
    """Ask the author's code; ``taken`` are paths of files that are ours."""
    if author.hooks is None:
        return Additions(environment=variables, situation=situation)
    hooks, source = author.hooks, _name(author.hooks, "environment")
    changes = _tried(source, variables, lambda: _changes(hooks.environment(situation), source))
    if isinstance(changes, Hold):
        return changes
    removed = {name for name, variable in changes.items() if variable is None}
    added = [variable for variable in changes.values() if variable]
    merged = environment.merge([variables.values(), added])
    wanted = {name: variable for name, variable in merged.items() if name not in removed}
    seen = dataclasses.replace(situation, environment=environment.plain(wanted))

    def tried(name: str, answer: collections.abc.Callable[[], tuple[Found, ...]]) -> tuple[Found, ...] | Hold:
        return _tried(_name(hooks, name), wanted, answer)

    obstacles = tried("obstacles", lambda: _holds(hooks.obstacles(seen)))
    files = tried("files", lambda: _files(hooks.files(seen), taken))
    ports = tried("ports", lambda: _ports(hooks.ports(seen)))
    failed = [answer for answer in (obstacles, files, ports) if isinstance(answer, Hold)]
    if isinstance(obstacles, tuple) and (holds := [*obstacles, *failed]):
        return worst(holds)
    if isinstance(obstacles, Hold) or isinstance(files, Hold) or isinstance(ports, Hold):
        return worst(failed)
    return Additions(environment=wanted, situation=seen, files=files, ports=ports)


def started(hooks: Hooks, situation: Situation, variables: environment.Environment) -> Hold | None:
    """Let the author's code act after a start."""
    failed = _tried(_name(hooks, "started"), variables, lambda: hooks.started(situation))
    if failed is None:
        return None
    return dataclasses.replace(failed, reason=f"{failed.reason}; it is tried again at the next event")


def reading(integration: Integration[typing.Any], remote: facts.Remote, context: Context) -> Reading:
    """Read an integration of the author's, whose own validators may say what they refuse."""
    read = _tried_on(remote, context, lambda: integration.read(remote, context))
    if isinstance(read, Invalid):
        whose, colon, what = read.reason.partition(": ")
        return Invalid(whose + colon + environment.blot(what, _values(remote)))
    return Invalid(read.reason) if isinstance(read, Hold) else read


def request(integration: Integration[typing.Any], remote: facts.Remote, context: Context) -> facts.Text | Invalid:
    """Find what an integration of the author's asks of the other side."""
    ours = integration.request
    asked = _tried_on(remote, context, lambda: _texts(ours(context)) if ours else {})
    return Invalid(asked.reason) if isinstance(asked, Hold) else asked


def _tried_on(remote: facts.Remote, context: Context, code: collections.abc.Callable[[], Found]) -> Found | Hold:
    return _attempt(f"the charm's own integration {context.endpoint}", _values(remote), code)


def _values(remote: facts.Remote) -> list[str]:
    """Give what the other side has written, but for words so short that they are in any sentence."""
    bags = (remote.bags.app, *remote.bags.units, *remote.bags.secrets.values())
    return [value for bag in bags for value in bag.values() if len(value) >= SHORTEST_SECRET]


def _tried(where: str, variables: environment.Environment, code: collections.abc.Callable[[], Found]) -> Found | Hold:
    return _attempt(where, environment.secrets(variables), code)


def _attempt(
    where: str, secrets: collections.abc.Iterable[str], code: collections.abc.Callable[[], Found]
) -> Found | Hold:
    try:
        return code()
    except Exception as error:  # noqa: BLE001  nobody knows what the code of somebody else raises
        secrets = tuple(secrets)
        logger.error("%s failed:\n%s", where, environment.blot("".join(traceback.format_exception(error)), secrets))  # noqa: TRY400  the traceback, without secrets
        said = environment.blot(" ".join(str(error).split()), secrets)[:WIDTH]
        what = f"{type(error).__name__}: {said}" if said else type(error).__name__
        return Hold(kind="blocked", reason=f"{where} failed: {what} (the traceback is in juju debug-log)")


def _name(hooks: Hooks, method: str) -> str:
    return f"{type(hooks).__name__}.{method}"


def _changes(given: environment.Given, source: str) -> dict[str, environment.Variable | None]:
    set_anew = {variable.name: variable for variable in environment.variables(given, source)}
    return {name: set_anew.get(name) for name in given}


def _holds(given: collections.abc.Iterable[object]) -> tuple[Hold, ...]:
    return tuple(_of(Hold, each) for each in given)


def _files(given: collections.abc.Iterable[object], taken: collections.abc.Container[str]) -> tuple[File, ...]:
    files = tuple(_of(File, each) for each in given)
    for place, file in enumerate(files):
        if not file.path.startswith("/"):
            raise ValueError(f"{file.path}: the path of a file must be absolute")
        if file.path in taken:
            raise ValueError(f"{file.path}: this file is the charm's own")
        if any(file.path == other.path for other in files[:place]):
            raise ValueError(f"{file.path}: the file is there twice")
    return files


def _ports(given: collections.abc.Iterable[object]) -> tuple[int, ...]:
    ports = tuple(_of(int, each) for each in given)
    highest = 65535
    for port in ports:
        if not 0 < port <= highest:
            raise ValueError(f"{port}: a port is from 1 to {highest}")
    return ports


def _texts(given: collections.abc.Mapping[str, object]) -> facts.Text:
    return {name: _of(str, value) for name, value in given.items()}


def _of(kind: type[Found], given: object) -> Found:
    if not isinstance(given, kind):
        raise TypeError(f"expected {kind.__name__}, not {type(given).__name__}")
    return given
