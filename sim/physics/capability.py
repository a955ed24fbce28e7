"""Laws of capability: algorithms, training stock, spillovers, distillation, lag in months (S6).

Every function is pure. Algorithmic efficiency A is a natural logarithm; capability C is in orders of
magnitude of effective training compute.
"""

import numpy as np

from sim.elementary import exp, log, log10, power
from sim.quantity import adjusted_share, fading_log_growth, stock_step
from sim.units import MONTHS_PER_YEAR, TINY, Array, BoolArray, ratio


def best_of(values: Array, mask: Array | BoolArray) -> Array:
    """Return the largest value among the masked labs, −inf where there is none (S6).

    Shapes: (lab, ..., world), the mask broadcasting -> (..., world).
    """
    best: Array = np.where(mask > 0, values, -np.inf).max(0)
    return best


def luck_step(luck: Array, normal: Array, dt: float, *, persistence_per_month: Array, sd: Array) -> Array:
    """Return research luck after `dt` months: an AR(1) in ln A per month with stationary deviation `sd` (S6).

    x' = φ^dt x + sd·√(1 − φ^{2dt})·normal, so that the step's length does not change the distribution.

    Shapes: broadcast; normal is a standard normal draw.
    """
    kept = power(persistence_per_month, dt)
    step: Array = kept * luck + sd * np.sqrt(1.0 - kept**2) * normal
    return step


def algorithmic_step(
    ln_a: Array,
    training_h100e: Array,
    elapsed_years: Array,
    best_open_ln_a: Array,
    best_ln_a: Array,
    luck_per_month: Array,
    dt: float,
    *,
    growth_factor_per_year: Array,
    compute_exponent: Array,
    fade_years: Array,
    open_spill_per_month: Array,
    all_spill_ratio: Array,
) -> Array:
    """Return ln algorithmic efficiency after `dt` months (S6).

    d ln A = g_A/12·(K/K_max)^η·e^{−t/T} + ω_o(best open − own)^+ + ζω_o(best − own)^+ + luck, per month,
    K_max the largest training compute now. The fading growth is exact; the spillovers close their gaps
    exponentially, the open one first, so that neither can lift a lab above the best.

    Shapes: ln_a and training_h100e (lab, world); best_open_ln_a and best_ln_a broadcast to it, −inf for none.
    Source: Ho et al. 2024 for g_A.
    """
    most_h100e = training_h100e.max(0)
    effort = power(ratio(training_h100e, most_h100e), compute_exponent) * (most_h100e > 0.0)
    own_growth = effort * fading_log_growth(growth_factor_per_year, elapsed_years, fade_years, dt)
    learnt = ln_a + np.maximum(best_open_ln_a - ln_a, 0.0) * adjusted_share(open_spill_per_month, dt)
    learnt = learnt + np.maximum(best_ln_a - learnt, 0.0) * adjusted_share(
        all_spill_ratio * open_spill_per_month, dt
    )
    stepped: Array = learnt + own_growth + luck_per_month * dt
    return stepped


def training_stock_step(
    stock: Array, training_h100e: Array, ln_a: Array, memory_months: Array, dt: float
) -> Array:
    """Return the stock of effective training compute, H100e-months at the algorithms of the start (S6).

    Z' = Z·e^{−dt/T} + training·A·T(1 − e^{−dt/T}), exact for constant training over the step.

    Shapes: (lab, world) or broadcast.
    """
    return stock_step(stock, training_h100e * exp(ln_a), memory_months, dt)


def distil_stock(
    stock: Array, best_stock: Array, access: Array | BoolArray, rate_per_month: Array, dt: float
) -> Array:
    """Return the training stock after `dt` months of distilling from the best model within reach (S6).

    d log10 Z = ω_d(best log10 Z − own)^+, exact: the gap closes by 1 − e^{−ω_d dt}, and only where access
    is not barred. Nothing can be distilled by a lab without a model of its own.

    Shapes: stock (lab, world), the others broadcast to it.
    """
    behind = (stock > 0.0) & (best_stock > stock) & (access > 0)
    gap = log(np.where(behind, best_stock, 1.0)) - log(np.where(behind, stock, 1.0))
    gained: Array = stock * exp(gap * adjusted_share(rate_per_month, dt))
    return gained


def capability(stock: Array, reference_stock: Array) -> Array:
    """Return capability in orders of magnitude above the reference, C = log10(Z/Z_ref) (S6).

    Shapes: broadcast; finite even without a stock.
    Source: loss falls as a power of effective compute (Kaplan et al. 2020; Hoffmann et al. 2022).
    """
    orders: Array = log10(np.maximum(stock, TINY)) - log10(reference_stock)
    return orders


def deployable_capability(own: Array, best_open: Array, open_handicap: Array) -> Array:
    """Return what a lab can offer: its own model or the best open weights less a handicap (S6).

    Shapes: broadcast; best_open is −inf where there are none.
    """
    offered: Array = np.maximum(own, best_open - open_handicap)
    return offered


def back_cast(capability: Array, growth_per_year: Array, months: int, dt: float) -> Array:
    """Return the capability of the `months` before the start at a constant growth, oldest first (S6).

    Shapes: capability and growth in orders of magnitude per year (..., world) -> (step, ..., world), without
    the present.
    """
    steps = np.arange(round(months / dt), 0, -1, dtype=np.float64)
    ago_years = steps.reshape(-1, *(1,) * np.ndim(capability)) * (dt / MONTHS_PER_YEAR)
    past: Array = capability - growth_per_year * ago_years
    return past


def lag_months(leader_best: Array, follower: Array, dt: float) -> Array:
    """Return the months since the leader first had the follower's capability, 0 if it is not behind (S6).

    Interpolated between the leader's values; at most the history's length.

    Shapes: leader_best (time, ..., world), the best so far, which never falls, the present last; follower
    (..., world) -> (..., world).
    """
    best, behind = leader_best.reshape(len(leader_best), -1), follower.reshape(-1)
    last = len(best) - 1
    # The first time that is not below; where all are, which are not behind, it does not matter.
    reached = (best < behind).argmin(0)
    before = np.maximum(reached - 1, 0)
    columns = np.arange(behind.size)
    upper, lower = best[reached, columns], best[before, columns]
    part = ratio(behind.clip(lower, upper) - lower, upper - lower)
    lag: Array = np.where(behind >= best[last], 0.0, (last - before - part) * dt)
    return lag.reshape(follower.shape)


def signed_lag_months(best: Array, dt: float) -> Array:
    """Return by how many months China is behind (positive) or ahead (negative) (S6, D5).

    Exchanging the blocs changes the sign exactly.

    Shapes: (time, bloc, world), never falling, the present last, the United States first -> (world,).
    """
    rival_behind = lag_months(best, best[-1, ::-1], dt)
    lag: Array = rival_behind[0] - rival_behind[1]
    return lag


def breakthrough_orders(hazard_per_year: Array, uniform: Array, jump_orders: Array, dt: float) -> Array:
    """Return the orders of magnitude a breakthrough adds in `dt` months: the jump, or 0 (S6, scenario only).

    It happens where the uniform draw is below 1 − e^{−h dt/12}.

    Shapes: broadcast.
    """
    happens = uniform < adjusted_share(hazard_per_year / MONTHS_PER_YEAR, dt)
    return np.where(happens, jump_orders, 0.0)
