"""Conventional industrial robots and dark factories: suppliers, installations, prices (S9.6).

Shapes: (maker, market, world) for makers of conventional robots.
"""

from dataclasses import dataclass

import numpy as np

from sim.acts.payments import Payment
from sim.acts.robot_terms import USD_PER_THOUSAND, machine_cost_usd, tariff_by_place, wage_usd_per_year
from sim.axes import rows_by_bloc
from sim.context import Context
from sim.elementary import log, power
from sim.memory import once_a_run
from sim.physics.robot_choice import (
    dark_share_step,
    dark_target_share,
    desired_industrial_units,
    wright_unit_cost_usd,
)
from sim.physics.robot_output import fleet_after, retired_units
from sim.plans import Plans
from sim.quantity import adjusted_share
from sim.state import RobotTable, State
from sim.units import MILLION, MONTHS_PER_YEAR, NOTHING, ONE, Array, ratio, share_over_first

LEAST_SHARE = 1e-6
"""A plant share below which the number of job groups is not fitted: nobody would have seen such a plant."""


@dataclass(frozen=True)
class IndustrialOutcome:
    """Conventional robots of the month. Shapes: (maker, market, world) unless said."""

    units: Array
    installed_units: Array
    retired_units: Array
    made_units: Array
    """(maker, world) since the start."""
    price_usd: Array
    """(maker, world) after the month."""
    workers: Array
    """(market, world): workers' worth of the stock."""
    payments: tuple[Payment, ...]


def act(ctx: Context, state: State, plans: Plans, tariff: Array) -> IndustrialOutcome:
    """Deliver the conventional robots that factories order, retire old ones, and settle (S9.6).

    Shapes: tariff (bloc, world).
    """
    rules, old = ctx.params.robots, state.robots
    levied = tariff_by_place(ctx, ctx.axes.industrial_makers.bloc, tariff)
    installed = supplier_share(ctx, old.industrial_price_usd, levied) * plans.factories.industrial_orders
    retired = retired_units(old.industrial_units, rules.industrial_life_years * MONTHS_PER_YEAR, ctx.dt)
    units = fleet_after(old.industrial_units, retired, installed, NOTHING)
    made = old.industrial_made + installed.sum(1)
    return IndustrialOutcome(
        units=units,
        installed_units=installed,
        retired_units=retired,
        made_units=made,
        price_usd=price_usd(ctx, made),
        workers=units.sum(0) * rules.industrial_workers_replaced,
        payments=payments(ctx, installed, old.industrial_price_usd, levied, tariff),
    )


def payments(
    ctx: Context, installed: Array, price: Array, levied: Array, tariff: Array
) -> tuple[Payment, ...]:
    """Return what installations pay; their makers keep no cash and pay their profit out (section 5)."""
    capital = ctx.params.capital
    revenue = (installed.sum(1) * price).sum(0)
    price_of_installed = installed * price[:, None]
    outlay = price_of_installed.sum(0).sum(0)
    duty = (price_of_installed * levied).sum(0).sum(0)
    collected = NOTHING
    makers = rows_by_bloc(ctx.axes.industrial_makers.bloc.tobytes())
    for here, rivals, rate in zip(
        rows_by_bloc(ctx.axes.markets.bloc.tobytes()), reversed(makers), tariff, strict=True
    ):
        collected = collected + rate * (installed[rivals][:, here].sum(1) * price[rivals]).sum(0)
    cost = revenue / (1.0 + ctx.params.robots.markup)
    wages = capital.wage_share_of_inputs * cost
    inputs = (1.0 - capital.wage_share_of_inputs) * cost
    tax = capital.profit_tax_rate * (revenue - cost)
    payout = revenue - cost - tax
    return (
        Payment("robots", "other_firms", "robots", outlay, revenue),
        Payment("taxes_tariffs", "other_firms", "governments", duty, collected),
        Payment("inputs_building", "robots", "other_firms", inputs, cost - wages),
        Payment("wages", "robots", "households", wages, cost - inputs),
        Payment("taxes_tariffs", "robots", "governments", tax, revenue - cost - payout),
        Payment("dividends_interest", "robots", "households", payout, revenue - cost - tax),
    )


@once_a_run
def start_price_usd(ctx: Context) -> Array:
    """Return the price of each maker's conventional robots at the start. Shapes: -> (maker, world)."""
    return ctx.by_world(ctx.params.robots.industrial_price) * USD_PER_THOUSAND


def price_usd(ctx: Context, made_units: Array) -> Array:
    """Return the price of conventional robots, which learns from all that a maker has installed (S9.1, S9.6).

    Shapes: made since the start (maker, world) -> (maker, world).
    """
    before = start_experience_units(ctx)
    return wright_unit_cost_usd(
        start_price_usd(ctx), NOTHING, before + made_units, before, ctx.params.robots.learning_rate
    )


@once_a_run
def start_experience_units(ctx: Context) -> Array:
    """Return the conventional robots that a maker had at work at the start. Shapes: -> (maker, world)."""
    units: Array = np.maximum(start_units(ctx).sum(1), 1.0)
    return units


def supplier_share(ctx: Context, price: Array, levied: Array) -> Array:
    """Return each maker's share of a place's purchases: the start's, moved by prices since (S9.6).

    Shapes: price (maker, world), levied (maker, market, world) -> (maker, market, world).
    """
    rules = ctx.params.robots
    dearer = ratio(price, start_price_usd(ctx))[:, None] * (1.0 + levied) / start_duty_factor(ctx)
    weight = power(np.maximum(dearer, LEAST_SHARE), -rules.industrial_price_sensitivity)
    return share_over_first(start_shares(ctx)[..., None] * weight)


@once_a_run
def start_duty_factor(ctx: Context) -> Array:
    """Return price with tariff over price of each maker's machines at the start.

    Shapes: -> (maker, market, world).
    """
    rate = ctx.by_world(ctx.params.policy.tariff_on_rival_robots)
    return 1.0 + tariff_by_place(ctx, ctx.axes.industrial_makers.bloc, np.array([rate, rate]))


@once_a_run
def start_shares(ctx: Context) -> Array:
    """Return each maker's share of a place's purchases at the start. Shapes: -> (maker, market)."""
    return share_over_first(np.ascontiguousarray(ctx.start.markets.industrial_supplier_share.T))


@once_a_run
def start_units(ctx: Context) -> Array:
    """Return conventional robots at work at the start. Shapes: -> (maker, market, world)."""
    return ctx.spread(start_shares(ctx) * ctx.start.markets.industrial_robots[None])


def local_price_usd(ctx: Context, price: Array, tariff: Array) -> Array:
    """Return what a conventional robot costs in each place, tariffs included.

    Shapes: price (maker, world), tariff (bloc, world) -> (market, world).
    """
    levied = tariff_by_place(ctx, ctx.axes.industrial_makers.bloc, tariff)
    local: Array = (supplier_share(ctx, price, levied) * price[:, None] * (1.0 + levied)).sum(0)
    return local


def fitted_machine_scale(ctx: Context, tariff: Array) -> Array:
    """Return the machines wanted over what the rule gives, so that the start's installations follow (S9.6).

    Orders replace what retires and close a part of the gap to the stock wanted. Shapes: tariff (bloc, world)
    -> (market, world).
    """
    rules, markets = ctx.params.robots, ctx.start.markets
    stock = start_units(ctx).sum(0)
    retired = retired_units(stock, rules.industrial_life_years * MONTHS_PER_YEAR, ctx.dt)
    ordered = ctx.spread(markets.industrial_installations_per_year) * (ctx.dt / MONTHS_PER_YEAR)
    closed = adjusted_share(rules.machine_adoption_rate, ctx.dt)
    wanted = np.maximum(stock + ratio(ordered - retired, closed), 0.0)
    by_rule = desired_industrial_units(
        ctx.spread(markets.manufacturing_workers_million * MILLION),
        wage_usd_per_year(ctx, 0.0),
        machine_cost_usd(ctx, local_price_usd(ctx, start_price_usd(ctx), tariff)),
        rules.machine_sensitivity,
        ratio(ONE, rules.industrial_workers_replaced),
    )
    return ratio(wanted, by_rule)


# ---- dark factories -----------------------------------------------------------------------------------


def machine_share(ctx: Context, machine_workers: Array) -> Array:
    """Return the share of factory work that machines do. Shapes: workers' worth (market, world)."""
    people = ctx.start.markets.manufacturing_workers_million[:, None] * MILLION
    return ratio(machine_workers, machine_workers + people)


def fitted_dark_groups(ctx: Context, machine_workers: Array) -> Array:
    """Return the kinds of work in a plant with which the start's dark factories are steady (S9.6).

    machine share^groups = dark share. Shapes: (market, world).
    """
    dark = ctx.spread(ctx.start.markets.dark_factory_share)
    share = machine_share(ctx, machine_workers)
    known = (share > 0.0) & (share < 1.0)
    log_share = log(np.where(known, share, 0.5))
    groups: Array = log(np.clip(dark, LEAST_SHARE, 1.0)) / log_share
    return groups


def dark_share_after(ctx: Context, old: RobotTable, machine_workers: Array) -> Array:
    """Return the share of plants run by machines alone, after the step (S9.6). Shapes: -> (market, world)."""
    target = dark_target_share(machine_share(ctx, machine_workers), old.dark_groups)
    rate = ctx.params.robots.dark_factory_rate * MONTHS_PER_YEAR
    return dark_share_step(old.dark_share, target, rate, ctx.dt)
