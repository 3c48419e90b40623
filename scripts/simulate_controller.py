"""Simulation of one day of a controller with 1,000 units: the share of its load that the charms cause.

``python scripts/simulate_controller.py`` prints the assumptions and the result as Markdown; ``make bench`` writes them
into ``docs/scale.md``. The cost of an event is measured and read from ``docs/benchmarks.md``. The number of events is
assumed.
"""

# ruff: noqa: T201 - the simulation prints
import argparse
import collections
import collections.abc
import pathlib
import random
import re
import typing

DAY = 24 * 60
"""Minutes."""
PAGE = pathlib.Path(__file__).parents[1] / "docs/benchmarks.md"
RELATED = ", 8 integrations"
COLUMNS, CPU = 10, 3
"""Columns of the table of events, and the place of the processor seconds."""
CHARMS = OURS, PEER, EMPTY = "paas-flask", "paas-charm 1.12.3", "empty ops charm"
Row = collections.abc.Sequence[str]


class Cost(typing.NamedTuple):
    """The measured cost of one event."""

    tools: int
    """Hook tools; each is a request to the controller."""
    seconds: float
    """Processor seconds of the charm's process and its hook tools, on the node of the unit."""


class Kind(typing.NamedTuple):
    """A kind of event, and how often it occurs."""

    name: str
    measured: str
    """The event's name in ``docs/benchmarks.md``."""
    per_day: float
    """Per unit, or per application if all units get it in the same minute."""
    of_application: bool
    why: str

    @property
    def costs(self) -> dict[str, Cost]:
        """Return the measured cost by charm.

        The benchmark does not measure the empty charm where something changes: its config-changed is the least that ops
        does.
        """
        table = measured(PAGE.read_text())
        return {
            charm: table.get((f"{self.measured}{RELATED}", name)) or table[f"unchanged config-changed{RELATED}", name]
            for charm, name in zip(CHARMS, ("ours", "paas-charm", "empty ops charm"), strict=True)
        }


def measured(page: str) -> dict[tuple[str, str], Cost]:
    """Read the tables of ``docs/benchmarks.md``: event and charm → cost, without the hook tool that logs.

    paas-charm logs that some charm libraries of the benchmark are stand-ins.
    """
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    costs = [row for row in rows if len(row) == COLUMNS and row[CPU].endswith(" s")]
    seconds = {(row[0], row[1]): float(row[CPU].removesuffix(" s")) for row in costs}
    counted = [row for row in rows if len(row) == len(("event", "charm", "hook tools")) and (row[0], row[1]) in seconds]
    tools = {(event, charm): sum(_counts(text)) for event, charm, text in counted}
    return {key: Cost(tools=count, seconds=seconds[key]) for key, count in tools.items()}


def _counts(text: str) -> collections.abc.Iterator[int]:
    """Return the numbers in ``1 config-get, 2 juju-log``, without that of ``juju-log``."""
    return (int(count) for count, tool in re.findall(r"(\d+) ([a-z-]+)", text) if tool != "juju-log")


KINDS: typing.Final = (
    Kind(
        "update-status",
        measured="update-status",
        per_day=288,
        of_application=False,
        why="every five minutes, as Juju does by default",
    ),
    Kind(
        "relation-changed that brings nothing new",
        measured="unchanged relation-changed",
        per_day=8,
        of_application=False,
        why="one for each integration: a remote unit has restarted",
    ),
    Kind(
        "config-changed with a new value",
        measured="a changed option",
        per_day=1,
        of_application=True,
        why="an operator or a pipeline; all units in the same minute",
    ),
    Kind(
        "first start in a new pod",
        measured="first start",
        per_day=1 / 7,
        of_application=False,
        why="once a week, when a node is drained",
    ),
)
UNITS_PER_APPLICATION: typing.Final = 4


def simulate(charm: str, units: int, seed: int = 1) -> collections.Counter[int]:
    """Return the hook tools in each minute of the day."""
    clock = random.Random(seed)  # noqa: S311 - no secret
    minutes: collections.Counter[int] = collections.Counter()
    for kind in KINDS:
        tools = kind.costs[charm].tools
        applications = units // UNITS_PER_APPLICATION
        for _ in range(applications if kind.of_application else units):
            for minute in _times(kind.per_day, clock):
                minutes[minute] += tools * (UNITS_PER_APPLICATION if kind.of_application else 1)
    return minutes


def _times(per_day: float, clock: random.Random) -> list[int]:
    """Return the minutes of an event: at an even distance from a random start, or at random if it is rare."""
    if per_day >= 1:
        distance, first = DAY / per_day, clock.random()
        return [int((number + first) * distance) % DAY for number in range(int(per_day))]
    return [clock.randrange(DAY)] if clock.random() < per_day else []


def processor_seconds(charm: str, units: int) -> float:
    """Return the processor seconds of a day, on all nodes together."""
    return sum(kind.costs[charm].seconds * kind.per_day * units for kind in KINDS)


def document(units: int) -> str:
    """Return the assumptions and the result as Markdown."""
    costs = [
        (
            kind.name,
            f"{round(kind.per_day, 2):g}, {kind.why}",
            *(f"{kind.costs[charm].tools}, {kind.costs[charm].seconds:.2f} s" for charm in CHARMS),
        )
        for kind in KINDS
    ]
    heading = ("Charm", "Hook tools a day", "a second", "a second in the busiest minute", "Processors of the nodes")
    applications = units // UNITS_PER_APPLICATION
    assumed = f"Assumed: {units:,} units in {applications:,} applications, with eight integrations each."
    return "\n\n".join(
        (
            f"{assumed} The events of a day are assumed; the hook tools and seconds of an event are measured.",
            _table(("Event", "Per unit and day", *CHARMS), costs),
            _table(heading, [_row(charm, units) for charm in CHARMS]),
        )
    )


def _table(heading: Row, rows: collections.abc.Iterable[Row]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, ["---"] * len(heading), *rows))


def _row(charm: str, units: int) -> Row:
    minutes = simulate(charm, units)
    total = sum(minutes.values())
    return (
        charm,
        f"{total:,}",
        f"{total / DAY / 60:.1f}",
        f"{max(minutes.values()) / 60:.1f}",
        f"{processor_seconds(charm, units) / DAY / 60:.2f}",
    )


def main() -> None:
    """Print the document."""
    parser = argparse.ArgumentParser(description="Simulate a day of one controller, and print the load by charm.")
    parser.add_argument("--units", type=int, default=1000)
    print(document(parser.parse_args().units))


if __name__ == "__main__":
    main()
