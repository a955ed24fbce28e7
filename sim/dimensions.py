"""The dimensions of leading: each bloc's share of both blocs' sum, this month (section 6).

D1 monthly users, D2 powered compute by who uses it, D3 useful humanoid labour by maker, D4 AI revenue,
D5 capability lead; D6 foundation, D7 manufacturing output. Variants by place are recorded beside them.
"""

from typing import Final

import numpy as np

from sim.axes import sum_by_bloc
from sim.context import Context
from sim.memory import once_a_month
from sim.physics.capability import signed_lag_months
from sim.state import State
from sim.units import Array, logistic, ratio

HEADLINE: Final = ("d1", "d2", "d3", "d4", "d5")
LAG_SCALE_MONTHS: Final = 5.0
"""A lead of five months counts as a share of Λ(1), about 73 % (D5)."""
LEAD_SHARE: Final = 0.55
"""What governments take for a lead; results test other thresholds (conf/outcome)."""


def two_shares(amounts: Array) -> Array:
    """Return each bloc's share of both, one half where neither has any. Shapes: (bloc, world)."""
    total = amounts.sum(0)
    return np.where(total > 0.0, ratio(amounts, total), 0.5)


def users_by_bloc(ctx: Context, users: Array) -> Array:
    """Return primary users by the bloc of their lab.

    Shapes: (lab, tier, market, world) -> (bloc, market, world).
    """
    return sum_by_bloc(users.sum(1), ctx.axes.labs.bloc)


@once_a_month
def lag_months(ctx: Context, state: State) -> Array:
    """Return China's lag behind the United States, positive: China behind. Shapes: (world,)."""
    return signed_lag_months(state.frontier_orders, ctx.dt)


def lag_shares(lag: Array) -> Array:
    """Return the capability lead as shares (D5). Shapes: (world,) -> (bloc, world)."""
    us = logistic(lag / LAG_SCALE_MONTHS)
    return np.array([us, 1.0 - us])


def composite_shares(ctx: Context, state: State) -> tuple[Array, Array]:
    """Return each bloc's mean share over D1-D5 and whether it leads by W1's rule this month.

    Shapes: (bloc, world) each. Humanoid labour counts only once it matters (section 6).
    """
    amounts: Array = np.array(
        [
            users_by_bloc(ctx, state.users).sum(1),
            state.compute_by_user,
            state.robot_labour,
            sum_by_bloc(state.labs.revenue_usd, ctx.axes.labs.bloc),
        ]
    )
    users, compute, labour, revenue = two_shares(amounts.swapaxes(0, 1)).swapaxes(0, 1)
    lead = lag_shares(lag_months(ctx, state))
    opened = np.where(state.robot_labour_matters > 0.0, labour, 0.5)
    table = np.array([users, compute, opened, revenue, lead])
    counts = (table > LEAD_SHARE).sum(0)
    leads = (counts >= 3) & (counts[::-1] <= 1)
    return table.mean(0), leads.astype(np.float64)
