"""Laws of how many robots there are: output, the capacity for it, deliveries, stocks (S9).

Shapes: makers (maker, world), parts chains (chain, world). Every law is elementwise or reduces a leading
axis, and arguments broadcast.
"""

from typing import Final

import numpy as np

from sim.elementary import exp, expm1, log, power
from sim.units import MONTHS_PER_YEAR, TINY, Array, ratio

OUTPUT_LIMITS: Final = ("demand", "line", "parts", "power")
"""Rows of `output_limits_units`, in order."""

# What units build of themselves must stay a finite number.
_LARGEST_EXPONENT: Final = -0.5 * float(log(TINY))


# ---- output and capacity ------------------------------------------------------------------------------


def parts_limit_units(desired_units: Array, parts_units: Array, sourcing_share: Array) -> Array:
    """Return the units each maker can build from its parts chains (S9.5), rationed pro rata in each chain.

    Shapes: desired (maker, world), parts (chain, world), sourcing (chain, maker, world or 1), summing to 1
    over chains -> (maker, world). No chain delivers more than it has.
    """
    called = sourcing_share * desired_units
    wanted = called.sum(1)
    served = np.where(wanted == 0.0, 1.0, ratio(np.minimum(parts_units, wanted), wanted))
    limit: Array = (called * served[:, None]).sum(0)
    return limit


def output_limits_units(
    line_units_per_month: Array,
    self_built_units_per_month: Array,
    parts_units: Array,
    power_share: Array,
    demand_units: Array,
    dt: float,
) -> Array:
    """Return the limits of output in the step, in units, one row per name in OUTPUT_LIMITS (S9.5).

    Line and self-built are rates; parts and demand are amounts of the step. Power is the share of the
    electricity that full output would need.

    Shapes: broadcast to (maker, world) -> (limit, maker, world).
    """
    line = (line_units_per_month + self_built_units_per_month) * dt
    return np.array(np.broadcast_arrays(demand_units, line, parts_units, line * power_share))


def _capacity_step(
    capacity: Array, wanted: Array, growth_per_year: Array, scrapping_per_year: Array, dt: float
) -> Array:
    """Move capacity towards what is wanted, up at most at the growth cap, down at most by scrapping."""
    up = capacity * power(1.0 + growth_per_year, dt / MONTHS_PER_YEAR)
    down = capacity * exp(-scrapping_per_year * dt / MONTHS_PER_YEAR)
    moved: Array = np.minimum(np.maximum(wanted, down), np.maximum(up, down))
    return moved


def line_growth_step(
    line_units_per_month: Array,
    desired_units_per_month: Array,
    growth_per_year: Array,
    scrapping_per_year: Array,
    seed_units_per_month: Array,
    feedback: Array,
    dt: float,
) -> Array:
    """Return line capacity after the step, in units per month (S9.5, S10).

    Towards the desired line, growing at most by the factor (1 + growth·M)^{dt/12} with M the feedback
    multiplier, and shrinking at most by scrapping. A maker without a line can start from the seed.

    Shapes: broadcast, (maker, world).
    """
    base = np.maximum(line_units_per_month, np.minimum(seed_units_per_month, desired_units_per_month))
    return _capacity_step(base, desired_units_per_month, growth_per_year * feedback, scrapping_per_year, dt)


def parts_growth_step(
    parts_units_per_month: Array,
    demand_units_per_month: Array,
    growth_per_year: Array,
    scrapping_per_year: Array,
    feedback: Array,
    dt: float,
) -> Array:
    """Return the capacity of a parts chain after the step, in sets per month (S9.5, S10).

    Suppliers follow demand: up at most by the factor (1 + growth·M)^{dt/12}, down at most by scrapping.

    Shapes: broadcast, (chain, world).
    """
    return _capacity_step(
        parts_units_per_month, demand_units_per_month, growth_per_year * feedback, scrapping_per_year, dt
    )


def self_replication_gain(
    units_at_home: Array, builds_per_month: Array, productivity: Array, kept_share: Array, dt: float
) -> Array:
    """Return what units in their maker's own factory add to its line, in units per month (S9.5).

    The mean over the step of N·r·η, while N grows at g = r·η·kept because a share of what is built stays:
    N·r·η·(e^{g dt} − 1)/(g dt).

    Shapes: broadcast, (maker, world). Open to every maker.
    """
    per_unit = builds_per_month * productivity
    growth = np.minimum(per_unit * kept_share * dt, _LARGEST_EXPONENT)
    safe_growth = np.where(growth == 0.0, 1.0, growth)
    mean_growth = np.where(growth == 0.0, 1.0, expm1(safe_growth) / safe_growth)
    gain: Array = units_at_home * per_unit * mean_growth
    return gain


# ---- stocks -------------------------------------------------------------------------------------------


def retired_share(life_months: Array, dt: float) -> Array:
    """Return the share of a stock that leaves service in the step (S9.2): 1 − e^{−dt/life}. Shapes: any."""
    share: Array = -expm1(-dt / np.maximum(life_months, TINY))
    return share


def retired_units(stock_units: Array, life_months: Array, dt: float) -> Array:
    """Return units that leave service in the step (S9.2): N·(1 − e^{−dt/life}). Shapes: broadcast."""
    return stock_units * retired_share(life_months, dt)


def fleet_after(stock_units: Array, retired_units: Array, sold_units: Array, kept_units: Array) -> Array:
    """Return the fleet after the step (S9): N' = N − retired + sold + kept. Shapes: broadcast."""
    return stock_units - retired_units + sold_units + kept_units


def inventory_after(inventory_units: Array, made_units: Array, sold_units: Array, kept_units: Array) -> Array:
    """Return a maker's inventory after the step (S9): made = sold + kept + change of inventory.

    Shapes: broadcast, (maker, world).
    """
    return inventory_units + made_units - sold_units - kept_units


def delivered_units(order_units: Array, available_units: Array) -> Array:
    """Return units delivered: each maker serves its orders pro rata from what it has (S9.5).

    Shapes: orders (maker, ..., world), available (maker, world) -> as orders.
    """
    makers, worlds = order_units.shape[0], order_units.shape[-1]
    ordered = order_units.reshape(makers, -1, worlds).sum(1)
    served = ratio(np.minimum(available_units, ordered), ordered)
    middle = (1,) * (order_units.ndim - 2)
    return order_units * served.reshape(makers, *middle, worlds)


def commissioned_units(waiting_units: Array, rate_per_month: Array, dt: float) -> Array:
    """Return units that leave a waiting stage in the step: waiting·(1 − e^{−κ dt}). Shapes: broadcast."""
    moved: Array = waiting_units * -expm1(-rate_per_month * dt)
    return moved
