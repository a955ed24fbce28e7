"""Ask each sampled world what a card asks: a level, an effect between two arms, a lead.

A quantity is a recorded series, or sums of them over one another: `a + b / c` is (a + b)/c. A year is the
mean of its months, as in the outcomes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from experiments.claims.cards import BASE_ARM, Card, Test
from experiments.config.errors import show
from experiments.levers.compare import DIFFERENCES
from sim.axes import BLOCS
from sim.physics.orbit import radiator_area_m2_per_kw
from sim.units import KILOWATTS_PER_GIGAWATT, STEFAN_BOLTZMANN_W_PER_M2_K4, Array, BoolArray

DEFINITIONS: Final = ("w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w10")
"""Definitions of leading, the headline first (section 6)."""
_M2_PER_KM2: Final = 1e6


class Worlds(Protocol):
    """Sampled worlds in several arms, as `experiments.claims.arms.Arms`."""

    @property
    def worlds(self) -> int:
        """Number of worlds."""
        ...

    def series(self, arm: str, name: str) -> tuple[tuple[int, ...], Array]:
        """Return the years and a series' yearly means. Shapes: -> (year, world)."""
        ...

    def leader(self, arm: str, definition: str, year: int) -> Array:
        """Return who leads, as codes. Shapes: -> (world,)."""
        ...

    def parameter(self, key: str) -> Array:
        """Return a parameter of the base. Shapes: -> (world,)."""
        ...

    def drawn(self) -> Mapping[str, Array]:
        """Return every drawn number of the base. Shapes: -> (world,)."""
        ...


@dataclass(frozen=True)
class Answers:
    """In which worlds a claim's test holds, among those that can tell."""

    holds: BoolArray
    counts: BoolArray
    """Worlds with a feasible start in every arm, in which what is given holds."""

    @property
    def worlds(self) -> int:
        """Return how many worlds can tell."""
        return int(self.counts.sum())

    @property
    def share(self) -> float:
        """Return the share of worlds in which it holds; NaN if none can tell."""
        return float(self.holds[self.counts].mean()) if self.counts.any() else float("nan")


@dataclass(frozen=True)
class Variant:
    """One way to ask: a year with a definition of leading or a threshold."""

    year: int
    way: str
    """Definition or threshold; empty where there is but one."""
    answers: Answers


def variants(card: Card, worlds: Worlds) -> tuple[Variant, ...]:
    """Return what every world says in every year and by every definition or threshold, the headline first."""
    assert card.test is not None
    asked = [(year, way) for year in card.years for way in ways(card.test)]
    return tuple(Variant(year, way, ask(card, card.test, worlds, year, way)) for year, way in asked)


def ways(test: Test) -> tuple[str, ...]:
    """Return the definitions or thresholds by which a test is asked, the headline first."""
    if test.kind == "leads":
        return tuple(test.say.get("definitions", DEFINITIONS))
    return tuple(show(float(level)) for level in test.say.get("levels", ())) or ("",)


def ask(card: Card, test: Test, worlds: Worlds, year: int, way: str) -> Answers:
    """Return in which worlds a test holds in one year, by one definition or threshold."""
    reader = Reader(card, worlds, year)
    holds, counts = _KINDS[test.kind](reader, test.say, way)
    if test.say.get("not"):
        holds = ~holds
    if test.given is not None:
        way_given = way if test.given.kind == "leads" and test.kind == "leads" else ways(test.given)[0]
        given = ask(card, test.given, worlds, year, way_given)
        counts = counts & given.counts & given.holds
    return Answers(holds, counts)


@dataclass(frozen=True)
class Reader:
    """Read quantities and leads of a card's arms in one year."""

    card: Card
    worlds: Worlds
    year: int

    def arm(self, name: str) -> str:
        """Return an arm's settings."""
        return "" if name == BASE_ARM else self.card.arms[name]

    def quantity(self, name: str, arm: str, year: int | None = None) -> Array:
        """Return a quantity in an arm. Shapes: -> (world,)."""
        years, values = self.yearly(name, arm)
        found: Array = values[years.index(self.year if year is None else year)]
        return found

    def yearly(self, name: str, arm: str) -> tuple[tuple[int, ...], Array]:
        """Return a quantity of every year. Shapes: -> (year, world)."""
        above, _, below = name.partition(" / ")
        years, value = self._sum(above, arm)
        if below:
            _, base = self._sum(below, arm)
            # Nothing over nothing is nothing.
            value = np.where(base != 0.0, value / np.where(base != 0.0, base, 1.0), 0.0 * value)
        return years, value

    def _sum(self, names: str, arm: str) -> tuple[tuple[int, ...], Array]:
        found = [self.worlds.series(self.arm(arm), name) for name in names.split(" + ")]
        total = found[0][1]
        for _, values in found[1:]:
            total = total + values
        return found[0][0], total

    def effect(self, say: Mapping[str, Any], arm: str, against: str, year: int | None = None) -> Array:
        """Return a quantity in one arm less that in another. Shapes: -> (world,)."""
        difference = DIFFERENCES[say.get("difference", "relative")]
        low, high = (self.quantity(say["of"], one, year) for one in (against, arm))
        effect: Array = difference(low, high)
        return effect


def compared(values: Array, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Return where values lie beyond a threshold, and where there is a value. Shapes: (world,)."""
    level = float(way) if way else float(say["above" if "above" in say else "below"])
    holds = values > level if "above" in say else values < level
    return np.asarray(holds), ~np.isnan(values)


def level(reader: Reader, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Ask whether a quantity lies beyond a threshold in the year, or in any year up to it."""
    if not say.get("ever"):
        return compared(reader.quantity(say["of"], say["arm"]), say, way)
    years, values = reader.yearly(say["of"], say["arm"])
    holds, counts = compared(values[: years.index(reader.year) + 1], say, way)
    return np.asarray(holds.any(0)), np.asarray(counts.all(0))


def effect(reader: Reader, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Ask whether what an arm changes against another lies beyond a threshold."""
    return compared(reader.effect(say, say["arm"], say["against"]), say, way)


def stronger(reader: Reader, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Ask whether one change moves a quantity more than another does."""
    first = np.abs(reader.effect(say, say["arm"], say["against"]))
    second = np.abs(reader.effect(say, say["than"], say["than_against"]))
    margin = float(way) if way else 1.0
    return first > margin * second, np.isfinite(first) & np.isfinite(second)


def fades(reader: Reader, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Ask whether an effect has shrunk below a share of what it was in an earlier year."""
    now = np.abs(reader.effect(say, say["arm"], say["against"]))
    then = np.abs(reader.effect(say, say["arm"], say["against"], int(say["since"])))
    # What never had an effect cannot lose it.
    return compared(np.where(then > 0.0, now / np.where(then > 0.0, then, 1.0), 1.0 + 0.0 * now), say, way)


def largest(reader: Reader, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Ask whether a quantity, as a mean up to the year, is the largest among some."""
    means = []
    for name in (say["of"], *say["among"]):
        years, values = reader.yearly(name, say["arm"])
        means.append(values[: years.index(reader.year) + 1].mean(0))
    return means[0] > np.max(means[1:], axis=0), np.isfinite(np.sum(means, axis=0))


def leads(reader: Reader, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Ask whether a bloc leads by a definition."""
    code = reader.worlds.leader(reader.arm(say["arm"]), way, reader.year)
    return code == BLOCS.index(say["bloc"]), np.isfinite(code)


def formula(reader: Reader, say: Mapping[str, Any], way: str) -> tuple[BoolArray, BoolArray]:
    """Ask whether what a formula makes of the sampled parameters lies beyond a threshold."""
    return compared(FORMULAS[say["of"]](reader.worlds), say, way)


def radiator_km2_per_gw(worlds: Worlds) -> Array:
    """Return the radiator panels of a GW of heat, in km² (S11). Shapes: -> (world,)."""
    names = ("radiator_temperature", "emissivity", "absorbed_flux")
    area = radiator_area_m2_per_kw(*(worlds.parameter(f"orbit.{name}") for name in names))
    return area.area_m2_per_kw * KILOWATTS_PER_GIGAWATT / _M2_PER_KM2


def radiator_absorbed_share(worlds: Worlds) -> Array:
    """Return what radiators absorb over what both sides emit; they heat from 1 on. Shapes: -> (world,)."""
    temperature, emissivity = (worlds.parameter(f"orbit.{n}") for n in ("radiator_temperature", "emissivity"))
    emitted = 2.0 * emissivity * STEFAN_BOLTZMANN_W_PER_M2_K4 * temperature**4
    return worlds.parameter("orbit.absorbed_flux") / emitted


FORMULAS: Final = {
    "radiator_km2_per_gw": radiator_km2_per_gw,
    "radiator_absorbed_share": radiator_absorbed_share,
}
_KINDS: Final = {
    "level": level,
    "effect": effect,
    "stronger": stronger,
    "fades": fades,
    "largest": largest,
    "leads": leads,
    "formula": formula,
}


def arms_of(cards: Sequence[Card]) -> tuple[str, ...]:
    """Return the settings of every arm that some cards need."""
    return tuple(dict.fromkeys(settings for card in cards for settings in card.arms.values()))
