"""The crowd at the start: weighted agents who add up to the people observed, exactly (S1.5, S1.6)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sim import streams
from sim.markets.choice import NON_USE
from sim.markets.crowd_net import CrowdNet
from sim.units import Array, IntArray, ratio

Options = npt.NDArray[np.uint8]
Voices = npt.NDArray[np.uint16]

UNAWARE: Final = 255
"""What an agent holds who has not heard of any assistant."""


@dataclass(frozen=True)
class CrowdState:
    """Hold what every agent of every world has chosen, and the heads that adds up to."""

    holds: Options
    """(world, agent): option, or `UNAWARE`"""
    weight_people: IntArray
    """(world, agent): how many people an agent stands for, constant"""
    voice: Voices
    """(world, agent): weight over the mean weight of the agent's market, in whole units of which the voices
    of all whom anybody sees add up to less than 2^16; constant"""
    heads: IntArray
    """(option + 1, class, market, world): people; the last row is the unaware"""


def whole_people(people: Array) -> IntArray:
    """Round people to whole numbers whose sum over the leading axis is the rounded sum.

    By largest remainder; the first wins ties, and whole numbers stay as they are.
    Shapes: (entry, ...) -> the same.
    """
    whole = np.floor(people)
    rank = np.argsort(np.argsort(whole - people, axis=0, kind="stable"), axis=0, kind="stable")
    rounded: IntArray = (whole + (rank < np.rint(people.sum(0)) - whole.sum(0))).astype(np.int64)
    return rounded


def apportion(total: IntArray, weights: Array) -> IntArray:
    """Share whole units in proportion to weights, by largest remainder.

    Shapes: total (...), weights (entry, ...) -> (entry, ...), summing to total, or 0 without a weight.
    """
    return whole_people(ratio(weights * total, weights.sum(0)))


def _allot_agents(people: IntArray, agents: IntArray, least_agents: int) -> IntArray:
    """Share the agents of a class and market over what their people have chosen.

    In proportion to people, but at least `least_agents` wherever there is anybody, so that small assistants
    exist; fewer where there are not enough agents for that. Where there are no people, all are unaware.
    Shapes: people (cell, class, market, world), agents (class, market) -> as people.
    Raises: ValueError if there are fewer agents than cells with people.
    """
    peopled = people > 0
    available = np.broadcast_to(agents[:, :, None], people.shape[1:])
    short = peopled.sum(0) > available
    if short.any():
        c, g, w = (int(at[0]) for at in np.nonzero(short))
        raise ValueError(
            f"agents of class {c} in market {g} = {int(agents[c, g])}: expected at least "
            f"{int(peopled.sum(0)[c, g, w])}, one for each option that has people; add agents."
        )
    floor = np.where(peopled, np.minimum(least_agents, available // np.maximum(peopled.sum(0), 1)), 0)
    small = np.zeros_like(peopled)
    for _ in range(len(people)):
        left = available - np.where(small, floor, 0).sum(0)
        rest = np.where(small, 0, people).astype(np.float64)
        small = small | (ratio(rest * left, rest.sum(0)) < floor)
    left = available - np.where(small, floor, 0).sum(0)
    allotted = np.where(small, floor, apportion(left, np.where(small, 0, people).astype(np.float64)))
    allotted[-1] += available - allotted.sum(0)
    return allotted


def start_crowd(
    net: CrowdNet,
    aware_people: Array,
    unaware_people: Array,
    least_agents: int,
    seed: int,
    world_ids: IntArray,
) -> CrowdState:
    """Place the agents of every world so that their weighted heads are the people given, exactly (S1.5).

    Agents are spread over options in proportion to people, with at least `least_agents` for a small one; the
    agents of an option weigh the same to within one person. Who stands where is drawn per world. People
    that are not whole are rounded within their market.
    Shapes: aware_people (option, class, market, world), unaware_people (class, market, world).
    Raises: ValueError if a class of a market has fewer agents than options with people.
    """
    given = np.concatenate([aware_people, unaware_people[None]])
    cells, classes, markets, worlds = given.shape
    whole = whole_people(given.reshape(cells * classes, markets, worlds)).reshape(given.shape)
    group = net.payer_class * markets + net.market
    agents = np.bincount(group, minlength=classes * markets).reshape(classes, markets)
    allotted = _allot_agents(whole, agents, least_agents)
    each, more = np.divmod(whole, np.maximum(allotted, 1))
    ends = np.cumsum(allotted, axis=0)
    keys = streams.world_keys(seed, world_ids, "first assistant", 0)
    words = streams.mix(streams.combine(keys[:, None], net.slot[None, :]))
    cell = np.empty((worlds, len(net.slot)), np.int64)
    weight = np.empty_like(cell)
    for c in range(classes):
        for g in range(markets):
            members = np.flatnonzero(group == c * markets + g)
            order = members[np.argsort(words[:, members], axis=1, kind="stable")]
            rank = np.arange(len(members))
            at = (rank[None, :, None] >= ends[:, c, g].T[:, None, :]).sum(2)
            world = np.arange(worlds)[:, None]
            within = rank - (ends - allotted)[at, c, g, world]
            np.put_along_axis(cell, order, at, axis=1)
            np.put_along_axis(weight, order, each[at, c, g, world] + (within < more[at, c, g, world]), axis=1)
    return CrowdState(
        holds=np.where(cell < cells - 1, cell, UNAWARE).astype(np.uint8),
        weight_people=weight,
        voice=_voices(weight, whole.sum((0, 1)), net),
        heads=whole,
    )


def _voices(weight: IntArray, population: IntArray, net: CrowdNet) -> Voices:
    """Return how much each agent counts among those whom others see, in whole units (S1.3).

    The unit is the world's own, since only what voices are to one another matters: the loudest has as many as
    the degree leaves room for in 16 bits. Shapes: weight (world, agent), population (market, world).
    """
    agents = np.bincount(net.market, minlength=net.markets)
    mean = population / agents[:, None]
    voice = ratio(weight.astype(np.float64), mean.T[:, net.market])
    most = (2**16 - 1) // len(net.neighbour)
    return np.rint(ratio(voice * most, voice.max(1)[:, None])).astype(np.uint16)


def people(state: CrowdState) -> Array:
    """Return people by option, the unaware among the non-users; they sum to the population exactly (S1.5).

    Shapes: (option, class, market, world).
    """
    heads: Array = state.heads[:-1].astype(np.float64)
    heads[NON_USE] += state.heads[-1]
    return heads


def first_world(state: CrowdState) -> CrowdState:
    """Return the crowd of the first world alone."""
    return CrowdState(
        state.holds[:1].copy(),
        state.weight_people[:1].copy(),
        state.voice[:1].copy(),
        np.ascontiguousarray(state.heads[..., :1]),
    )


def repeated(state: CrowdState, times: int) -> CrowdState:
    """Return every world's crowd so many times."""
    return CrowdState(
        state.holds.repeat(times, axis=0),
        state.weight_people.repeat(times, axis=0),
        state.voice.repeat(times, axis=0),
        state.heads.repeat(times, axis=-1),
    )
