"""Laws of electric power: the grid pipeline, the cap on completions, dispatch, prices and outages (S8).

Every function is pure. Arrays are (site, world) unless a docstring says otherwise; the world axis is last.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.elementary import exp, expm1, power
from sim.units import MONTHS_PER_YEAR, TINY, Array, BoolArray, IntArray, of_shape, ratio

STAGES: Final = 3
"""Passages between an order and its operation; the Erlang shape of the waiting time (S8)."""
_LARGEST_EXPONENT: Final = 700.0
"""e^-700 is still a normal float and e^700 still finite."""


@dataclass(frozen=True)
class PipelineStep:
    """Hold what a step of the pipeline leaves waiting, builds and withdraws, in GW.

    Shapes: stages (3, site, world), completed and withdrawn (site, world).
    """

    stages_gw: Array
    completed_gw: Array
    withdrawn_gw: Array


@dataclass(frozen=True)
class Passage:
    """Hold the shares of a queue's orders that stay in a stage, stand one or two further, or pass at least n.

    `survival` is that of each passage. Shapes: broadcast to (site, world).
    """

    survival: Array
    stay: Array
    one_on: Array
    two_on: Array
    reached_1: Array
    reached_2: Array
    reached_3: Array


@dataclass(frozen=True)
class Connection:
    """Hold the GW connected in a step, those built that still wait, and those given up, all (site, world)."""

    connected_gw: Array
    ready_gw: Array
    withdrawn_gw: Array


@dataclass(frozen=True)
class CompletionCap:
    """Hold the cap on connections in a step and its two parts, in GW, all (site, world).

    The firm part is negative where more firm capacity retires than is added.
    """

    cap_gw: Array
    firm_gw: Array
    spare_limit_gw: Array


@dataclass(frozen=True)
class Dispatch:
    """Hold the outcome of a dispatch.

    Shapes: used_gw (tranche, site, world) in merit order, place in the flat table of the caller's order;
    price, rent and unserved (site, world). The rent is the part of the price above the last tranche's
    marginal cost.
    """

    used_gw: Array
    place: IntArray
    price_usd_per_mwh: Array
    scarcity_rent_usd_per_mwh: Array
    unserved_gw: Array

    @property
    def generation_gw(self) -> Array:
        """What each tranche generates. Shapes: (tranche, site, world) in the caller's tranche order."""
        generation = np.empty_like(self.used_gw)
        generation.reshape(-1)[self.place] = self.used_gw
        return generation


def passage(lead_time_months: Array, survival_share: Array, dt: float) -> Passage:
    """Return how orders pass the stages of a queue in `dt` months, whatever is ordered (S8).

    An order leaves each stage at the rate k = 3/lead time and survives each passage with s = π^{1/3}; P_n is
    the probability of at least n passages, x = k dt.

    Shapes: broadcast.
    Source: Forrester 1961 (material delays).
    """
    x = np.minimum(STAGES * dt / np.maximum(lead_time_months, TINY), _LARGEST_EXPONENT)
    stay = exp(-x)
    one_on = stay * x
    two_on = one_on * x / 2.0
    reached_1 = -expm1(-x)
    # Rounding leaves -1e-17 where x is tiny; a probability is not negative.
    reached_2 = np.maximum(reached_1 - one_on, 0.0)
    reached_3 = np.maximum(reached_2 - two_on, 0.0)
    return Passage(power(survival_share, 1.0 / 3.0), stay, one_on, two_on, reached_1, reached_2, reached_3)


def advance_pipeline(stages_gw: Array, inflow_gw: Array, through: Passage) -> PipelineStep:
    """Move orders in GW through the three stages of the queue, exactly (S8).

    A GW in stage i stays with e^-x, stands j stages further with s^j x^j/j! e^-x and is built with s^n P_n,
    n = 4 - i. The inflow enters the first stage at the start of the step, so two half steps (the inflow in
    the first) give the whole step.

    Shapes: stages (3, site, world), inflow (site, world), the passage broadcasts.
    """
    s, stay, one_on, two_on = through.survival, through.stay, through.one_on, through.two_on
    reached_1, reached_2, reached_3 = through.reached_1, through.reached_2, through.reached_3
    first, second, third = stages_gw[0] + inflow_gw, stages_gw[1], stages_gw[2]
    stages = np.array(
        [
            first * stay,
            second * stay + first * s * one_on,
            third * stay + second * s * one_on + first * s**2 * two_on,
        ]
    )
    completed = s * (third * reached_1 + s * (second * reached_2 + s * first * reached_3))
    # What leaves each stage at the failed passage; the three terms are the flows out of the three stages.
    leaves_1 = first * reached_1
    leaves_2 = second * reached_1 + s * first * reached_2
    leaves_3 = third * reached_1 + s * second * reached_2 + s**2 * first * reached_3
    return PipelineStep(stages, completed, (1.0 - s) * (leaves_1 + leaves_2 + leaves_3))


def connect(ready_gw: Array, completed_gw: Array, cap_gw: Array, kept_share: Array) -> Connection:
    """Connect built GW up to the cap of the step; the rest waits, built and dark, and some give up (S8).

    Shapes: all (site, world); the share that is kept waiting broadcasts.
    """
    built = ready_gw + completed_gw
    connected = np.minimum(built, cap_gw)
    waiting = built - connected
    kept = waiting * kept_share
    return Connection(connected, kept, waiting - kept)


def completion_cap_gw(
    ai_share: Array,
    firm_additions_gw_per_year: Array,
    retirements_gw_per_year: Array,
    spare_draw_share: Array,
    spare_gw: Array,
    dt: float,
) -> CompletionCap:
    """Return the most GW that can be connected for AI in the step (S8).

    cap = [a (additions - retirements) dt/12 + spare (1 - (1 - draw)^{dt/12})]^+: over a year the spare part
    is draw x spare, and two half steps draw what one step draws.

    Shapes: all (site, world) or broadcast to it.
    """
    years = dt / MONTHS_PER_YEAR
    spare_limit = spare_gw * (1.0 - power(1.0 - spare_draw_share, years))
    firm = ai_share * (firm_additions_gw_per_year - retirements_gw_per_year) * years
    firm = of_shape(firm, np.shape(spare_limit))
    return CompletionCap(np.maximum(firm + spare_limit, 0.0), firm, spare_limit)


def spare_after_draw_gw(spare_gw: Array, connected_gw: Array, firm_gw: Array, spare_limit_gw: Array) -> Array:
    """Return the spare GW left after the connections of the step; firm additions are used first (S8).

    Shapes: all (site, world).
    """
    drawn = np.clip(connected_gw - np.maximum(firm_gw, 0.0), 0.0, spare_limit_gw)
    return spare_gw - drawn


def dispatch(
    capacity_gw: Array,
    marginal_cost_usd_per_mwh: Array,
    load_gw: Array,
    scarcity_usd_per_mwh: Array,
    reserve_target: Array,
) -> Dispatch:
    """Serve the load in merit order and price it in USD per MWh (S8).

    Price = marginal cost of the last tranche used + scarcity rent. The rent is scarcity · z²(3 - 2z), where z
    is the share of the reserve target that is missing: 0 at a margin (capacity - load)/load of the target or
    more, 1 where the load reaches the capacity. Where there is no load the cheapest tranche that exists sets
    the price, where there is no capacity the dearest.

    Shapes: capacity (tranche, site, world) in any order of tranches, cost broadcast to it, the others
    (site, world) or broadcast. The load holds everybody's, not only that of AI.
    Source: Sensfuss, Ragwitz and Genoese 2008 (merit order).
    """
    cells = np.arange(capacity_gw[0].size).reshape(capacity_gw.shape[1:])
    # Where each tranche of the merit order stands in the flat table: one index, not one an axis.
    place = np.argsort(marginal_cost_usd_per_mwh, axis=0, kind="stable") * cells.size + cells
    sorted_capacity = capacity_gw.reshape(-1).take(place)
    filled = sorted_capacity.cumsum(0)
    before = np.zeros_like(filled)
    before[1:] = filled[:-1]
    used = (load_gw - before).clip(0.0, sorted_capacity)

    total = filled[-1]
    last = _last_tranche(used > 0.0, sorted_capacity > 0.0)
    cost = np.broadcast_to(marginal_cost_usd_per_mwh, capacity_gw.shape)
    marginal = np.take(cost.reshape(-1), np.take(place.reshape(-1), last * cells.size + cells))
    reserve_gw = reserve_target * load_gw
    missing = ratio((load_gw + reserve_gw - total).clip(0.0, reserve_gw), reserve_gw)
    missing = np.where(load_gw > total, 1.0, missing)
    rent = scarcity_usd_per_mwh * missing**2 * (3.0 - 2.0 * missing)
    return Dispatch(used, place, marginal + rent, rent, np.maximum(load_gw - total, 0.0))


def _last_tranche(is_used: BoolArray, exists: BoolArray) -> IntArray:
    """Return the index of the tranche that sets the price, (site, world), from sorted tranches."""
    final = is_used.shape[0] - 1
    last_used = final - np.argmax(is_used[::-1], axis=0)
    first_existing = np.argmax(exists, axis=0)
    # `is_used` is all False without load or without capacity.
    idle = np.where(exists.any(axis=0), first_existing, final)
    index: IntArray = np.where(is_used.any(axis=0), last_used, idle)
    return index


def demand_response(
    load_gw: Array, price_usd_per_mwh: Array, reference_price_usd_per_mwh: Array, elasticity: Array
) -> Array:
    """Return the load in GW after it responds to the price (S8).

    With r = price/reference: load · r^ε above the reference, and its tangent load · (1 + ε(r - 1)) below, so
    that free power does not call for endless load.

    Shapes: all (site, world) or broadcast; the elasticity ε is zero or negative.
    """
    has_reference = np.asarray(reference_price_usd_per_mwh) > 0.0
    r = np.where(
        has_reference, price_usd_per_mwh / np.where(has_reference, reference_price_usd_per_mwh, 1.0), 1.0
    )
    dearer = power(np.maximum(r, 1.0), elasticity)
    cheaper = 1.0 + elasticity * (np.minimum(r, 1.0) - 1.0)
    return load_gw * dearer * cheaper


def all_in_price_usd_per_mwh(
    start_all_in_usd_per_mwh: Array,
    dispatch_usd_per_mwh: Array,
    dispatch_start_usd_per_mwh: Array,
    network_share: Array,
) -> Array:
    """Return a data centre's all-in price in USD per MWh (S8).

    It moves one for one with the dispatch price and never falls below the network charges, a share of the
    start price that is due even where energy is free.

    Shapes: all (site, world) or broadcast.
    """
    moved = start_all_in_usd_per_mwh + (dispatch_usd_per_mwh - dispatch_start_usd_per_mwh)
    return np.maximum(moved, network_share * start_all_in_usd_per_mwh)


def blended_price_usd_per_mwh(
    grid_gw: Array, grid_usd_per_mwh: Array, btm_gw: Array, btm_usd_per_mwh: Array
) -> Array:
    """Return the price in USD per MWh of grid and behind-the-meter power together (S8).

    Shapes: all (site, world). Without any load it is the grid's price.
    """
    btm_share = ratio(btm_gw, grid_gw + btm_gw)
    return grid_usd_per_mwh + btm_share * (btm_usd_per_mwh - grid_usd_per_mwh)


def outage_probability(hazard_per_month: Array, dt: float) -> Array:
    """Return the probability of an outage within the step, 1 - (1 - h)^dt (S8).

    Shapes: any, kept.
    """
    return 1.0 - power(1.0 - hazard_per_month, dt)


def outage_capacity_gw(capacity_gw: Array, outage: Array, depth_share: Array) -> Array:
    """Return the GW left in an outage that takes the share `depth_share` of the capacity (S8).

    Shapes: capacity (..., site, world); outage is 1 where one happens, else 0, and broadcasts.
    """
    return capacity_gw * (1.0 - depth_share * outage)


def btm_limit_gw(slots_gw_per_year: Array, build_multiplier: Array, dt: float) -> Array:
    """Return the largest order in GW of behind-the-meter gas in the step: turbine slots bind it (S8).

    Shapes: (site, world) or broadcast. The multiplier is that of S10.
    """
    return slots_gw_per_year * build_multiplier * (dt / MONTHS_PER_YEAR)


def powered_share(power_available_gw: Array, need_gw: Array) -> Array:
    """Return the share of the need that is powered, min(1, power/need); 1 where nothing is needed (S5, S8).

    Shapes: all (site, world).
    """
    short = power_available_gw < need_gw
    return np.where(short, power_available_gw / np.where(short, need_gw, 1.0), 1.0)
