"""What makers of humanoids, factories and orbital operators know: the month-start state (S9, S11)."""

from sim.acts import industrial
from sim.acts.orbit import costs
from sim.acts.robot_terms import (
    at_home,
    machine_cost_usd,
    selling,
    suitable_positions,
    tariff_by_place,
    wage_usd_per_year,
    yearly_cost_usd,
)
from sim.context import Context
from sim.physics.robot_choice import cost_per_task_usd
from sim.quantity import compounded
from sim.state import State
from sim.units import MILLION, NOTHING
from sim.views import FactoryView, OrbitView, RobotMakerView, sealed


def robot_maker_view(ctx: Context, state: State) -> RobotMakerView:
    """Return what makers of humanoids know about their own houses (S9.1, S9.5)."""
    table = state.robots
    return sealed(
        RobotMakerView(
            params=ctx.params,
            step_months=ctx.dt,
            unit_cost_usd=table.unit_cost_usd,
            backlog_units=table.backlog_units,
            inventory_units=table.inventory_units,
            line_per_month=table.line_per_month,
            shipped_units=table.shipped_units,
            home_units=table.home_units,
            cash_usd=table.cash_usd,
        )
    )


def factory_view(ctx: Context, state: State) -> FactoryView:
    """Return what the factories of places know: cost per task, what is on sale, what they hold (S9.3)."""
    rules, table = ctx.params.robots, state.robots
    levied = tariff_by_place(ctx, ctx.axes.robot_makers.bloc, state.policy.tariff)
    yearly = yearly_cost_usd(ctx, table.price_usd, levied, table.autonomy, state.power.price_usd_per_mwh)
    task_cost = cost_per_task_usd(yearly, table.productivity[:, None], NOTHING)
    positions = suitable_positions(ctx)
    workers = (
        ctx.spread(ctx.start.markets.manufacturing_workers_million * MILLION)
        * table.machine_scale
        * compounded(1.0 + rules.industrial_growth, state.months)
    )
    held = table.waiting_units + table.working_units
    return sealed(
        FactoryView(
            params=ctx.params,
            step_months=ctx.dt,
            task_cost_usd=task_cost[:, None],
            person_cost_usd=wage_usd_per_year(ctx, state.months),
            machine_cost_usd=machine_cost_usd(
                ctx, industrial.local_price_usd(ctx, table.industrial_price_usd, state.policy.tariff)
            ),
            home=at_home(ctx)[..., None],
            reach=table.reach[:, None],
            on_sale=selling(ctx, state)[:, None],
            positions=positions.swapaxes(0, 1),
            productivity=table.productivity[:, None],
            units_held=held.swapaxes(1, 2),
            industrial_units=table.industrial_units.sum(0),
            workers=workers,
        )
    )


def orbit_view(ctx: Context, state: State) -> OrbitView:
    """Return what orbital operators know: orbit against ground per delivered kW, and their limits (S11)."""
    cost = costs(ctx, state)
    return sealed(
        OrbitView(
            params=ctx.params,
            step_months=ctx.dt,
            orbit_usd_per_kw_year=cost.orbit_delivered_usd_per_kw_year,
            ground_usd_per_kw_year=cost.ground_delivered_usd_per_kw_year,
            launch_limit_gw=cost.limit_gw,
        )
    )
