"""Who sees whom: consumers on a small-world network, the same for all worlds of a run (S1.6)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim import streams
from sim.streams import Words
from sim.units import IntArray

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class CrowdNet:
    """Hold who the agents are and whom they see; the same for all worlds of a run."""

    market: IntArray
    """(agent,): ascending"""
    payer_class: IntArray
    """(agent,): willingness-to-pay class"""
    slot: Words
    """(agent,): permanent number, market times 2^32 plus the place in the market"""
    luck: Words
    """(agent,): the slot's part of every draw's address"""
    neighbour: IntArray
    """(link, agent): whom each agent sees; every link is seen from both ends"""
    markets: int
    classes: int

    @cached_property
    def seen(self) -> Numbers:
        """Whom each agent sees, an agent's links side by side. Shapes: (agent, link)."""
        return np.ascontiguousarray(self.neighbour.T, np.int32)

    @cached_property
    def turns(self) -> "Turns":
        """Agents by class and market, so that those who see the same tables come one after another."""
        cell = (self.payer_class * self.markets + self.market).astype(np.int32)
        turn = np.argsort(cell, kind="stable").astype(np.int32)
        return Turns(turn, cell[turn], self.luck[turn])


@dataclass(frozen=True)
class Turns:
    """Hold the agents in another order. Shapes: (turn,) each."""

    agent: Numbers
    cell: Numbers
    """class and market, flat: ascending"""
    luck: Words


def _shuffled(seed: int, decision: str, slots: Words) -> IntArray:
    """Return an order of numbered things that depends on the seed and their numbers only."""
    key = streams.world_keys(seed, np.zeros(1, np.int64), decision, 0)
    return np.argsort(streams.mix(streams.combine(key, slots)), kind="stable")


def build_net(
    seed: int, agents: IntArray, degree: int, rewired_share: float, crossing_share: float
) -> CrowdNet:
    """Build the agents and a small-world network of constant degree.

    In each market the agents sit on a ring and know `degree` others nearest to them. Some links let go of
    one end and are tied again at random: `rewired_share` of them inside the market, `crossing_share` among
    all markets. Ends are swapped, so that everybody keeps `degree` links; a pair may be tied twice.
    Shapes: agents (class, market), how many stand for each.
    Raises: ValueError if the degree is odd, a share lies outside [0, 1] or a market has too few agents.
    Source: Watts and Strogatz (1998), with the swaps of Maslov and Sneppen (2002).
    """
    if degree < 2 or degree % 2:
        raise ValueError(f"degree = {degree}: expected an even number of at least 2; give one.")
    if min(rewired_share, crossing_share) < 0.0 or rewired_share + crossing_share > 1.0:
        raise ValueError(
            f"rewired_share + crossing_share = {rewired_share} + {crossing_share}: expected shares of links "
            "that sum to at most 1; lower one of them."
        )
    classes, markets = agents.shape
    size = agents.sum(0)
    if size.min() <= degree:
        raise ValueError(
            f"agents of market {int(size.argmin())} = {int(size.min())}: expected more than the degree "
            f"{degree}; add agents or lower the degree."
        )
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
    market = np.repeat(np.arange(markets), size)
    place = np.arange(size.sum()) - first[market]
    slot = (market.astype(np.uint64) << np.uint64(32)) + place.astype(np.uint64)
    payer_class = np.empty(size.sum(), np.int64)
    for g in range(markets):
        members = np.arange(first[g], first[g + 1])
        payer_class[members[_shuffled(seed, "payer class", slot[members])]] = np.repeat(
            np.arange(classes), agents[:, g]
        )
    half = degree // 2
    reach = np.arange(1, half + 1)
    target = first[market][:, None] + (place[:, None] + reach) % size[market][:, None]
    tail = target.ravel().copy()
    source = np.repeat(np.arange(len(market)), half)
    end_column = np.tile(half + reach - 1, len(market))
    link = (slot[source] << np.uint64(8)) + np.tile(reach, len(market)).astype(np.uint64)
    key = streams.world_keys(seed, np.zeros(1, np.int64), "rewire", 0)
    draw = streams.uniform_slots(key, link)
    pools = [np.flatnonzero((draw < rewired_share) & (market[source] == g)) for g in range(markets)]
    pools.append(np.flatnonzero((draw >= rewired_share) & (draw < rewired_share + crossing_share)))
    for pool in pools:
        order = pool[_shuffled(seed, "tie again", link[pool])]
        given = np.roll(order, -1)
        tail[order], end_column[order] = tail[given], end_column[given]
        _untie_loops(source, tail, end_column, order)
    neighbour = np.empty((degree, len(market)), np.int64)
    neighbour[np.tile(reach - 1, len(market)), source] = tail
    neighbour[end_column, tail] = source
    return CrowdNet(market, payer_class, slot, streams.scattered(slot), neighbour, markets, classes)


def _untie_loops(source: IntArray, tail: IntArray, end_column: IntArray, order: IntArray) -> None:
    """Swap ends, in place, with the next link that leaves nobody tied to oneself."""
    for loop in order[source[order] == tail[order]]:
        fits = (source[order] != tail[loop]) & (tail[order] != source[loop])
        if source[loop] == tail[loop] and fits.any():
            other = order[fits.argmax()]
            tail[[loop, other]] = tail[[other, loop]]
            end_column[[loop, other]] = end_column[[other, loop]]
