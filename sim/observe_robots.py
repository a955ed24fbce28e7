"""What makers of humanoids, factories and orbital operators know: the month-start state (S9, S11)."""

import numpy as np

from sim.acts import industrial
from sim.acts.orbit import costs
from sim.acts.robot_terms import (
    at_home,
    machine_cost_usd,
    sells_outside,
    suitable_positions,
    tariff_by_place,
    wage_usd_per_year,
    yearly_cost_usd,
)
from sim.context import Context
from sim.physics.robots import cost_per_task_usd
from sim.plans import FactoryView, OrbitView, RobotMakerView
from sim.state import State
from sim.units import MILLION, MONTHS_PER_YEAR, Array


def locked(values: Array) -> Array:
    """Return a view of an array that cannot be written to. Shapes: any, kept."""
    view = values.view()
    view.flags.writeable = False
    return view


def robot_maker_views(ctx: Context, state: State) -> tuple[RobotMakerView, ...]:
    """Return what each maker of humanoids knows about its own house (S9.1, S9.5)."""
    table = state.robots
    return tuple(
        RobotMakerView(
            params=ctx.params,
            step_months=ctx.dt,
            unit_cost_usd=locked(table.unit_cost_usd[maker]),
            backlog_units=locked(table.backlog_units[maker]),
            inventory_units=locked(table.inventory_units[maker]),
            line_per_month=locked(table.line_per_month[maker]),
            shipped_units=locked(table.shipped_units[maker]),
            home_units=locked(table.home_units[maker]),
            cash_usd=locked(table.cash_usd[maker]),
        )
        for maker in range(len(ctx.axes.robot_makers.names))
    )


def factory_views(ctx: Context, state: State) -> tuple[FactoryView, ...]:
    """Return what the factories of each place know: cost per task, what is on sale, what they hold (S9.3)."""
    rules, table = ctx.params.robots, state.robots
    levied = tariff_by_place(ctx, ctx.axes.robot_makers.bloc, state.policy.tariff)
    yearly = yearly_cost_usd(ctx, table.price_usd, levied, table.autonomy, state.power.price_usd_per_mwh)
    task_cost = cost_per_task_usd(yearly, table.productivity[:, None], np.zeros(1))
    machine = machine_cost_usd(
        ctx, industrial.local_price_usd(ctx, table.industrial_price_usd, state.policy.tariff)
    )
    positions = suitable_positions(ctx)
    sectors = positions.shape[1]
    home = np.repeat(at_home(ctx)[..., None], ctx.worlds, axis=-1)
    wages = wage_usd_per_year(ctx, state.months)
    workers = (
        ctx.spread(ctx.start.markets.manufacturing_workers_million * MILLION)
        * table.machine_scale
        * (1.0 + rules.industrial_growth) ** (state.months / MONTHS_PER_YEAR)
    )
    on_sale = sells_outside(ctx, state.months)
    held = table.waiting_units + table.working_units
    machines = table.industrial_units.sum(0)
    return tuple(
        FactoryView(
            params=ctx.params,
            step_months=ctx.dt,
            task_cost_usd=locked(np.repeat(task_cost[:, place, None], sectors, axis=1)),
            person_cost_usd=locked(wages[place]),
            machine_cost_usd=locked(machine[place]),
            home=locked(home[:, place]),
            reach=locked(table.reach),
            on_sale=locked(on_sale),
            positions=locked(positions[place]),
            productivity=locked(table.productivity),
            units_held=locked(held[:, place]),
            industrial_units=locked(machines[place]),
            workers=locked(workers[place]),
        )
        for place in range(len(ctx.axes.markets.names))
    )


def orbit_views(ctx: Context, state: State) -> tuple[OrbitView, ...]:
    """Return what each orbital operator knows: orbit against ground per delivered kW, and its limit (S11)."""
    cost = costs(ctx, state)
    return tuple(
        OrbitView(
            params=ctx.params,
            step_months=ctx.dt,
            orbit_usd_per_kw_year=locked(cost.orbit_delivered_usd_per_kw_year[operator]),
            ground_usd_per_kw_year=locked(cost.ground_delivered_usd_per_kw_year[operator]),
            launch_limit_gw=locked(cost.limit_gw[operator]),
        )
        for operator in range(len(ctx.axes.orbital_operators.names))
    )
