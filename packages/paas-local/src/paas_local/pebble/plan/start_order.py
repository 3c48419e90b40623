"""The order in which services start and stop.

``requires`` adds services, and puts them into one lane, in which they start one after the other; lanes start side by
side. ``after`` and ``before`` only sort.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Lanes = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Links:
    """For each service: the services that it requires, and those that start before it."""

    requires: Mapping[str, Collection[str]]
    after: Mapping[str, Collection[str]]

    def required_by(self, names: Iterable[str]) -> frozenset[str]:
        """Return the services, and all that they require, transitively."""
        return _closure(names, self.requires)

    def requiring(self, names: Iterable[str]) -> frozenset[str]:
        """Return the services, and all that require them, transitively."""
        dependants = {
            name: [other for other, required in self.requires.items() if name in required] for name in self.requires
        }
        return _closure(names, dependants)


def start(links: Links, names: Iterable[str]) -> Lanes:
    """Return the lanes that start the services and all that they require."""
    return _lanes(links, _sorted(links.required_by(names), links.after))


def stop(links: Links, names: Iterable[str]) -> Lanes:
    """Return the lanes that stop exactly these services, in the opposite order."""
    later = {name: [other for other, before in links.after.items() if name in before] for name in links.after}
    return _lanes(links, _sorted(frozenset(names), later))


def _closure(names: Iterable[str], edges: Mapping[str, Collection[str]]) -> frozenset[str]:
    reached: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending.extend(edges.get(name, ()))
    return frozenset(reached)


def _sorted(names: Collection[str], earlier: Mapping[str, Collection[str]]) -> list[str]:
    """Sort by name, but each service after its earlier ones."""
    placed: dict[str, None] = {}

    def place(name: str, path: tuple[str, ...]) -> None:
        if name in placed or name in path:
            return
        for other in sorted(set(earlier.get(name, ())) & set(names)):
            place(other, (*path, name))
        placed[name] = None

    for name in sorted(names):
        place(name, ())
    return list(placed)


def _lanes(links: Links, names: list[str]) -> Lanes:
    """Put services that are joined by ``requires`` into one lane, at the place of its first service."""
    lanes: list[list[str]] = []
    for name in names:
        joined = [lane for lane in lanes if any(_joined(links, name, other) for other in lane)]
        if joined:
            first, *others = joined
            first.append(name)
            for other in others:
                first.extend(other)
                lanes.remove(other)
        else:
            lanes.append([name])
    place = {name: number for number, name in enumerate(names)}
    return tuple(tuple(sorted(lane, key=place.__getitem__)) for lane in lanes)


def _joined(links: Links, one: str, other: str) -> bool:
    return other in links.required_by([one]) or one in links.required_by([other])


def cycle(links: Links, names: Iterable[str]) -> list[str]:
    """Return the services of a cycle of ``after`` and ``before``; a service after itself is not a cycle."""
    for name in sorted(names):
        reached = _closure([other for other in links.after.get(name, ()) if other != name], links.after)
        if name in reached:
            return sorted(other for other in reached if name in _closure(links.after.get(other, ()), links.after))
    return []
