"""The binding-constraint ledger: what each limit costs a bloc's AI and robots this month (S5, S7, S8).

Decision 21: what compute earns above its cost is what the limits on supply keep away together; below its
cost, demand is the limit. So each month

- demand costs what rent falls short of the user cost of an accelerator, times what is let, and the rent of
  what stands idle;
- power, chips and capital share out what rent leaves above user cost, times what is let, by how many
  accelerators each kept from work: power those dark and those not bought for want of power, chips those bid
  for and not delivered, capital the rest of what was asked for and not served, and all where nothing else
  did;
- parts cost the humanoids that makers wanted to build and could, but for the parts, times price less unit
  cost.

The largest cost binds; none does where every cost is below a small share of AI revenue. The shadow value is
the gain from one more unit where the limit costs anything, else 0.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.acts.compute import cloud_user_cost_usd
from sim.axes import BLOCS, CONSTRAINTS, members_of, sums_by_bloc
from sim.context import Context
from sim.memory import once_a_run
from sim.month import Month
from sim.physics.robot_output import OUTPUT_LIMITS
from sim.plans import Plans
from sim.state import State
from sim.units import MILLION, ONE, Array, IntArray, ratio

NEGLIGIBLE_SHARE: Final = 0.01
"""Losses below this share of a bloc's AI revenue bind nobody."""
ROUNDING: Final = 1e-9
"""A rest below this share of its whole is rounding: it must not decide which limit binds."""


@dataclass(frozen=True)
class Constraint:
    """What binds each bloc in a step. Amounts are of the step; the first row, `none`, is zero.

    Shapes: code (bloc, world), the others (constraint, bloc, world).
    """

    code: Array
    """Index into `sim.axes.CONSTRAINTS`."""
    shadow_usd: Array
    """Gain from one more unit, in USD per unit of `UNITS`."""
    lost_usd: Array


def binding(ctx: Context, state: State, plans: Plans, month: Month) -> Constraint:
    """Measure what each limit costs and name the one that costs most (decision 21)."""
    n_labs = len(ctx.axes.labs.names)
    owner_bloc, cloud_bloc = ctx.axes.owner_bloc, ctx.axes.clouds.bloc
    compute, chips = month.compute, month.chips
    rent = mean_by_bloc(compute.rent_usd, compute.cloud_powered_h100e, cloud_bloc)

    dark = beyond_rounding(1.0 - compute.powered_share, ONE)
    bids = plans.chip_bid_usd
    unfilled = ratio(beyond_rounding(bids - chips.paid_usd, bids), plans.chip_makers.price_usd)
    dark_h100e, dark_gw, unfilled_h100e, held_h100e, new_h100e, new_gw = sums_by_bloc(
        (
            (chips.held_h100e * dark).sum(1),
            (chips.held_gw * dark * usage(ctx)).sum(1),
            unfilled.sum(1),
            chips.held_back_h100e,
            chips.new_fleet_h100e.sum((1, 2)),
            (chips.new_gw * usage(ctx)).sum(1),
        ),
        owner_bloc,
    )
    excess = np.maximum(compute.occupancy - 1.0, 0.0) * compute.cloud_powered_h100e
    let = compute.leased_h100e.sum(0) + compute.tenant_h100e
    idle = beyond_rounding(compute.cloud_powered_h100e - let, compute.cloud_powered_h100e)
    excess_h100e, let_h100e, idle_h100e = sums_by_bloc((excess, let, idle), cloud_bloc)
    unserved, revenue = sums_by_bloc((unserved_h100e(month), month.books.revenue_usd), owner_bloc[:n_labs])
    asked_h100e = excess_h100e + unserved
    kept_by_power = dark_h100e + held_h100e
    kept_by_money = np.maximum(asked_h100e - kept_by_power - unfilled_h100e, 0.0)
    kept = np.array([kept_by_power, unfilled_h100e, kept_by_money])
    # Nothing kept any accelerator away: then nobody had the money for more.
    kept[2] = np.where(kept.sum(0) > 0.0, kept[2], 1.0)
    part = kept / kept.sum(0)
    cost = mean_by_bloc(cloud_user_cost_usd(ctx, state), compute.cloud_powered_h100e, cloud_bloc)
    margin = np.maximum(rent - cost, 0.0)
    price = mean_by_bloc(plans.chip_makers.price_usd, month.chips.made_h100e, ctx.axes.chip_makers.bloc)

    scarcity = margin * let_h100e * ctx.dt

    cut_units, robot_margin = parts_shortage(state, plans, month)
    cut, parts_usd = sums_by_bloc((cut_units, cut_units * robot_margin), ctx.axes.robot_makers.bloc)

    lost = np.zeros((len(CONSTRAINTS), len(BLOCS), ctx.worlds))
    shadow = np.zeros_like(lost)
    row = CONSTRAINTS.index
    h100e_per_gw = ratio(dark_h100e, dark_gw)
    h100e_per_gw = np.where(dark_gw > 0.0, h100e_per_gw, ratio(new_h100e, new_gw))
    lost[row("power")] = scarcity * part[0]
    shadow[row("power")] = h100e_per_gw * rent
    lost[row("chips")] = scarcity * part[1]
    shadow[row("chips")] = rent
    lost[row("capital")] = scarcity * part[2]
    shadow[row("capital")] = ratio(margin, price) * MILLION
    lost[row("demand")] = (idle_h100e * rent + let_h100e * np.maximum(cost - rent, 0.0)) * ctx.dt
    shadow[row("demand")] = rent
    lost[row("parts")] = parts_usd
    shadow[row("parts")] = ratio(parts_usd, cut)
    binds = lost.max(0) > NEGLIGIBLE_SHARE * (revenue * ctx.dt)
    return Constraint(
        code=np.where(binds, lost.argmax(0), row("none")).astype(np.float64),
        shadow_usd=np.where(lost > 0.0, shadow, 0.0),
        lost_usd=lost,
    )


def beyond_rounding(rest: Array, whole: Array) -> Array:
    """Return what is left of a whole, 0 where it is no more than rounding. Shapes: any, kept."""
    return np.where(rest > ROUNDING * whole, rest, 0.0)


def mean_by_bloc(values: Array, weight: Array, bloc: IntArray) -> Array:
    """Return a bloc's weighted mean, the plain one where none has weight, everybody's where it has no member.

    Shapes: (member, world) -> (bloc, world); 0 without anybody.
    """
    weighted, members = values * weight, members_of(bloc).sum(1)[:, None]
    total, of_weighted, of_values = sums_by_bloc((weight, weighted, values), bloc)
    own = np.where(total > 0.0, ratio(of_weighted, total), ratio(of_values, members))
    if members.all():
        return own
    everybody = np.where(
        weight.sum(0) > 0.0,
        ratio(weighted.sum(0), weight.sum(0)),
        ratio(values.sum(0), np.full(1, float(len(values)))),
    )
    return np.where(members > 0.0, own, everybody)


@once_a_run
def usage(ctx: Context) -> Array:
    """Return power at the meter over that of accelerators, by site. Shapes: -> (site, world), orbit last."""
    places = ctx.by_world(ctx.params.power.pue)
    ground = np.broadcast_to(places, (len(ctx.axes.markets.names), ctx.worlds))
    return np.concatenate([ground, np.ones((1, ctx.worlds))])


def unserved_h100e(month: Month) -> Array:
    """Return the compute that each lab's users asked for and did not get. Shapes: -> (lab, world).

    A use that got the share s of what it asked for lacks use · (1 − s)/s; one that got nothing says nothing.
    """
    compute = month.compute
    used: Array = np.array([compute.uses.enterprise_h100e, compute.uses.paid_h100e, compute.uses.free_h100e])
    share: Array = np.array(
        [compute.enterprise_served_share, compute.paid_served_share, compute.free_served_share]
    )
    lacking: Array = ratio(used * (1.0 - share), share).sum(0)
    return lacking


def parts_shortage(state: State, plans: Plans, month: Month) -> tuple[Array, Array]:
    """Return robots not built for want of parts, and price less unit cost. Shapes: (maker, world) each."""
    limits = month.robots.limit_units
    parts = OUTPUT_LIMITS.index("parts")
    others = np.concatenate([limits[:parts], limits[parts + 1 :]]).min(0)
    price = plans.robot_makers.price_usd
    return np.maximum(others - limits[parts], 0.0), np.maximum(price - state.robots.unit_cost_usd, 0.0)
