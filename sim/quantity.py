"""Helpers without a unit of their own: capital recovery, adjustment, memory, fading growth, sharing out."""

import numpy as np

from sim.elementary import exp, expm1, log, log1p, power
from sim.units import MONTHS_PER_YEAR, NOTHING, Array, BoolArray, of_shape, share_over_first, somewhere


def capital_recovery_factor(rate_per_year: Array, life_years: Array) -> Array:
    """Return the yearly payment per USD of capital over a positive life, compounded yearly (S3.1, S9.3).

    CRF = r/(1 − (1 + r)^{−T}), and 1/T without interest.

    Shapes: broadcast.
    """
    safe_rate = np.where(rate_per_year == 0.0, 1.0, rate_per_year)
    with_interest = safe_rate / -expm1(-life_years * log1p(safe_rate))
    factor: Array = np.where(rate_per_year == 0.0, 1.0 / life_years, with_interest)
    return factor


def adjusted_share(rate_per_month: Array, dt: float) -> Array:
    """Return the share of a gap that closes in `dt` months, 1 − e^{−κ dt}. Shapes: any."""
    share: Array = -expm1(-rate_per_month * dt)
    return share


def approach(value: Array, target: Array, rate_per_month: Array, dt: float) -> Array:
    """Move a value towards its target, the exact solution of x' = κ(target − x). Shapes: broadcast."""
    return value + (target - value) * adjusted_share(rate_per_month, dt)


def stock_step(stock: Array, inflow_per_month: Array, memory_months: Array, dt: float) -> Array:
    """Return a stock that forgets with time constant T and takes a constant inflow, exactly.

    S' = S e^{−dt/T} + inflow · T (1 − e^{−dt/T}).

    Shapes: broadcast.
    """
    lost = adjusted_share(1.0 / memory_months, dt)
    return stock * (1.0 - lost) + inflow_per_month * memory_months * lost


def fading_log_growth(
    growth_factor_per_year: Array, elapsed_years: Array, fade_years: Array, dt: float
) -> Array:
    """Return the ln growth over the next `dt` months of a rate that fades as e^{−t/T}, exactly.

    ∫ (ln g/12) e^{−t/T} dt = ln g · T · e^{−t/T} (1 − e^{−dt/12T}), t and T in years.

    Shapes: broadcast.
    """
    left = exp(-elapsed_years / fade_years) * -expm1(-dt / (MONTHS_PER_YEAR * fade_years))
    growth: Array = log(growth_factor_per_year) * fade_years * left
    return growth


def compounded(factor_per_year: Array, months: float) -> Array:
    """Return what a yearly factor comes to over months, factor^{months/12}. Shapes: broadcast."""
    # Not `**`: whole years would be multiplied out, and the last bit would depend on the month.
    growth: Array = power(factor_per_year, months / MONTHS_PER_YEAR)
    return growth


def water_fill(total: Array, weight: Array, cap: Array) -> Array:
    """Share a total so that marginal values weight/x are equal wherever the cap leaves room.

    x_k = min(cap_k, weight_k/v) with one marginal value v per column; it maximises Σ weight_k ln x_k. What
    all caps together cannot take is left over, and a weight of 0 gets nothing.

    Shapes: total (..., world), weight and cap (use, ..., world) -> (use, ..., world); a cap may be infinite.
    """
    shape = np.broadcast_shapes(np.shape(weight), np.shape(cap), np.shape(total))
    offer = of_shape(np.maximum(total, 0.0) * share_over_first(weight), shape)
    filled, open_uses, full = NOTHING, np.ones(1, np.bool_), offer >= cap
    # Each pass closes at least one use at its cap or changes nothing, so as many passes as uses are enough.
    for _ in range(len(offer)):
        if not somewhere(full):
            break
        filled = np.where(full, cap, filled)
        open_uses = open_uses & ~full
        offer = _offer(total, weight, filled, open_uses)
        full = open_uses & (offer >= cap)
    return np.where(open_uses, offer, filled)


def _offer(total: Array, weight: Array, filled: Array, open_uses: BoolArray) -> Array:
    """Split what the closed uses left in proportion to the open weights."""
    rest = np.maximum(total - filled.sum(0), 0.0)
    wanted = np.where(open_uses, weight, 0.0)
    offer: Array = rest * share_over_first(wanted)
    return offer
