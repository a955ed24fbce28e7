"""Robots and satellites at the start, with what is fitted so that the first month continues 2025 (S9, S11).

Fitted are the track record of makers with pilots, the machines that factories want, and the kinds of work in
a plant; they reproduce shipments by maker, installations and dark factories.
"""

import numpy as np

from sim.acts import industrial
from sim.acts.orbit import start_mass_kg, vintage_count
from sim.acts.robot_terms import (
    ability,
    fitted_pilot_residual,
    own_place,
    pilot_split,
    pilots_open_to,
    sells_outside,
    sourcing_share,
    suitable_positions,
    start_capability_orders,
    tariff_by_place,
    unit_cost_usd,
)
from sim.context import Context
from sim.physics.robots import useful_stock_shares
from sim.state import OrbitTable, RobotTable
from sim.units import MONTHS_PER_YEAR, Array, ratio, share_over_first


def start_robots(ctx: Context) -> RobotTable:
    """Build the robots at the start: stocks, lines and parts for the run rate of the last month (S9)."""
    rules, start = ctx.params.robots, ctx.start.robot_makers
    makers, markets = ctx.axes.robot_makers, ctx.axes.markets
    stringency = np.stack(
        [ctx.by_world(ctx.params.chips.export_stringency), ctx.by_world(ctx.params.chips.export_stringency_cn)]
    )
    rival_tariff = ctx.by_world(ctx.params.policy.tariff_on_rival_robots)
    tariff = np.stack([rival_tariff, rival_tariff])
    rate = ctx.spread(run_rate_per_month(ctx))
    cost = ctx.by_world(unit_cost_usd(ctx, ctx.full(len(makers.names)), stringency))
    price = cost * (1.0 + rules.markup)
    levied = tariff_by_place(ctx, makers.bloc, tariff)
    residual = fitted_pilot_residual(ctx, price, levied, rate)
    place = pilot_split(ctx, price, levied, pilots_open_to(ctx, 0.0), residual)
    able = ability(ctx, start_capability_orders(ctx), ctx.full(len(makers.names)))
    stocks = start_stocks(ctx, share_over_first(np.ascontiguousarray(place.swapaxes(0, 1))).swapaxes(0, 1))
    machines = industrial.start_units(ctx)
    labour = stocks.working.sum(2) + stocks.home[:, None] * own_place(ctx)[..., None]
    machine_workers = machines.sum(0) * rules.industrial_workers_replaced + (
        labour * able.productivity[:, None]
    ).sum(0)
    return RobotTable(
        line_per_month=rules.line_headroom * rate,
        parts_per_month=rules.parts_headroom * (sourcing_share(ctx, stringency) * rate).sum(1),
        experience_units=np.zeros_like(rate),
        fleet_robot_years=np.zeros_like(rate),
        reach=ctx.by_world(able.reach).copy(),
        productivity=ctx.by_world(able.productivity).copy(),
        autonomy=ctx.by_world(able.autonomy).copy(),
        integration_per_month=rate * start.factory_share[:, None],
        inventory_units=rules.inventory_cover * rate,
        home_units=stocks.home,
        pilot_units=stocks.pilot,
        waiting_units=stocks.waiting,
        working_units=stocks.working,
        pilot_orders_per_month=rate.sum(0),
        pilot_residual=residual,
        unit_cost_usd=cost.copy(),
        price_usd=price,
        cash_usd=ctx.spread(start.cash_usd),
        shipped_units=rate,
        backlog_units=np.zeros_like(rate),
        industrial_units=machines,
        industrial_made=ctx.full(len(ctx.axes.industrial_makers.names)),
        industrial_price_usd=industrial.start_price_usd(ctx).copy(),
        machine_scale=industrial.fitted_machine_scale(ctx, tariff),
        dark_share=ctx.spread(ctx.start.markets.dark_factory_share),
        dark_groups=industrial.fitted_dark_groups(ctx, machine_workers),
        industrial_installed=ctx.spread(ctx.start.markets.industrial_installations_per_year / MONTHS_PER_YEAR),
    )
