"""The grid of a baked page: which settings are run, and how an answer is put together from them.

Around each scenario: every slider alone at some places, and in the baseline pairs of them. An answer is the
scenario as it is, plus the effect of each slider moved, plus the interaction of each pair moved, all linear
between places (an anchored decomposition up to second order, Rabitz and Alis 1999). Two drivers of the kit at
any ends are places of the grid, so that the four quadrants of a class are simulated and not composed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from experiments.config.compose import base_catalogue
from experiments.kit.puzzles import load_puzzles
from experiments.sweeping.factors import split_address
from experiments.teach.sliders import drivers, is_log, spans, words
from experiments.teach.vectors import Layout, unpacked
from sim.units import Array

BASE = "baseline"
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Places of a slider alone in the baseline, from its low end to its high end."""
COARSE = (0.0, 0.5, 1.0)
"""Places of a slider alone in another scenario."""
ENDS = (0.0, 1.0)
"""Places of a slider in a pair."""
TOLERANCE = 1e-6

Point = tuple[str, tuple[tuple[str, float], ...]]
"""A scenario and the numbers set in it, by key."""


@dataclass(frozen=True)
class Axis:
    """A slider, or the sliders of a driver that move together, from 0 at one end to 1 at the other."""

    name: str
    ends: Mapping[str, tuple[float, float]]
    marks: tuple[float, ...] = ()
    """Places that every grid needs: the ends of the range where the slider goes further."""

    def values(self, place: float) -> dict[str, float]:
        """Return the numbers at a place."""
        return {key: value_at(key, *ends, place) for key, ends in self.ends.items()}

    def place(self, values: Mapping[str, float]) -> float | None:
        """Return where the numbers lie on the axis; None if they lie beside it."""
        if any(key not in values for key in self.ends):
            return None
        found = [place_of(key, *ends, values[key]) for key, ends in self.ends.items()]
        if max(found) - min(found) > TOLERANCE or not -TOLERANCE <= found[0] <= 1.0 + TOLERANCE:
            return None
        return min(1.0, max(0.0, found[0]))


def value_at(key: str, low: float, high: float, place: float) -> float:
    """Return the number at a place between two ends."""
    if place in ENDS:
        return high if place else low
    return float(low * (high / low) ** place if is_log(key) else low + place * (high - low))


def place_of(key: str, low: float, high: float, value: float) -> float:
    """Return the place of a number between two ends."""
    if is_log(key):
        low, high, value = np.log(low), np.log(high), np.log(value)
    return float((value - low) / (high - low))


@dataclass(frozen=True)
class Grid:
    """Axes, the places of each alone by scenario, and the places of the pairs in the baseline."""

    axes: Mapping[str, Axis]
    alone: Mapping[str, Mapping[str, tuple[float, ...]]]
    """Scenario -> axis -> places."""
    pairs: Mapping[tuple[str, str], tuple[tuple[float, ...], tuple[float, ...]]]

    def point(self, scenario: str, places: Mapping[str, float]) -> Point:
        """Return the setting at places of axes."""
        values: dict[str, float] = {}
        for name, place in places.items():
            values |= self.axes[name].values(place)
        return scenario, tuple(sorted(values.items()))

    @cached_property
    def points(self) -> list[Point]:
        """Return every setting once, those of a scenario together."""
        found: dict[Point, None] = {}
        for scenario, axes in self.alone.items():
            found[self.point(scenario, {})] = None
            for name, places in axes.items():
                found |= {self.point(scenario, {name: place}): None for place in places}
            if scenario == BASE:
                for pair in self.pairs:
                    found |= dict.fromkeys(point for _, point in self.of_pair(pair))
        return list(found)

    def of_pair(self, pair: tuple[str, str]) -> Iterator[tuple[tuple[float, float], Point]]:
        """Yield the places of a pair with their settings, the second axis fastest."""
        first, second = self.pairs[pair]
        for one in first:
            for two in second:
                yield (one, two), self.point(BASE, {pair[0]: one, pair[1]: two})

    def moved(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return which axes the numbers move, and where to: drivers of several sliders first."""
        left, found = dict(values), {}
        for axis in by_size(self):
            place = axis.place(left)
            if place is not None:
                found[axis.name] = place
                left = {key: value for key, value in left.items() if key not in axis.ends}
        return found

    def kind(self, scenario: str, values: Mapping[str, float]) -> str:
        """Return how an answer comes about: simulated, one, two, more, elsewhere."""
        moved = self.moved(values)
        alone = self.alone.get(scenario, {})
        if not moved:
            return "simulated"
        if len(moved) == 1 and next(iter(moved)) in alone:
            ((name, place),) = moved.items()
            return "simulated" if near(alone[name], place) else "one"
        if scenario != BASE:
            return "elsewhere"
        pair = self.pair_of(*moved) if len(moved) == 2 else None
        if pair is None:
            return "more"
        return "simulated" if all(map(near, self.pairs[pair], (moved[name] for name in pair))) else "two"

    def pair_of(self, one: str, two: str) -> tuple[str, str] | None:
        """Return a pair in the order in which it is held, if it is."""
        return next((pair for pair in ((one, two), (two, one)) if pair in self.pairs), None)


def by_size(grid: Grid) -> list[Axis]:
    """Return the axes, those that move several sliders first."""
    return sorted(grid.axes.values(), key=lambda axis: -len(axis.ends))


def near(places: tuple[float, ...], place: float) -> bool:
    """Say whether a place is one of some."""
    return any(abs(one - place) <= TOLERANCE for one in places)


def full_grid(small: bool = False) -> Grid:
    """Return the grid of the page, or one of a few sliders for a test."""
    axes = {key: Axis(key, {key: ends}, marks_of(key)) for key, ends in spans().items()}
    axes |= {one.name: Axis(one.name, one.ends) for one in drivers() if len(one.ends) > 1}
    main, of_drivers = (
        list(words()["main"]),
        [next(iter(one.ends)) if len(one.ends) == 1 else one.name for one in drivers()],
    )
    wanted = [*combinations(of_drivers, 2), *combinations(main, 2)]
    tried = [[*puzzle.fixed, *puzzle.grid] for puzzle in load_puzzles().values()]
    wanted += [pair for keys in tried for pair in combinations(keys, 2)]
    pairs: dict[tuple[str, str], tuple[tuple[float, ...], tuple[float, ...]]] = {}
    for one, two in wanted:
        apart = not set(axes[one].ends) & set(axes[two].ends)
        if apart and (one, two) not in pairs and (two, one) not in pairs:
            pairs[one, two] = (merged(ENDS, axes[one].marks), merged(ENDS, axes[two].marks))
    scenarios = list(words()["presets"])
    alone: dict[str, dict[str, tuple[float, ...]]] = {BASE: {}}
    for name, axis in axes.items():
        alone[BASE][name] = merged(LEVELS if name in spans() else ENDS, axis.marks)
    for scenario in scenarios[1:]:
        keys = [*main, *(key for puzzle in load_puzzles().values() for key in puzzle.grid
                         if scenario in puzzle.scenarios)]  # fmt: skip
        alone[scenario] = {key: merged(COARSE, axes[key].marks) for key in dict.fromkeys(keys)}
    if small:
        few = [*of_drivers[:3], main[-1]]
        few += [key for name in few for key in axes[name].ends if key not in few]
        alone = {
            scenario: {name: places for name, places in held.items() if name in few or name == main[0]}
            for scenario, held in list(alone.items())[:3]
        }
        pairs = {pair: places for pair, places in pairs.items() if set(pair) <= set(few)}
    return Grid(axes, alone, pairs)


def marks_of(key: str) -> tuple[float, ...]:
    """Return where the ends of a parameter's range lie on its slider."""
    record = base_catalogue()[split_address(key)[0]]
    ends = (record.low, record.high)
    return tuple(sorted(place_of(key, *spans()[key], end) for end in ends if end is not None))


def merged(places: tuple[float, ...], marks: tuple[float, ...]) -> tuple[float, ...]:
    """Return places and marks in order, each once."""
    found = list(places)
    found += [mark for mark in marks if not near(places, mark)]
    return tuple(sorted(found))


class Table:
    """What the settings of a grid came to, as vectors, and answers composed of them."""

    def __init__(self, grid: Grid, vectors: Mapping[Point, Array]) -> None:
        self.grid = grid
        self.bases = {scenario: vectors[grid.point(scenario, {})] for scenario in grid.alone}
        self.effects = {
            (scenario, name): np.stack(
                [vectors[grid.point(scenario, {name: place})] - self.bases[scenario] for place in places]
            )
            for scenario, axes in grid.alone.items()
            for name, places in axes.items()
        }
        """(scenario, axis) -> (place, feature)"""
        self.interactions = {
            (one, two): np.stack(
                [
                    vectors[point]
                    - self.bases[BASE]
                    - self.effect(BASE, one, places[0])
                    - self.effect(BASE, two, places[1])
                    for places, point in grid.of_pair((one, two))
                ]
            ).reshape(len(grid.pairs[one, two][0]), len(grid.pairs[one, two][1]), -1)
            for one, two in grid.pairs
        }
        """Pair of axes -> (place, place, feature)"""

    def replace_by(self, content: Mapping[str, Any], layout: Layout) -> None:
        """Take the numbers that a page holds, which are rounded, in the place of one's own."""
        bases = unpacked(content["bases"], layout)
        self.bases = dict(zip(self.grid.alone, bases, strict=True))
        for scenario, axes in self.grid.alone.items():
            rows = unpacked(content["effects"][scenario], layout)
            ends = np.cumsum([len(places) for places in axes.values()])[:-1]
            for name, some in zip(axes, np.split(rows, ends), strict=True):
                self.effects[scenario, name] = some
        for pair, given in zip(self.grid.pairs, content["interactions"], strict=True):
            rows = unpacked(given, layout)
            self.interactions[pair] = rows.reshape(self.interactions[pair].shape)

    def effect(self, scenario: str, name: str, place: float) -> Array:
        """Return what an axis alone adds at a place."""
        if name not in self.grid.alone.get(scenario, {}):
            scenario = BASE
        if (scenario, name) not in self.effects:
            return np.zeros_like(self.bases[BASE])
        return between(self.grid.alone[scenario][name], self.effects[scenario, name], place)

    def compose(self, scenario: str, values: Mapping[str, float]) -> Array:
        """Return the vector of an answer. Shapes: (feature,)."""
        moved = self.grid.moved(values)
        found = self.bases[scenario] + sum(
            self.effect(scenario, name, place) for name, place in moved.items()
        )
        for one, two in combinations(moved, 2):
            pair = self.grid.pair_of(one, two)
            if pair is not None:
                first, second = self.grid.pairs[pair]
                rows = between(first, self.interactions[pair], moved[pair[0]])
                found = found + between(second, rows, moved[pair[1]])
        return np.asarray(found)


def between(places: tuple[float, ...], rows: Array, place: float) -> Array:
    """Return a row between those at places, linear. Shapes: rows (place, ...) -> (...)."""
    at = min(max(0, int(np.searchsorted(places, place, side="right")) - 1), len(places) - 2)
    part = (place - places[at]) / (places[at + 1] - places[at])
    return np.asarray((1.0 - part) * rows[at] + part * rows[at + 1])
