"""Laws of who does a job: what a robot costs, reaches and does, and who takes it for a person (S9).

Shapes: makers (maker, world), factory cells (region, sector, world), options of a cell (option, region,
sector, world). Every law is elementwise or reduces a leading axis, and arguments broadcast.
"""

import math
from itertools import pairwise
from typing import Final

import numpy as np

from sim.elementary import LN10, exp, expm1, log, log1p, log2, power
from sim.units import (
    KILOWATTS_PER_GIGAWATT,
    MEGAWATTS_PER_GIGAWATT,
    MONTHS_PER_YEAR,
    TINY,
    Array,
    logistic,
    of_shape,
    ratio,
)

# A cost divided by the smallest productivity, or its inverse, must stay a finite number.
_SMALLEST: Final = math.sqrt(TINY)
_KILOWATTS_PER_MEGAWATT: Final = KILOWATTS_PER_GIGAWATT / MEGAWATTS_PER_GIGAWATT


# ---- cost ---------------------------------------------------------------------------------------------


def others_units(units: Array) -> Array:
    """Sum the units of all other makers, for each maker (S9.1). Shapes: (maker, world) -> (maker, world)."""
    # A sum minus one of its terms can fall a rounding error below zero.
    others: Array = np.maximum(units.sum(0) - units, 0.0)
    return others


def experience_units(
    own_units: Array, others_units: Array, shared_learning: Array, prior_experience_units: Array
) -> Array:
    """Return the experience, in units, that a maker's cost follows (S9.1): own + κ·others + prior.

    Own and others count units made since the start, and the prior is what the whole industry knew then.
    So every maker starts from the same experience, and equal output gives equal learning.

    Shapes: (maker, world) -> (maker, world).
    Source: Nagy et al. 2013 for experience; the common prior is a decision, because with each maker's own
    past as its base a maker that had built 150 units learned several times faster than one with 5,000.
    """
    return own_units + shared_learning * others_units + prior_experience_units


def wright_unit_cost_usd(
    cost_start_usd: Array,
    cost_floor_usd: Array,
    experience_units: Array,
    experience_start_units: Array,
    learning_rate: Array,
) -> Array:
    """Return the cost of making one unit, in USD (S9.1): c_floor + (c_0 − c_floor)(Q/Q_0)^{−b}.

    b = −log2(1 − learning rate): each doubling of Q cuts the part above the floor by the learning rate.
    Experience below its start counts as the start: nothing is unlearned.

    Shapes: broadcast, (maker, world). Source: Wright 1936.
    """
    cut = np.minimum(learning_rate, 1.0 - np.finfo(np.float64).eps)
    b = -log2(1.0 - cut)
    log_growth = log(np.maximum(experience_units, TINY)) - log(np.maximum(experience_start_units, TINY))
    cost: Array = cost_floor_usd + (cost_start_usd - cost_floor_usd) * exp(-b * np.maximum(log_growth, 0.0))
    return cost


def decoupled_unit_cost_usd(unit_cost_usd: Array, decoupled_share: Array, decoupling_factor: Array) -> Array:
    """Return the unit cost, in USD, of a maker that a share of its supply chain is closed to (S9.1).

    Shapes: broadcast, (maker, world). The whole chain closed multiplies the cost by the factor.
    """
    return unit_cost_usd * (1.0 + decoupled_share * (decoupling_factor - 1.0))


def energy_usd_per_year(power_kw: Array, hours_per_year: Array, price_usd_per_mwh: Array) -> Array:
    """Return the yearly electricity bill of one unit at work, in USD (S9.3). Shapes: broadcast."""
    return power_kw * hours_per_year * price_usd_per_mwh / _KILOWATTS_PER_MEGAWATT


def running_cost_usd_per_year(
    overhead_usd_per_year: Array,
    energy_usd_per_year: Array,
    autonomy: Array,
    supervision_usd_per_year: Array,
) -> Array:
    """Return the yearly cost of a unit that does not follow its price, in USD: the o of S9.4.

    o = overhead + energy + (1 − autonomy)·supervision.

    Shapes: broadcast. Autonomy is a share in [0, 1]; supervision is the cost of a person watching throughout.
    """
    return overhead_usd_per_year + energy_usd_per_year + (1.0 - autonomy) * supervision_usd_per_year


def unit_cost_usd_per_year(
    price_usd: Array,
    tariff: Array,
    capital_recovery: Array,
    maintenance_share: Array,
    overhead_usd_per_year: Array,
    energy_usd_per_year: Array,
    autonomy: Array,
    supervision_usd_per_year: Array,
) -> Array:
    """Return the yearly cost of owning and running one unit, in USD (S9.3).

    P(1 + tariff)(CRF + maintenance) + overhead + energy + (1 − autonomy)·supervision.

    Shapes: broadcast, (maker, region, world).
    """
    running = running_cost_usd_per_year(
        overhead_usd_per_year, energy_usd_per_year, autonomy, supervision_usd_per_year
    )
    return price_usd * (1.0 + tariff) * (capital_recovery + maintenance_share) + running


def break_even_efficiency_ratio(
    price_multiple: Array,
    rival_price_usd: Array,
    capital_and_maintenance: Array,
    tariff: Array,
    rival_tariff: Array,
    running_usd_per_year: Array,
    rival_running_usd_per_year: Array,
) -> Array:
    """Return how much more productive a robot at n times the rival's price must be to cost the same (S9.4).

    η/η_rival = (k·n·P·(1 + t) + o)/(k·P·(1 + t_rival) + o_rival), k = CRF + maintenance. It tends to n as all
    o tend to 0 (without tariffs), and to 1 as a common o grows.

    Shapes: broadcast. Returns 0 where the rival is free.
    """
    own = capital_and_maintenance * price_multiple * rival_price_usd * (1.0 + tariff) + running_usd_per_year
    rival = capital_and_maintenance * rival_price_usd * (1.0 + rival_tariff) + rival_running_usd_per_year
    return ratio(np.asarray(own), np.asarray(rival))


def cost_per_task_usd(cost_usd_per_year: Array, productivity: Array, station_usd_per_year: Array) -> Array:
    """Return the cost of what one person does in a year, in USD (S9.3).

    A person has productivity 1. A station where several machines can share the work costs nothing extra; a
    station that takes one robot only is tied up 1/productivity times as long, at its own yearly cost. So in
    costly stations the more productive robot leads whatever its price.

    Shapes: broadcast, (option, region, sector, world).
    """
    cost: Array = (cost_usd_per_year + station_usd_per_year) / np.maximum(productivity, _SMALLEST)
    return cost


# ---- reach and productivity ---------------------------------------------------------------------------


def fleet_orders(fleet_robot_years: Array, reference_robot_years: Array) -> Array:
    """Return fleet data in orders of magnitude above its reference (S9.2): log10(1 + F/F_ref).

    Shapes: broadcast, (maker, world).
    """
    orders: Array = log1p(fleet_robot_years / np.maximum(reference_robot_years, _SMALLEST)) / LN10
    return orders


def reach_share(
    capability_orders: Array,
    threshold_orders: Array,
    fleet_orders: Array,
    fleet_gain: Array,
    width_orders: Array,
) -> Array:
    """Return the share of suitable positions that a maker's robots can take (S9.2).

    Λ((C + gain·fleet − threshold)/width): half of them at the threshold. Capability and fleet data are in
    orders of magnitude; one order of fleet data is worth `fleet_gain` orders of capability.

    Shapes: broadcast, (maker, world).
    """
    orders_above = capability_orders + fleet_gain * fleet_orders - threshold_orders
    return logistic(orders_above / np.maximum(width_orders, _SMALLEST))


def productivity(
    start_share: Array,
    gain_per_order: Array,
    capability_orders: Array,
    fleet_orders: Array,
    fleet_gain: Array,
    ceiling_share: Array,
) -> Array:
    """Return a robot's output where it can work, as a share of a person's (S9.2).

    start + gain·(C + fleet gain·fleet), between 0 and the ceiling.

    Shapes: broadcast, (maker, world).
    """
    grown = start_share + gain_per_order * (capability_orders + fleet_gain * fleet_orders)
    bounded: Array = np.minimum(np.maximum(grown, 0.0), ceiling_share)
    return bounded


# ---- choice of technology -----------------------------------------------------------------------------


def technology_shares(cost_per_task_usd: Array, utility: Array, sensitivity: Array, reach: Array) -> Array:
    """Return the share of suitable positions that each option takes (S9.3).

    Logit over {person, conventional automation, each humanoid} with value V_i = utility_i − β·ln(cost_i), β
    the sensitivity. At equal utility the option with the lowest cost per task leads, so two robots change
    places at the ratio of S9.4.

    Positions are ordered by difficulty, the same for all machines: option i can take the easiest reach_i of
    them. Between two neighbouring reaches the feasible set is constant, and the shares are the sum of those
    logits, weighted by the distance. A person's reach is 1, so the shares sum to 1.

    Shapes: (option, ..., world), with ones where an argument does not vary -> (option, ..., world).
    Source: McFadden 1978 for the choice; the nested feasible sets are a decision.
    """
    value = _technology_value(cost_per_task_usd, utility, sensitivity)
    # Sorted before it is broadcast: reach seldom differs by cell, and sorting costs more than the logit.
    feasible = np.minimum(np.maximum(reach, 0.0), 1.0) + np.zeros((len(value),) + (1,) * (value.ndim - 1))
    order = (-feasible).argsort(0, kind="stable")
    alike = feasible[0].size
    feasible = feasible.reshape(-1).take(order * alike + np.arange(alike).reshape(feasible.shape[1:]))
    # With the widest reach first, row i of `width` is where exactly the options 0..i are feasible.
    width = feasible - np.concatenate([feasible[1:], np.zeros_like(feasible[:1])])
    shape = np.broadcast_shapes(value.shape, feasible.shape)
    value = of_shape(value, shape)
    cells = value[0].size
    # Where each option of that order stands in the flat table: one index, not one an axis.
    place = order * cells + np.arange(cells).reshape(shape[1:])
    shares: Array = np.empty(shape)
    shares.reshape(-1)[place] = _shares_by_reach(value.reshape(-1).take(place), width)
    return shares


def _technology_value(cost_per_task_usd: Array, utility: Array, sensitivity: Array) -> Array:
    """Return an option's value, utility − β·ln(cost) (S9.3). Shapes: broadcast."""
    bounded_cost = np.minimum(np.maximum(cost_per_task_usd, _SMALLEST), 1.0 / _SMALLEST)
    return np.asarray(utility - sensitivity * log(bounded_cost))


def _shares_by_reach(value: Array, width: Array) -> Array:
    """Sum the logits of the nested feasible sets: row i of `width` is where the options 0..i are feasible.

    Shapes: value (option, ..., world), overwritten, width broadcasting -> (option, ..., world).
    """
    # Sums of exponentials relative to the best value so far: exact at any sensitivity, one pass each way.
    best = value.copy()
    for before, here in pairwise(best):
        np.maximum(before, here, out=here)
    # In place: fresh arrays of this size cost more than their exponentials.
    weight = np.subtract(value, best, out=value)
    exp(weight, out=weight)
    fade = best[:-1] - best[1:]
    exp(fade, out=fade)
    total = weight.copy()
    for (before, here), kept in zip(pairwise(total), fade, strict=True):
        here += before * kept
    density: Array = np.divide(width, total, out=total)
    for (beyond, here), kept in zip(pairwise(density[::-1]), fade[::-1], strict=True):
        here += beyond * kept
    density *= weight
    return density


def wanted_units(
    positions: Array,
    suitable_share: Array,
    shared_choice: Array,
    exclusive_choice: Array,
    exclusive_share: Array,
    productivity: Array,
) -> Array:
    """Return the units that factories want to have at work (S9.3).

    A shared station needs 1/productivity robots for the work of one person, an exclusive one takes one.

    Shapes: broadcast, (maker, region, sector, world).
    """
    per_position = (1.0 - exclusive_share) * shared_choice / np.maximum(productivity, _SMALLEST)
    units: Array = positions * suitable_share * (per_position + exclusive_share * exclusive_choice)
    return units


def order_units(missing_units: Array, adjustment_per_month: Array, dt: float) -> Array:
    """Return units ordered in the step: the gap closes exponentially, and a surplus orders none (S9.3).

    (wanted − held)^+·(1 − e^{−κ dt}); missing is what is wanted less what is held.

    Shapes: broadcast, (maker, region, sector, world).
    """
    orders: Array = np.maximum(missing_units, 0.0) * -expm1(-adjustment_per_month * dt)
    return orders


def pilot_orders_step(
    orders_units_per_month: Array, growth_per_year: Array, saturation_units_per_month: Array, dt: float
) -> Array:
    """Return the next rate of pilot orders, in units per month (S9.6): the exact logistic step.

    p' = S·p/(p + (S − p)·e^{−g dt}). Pilots are research and showrooms: they do not wait for productivity.

    Shapes: broadcast, (region, world).
    """
    p, s = orders_units_per_month, saturation_units_per_month
    left = exp(-growth_per_year * dt / MONTHS_PER_YEAR)
    return ratio(np.asarray(s * p), np.asarray(p * (1.0 - left) + s * left))


def maker_shares(price_usd: Array, utility: Array, sensitivity: Array) -> Array:
    """Return the shares of makers in pilot orders: logit in ln price (S9.6).

    Shapes: (maker, ..., world), the others broadcast to it -> (maker, ..., world), summing to 1.
    """
    value = _technology_value(price_usd, utility, sensitivity)
    everywhere = np.zeros((len(value),) + (1,) * (value.ndim - 1))
    everywhere[-1] = 1.0
    return _shares_by_reach(value, everywhere)


# ---- conventional industrial robots and dark factories ------------------------------------------------


def desired_industrial_units(
    positions: Array,
    wage_usd_per_year: Array,
    cost_per_task_usd: Array,
    sensitivity: Array,
    robots_per_position: Array,
) -> Array:
    """Return the stock of conventional robots that factories want (S9.6).

    positions·Λ(β·ln(wage/cost per task))·robots per position.

    Shapes: broadcast, (region, sector, world).
    """
    log_gain = log(np.maximum(wage_usd_per_year, _SMALLEST)) - log(np.maximum(cost_per_task_usd, _SMALLEST))
    return positions * robots_per_position * logistic(sensitivity * log_gain)


def dark_target_share(machine_share: Array, job_groups: Array) -> Array:
    """Return the share of plants that choose machines throughout (S9.6).

    A plant has `job_groups` kinds of work that choose independently: machine share to that power.

    Shapes: broadcast, (region, sector, world).
    """
    target: Array = power(np.minimum(np.maximum(machine_share, 0.0), 1.0), job_groups)
    return target


def dark_share_step(dark_share: Array, target_share: Array, adjustment_per_year: Array, dt: float) -> Array:
    """Return the share of dark factories after the step, moving exponentially to the target (S9.6).

    Shapes: broadcast, (region, sector, world).
    """
    moved: Array = dark_share + (target_share - dark_share) * -expm1(
        -adjustment_per_year * dt / MONTHS_PER_YEAR
    )
    return moved
