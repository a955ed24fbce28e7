"""Checks of single markets that a reader may ask for: power in the US, and what a user of ChatGPT costs.

Each has a bound that was observed or published, and is measured in the hindcast or in the run forward. They
are no gates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from experiments.trust.forecasts import Comparison
from sim.units import Array, BoolArray

PRICE: Final = "power_price_usd_per_mwh.us"
QUERY_COST: Final = "query_cost_usd_per_month.us"
QUOTA: Final = "free_quota_per_day.openai"
USERS: Final = "active_users_million.openai"
PAYING: Final = "paying_users_million.openai"
FORWARD: Final = (PRICE, QUERY_COST, QUOTA, USERS, PAYING)
"""Series that the checks read from a run forward."""
NEAR_CAP: Final = 0.9
"""Share of the whole scarcity rent above the start's price from which a price counts as pegged."""
PEGGED_MONTHS: Final = 24
COST_PER_USER: Final = (0.5, 2.0)
"""USD per weekly user and month: 8.7 G$ of inference in nine months of 2025 over some 650 M weekly users."""
PAYING_SHARE: Final = (0.05, 0.085)
"""Share of ChatGPT's users who pay in 2025 (Tooliax, C114)."""
DEMAND_YEARS: Final = (2028, 2030)


@dataclass(frozen=True)
class Check:
    """What is asked, what was measured, and whether it holds."""

    asks: str
    bound: str
    measured: str
    holds: bool


def longest_spell(is_so: BoolArray) -> Array:
    """Return the most months in a row. Shapes: (month, world) -> (world,).

    >>> longest_spell(np.array([[True], [True], [False], [True]]))
    array([2.])
    """
    longest = now = np.zeros(is_so.shape[1])
    for month in is_so:
        now = (now + 1.0) * month
        longest = np.maximum(longest, now)
    return longest


def power_price(table: Mapping[str, Array], scarcity_usd_per_mwh: Array) -> Check:
    """Measure how long the US price of power stands near the most that scarcity can make it.

    Shapes: series (month, world), scarcity (world,).
    """
    price = table[PRICE]
    near = price >= price[0] + NEAR_CAP * scarcity_usd_per_mwh
    spell = longest_spell(near)
    pegged = float((spell >= PEGGED_MONTHS).mean())
    return Check(
        "no US price of power stands near its limit for years",
        f"in no world for {PEGGED_MONTHS} months in a row",
        f"{100 * pegged:.0f} % of worlds; near it in {100 * float(near.mean()):.1f} % of months, longest "
        f"spell {spell.max():.0f} months; highest price {price.max():.0f} USD/MWh",
        pegged == 0.0,
    )


def demand_2030(compared: Sequence[Comparison]) -> Check:
    """Ask whether the electricity of US data centres in 2030 lies among the published forecasts."""
    own = [one for one in compared if one.forecast.of.name == "electricity_us"]
    said = [one.forecast for one in own if one.forecast.year in DEMAND_YEARS]
    limits = [value for one in said for value in (one.low, one.value, one.high) if np.isfinite(value)]
    low, high = min(limits), max(limits)
    median = next(one.quantiles[1] for one in own if one.forecast.year == DEMAND_YEARS[-1])
    return Check(
        "electricity of US data centres in 2030 lies among the forecasts published for 2028 to 2030",
        f"{low:.0f} to {high:.0f} TWh a year",
        f"median {median:.0f}",
        bool(low <= median <= high),
    )


def openai_cost(
    table: Mapping[str, Array], wanted_free: Array, wanted_paid: Array, paid_multiple: Array
) -> Check:
    """Measure what a user of ChatGPT costs to serve in the first month of a run forward.

    Free users send what the quota leaves of exponential demand, d(1 - exp(-q/d)), paying ones all that they
    want, with dearer answers (S3.2). The cost of a query is the mean over US labs.
    Shapes: series (month, world), the others (world,).
    """
    paying = table[PAYING][0] / table[USERS][0]
    free = wanted_free * -np.expm1(-table[QUOTA][0] / wanted_free)
    cost = table[QUERY_COST][0] * ((1.0 - paying) * free + paying * wanted_paid * paid_multiple)
    median = float(np.nanmedian(cost))
    return Check(
        "what a user of ChatGPT costs to serve at the end of 2025",
        f"{COST_PER_USER[0]} to {COST_PER_USER[1]} USD a month",
        f"median {median:.2f}",
        COST_PER_USER[0] <= median <= COST_PER_USER[1],
    )


def openai_paying(hindcast: Mapping[str, Array]) -> Check:
    """Measure which share of ChatGPT's users pays at the end of the hindcast."""
    median = float(np.nanmedian(hindcast[PAYING][-1] / hindcast[USERS][-1]))
    return Check(
        "share of ChatGPT's users who pay at the end of 2025, in the hindcast",
        f"{100 * PAYING_SHARE[0]:g} to {100 * PAYING_SHARE[1]:g} %",
        f"median {100 * median:.1f} %",
        PAYING_SHARE[0] <= median <= PAYING_SHARE[1],
    )


def all_checks(
    hindcast: Mapping[str, Array],
    forward: Mapping[str, Array],
    drawn: Mapping[str, Array],
    compared: Sequence[Comparison],
) -> tuple[Check, ...]:
    """Measure every check; `drawn` holds the parameters of the worlds forward by their keys."""
    return (
        power_price(forward, drawn["power.scarcity_price"]),
        demand_2030(compared),
        openai_cost(
            forward,
            drawn["labs.queries_wanted_free"],
            drawn["labs.queries_wanted_paid"],
            drawn["labs.paid_query_cost_multiple"],
        ),
        openai_paying(hindcast),
    )
