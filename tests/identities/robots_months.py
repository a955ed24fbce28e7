"""Months of the acts of robots, orbit and feedback, without the rest of the model.

The state is a stand-in that holds the tables these acts read; capability grows by a fixed amount a year.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np

from agents.factory import Factories
from agents.orbital_operator import OrbitalOperator
from agents.robot_maker import RobotMaker
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim import initial_tables
from sim.acts import feedback, orbit, robots
from sim.acts.robot_terms import start_capability_orders
from sim.cast import ask
from sim.context import Context
from sim.initial_robots import start_orbit, start_robots
from sim.observe_robots import factory_view, orbit_view, robot_maker_view
from sim.state import RobotTable
from sim.units import Array

WORLDS = 7
MONTHS = 60
ORDERS_A_YEAR = 0.6
EXACT = 1e-12
"""Sums of a few hundred float64 terms: 2^-53 times their number is below 1e-13 of the largest."""

FREE_ROBOTS = ("optimus_unit_cost", "agibot_unit_cost", "overhead_per_unit", "supervision_cost", "power_draw")
FREE_LAUNCH = ("launch_cost_start", "satellite_hardware", "start_month_us", "start_month_cn")


@dataclass(frozen=True)
class Step:
    """A month: the tables before, the plans, and what the acts made of them."""

    before: Any
    plans: Any
    robots: robots.RobotOutcome
    orbit: orbit.OrbitOutcome
    feedback: feedback.FeedbackOutcome
    after: Any


def seal(table: Any) -> Any:
    """Return a shallow copy of a table whose arrays cannot be written to."""
    sealed = object.__new__(type(table))
    for field in fields(table):
        value = getattr(table, field.name)
        if isinstance(value, np.ndarray):
            value = value.view()
            value.flags.writeable = False
        elif is_dataclass(value) and not isinstance(value, type):
            value = seal(value)
        object.__setattr__(sealed, field.name, value)
    return sealed


@cache
def composed(overrides: tuple[str, ...]) -> Any:
    return plan_from_config(compose_run([f"worlds={WORLDS}", *overrides]))


def context(*overrides: str, ids: tuple[int, ...] = tuple(range(WORLDS))) -> Context:
    plan = composed(overrides)
    columns, passive = np.asarray(ids), np.zeros(len(ids), np.int64)
    params, settings = plan.params_for(columns), plan.settings_for(columns, passive)
    return Context(plan.axes, params, plan.start, settings, plan.history)


def start(ctx: Context) -> Any:
    fleet = initial_tables.start_fleet(ctx)
    fleet = replace(fleet, rent_usd=fleet.rent_usd + 1500.0)
    return SimpleNamespace(
        months=0.0,
        robots=seal(start_robots(ctx)),
        orbit=seal(start_orbit(ctx)),
        fleet=seal(fleet),
        power=seal(initial_tables.start_power(ctx, fleet)),
        chips=seal(initial_tables.start_chips(ctx)),
        policy=seal(initial_tables.start_policy(ctx)),
    )


def month(ctx: Context, state: Any, capability: Array, **given: Any) -> Step:
    """Run one step; the tables are sealed, so that an act that wrote to them would fail."""
    model = mesa.Model(rng=1)
    plans = SimpleNamespace(
        robot_makers=ask([RobotMaker(model, "maker")], robot_maker_view(ctx, state)),
        factories=ask([Factories(model, "factories")], factory_view(ctx, state)),
        orbital_operators=ask([OrbitalOperator(model, "operator")], orbit_view(ctx, state)),
    )
    by_bloc, by_place = np.ones((2, ctx.worlds)), np.ones((len(ctx.axes.markets.names), ctx.worlds))
    units = robots.act(
        ctx,
        state,
        plans,
        capability,
        state.policy.feedback,
        given.get("equipment_factor", by_bloc),
        given.get("parts_boost", 0.0 * by_bloc),
        state.policy.tariff,
        given.get("power_share", by_place),
        state.power.price_usd_per_mwh,
    )
    launched = orbit.act(ctx, state, plans, 0.0 * by_bloc)
    back = feedback.act(ctx, state, units, capability, by_place)
    after = SimpleNamespace(
        **{
            **vars(state),
            "months": state.months + ctx.dt,
            "robots": seal(units.table),
            "orbit": seal(launched.table),
            "policy": seal(replace(state.policy, feedback=back.multiplier)),
        }
    )
    return Step(state, plans, units, launched, back, after)


def run(
    ctx: Context,
    months: int = MONTHS,
    start_orders: Array | None = None,
    yearly: float = ORDERS_A_YEAR,
    **given: Any,
) -> Iterator[Step]:
    state = start(ctx)
    first = start_capability_orders(ctx) if start_orders is None else start_orders
    for _ in range(round(months / ctx.dt)):
        step = month(ctx, state, first + yearly * state.months / 12.0, **given)
        state = step.after
        yield step


def last(steps: Iterator[Step]) -> Step:
    *_, final = steps
    return final


@cache
def drawn_run() -> tuple[Context, tuple[Step, ...]]:
    """Run five years of seven drawn worlds in which orbit is open and cheap enough to be used."""
    ctx = context(*(f"orbit.{name}=0" for name in FREE_LAUNCH))
    return ctx, tuple(run(ctx))


def arrays(record: Any, name: str = "") -> Iterator[tuple[str, Array]]:
    if isinstance(record, np.ndarray):
        yield name, record
    elif is_dataclass(record):
        for field in fields(record):
            yield from arrays(getattr(record, field.name), f"{name}.{field.name}")


def humanoids(table: RobotTable) -> Array:
    return (
        table.home_units
        + table.pilot_units.sum(1)
        + table.waiting_units.sum((1, 2))
        + table.working_units.sum((1, 2))
    )


def assert_same(left: Array, right: Array, scale: Array, tolerance: float = EXACT) -> None:
    gap = np.abs(left - right)
    assert (gap <= tolerance * np.maximum(np.abs(scale), 1e-6)).all(), gap.max()
