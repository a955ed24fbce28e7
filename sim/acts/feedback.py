"""Act 12: automation feeds back on building next month, and manufacturing output is counted (S10).

Shapes: (bloc, world), (market, world).
"""

from dataclasses import dataclass

import numpy as np

from sim.acts.industrial import start_units
from sim.acts.robots import RobotOutcome
from sim.axes import sum_by_bloc
from sim.context import Context
from sim.memory import once_a_run
from sim.physics.production import (
    automated_over_h_labour,
    feedback_multiplier,
    labour_ratio,
    manufacturing_output_usd,
)
from sim.quantity import compounded
from sim.state import State
from sim.units import MILLION, Array, ratio


@dataclass(frozen=True)
class FeedbackOutcome:
    """What automation does to building and making. Shapes: (bloc, world) unless said."""

    multiplier: Array
    """For next month's build caps, fabs and lines."""
    automated_workers: Array
    """Workers' worth of automation added since the start."""
    output_usd_per_year: Array
    """(market, world): manufacturing value added."""


def act(
    ctx: Context, state: State, robots: RobotOutcome, capability_orders: Array, power_share: Array
) -> FeedbackOutcome:
    """Return next month's multipliers and this month's manufacturing output (S10).

    Shapes: capability (bloc, world), power share of factories (market, world).
    """
    rules, places = ctx.params.feedback, ctx.axes.markets
    workers, labour = start_workers(ctx), start_labour(ctx)
    of_robots = robots.labour_workers.sum(0)
    added = of_robots + robots.industrial_workers - start_machine_workers(ctx)
    desk_share = np.minimum(rules.ai_tasks_per_order * np.maximum(capability_orders, 0.0), 1.0)
    desk = desk_share * rules.automatable_share_h * labour
    automated = np.maximum(sum_by_bloc(added, places.bloc), 0.0) + desk
    multiplier = feedback_multiplier(
        rules.automatable_share_h,
        automated_over_h_labour(automated, labour, rules.automatable_share_h),
        rules.bottleneck_rho,
    )
    output = manufacturing_output_usd(
        value_added_usd_per_year(ctx, state.months),
        labour_ratio(workers, of_robots, workers),
        machines_ratio(ctx, robots),
        power_share,
        depth_ratio(ctx, state.policy.stringency),
        1.0 - rules.capital_share,
        rules.power_elasticity,
        rules.depth_exponent,
        rules.bottleneck_rho,
    )
    return FeedbackOutcome(multiplier, automated, output)


@once_a_run
def start_workers(ctx: Context) -> Array:
    """Return workers in manufacturing at the start. Shapes: -> (market, world)."""
    return ctx.spread(ctx.start.markets.manufacturing_workers_million * MILLION)


@once_a_run
def start_labour(ctx: Context) -> Array:
    """Return the workers in manufacturing of each bloc at the start. Shapes: -> (bloc, world)."""
    return sum_by_bloc(start_workers(ctx), ctx.axes.markets.bloc)


@once_a_run
def start_machine_workers(ctx: Context) -> Array:
    """Return workers' worth of the conventional robots of the start. Shapes: -> (market, world)."""
    replaced: Array = start_units(ctx).sum(0) * ctx.params.robots.industrial_workers_replaced
    return replaced


def value_added_usd_per_year(ctx: Context, months: float) -> Array:
    """Return value added with the machines and labour of the start. Shapes: -> (market, world)."""
    growth = compounded(1.0 + ctx.params.feedback.productivity_growth, months)
    return ctx.start.markets.manufacturing_value_added_usd_per_year[:, None] * growth


def machines_ratio(ctx: Context, robots: RobotOutcome) -> Array:
    """Return machine hours over the start's; dark factories run more hours. Shapes: -> (market, world)."""
    gain = ctx.params.robots.dark_hours_gain
    now = robots.table.industrial_units.sum(0) * (1.0 + gain * robots.table.dark_share)
    before = start_machine_hours(ctx)
    return np.where(before > 0.0, ratio(now, before), 1.0)


@once_a_run
def start_machine_hours(ctx: Context) -> Array:
    """Return machines at the start, longer hours of dark factories counted. Shapes: -> (market, world)."""
    dark = ctx.start.markets.dark_factory_share[:, None]
    hours: Array = start_units(ctx).sum(0) * (1.0 + ctx.params.robots.dark_hours_gain * dark)
    return hours


@once_a_run
def start_stringency(ctx: Context) -> Array:
    """Return the stringency of each bloc's export controls at the start (S7.3). Shapes: -> (bloc, world)."""
    chips = ctx.params.chips
    return ctx.by_bloc(chips.export_stringency, chips.export_stringency_cn)


def reachable_depth(ctx: Context, stringency: Array) -> Array:
    """Return the part of a bloc's supply chain that is its own or open to it (S10).

    Shapes: stringency of each bloc towards the rival (bloc, world) -> (bloc, world).
    """
    own = ctx.by_world(ctx.params.feedback.supply_chain_depth)
    reachable: Array = own + (1.0 - own) * (1.0 - stringency[::-1])
    return reachable


def depth_ratio(ctx: Context, stringency: Array) -> Array:
    """Return the depth of the supply chain over the start's: what is at home or still open (S10).

    Shapes: stringency of each bloc towards the rival (bloc, world) -> (market, world); 1 in third countries.
    """
    place = ctx.axes.markets.bloc
    at_start, reachable = start_depth(ctx), reachable_depth(ctx, stringency)
    relative = np.where(at_start > 0.0, ratio(reachable, at_start), 1.0)
    depth: Array = np.where((place >= 0)[:, None], relative[np.maximum(place, 0)], 1.0)
    return depth


@once_a_run
def start_depth(ctx: Context) -> Array:
    """Return the reachable part of each bloc's supply chain at the start (S10). Shapes: -> (bloc, world)."""
    return reachable_depth(ctx, start_stringency(ctx))
