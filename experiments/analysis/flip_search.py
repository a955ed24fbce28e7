"""Search for the least change that changes the leader: a scan along each way, then halving, world by world.

A way is a set of levers moved together from where a world has them (0) to their limits (1). What is known of
a model is only its answer at a place of a way in a world, so that the same search serves closed forms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.units import Array, IntArray

Bools = npt.NDArray[np.bool_]
Ask = Callable[[IntArray, IntArray, Array], Array]
"""Returns the leader (a code; NaN where there is none) for ways, worlds and places of equal length."""


@dataclass(frozen=True)
class Flips:
    """Where each world changes its leader along some ways."""

    places: Array
    """(scan,): the places that were scanned in every world."""
    scanned: Array
    """(way, scan, world): the leader at each."""
    place: Array
    """(way, world): the nearest place at which the leader is another; infinite where there is none."""
    leader: Array
    """(way, world): who leads there; NaN where nothing changes."""
    back: Bools
    """(way, world): the scan finds the first leader again, further along the way."""
    no_answer: Bools
    """(way, world): some place had no answer, and is not counted as a change."""

    @property
    def flipped(self) -> Bools:
        """Say which worlds change their leader. Shapes: (way, world)."""
        found: Bools = np.isfinite(self.place)
        return found

    def share_by(self, way: int, place: float) -> float:
        """Return the share of worlds that have changed their leader at or before a place."""
        return float((self.place[way] <= place).mean())


def find_flips(
    ask: Ask,
    first: Array,
    ways: int,
    places: Sequence[float] | Array,
    halvings: int,
    towards: float | None = None,
) -> Flips:
    """Return the nearest change of leader along every way in every world.

    The scan shows whether a change is undone further on; halving then narrows the first change found. What
    changes and changes back between two places of the scan is not seen.

    Shapes: first (world,), the leader where nothing is moved. `towards` counts one new leader only.
    """
    worlds = first.size
    scan = np.asarray(places, np.float64)
    grid = np.meshgrid(np.arange(ways), np.arange(scan.size), np.arange(worlds), indexing="ij")
    way, step, world = (axis.ravel() for axis in grid)
    scanned = ask(way, world, scan[step]).reshape(ways, scan.size, worlds)

    def is_other(leader: Array, before: Array) -> Bools:
        other: Bools = np.isfinite(leader) & (leader != before)
        return other if towards is None else other & (leader == towards)

    other = is_other(scanned, first)
    flipped = other.any(axis=1)
    at = other.argmax(axis=1)
    later = np.arange(scan.size)[None, :, None] > at[:, None, :]
    back = flipped & (np.isfinite(scanned) & ~other & later).any(axis=1)

    lower = np.concatenate([[0.0], scan])[at]
    upper = scan[at]
    leader = np.where(flipped, np.take_along_axis(scanned, at[:, None, :], axis=1)[:, 0], np.nan)
    narrowed_way, narrowed_world = np.nonzero(flipped)
    low, high = lower[flipped], upper[flipped]
    found = leader[flipped]
    for _ in range(halvings if narrowed_way.size else 0):
        middle = 0.5 * (low + high)
        answer = ask(narrowed_way, narrowed_world, middle)
        moved = is_other(answer, first[narrowed_world])
        high, low = np.where(moved, middle, high), np.where(moved, low, middle)
        found = np.where(moved, answer, found)
    place = np.full((ways, worlds), np.inf)
    place[flipped], leader[flipped] = high, found
    unknown: Bools = ~np.asarray(np.isfinite(scanned).all(axis=1))
    return Flips(scan, scanned, place, leader, back, unknown)
