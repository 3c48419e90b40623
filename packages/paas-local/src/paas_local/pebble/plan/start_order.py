"""In which order services start and stop, and which of them wait for each other.

``requires`` brings services in and makes them wait for each other, one after the other in a lane;
``after`` and ``before`` only sort.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Lanes = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Links:
    """For each service: what it needs, and what comes before it."""

    requires: Mapping[str, Collection[str]]
    after: Mapping[str, Collection[str]]

    def needed(self, names: Iterable[str]) -> frozenset[str]:
        """Find the named services and all that they require, in depth."""
        return _closure(names, self.requires)

    def needing(self, names: Iterable[str]) -> frozenset[str]:
        """Find the named services and all that require them, in depth."""
        dependants = {
            name: [other for other, needs in self.requires.items() if name in needs] for name in self.requires
        }
        return _closure(names, dependants)


def start(links: Links, names: Iterable[str]) -> Lanes:
    """Lanes that start the services and what they require."""
    found = links.needed(names)
    return _lanes(links, _sorted(found, links.after))


def stop(links: Links, names: Iterable[str]) -> Lanes:
    """Lanes that stop exactly these services, the other way round."""
    later = {name: [other for other, before in links.after.items() if name in before] for name in links.after}
    return _lanes(links, _sorted(frozenset(names), later))


def _closure(names: Iterable[str], edges: Mapping[str, Collection[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(edges.get(name, ()))
    return frozenset(found)


def _sorted(names: Collection[str], earlier: Mapping[str, Collection[str]]) -> list[str]:
    """By name, each after what comes earlier."""
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
    """Services joined by ``requires`` share a lane, at the place of its first one."""
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
    return other in links.needed([one]) or one in links.needed([other])


def loop(links: Links, names: Iterable[str]) -> list[str]:
    """Services that wait for each other by after and before; waiting for oneself is no loop."""
    for name in sorted(names):
        reached = _closure([other for other in links.after.get(name, ()) if other != name], links.after)
        if name in reached:
            return sorted(other for other in reached if name in _closure(links.after.get(other, ()), links.after))
    return []
