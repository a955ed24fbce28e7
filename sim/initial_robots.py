"""Robots and satellites at the start, with what is fitted so that the first month continues 2025 (S9, S11).

Fitted are the track record of makers with pilots, the machines that factories want, and the kinds of work in
a plant; they reproduce shipments by maker, installations and dark factories.
"""

from dataclasses import dataclass

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
    start_capability_orders,
    suitable_positions,
    tariff_by_place,
    unit_cost_usd,
)
from sim.context import Context
from sim.elementary import exp, expm1, log
from sim.state import OrbitTable, RobotTable
from sim.units import MONTHS_PER_YEAR, Array, ratio, share_over_first

MEAN_AGE_LAST_YEAR, MEAN_AGE_YEAR_BEFORE = 0.5, 1.5
"""Years since the robots of a calendar year were shipped, on average."""


def start_robots(ctx: Context) -> RobotTable:
    """Build the robots at the start: stocks, lines and parts for the run rate of the last month (S9)."""
    rules, start = ctx.params.robots, ctx.start.robot_makers
    makers = ctx.axes.robot_makers
    stringency = np.stack(
        [
            ctx.by_world(ctx.params.chips.export_stringency),
            ctx.by_world(ctx.params.chips.export_stringency_cn),
        ]
    )
    rival_tariff = ctx.by_world(ctx.params.policy.tariff_on_rival_robots)
    tariff = np.stack([rival_tariff, rival_tariff])
    rate = ctx.spread(run_rate_per_month(ctx))
    cost = ctx.by_world(unit_cost_usd(ctx, ctx.full(len(makers.names)), stringency))
    price = cost * (1.0 + rules.markup)
    levied = tariff_by_place(ctx, makers.bloc, tariff)
    residual = fitted_pilot_residual(ctx, price, levied, rate)
    place = pilot_split(ctx, price, levied, pilots_open_to(ctx, 0.0, sells_outside(ctx, 0.0)), residual)
    able = ability(ctx, start_capability_orders(ctx), ctx.full(len(makers.names)))
    stocks = start_stocks(ctx, share_over_first(place.swapaxes(0, 1)).swapaxes(0, 1))
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
        industrial_installed=ctx.spread(
            ctx.start.markets.industrial_installations_per_year / MONTHS_PER_YEAR
        ),
    )


def run_rate_per_month(ctx: Context) -> Array:
    """Return shipments a month at the end of the last year, had they grown all year as between years (S9.6).

    S/12 · g/(1 − e^{−g}) with g the ln growth of all makers' shipments: single makers' growth is known worse.
    Shapes: -> (maker,).
    """
    start = ctx.start.robot_makers
    last, before = start.shipments_last_year.sum(), start.shipments_year_before.sum()
    growth = log(last / before) if last > 0.0 and before > 0.0 else 0.0
    steepening = growth / -expm1(-growth) if growth != 0.0 else 1.0
    rate: Array = start.shipments_last_year / MONTHS_PER_YEAR * steepening
    return rate


@dataclass(frozen=True)
class StartStocks:
    """Humanoids at the start. Shapes: as in the table of robots."""

    pilot: Array
    waiting: Array
    working: Array
    home: Array


def start_stocks(ctx: Context, by_place: Array) -> StartStocks:
    """Spread the robots shipped in the last two years over pilots and factories (S9.2, S9.6).

    What went to factories is at work as far as commissioning has got. Before a maker sells to others, its
    factory robots are on its own line.
    Shapes: by_place (maker, market, world), summing to 1 over places.
    """
    rules, start = ctx.params.robots, ctx.start.robot_makers
    fresh = ctx.spread(start.shipments_last_year) * exp(-MEAN_AGE_LAST_YEAR / rules.life_years)
    older = ctx.spread(start.shipments_year_before) * exp(-MEAN_AGE_YEAR_BEFORE / rules.life_years)
    yearly = rules.commissioning_rate * MONTHS_PER_YEAR
    waiting_fresh = np.where(yearly > 0.0, ratio(-expm1(-yearly), yearly), 1.0)
    waiting = fresh * waiting_fresh + older * waiting_fresh * exp(-yearly)
    tried = start.factory_share[:, None]
    outside = sells_outside(ctx, 0.0)
    sectors = share_over_first(suitable_positions(ctx).swapaxes(0, 1)).swapaxes(0, 1)
    cells = by_place[:, :, None] * sectors[None]
    return StartStocks(
        pilot=((fresh + older) * (1.0 - tried))[:, None] * by_place,
        waiting=(waiting * tried * outside)[:, None, None] * cells,
        working=((fresh + older - waiting) * tried * outside)[:, None, None] * cells,
        home=(fresh + older) * tried * (1.0 - outside),
    )


def start_orbit(ctx: Context) -> OrbitTable:
    """Build the orbital operators at the start: no computing in orbit yet (S11)."""
    n = len(ctx.axes.orbital_operators.names)
    vintages = vintage_count(ctx.settings.months)
    return OrbitTable(
        vintage_gw=ctx.full(vintages, n),
        vintage_charge_usd_per_kw_year=ctx.full(vintages, n),
        launched_kg=start_mass_kg(ctx),
        cash_usd=ctx.spread(ctx.start.orbital_operators.cash_usd),
        hardware_gw=ctx.full(n),
        capacity_boost_gw_per_year=ctx.full(n),
    )
