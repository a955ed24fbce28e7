"""Laws of capital: what a lab is worth, what investors offer, how long cash lasts, who leaves (S3.4, S4).

Every function is pure; arrays are (lab, world) or broadcast, the world axis last.
"""

import numpy as np

from sim.elementary import power
from sim.units import MONTHS_PER_YEAR, Array, BoolArray, logistic, ratio


def growth_over_year(arr_usd: Array, arr_year_ago_usd: Array, growth_ceiling: Array) -> Array:
    """Return the growth of yearly revenue over twelve months, as a share, at most the ceiling (S4).

    Revenue that began within the year counts as growth at the ceiling, none at all as no growth.

    Shapes: broadcast.
    """
    ceiling_usd = arr_year_ago_usd * (1.0 + growth_ceiling)
    growth = ratio(np.minimum(arr_usd, ceiling_usd) - arr_year_ago_usd, arr_year_ago_usd)
    began = (arr_year_ago_usd == 0.0) & (arr_usd > 0.0)
    return np.where(began, growth_ceiling, growth)


def valuation_usd(
    arr_usd: Array,
    growth_per_year: Array,
    *,
    arr_multiple: Array,
    growth_premium: Array,
    growth_ceiling: Array,
) -> Array:
    """Return a lab's value from its yearly revenue and growth (S4).

    V = m·ARR·(1 + ψ·clip(g12, 0, ceiling)).

    Shapes: broadcast.
    """
    growth = growth_per_year.clip(0.0, growth_ceiling)
    value: Array = arr_multiple * arr_usd * (1.0 + growth_premium * growth)
    return value


def burn_multiple(net_burn_usd: Array, net_new_arr_usd: Array, ceiling: Array) -> Array:
    """Return the USD burnt per USD of new yearly revenue, between 0 and the ceiling (S4).

    Nothing burnt gives 0; burning without any new revenue gives the ceiling.

    Shapes: broadcast; both over the same period.
    """
    burn = np.maximum(net_burn_usd, 0.0)
    gained = np.maximum(net_new_arr_usd, 0.0)
    within = burn < ceiling * gained
    multiple = ratio(burn, np.where(within, gained, 0.0))
    return np.where(within, multiple, np.where(burn > 0.0, ceiling, 0.0))


def funding_offer_usd(
    valuation_usd: Array,
    burn_multiple: Array,
    dt: float,
    *,
    rate_per_year: Array,
    patience: Array,
    steepness: Array,
) -> Array:
    """Return the equity that investors offer in `dt` months (S4).

    rate·V·dt/12·Λ((B* − burn multiple)/k): at a burn multiple of B*, patience, half of the offer is gone.

    Shapes: broadcast; steepness k above 0.
    """
    return (
        rate_per_year
        * valuation_usd
        * (dt / MONTHS_PER_YEAR)
        * logistic((patience - burn_multiple) / steepness)
    )


def runway_months(
    cash_usd: Array,
    undrawn_credit_usd: Array,
    outlay_usd_per_month: Array,
    revenue_usd_per_month: Array,
    endless_months: Array,
) -> Array:
    """Return how many months cash and undrawn credit last, between 0 and `endless_months` (S3.4).

    (cash + undrawn credit)/(outlay due − revenue), endless where that is not positive. The same bound holds
    just above it: a lab that all but breaks even counts as one that does.

    Shapes: broadcast.
    """
    means_usd = np.maximum(cash_usd + undrawn_credit_usd, 0.0)
    burn_usd = outlay_usd_per_month - revenue_usd_per_month
    ends = (burn_usd > 0.0) & (means_usd < endless_months * burn_usd)
    return np.where(ends, ratio(means_usd, np.where(ends, burn_usd, 0.0)), endless_months)


def order_floor(previous_orders_per_month: Array, kept_per_month: Array, dt: float) -> Array:
    """Return the orders that commitments hold a buyer to: a share of the last ones (S4).

    previous · κ_c^dt.

    Shapes: broadcast.
    """
    return previous_orders_per_month * power(kept_per_month, dt)


def committed_orders(
    wanted_per_month: Array, previous_orders_per_month: Array, kept_per_month: Array, dt: float
) -> Array:
    """Return the orders placed: those wanted, but never below the commitment (S4). Shapes: broadcast."""
    placed: Array = np.maximum(wanted_per_month, order_floor(previous_orders_per_month, kept_per_month, dt))
    return placed


def credit_limit_usd(
    arr_usd: Array, collateral_usd: Array, sentiment: Array, *, arr_share: Array, loan_to_value: Array
) -> Array:
    """Return what lenders grant on revenue (or value) and on collateral, scaled by sentiment (S4).

    sentiment·(share·ARR + loan-to-value·collateral): lenders grant more in a boom and less after it.

    Shapes: broadcast; sentiment 1 is neutral.
    Source: Minsky 1986.
    """
    base_usd = arr_share * np.maximum(arr_usd, 0.0) + loan_to_value * np.maximum(collateral_usd, 0.0)
    return sentiment * base_usd


def sentiment_step(
    ln_sentiment: Array, normal: Array, dt: float, *, persistence_per_month: Array, sd: Array
) -> Array:
    """Return ln sentiment after `dt` months, an AR(1) around 0 with stationary standard deviation `sd` (S4).

    x' = φ^dt x + sd·√(1 − φ^{2dt})·normal, so that the step's length does not change the distribution.

    Shapes: broadcast; normal is a standard normal draw.
    """
    kept = power(persistence_per_month, dt)
    step: Array = kept * ln_sentiment + sd * np.sqrt(1.0 - kept**2) * normal
    return step


def distressed_months_step(
    distressed_months: Array, cash_usd: Array, undrawn_credit_usd: Array, dt: float
) -> Array:
    """Return how many months in a row a lab has had neither cash nor credit (S4). Shapes: broadcast."""
    return np.where(cash_usd + undrawn_credit_usd <= 0.0, distressed_months + dt, 0.0)


def leaves_market(
    distressed_months: Array, stand_alone: BoolArray, alive: Array | BoolArray, limit_months: Array
) -> BoolArray:
    """Return which labs merge or are wound up: stand-alone, alive, distressed for the limit (S4).

    Shapes: broadcast to (lab, world). A parent-owned lab throttles instead.
    """
    leaving: BoolArray = (distressed_months >= limit_months) & stand_alone & (alive > 0)
    return leaving
