"""Laws of enterprise demand: market size, choice of supplier, self-hosting, foundation share (S2).

Every function is pure; the supplier, market or bloc axis leads, the world axis is last.
"""

from typing import Final

import numpy as np

from sim.elementary import LN10, exp, expm1, log, power
from sim.quantity import stock_step
from sim.units import TINY, Array, BoolArray, logistic, ratio, share_over_first

_LARGEST_EXPONENT: Final = 300.0
"""The square of e^300 is still finite, times any sum of money."""
_NEWTON_STEPS: Final = 20
"""Newton's method rises to the root from below and stands still there; 8 steps were enough so far."""


def market_size_usd_per_year(
    share: Array,
    ceiling_usd_per_year: Array,
    start_usd_per_year: Array,
    nu: Array,
    capability_gain: Array,
) -> Array:
    """Return what a market's enterprises spend on AI, logistic in orders of magnitude of capability (S2).

    R_g = s_g·R_max/(1 + (R_max/R_0 − 1)·10^{−ν(C̄_g − C_0)}); R_max and R_0 are of all markets together.

    Shapes: broadcast to (market, world); capability_gain is C̄_g − C_0.
    """
    gap_usd = np.maximum(ceiling_usd_per_year - start_usd_per_year, 0.0)
    decay = exp((-nu * capability_gain * LN10).clip(-_LARGEST_EXPONENT, _LARGEST_EXPONENT))
    reached = ratio(start_usd_per_year, start_usd_per_year + gap_usd * decay)
    size: Array = share * ceiling_usd_per_year * reached
    return size


def supplier_utility(
    quality: Array, ln_price: Array, trust: Array, residual: Array, price_beta: Array
) -> Array:
    """Return the utility of a supplier: quality − β_p·ln price + trust + residual (S2).

    Shapes: broadcast to (supplier, ..., world); quality is in units of utility.
    """
    return quality - price_beta * ln_price + trust + residual


def supplier_shares(
    last_shares: Array,
    utility: Array,
    available: Array | BoolArray,
    switching_utility: Array,
    reconsider_per_month: Array,
    dt: float,
) -> Array:
    """Return the suppliers' shares after the contracts up for renewal have chosen (S2).

    Of each supplier's contracts 1 − (1 − ρ)^dt choose by a logit in which the present supplier has
    `switching_utility` more; all do whose supplier is no longer available. Shares not yet given out (at a
    start) choose without a present supplier.

    Shapes: last_shares and utility (supplier, ..., world), the others broadcast. They sum to 1 where any
    supplier is available, otherwise to 0.
    Source: logit with state dependence (Dubé, Hitsch and Rossi 2010), summed over present suppliers.
    """
    is_open = available > 0
    weight = _weights(np.where(is_open, utility, -np.inf))
    bonus = expm1(np.minimum(switching_utility, _LARGEST_EXPONENT))
    choosing = np.where(is_open, 1.0 - power(1.0 - reconsider_per_month, dt), 1.0) * last_shares
    new = np.maximum(1.0 - last_shares.sum(0), 0.0)
    # For contracts now with j, P(k) = weight_k (1 + bonus·[k = j])/(Σ weight + bonus·weight_j).
    total = weight.sum(0)
    per_weight = ratio(choosing, total + bonus * weight)
    anew = per_weight.sum(0) + ratio(new, total)
    shares: Array = (last_shares - choosing) + weight * (anew + bonus * per_weight)
    return shares


def invert_residuals(target_shares: Array, utility: Array, switching_utility: Array) -> Array:
    """Return the residuals, with mean 0 over suppliers that sell, that make the target shares steady (S2).

    With x summing to 1, x_k(1 + m x_k) = π_k Z, m = e^σ − 1, has one positive root per supplier; Z is where
    the roots sum to 1, found by Newton's method from below on a concave function.

    Shapes: target_shares, summing to 1, and utility (supplier, ..., world) -> (supplier, ..., world). A share
    of 0 counts as the smallest number that has a logarithm.
    """
    target = np.maximum(target_shares, TINY)
    bonus = expm1(np.minimum(switching_utility, _LARGEST_EXPONENT))
    scale = np.ones(np.broadcast_shapes(target.shape[1:], np.shape(bonus)))
    for _ in range(_NEWTON_STEPS):
        root = np.sqrt(1.0 + 4.0 * bonus * target * scale)
        missing = 1.0 - (2.0 * target * scale / (1.0 + root)).sum(0)
        scale = scale + np.maximum(missing, 0.0) / (target / root).sum(0)
    odds = 2.0 * target * scale / (1.0 + np.sqrt(1.0 + 4.0 * bonus * target * scale))
    residual: Array = log(odds) - utility
    # The mean is of those that sell: a supplier still to come must not move the others' residuals.
    sells = target_shares > 0.0
    mean = np.where(sells, residual, 0.0).sum(0) / np.maximum(sells.sum(0), 1)
    centred: Array = residual - mean
    return centred


def self_hosting_share(
    open_capability: Array,
    best_capability: Array,
    ln_price_ratio: Array,
    *,
    intercept: Array,
    capability_beta: Array,
    price_beta: Array,
) -> Array:
    """Return the share of adoption that runs on open weights at the firms' own cost (S2).

    Λ(intercept + β_C(C_open − C_best) + β_p·ln(price of tokens/own cost)); it pays for compute only.

    Shapes: broadcast.
    """
    score = intercept + capability_beta * (open_capability - best_capability) + price_beta * ln_price_ratio
    return logistic(score)


def foundation_step(
    stock: Array,
    new_per_month: Array,
    open_capability: Array,
    *,
    capability_beta: Array,
    life_months: Array,
    dt: float,
) -> Array:
    """Return the deployments and derivatives that run on each bloc's open weights (S2).

    Old ones retire with a mean life; new ones choose by a logit in each bloc's best open capability, and none
    appear where no bloc has open weights. The stock is exact for a constant inflow.

    Shapes: stock and open_capability (bloc, world), −inf without open weights; new_per_month (world,).
    """
    chosen = share_over_first(_weights(capability_beta * open_capability))
    return stock_step(stock, new_per_month * chosen, life_months, dt)


def _weights(utility: Array) -> Array:
    """Return e^utility over its largest entry along the first axis, 0 where the utility is −inf."""
    top = utility.max(0)
    weights: Array = exp(utility - np.where(top == -np.inf, 0.0, top))
    return weights
