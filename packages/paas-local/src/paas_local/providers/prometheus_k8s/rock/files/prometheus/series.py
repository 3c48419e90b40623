"""Time series in memory."""

import bisect
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Labels = Mapping[str, str]
RETENTION = 3600.0
"""Seconds; older values are removed."""
LOOKBACK = 300.0
"""Seconds after which a value is too old to be the present one, as in Prometheus."""


@dataclass(kw_only=True)
class Series:
    """The values of one set of labels, the name among them, in the order of their times."""

    labels: Labels
    times: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    ends: "array[float]" = field(default_factory=lambda: array("d"))
    """The times of scrapes whose answer had the series no longer."""

    def at(self, time: float) -> float | None:
        """Return the value at a time."""
        last = bisect.bisect_right(self.times, time) - 1
        if last < 0 or self.times[last] <= time - LOOKBACK:
            return None
        end = bisect.bisect_right(self.ends, self.times[last])
        return self.values[last] if end == len(self.ends) or self.ends[end] > time else None

    def between(self, after: float, until: float) -> list[tuple[float, float]]:
        """Return the times and values in a range, which does not include its start."""
        first, last = bisect.bisect_right(self.times, after), bisect.bisect_right(self.times, until)
        return list(zip(self.times[first:last], self.values[first:last], strict=True))

    def append(self, time: float, value: float) -> None:
        """Add a value, and remove those that are too old."""
        self.times.append(time)
        self.values.append(value)
        for times, values in ((self.times, self.values), (self.ends, None)):
            old = bisect.bisect_left(times, time - RETENTION)
            if old:
                del times[:old]
                if values is not None:
                    del values[:old]


class Store:
    """All series, by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[frozenset[tuple[str, str]], Series]] = {}

    def append(self, name: str, labels: Labels, time: float, value: float) -> Series:
        """Add a value to its series, which is returned."""
        by_labels = self._by_name.setdefault(name, {})
        key = frozenset(labels.items())
        if key not in by_labels:
            by_labels[key] = Series(labels={"__name__": name, **labels})
        by_labels[key].append(time, value)
        return by_labels[key]

    def named(self, name: str | None) -> Iterator[Series]:
        """Yield the series of a name, or all."""
        names: Iterable[str] = self._by_name if name is None else (name,)
        for each in names:
            yield from self._by_name.get(each, {}).values()

    def expire(self, time: float) -> None:
        """Remove the series without a value in the time that values are kept."""
        for by_labels in self._by_name.values():
            for key in [key for key, series in by_labels.items() if series.times[-1] < time - RETENTION]:
                del by_labels[key]

    def __len__(self) -> int:
        """Return the number of series."""
        return sum(len(by_labels) for by_labels in self._by_name.values())
