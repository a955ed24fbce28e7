"""Series of robots, orbit and governments, of the dimensions of leading and of what binds."""

from typing import Final

import numpy as np

from sim.acts.books import building_usd
from sim.axes import BLOCS, CONSTRAINTS, US, sum_by_bloc
from sim.context import Context
from sim.dimensions import lag_shares, two_shares
from sim.series import DIMENSIONS, Block, Step
from sim.units import MONTHS_PER_YEAR, Array

SHADOWS: Final = {
    "power": "shadow_power_usd_per_gw_month",
    "chips": "shadow_chips_usd_per_h100e",
    "capital": "shadow_capital_usd_per_million_usd",
    "demand": "shadow_demand_usd_per_h100e_month",
    "parts": "shadow_parts_usd_per_robot",
}
"""Series of the shadow value of each constraint; the unit of one more is in its name."""


def world_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return the blocks of this file, in the order in which they are stored."""
    return (*robot_blocks(ctx), *orbit_blocks(ctx), *policy_blocks(), *outcome_blocks())


def robot_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return humanoids, conventional robots and manufacturing (S9, S10)."""
    makers, places = ctx.axes.robot_makers, ctx.axes.markets.names
    return (
        Block(
            "humanoid_shipments", "robots", "flow", "sum",
            "Humanoids that the maker shipped in the month, pilots included.", "S9.6", makers.names,
            lambda s: s.month.robots.shipped_units,
        ),
        Block(
            "humanoid_shipments", "robots", "flow", "sum",
            "Humanoids that all makers shipped in the month, pilots included.", "S9.6", ("world",),
            lambda s: s.month.robots.shipped_units.sum(0)[None],
        ),
        Block(
            "humanoid_unit_cost_usd", "USD", "price", "month-end",
            "Cost of making a humanoid.", "S9.1", makers.names, lambda s: s.after.robots.unit_cost_usd,
        ),
        Block(
            "humanoids_working", "robots", "stock", "month-end",
            "Humanoids at productive work in the place: in factories and on their makers' own lines.",
            "S9.2", places, lambda s: s.month.robots.humanoids_working,
        ),
        Block(
            "robot_labour_workers", "workers", "stock", "month-end",
            "Useful labour of humanoids by the bloc (us or cn) of their maker, in workers' worth.",
            "D3", BLOCS, lambda s: s.after.robot_labour,
        ),
        Block(
            "robot_labour_at_site_workers", "workers", "stock", "month-end",
            "Useful labour of humanoids in the place, in workers' worth.", "D3b", places,
            lambda s: s.month.robots.labour_workers.sum(0),
        ),
        Block(
            "industrial_robots", "robots", "stock", "month-end",
            "Conventional industrial robots in the place.", "S9.6", places,
            lambda s: s.after.robots.industrial_units.sum(0),
        ),
        Block(
            "industrial_robots", "robots", "stock", "month-end",
            "Conventional industrial robots everywhere.", "S9.6", ("world",),
            lambda s: s.after.robots.industrial_units.sum(1).sum(0)[None],
        ),
        Block(
            "dark_factory_share", "share", "share", "month-end",
            "Share of the place's plants that run on machines throughout.", "S9.6", places,
            lambda s: s.after.robots.dark_share,
        ),
        Block(
            "manufacturing_output_usd", "USD", "flow", "sum",
            "Manufacturing value added of the place in the month.", "S10", places,
            lambda s: s.month.feedback.output_usd_per_year * (s.ctx.dt / MONTHS_PER_YEAR),
        ),
    )  # fmt: skip


def orbit_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return orbital data centres (S11)."""
    names = ctx.axes.orbital_operators.names
    return (
        Block(
            "orbital_gw", "GW", "stock", "month-end", "Nominal power of the operator's satellites.",
            "S11", names, lambda s: s.after.orbit.vintage_gw.sum(0),
        ),
        Block(
            "launch_cost_usd_per_kg", "USD per kg", "price", "mean",
            "Cost at which the operator launches a kg.", "S11", names,
            lambda s: s.month.orbit.costs.launch_usd_per_kg,
        ),
    )  # fmt: skip


def policy_blocks() -> tuple[Block, ...]:
    """Return what governments do and what blocs spend (S12, section 6)."""
    return (
        Block(
            "stringency", "share", "share", "month-end",
            "Controls of the bloc's government towards the rival, 0 none to 1 all.", "S12", BLOCS,
            lambda s: s.after.policy.stringency,
        ),
        Block(
            "escalation_from_zero", "share", "share", "month-end",
            "Controls, retaliation among them, and half the tariff.",
            "F1", BLOCS,
            lambda s: s.after.policy.stringency + 0.5 * s.after.policy.tariff,
        ),
        Block(
            "escalation", "share", "share", "month-end",
            "Controls over the schedule, retaliation among them, and half the tariff above the start's.",
            "F1", BLOCS, escalation,
        ),
        Block(
            "reacting", "0 or 1", "code", "month-end",
            "Whether the bloc's government has begun to react by the end of the month.", "S12", BLOCS,
            lambda s: (s.after.policy.reaction_month >= 0.0).astype(np.float64),
        ),
        Block(
            "subsidy_usd", "USD", "flow", "sum",
            "Subsidies that the bloc's government paid in the month, all levers.", "S12", BLOCS,
            lambda s: s.month.policy.subsidy_usd.sum(0),
        ),
        Block(
            "free_tier_subsidy_usd", "USD", "flow", "sum",
            "Subsidies for free tiers that the bloc's government paid in the month.", "S12", BLOCS,
            lambda s: s.month.policy.free_tier_usd,
        ),
        Block(
            "paid_goods_loss_usd", "USD", "flow", "sum",
            "Serving cost of subscriptions and tokens above their revenue, over the bloc's labs that lose.",
            "F2", BLOCS, paid_goods_loss_usd,
        ),
        Block(
            "free_tier_loss_usd", "USD", "flow", "sum",
            "Serving cost of free tiers above advertising, over the bloc's labs that lose.",
            "F2", BLOCS, free_tier_loss_usd,
        ),
        Block(
            "effort_usd", "USD", "flow", "sum",
            "Accelerators and buildings that the bloc's labs and clouds bought, and all subsidies.",
            "F3", BLOCS, effort_usd,
        ),
        Block(
            "blockade", "0 or 1", "code", "month-end", "Whether a blockade holds up chips.", "S12", ("",),
            lambda s: s.month.policy.blockade[None],
        ),
    )  # fmt: skip


def escalation(step: Step) -> Array:
    """Return the rise of controls and tariffs over the schedule (F1).

    Retaliation is a rise of controls in answer to the rival's, so it is counted once, among them.
    Shapes: -> (bloc, world).
    """
    scheduled: Array = np.array([step.ctx.by_world(plan.scheduled) for plan in step.plans.governments])
    controls = np.maximum(step.after.policy.stringency - scheduled, 0.0)
    tariff = np.maximum(step.after.policy.tariff - step.ctx.params.policy.tariff_on_rival_robots, 0.0)
    return controls + 0.5 * tariff


def paid_goods_loss_usd(step: Step) -> Array:
    """Return what paying users and firms cost above what they pay, by bloc (F2). Shapes: -> (bloc, world)."""
    uses, books = step.month.compute.uses, step.month.books
    hours = (uses.paid_h100e + uses.enterprise_h100e) * step.ctx.dt
    cost = hours * step.month.compute.serving_cost_usd
    return step.by_lab_bloc(np.maximum(cost - books.subscriptions_usd - books.tokens_usd, 0.0))


def free_tier_loss_usd(step: Step) -> Array:
    """Return what free tiers cost above what advertising earns, by bloc (F2). Shapes: -> (bloc, world)."""
    cost = step.month.compute.uses.free_h100e * step.ctx.dt * step.month.compute.serving_cost_usd
    return step.by_lab_bloc(np.maximum(cost - step.month.books.ads_usd, 0.0))


def effort_usd(step: Step) -> Array:
    """Return what a bloc spends on compute and subsidies (F3). Shapes: -> (bloc, world)."""
    bought = step.month.chips.paid_usd.sum(1) + building_usd(step.ctx, step.month.chips)
    spent: Array = step.by_owner_bloc(bought) + step.month.policy.subsidy_usd.sum(0)
    return spent


def outcome_blocks() -> tuple[Block, ...]:
    """Return dimensions, foundation and what binds (section 6)."""
    codes = ", ".join(f"{i} {name}" for i, name in enumerate(CONSTRAINTS))
    return (
        Block(
            "capability_lag_months", "months", "stock", "month-end",
            "Months since the best US lab had the capability that the best Chinese one has now; "
            "negative where China is ahead.",
            "S6", ("",), lambda s: s.lag[None],
        ),
        Block(
            "foundation_share", "share", "share", "month-end",
            "Share of both blocs' deployments and derivatives that rest on the bloc's open weights.",
            "S2", BLOCS, lambda s: two_shares(s.after.foundation),
        ),
        *(
            Block(
                "share", "share", "share", "month-end",
                "Share of the US bloc in the dimension this month; d3 also where robots are still few.",
                "section 6", dimensions, shares,
            )
            for dimensions, shares in (
                (DIMENSIONS[:4], monthly_shares),
                (DIMENSIONS[4:5], lambda s: lag_shares(s.lag)[:1]),
                (DIMENSIONS[5:], other_shares),
            )
        ),
        Block(
            "binding_constraint_code", "code", "code", "month-end",
            f"What binds the bloc most: {codes}.",
            "decision 21", BLOCS, lambda s: s.bound.code,
        ),
        *(shadow_block(row) for row in range(1, len(CONSTRAINTS))),
    )  # fmt: skip


def monthly_shares(step: Step) -> Array:
    """Return the share of the US bloc in D1-D4 this month. Shapes: -> (dimension, world)."""
    both = (
        two_shares(step.bloc_users.sum(1)),
        two_shares(step.after.compute_by_user),
        two_shares(step.after.robot_labour),
        two_shares(step.by_lab_bloc(step.revenue_usd)),
    )
    return np.array([one[US] for one in both])


def other_shares(step: Step) -> Array:
    """Return the share of the US bloc in D6 and D7 this month. Shapes: -> (dimension, world)."""
    output = sum_by_bloc(step.month.feedback.output_usd_per_year, step.ctx.axes.markets.bloc)
    return np.array([two_shares(step.after.foundation)[US], two_shares(output)[US]])


def shadow_block(row: int) -> Block:
    """Return the shadow value of one constraint."""
    name = CONSTRAINTS[row]
    unit = SHADOWS[name].partition("_usd_per_")[2].replace("_", " ")
    return Block(
        SHADOWS[name], f"USD per {unit}", "price", "mean",
        f"What one more {unit} would earn the bloc in the month, 0 where {name} costs it nothing.",
        "decision 21", BLOCS, lambda s: s.bound.shadow_usd[row],
    )  # fmt: skip
