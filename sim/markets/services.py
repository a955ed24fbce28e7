"""Laws of AI services: what serving costs, how large a free quota is, what a subscription costs (S3).

Every function is pure. Load is compute: a user's demand, quota and load are in one unit, whichever the caller
counts in (queries a day, or H100e-months at the inference efficiency of the start).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.elementary import LN10, exp, expm1, log, tanh
from sim.quantity import approach, fading_log_growth, water_fill
from sim.units import (
    HOURS_PER_MONTH,
    KILOWATTS_PER_GIGAWATT,
    MEGAWATTS_PER_GIGAWATT,
    MONTHS_PER_YEAR,
    Array,
    logistic,
    ratio,
)

_KILOWATTS_PER_MEGAWATT: Final = KILOWATTS_PER_GIGAWATT / MEGAWATTS_PER_GIGAWATT
_LARGEST_EXPONENT: Final = 700.0
"""e^-700 is still a normal float: beyond it a quota is no limit."""
_LARGEST_LOAD: Final = 1e9
_LARGEST_MARKUP_USD: Final = 1e6
"""A month: keeps the price finite where nobody minds it."""
_SMALLEST_RESPONSE: Final = 1e-9
"""Keeps the price of a firm that nobody can leave finite."""


@dataclass(frozen=True)
class PriceSlopes:
    """Hold the change of a firm's paid and free share per USD on its subscription price; any shape."""

    paid_per_usd: Array
    free_per_usd: Array


# ---------------------------------------------------------------- cost


def serving_cost_usd_per_h100e_month(
    chip_price_usd_per_h100e: Array,
    interest_per_year: Array,
    depreciation_per_year: Array,
    price_trend_per_year: Array,
    building_usd_per_kw: Array,
    power_kw_per_h100e: Array,
    pue: Array,
    building_recovery_per_year: Array,
    power_price_usd_per_mwh: Array,
    utilisation: Array,
) -> Array:
    """Return the cost of one used H100e for a month: chip, building and electricity (S3.1).

    u = [P(r + δ − Ṗ/P)/12 + c_dc·e·PUE·CRF/12 + e·PUE·730·p_e]/utilisation; a falling chip price (Ṗ/P < 0)
    raises the cost of holding chips.

    Shapes: broadcast; utilisation above 0.
    Source: user cost of capital (Jorgenson 1963).
    """
    chip = chip_price_usd_per_h100e * (interest_per_year + depreciation_per_year - price_trend_per_year)
    drawn_kw = power_kw_per_h100e * pue
    building = building_usd_per_kw * drawn_kw * building_recovery_per_year
    energy = drawn_kw / _KILOWATTS_PER_MEGAWATT * HOURS_PER_MONTH * power_price_usd_per_mwh
    return ((chip + building) / MONTHS_PER_YEAR + energy) / utilisation


def efficiency_step(
    ln_efficiency: Array, gain_factor_per_year: Array, elapsed_years: Array, fade_years: Array, dt: float
) -> Array:
    """Return ln inference efficiency after `dt` months of a gain that fades with time, exactly (S3.1).

    Shapes: broadcast.
    """
    return ln_efficiency + fading_log_growth(gain_factor_per_year, elapsed_years, fade_years, dt)


def compute_per_unit_load(
    start_h100e_months: Array, scale_orders: Array, scale_exponent: Array, ln_efficiency: Array
) -> Array:
    """Return the H100e-months of a unit of load: more for larger models, less as serving improves (S3.1).

    start · 10^{exponent · scale}/efficiency, scale being orders of magnitude of training compute since then.

    Shapes: broadcast.
    Source: inference compute per query grows with training compute to about 0.5 (Hoffmann et al. 2022).
    """
    compute: Array = start_h100e_months * exp(LN10 * scale_exponent * scale_orders - ln_efficiency)
    return compute


def cost_usd_per_unit_load(serving_cost_usd_per_h100e_month: Array, inference_efficiency: Array) -> Array:
    """Return the cost of one unit of load: an H100e-month's work at the efficiency of the start (S3.1).

    Shapes: broadcast; efficiency above 0, 1 at the start.
    """
    return serving_cost_usd_per_h100e_month / inference_efficiency


# ---------------------------------------------------------------- free tier


def demand_per_user_step(
    demand: Array, growth_per_year: Array, cost_ratio: Array, cost_elasticity: Array, dt: float
) -> Array:
    """Return the load a user wants without a quota: it grows with agents and as it gets cheaper (S3.2).

    d' = d · e^{g dt/12} · (cost ratio)^{−elasticity}, the cost of a unit now over that of the step before.
    Where it comes to cost nothing, demand ends at a bound that no person's day could hold.

    Shapes: broadcast; cost_ratio above 0.
    """
    cheaper = np.minimum(-cost_elasticity * log(cost_ratio), _LARGEST_EXPONENT / 2.0)
    grown = demand * exp(growth_per_year * dt / MONTHS_PER_YEAR) * exp(cheaper)
    return np.minimum(grown, _LARGEST_LOAD)


def served_fraction(demand: Array, quota: Array) -> Array:
    """Return the share of a free user's demand that a quota serves, 1 − e^{−φ/d}, 1 without demand (S3.2).

    Shapes: broadcast; the quota may be infinite.
    """
    safe_demand = np.where(demand > 0.0, demand, 1.0)
    quotas_per_demand = np.minimum(quota, _LARGEST_EXPONENT * safe_demand) / safe_demand
    fraction: Array = np.where(demand > 0.0, -expm1(-quotas_per_demand), 1.0)
    return fraction


def free_load(demand: Array, quota: Array) -> Array:
    """Return the mean load of free users, d(1 − e^{−φ/d}) (S3.2).

    It is the mean of min(X, φ) over users whose demand X is exponentially distributed with mean d.

    Shapes: broadcast.
    """
    return demand * served_fraction(demand, quota)


def free_budget_usd(
    revenue_usd: Array,
    funding_usd: Array,
    runway_months: Array,
    *,
    budget_share: Array,
    funding_weight: Array,
    runway_pivot_months: Array,
    runway_scale_months: Array,
) -> Array:
    """Return what a lab spends on free service from revenue and new funding of the same period (S3.2).

    B_f = ς(revenue + weight · funding) · Λ((runway − pivot)/scale): a short runway closes the purse.

    Shapes: (lab, world) or broadcast.
    """
    means_usd = np.maximum(revenue_usd + funding_weight * funding_usd, 0.0)
    return budget_share * means_usd * logistic((runway_months - runway_pivot_months) / runway_scale_months)


def marginal_value_of_service_usd(
    population: Array, free_share: Array, quota_beta_phi: Array, value_usd_per_user: Array
) -> Array:
    """Return the value of a unit more of ln(served fraction) in a market, USD (S3.2).

    β_φ · population · share · value per user: the logit's response while the share is small; that a lab may
    already have most of the market is left out.

    Shapes: broadcast to (market, lab, world).
    """
    return quota_beta_phi * population * free_share * value_usd_per_user


def full_service_cost_usd(
    free_users: Array, demand: Array, quota_ceiling_multiple: Array, cost_usd_per_unit_load: Array
) -> Array:
    """Return what a market's free users cost at the largest quota (S3.2): the most a budget can spend there.

    Shapes: broadcast to (market, lab, world).
    """
    return free_users * free_load(demand, quota_ceiling_multiple * demand) * cost_usd_per_unit_load


def split_budget_over_markets(budget_usd: Array, value_usd: Array, cap_usd: Array) -> Array:
    """Split a free-tier budget so that a USD more would be worth the same in every market (S3.2).

    A user's utility is β_φ ln(served fraction) and cost is proportional to the fraction, so that equal
    marginal value means money in proportion to `value_usd`, up to the cost of full service; the rest stays
    unspent.

    Shapes: budget (..., world), value and cap (market, ..., world) -> (market, ..., world).
    """
    return water_fill(np.maximum(budget_usd, 0.0), np.maximum(value_usd, 0.0), np.maximum(cap_usd, 0.0))


def quota_step(
    quota: Array,
    demand: Array,
    budget_usd: Array,
    ads_usd: Array,
    cost_usd: Array,
    dt: float,
    *,
    adjustment_per_month: Array,
    ceiling_multiple: Array,
    floor_multiple: Array,
) -> Array:
    """Return the free quota: it grows while budget and advertising exceed the cost (S3.2).

    ln φ += κ·dt·tanh ln[(B + ads)/cost], within [floor, ceiling] multiples of demand. The state itself is
    bounded, so that nothing winds up behind a bound; the floor lets a quota that was cut to nothing return.

    Shapes: broadcast to (market, lab, world).
    """
    funds_usd = np.maximum(budget_usd + ads_usd, 0.0)
    larger = np.maximum(funds_usd, cost_usd)
    funds, cost = ratio(funds_usd, larger), ratio(cost_usd, larger)
    # tanh ln(x/y) = (x² − y²)/(x² + y²): no logarithm of nothing.
    balance = ratio(funds**2 - cost**2, funds**2 + cost**2)
    moved = quota * exp(adjustment_per_month * dt * balance)
    return moved.clip(floor_multiple * demand, ceiling_multiple * demand)


# ---------------------------------------------------------------- price


def nested_logit_price_slopes(
    paid_share: Array, free_share: Array, price_beta: Array, nest_lambda: Array
) -> PriceSlopes:
    """Return how a firm's paid and free share respond to its subscription price, per USD (S3.3).

    ∂s_p/∂p = −(β/λ) s_p [1 − (1 − λ)s_p|f − λ s_p], ∂s_F/∂p = (β/λ) s_p [(1 − λ)s_F|f + λ s_F].

    Shapes: broadcast; the shares are of everybody in the segment, non-users included; nest_lambda above 0.
    Source: McFadden 1978.
    """
    both = paid_share + free_share
    paid_within, free_within = ratio(paid_share, both), ratio(free_share, both)
    steepness = price_beta / nest_lambda * paid_share
    # The same bracket as a sum of two terms that are never negative.
    stay = (1.0 - nest_lambda) * (1.0 - paid_within) + nest_lambda * (1.0 - paid_share)
    shift = (1.0 - nest_lambda) * free_within + nest_lambda * free_share
    return PriceSlopes(
        paid_per_usd=-steepness * np.maximum(stay, _SMALLEST_RESPONSE), free_per_usd=steepness * shift
    )


def best_reply_price(
    paid_cost_usd: Array,
    free_margin_usd: Array,
    weight: Array,
    paid_share: Array,
    free_share: Array,
    price_beta: Array,
    nest_lambda: Array,
) -> Array:
    """Return the best reply over segments of consumers that pay one price, USD a month (S3.3).

    p* = c + [Σw s_p + (a_F − c_F)Σw ∂s_F/∂p]/(−Σw ∂s_p/∂p). Where nobody pays, it is the limit of small equal
    shares, c + Σw/Σ(wβ/λ).

    Shapes: weight (people), paid_share, free_share and price_beta (segment, ..., world), broadcasting; the
    others (..., world) -> (..., world). A segment is a class, or a class with one present assistant.
    Source: Anderson, de Palma and Thisse 1992; Armstrong 2006.
    """
    slopes = nested_logit_price_slopes(paid_share, free_share, price_beta, nest_lambda)
    buyers = (weight * paid_share).sum(0)
    leaving = -(weight * slopes.paid_per_usd).sum(0)
    kept_usd = free_margin_usd * (weight * slopes.free_per_usd).sum(0)
    nobody_pays = ratio(weight.sum(0), (weight * price_beta / nest_lambda).sum(0))
    # Where hardly anybody would leave, the best reply has no bound of its own.
    wanted_usd = buyers + kept_usd
    is_bounded = np.abs(wanted_usd) < _LARGEST_MARKUP_USD * leaving
    markup = ratio(wanted_usd, np.where(is_bounded, leaving, 0.0))
    markup = np.where(is_bounded, markup, np.sign(wanted_usd) * _LARGEST_MARKUP_USD)
    return paid_cost_usd + np.where(leaving > 0.0, markup, np.minimum(nobody_pays, _LARGEST_MARKUP_USD))


def target_price(
    best_reply_usd: Array,
    runway_months: Array,
    paid_cost_usd: Array,
    *,
    omega: Array,
    runway_pivot_months: Array,
    runway_scale_months: Array,
    floor_multiple: Array,
) -> Array:
    """Return the price a lab aims at: above the best reply when its runway is short, below when long (S3.3).

    max(p*·(1 + ω·tanh((pivot − runway)/scale)), floor · c); a floor of 0 is the strategy `attrition`.

    Shapes: broadcast.
    """
    haste = tanh((runway_pivot_months - runway_months) / runway_scale_months)
    target: Array = np.maximum(best_reply_usd * (1.0 + omega * haste), floor_multiple * paid_cost_usd)
    return target


def price_step(price_usd: Array, target_usd: Array, adjustment_per_month: Array, dt: float) -> Array:
    """Return the price after it has moved towards its target for `dt` months, exactly (S3.3).

    Shapes: broadcast.
    """
    return approach(price_usd, target_usd, adjustment_per_month, dt)
