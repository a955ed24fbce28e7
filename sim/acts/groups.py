"""Parent groups: what they put into AI a year, from their own money and from what AI earns (S4)."""

import numpy as np

from sim.axes import sum_by_bloc
from sim.context import Context
from sim.elementary import exp
from sim.memory import once_a_month, once_a_run
from sim.quantity import compounded
from sim.state import State
from sim.units import BILLION, MONTHS_PER_YEAR, Array


@once_a_month
def group_budgets_usd(ctx: Context, state: State) -> Array:
    """Return the yearly capital budget of each bloc's parent groups (S4). Shapes: (bloc, world)."""
    capital = ctx.params.capital
    grown = start_budgets_usd(ctx) * budget_growth(ctx, state)
    parents = ctx.axes.labs.parent_owned[:, None] * state.labs.revenue_usd * MONTHS_PER_YEAR
    earned = sum_by_bloc(parents, ctx.axes.labs.bloc) * capital.reinvestment_share
    return (grown + earned) * exp(np.minimum(state.policy.sentiment, 0.0))


@once_a_run
def start_budgets_usd(ctx: Context) -> Array:
    """Return what each bloc's parent groups put in a year at the start (S4). Shapes: -> (bloc, world)."""
    capital = ctx.params.capital
    return ctx.by_bloc(capital.group_budget_us, capital.group_budget_cn) * BILLION


@once_a_month
def gdp_usd_per_year(ctx: Context, state: State) -> Array:
    """Return the product of each place (section 5). Shapes: -> (market, world)."""
    growth = ctx.by_world(ctx.params.policy.gdp_growth)
    at_start = ctx.start.markets.gdp_usd_per_year[:, None]
    gdp: Array = at_start * compounded(1.0 + growth, state.months)
    return gdp


@once_a_month
def budget_growth(ctx: Context, state: State) -> Array:
    """Return the growth of capital budgets since the start (S4). Shapes: () or (world,)."""
    growth: Array = compounded(1.0 + ctx.params.capital.group_budget_growth, state.months)
    return growth
