"""Consumers as weighted people on a small-world network, many worlds at once (S1.2-S1.6; `agents`)."""

from dataclasses import replace
from typing import Final

import numpy as np

from sim import streams
from sim.elementary import exp, log, power
from sim.markets import crowd_compiled, crowd_law
from sim.markets.choice import (
    FREE,
    NON_USE,
    PAID,
    ChoiceSetting,
    nest_table,
    newly_aware_hazard,
    reconsidering,
)
from sim.markets.crowd_law import MonthTable, heard, voiced
from sim.markets.crowd_net import CrowdNet
from sim.markets.crowd_start import UNAWARE, CrowdState
from sim.units import Array, IntArray, ratio

_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(2**32 - 1)
_LOWEST_VALUE: Final = -1e30
_MOST_HABIT: Final = 80.0
"""Utility of habit beyond which nobody ever moves: float32 holds e^88."""
_LOUDEST_POWER: Final = 16.0
"""Voices of all whom one sees add up to less than 2 to the power of this."""
_POWERS_OF_E: Final = 1.0 / log(2.0)
"""The power of 2 that e is."""


def out_of_mind(value: Array) -> Array:
    """Return utilities below the best, −inf where nobody could choose and float32 would overflow.

    Shapes: any, kept.
    """
    return np.where(value < _LOWEST_VALUE, -np.inf, value)


def month_table(setting: ChoiceSetting, heads: IntArray, dt: float) -> MonthTable:
    """Tabulate what only class, market and world decide, in float64, and round it to float32.

    Shapes: heads (held, class, market, world).
    """
    labs, classes, markets, worlds = setting.paid_utility.shape
    held = (2 + 2 * labs, classes, markets, worlds)
    probability = np.empty(held)
    probability[:-1] = reconsidering(setting, dt)
    probability[-1] = newly_aware_hazard(setting)
    probability *= 2.0**32
    threshold = np.rint(probability, out=probability).astype(np.uint64)
    most = np.where(heads > 0, threshold, np.uint64(0)).max((0, 1, 2))
    nest = nest_table(setting, np.zeros((1, 1, 1)))
    best = np.maximum(nest.value.max(0, initial=-np.inf), setting.nonuse_utility)
    top = np.where(best == -np.inf, 0.0, best)
    beta = np.broadcast_to(setting.network_beta, worlds)
    # Weights are taken per share of the most voices that there may be, lest they leave float32.
    loudest = beta * _LOUDEST_POWER
    plain = np.empty((1 + labs, *held[1:]), np.float32)
    plain[0] = out_of_mind(setting.nonuse_utility - top) * _POWERS_OF_E - loudest
    plain[1:] = out_of_mind(nest.value - top) * _POWERS_OF_E - loudest
    gain = np.zeros(held)
    gain[NON_USE] = setting.habit_sigma
    gain[:-1][FREE] = _gain(nest.value_holding_free, nest.value)
    gain[:-1][PAID] = _gain(nest.value_holding_paid, nest.value)
    habit = exp(np.minimum(gain, _MOST_HABIT, out=gain), out=gain).astype(np.float32)
    free_share = np.ones((1 + labs + len(habit), *held[1:]), np.float32)
    free_share[1 : 1 + labs] = 1.0 - nest.paid_share
    free_share[1 + labs : -1][FREE] = 1.0 - nest.paid_share_holding_free
    free_share[1 + labs : -1][PAID] = 1.0 - nest.paid_share_holding_paid
    # A share to the power of 0 is 1, that of 0 too.
    epsilon = np.where(beta == 0.0, 1.0, setting.network_epsilon)
    return MonthTable(
        threshold.ravel(),
        (np.minimum(most, _LOW) << _HALF) | _LOW,
        plain.reshape(1 + labs, -1),
        habit.ravel(),
        free_share.ravel(),
        beta.astype(np.float32),
        epsilon.astype(np.float32),
    )


def _gain(held: Array, plain: Array) -> Array:
    """Return what habit adds to a value, 0 where it is barred."""
    with np.errstate(invalid="ignore"):  # barred: no number, 0 below
        gain: Array = held - plain
    np.copyto(gain, 0.0, where=plain == -np.inf)
    return gain


def felt_share(net: CrowdNet, state: CrowdState, setting: ChoiceSetting) -> Array:
    """Return the market share of each lab that draws people in as their local shares do on average (S1.3).

    People differ in whom they see, so that the mean of (s_local + ε)^β lies below the mean share's: with
    x its mean over the aware, weighted by people, the felt share is x^{1/β} − ε, the mean share at β = 0.
    Shapes: (lab, market, world). For `adoption.invert_flows`, so that the first month's flows fit the crowd.
    """
    labs, _, markets, worlds = setting.paid_utility.shape
    beta = np.broadcast_to(setting.network_beta, worlds)
    epsilon = np.broadcast_to(setting.network_epsilon, worlds)
    felt = np.empty((labs, markets, worlds))
    for world in range(worlds):
        table = voiced(state.holds[world], state.voice[world], labs)
        voices = heard(table, net.neighbour, len(net.slot), labs).astype(np.float64)
        steepness = np.where(beta[world] == 0.0, 1.0, beta[world])
        pull = power(ratio(voices[1:], voices.sum(0)) + epsilon[world], steepness)
        heads = np.where(state.holds[world] == UNAWARE, 0, state.weight_people[world]).astype(np.float64)
        aware = np.bincount(net.market, heads, markets).astype(np.float64)
        for lab in range(labs):
            pulled = np.bincount(net.market, heads * pull[lab], markets).astype(np.float64)
            mean = ratio(pulled, aware)
            felt[lab, :, world] = np.maximum(power(mean, 1.0 / steepness) - epsilon[world], 0.0)
    return felt


def step(
    net: CrowdNet,
    state: CrowdState,
    setting: ChoiceSetting,
    dt: float,
    seed: int,
    world_ids: IntArray,
    tick: int,
) -> CrowdState:
    """Advance the crowd by `dt` months: some reconsider, the newly aware choose (S1.1-S1.3).

    Shapes: world_ids (world,), in the order of the state's worlds.
    """
    table = month_table(setting, state.heads, dt)
    keys = streams.world_keys(seed, world_ids, "assistant", tick)
    law = crowd_compiled if crowd_compiled.AVAILABLE else crowd_law
    holds, grown = law.chosen(net, state, table, keys)
    return replace(state, holds=holds, heads=state.heads + grown)
