"""Makers, factories and orbital operators: what each answers to a view made by hand."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np
import pytest
import yaml

from agents.factory import Factories
from agents.orbital_operator import OrbitalOperator
from agents.robot_maker import RobotMaker
from experiments.config.conf_files import CONF
from sim.physics.robot_choice import break_even_efficiency_ratio
from sim.physics.robot_output import retired_units
from sim.quantity import capital_recovery_factor
from sim.units import Array
from sim.views import FactoryView, OrbitView, RobotMakerView

MODEL = mesa.Model(rng=1)
ROUNDING = 1e-12
MAKERS, SECTORS, WORLDS = 2, 2, 3


@cache
def conf_values(section: str) -> Any:
    records = yaml.safe_load((CONF / "physics" / f"{section}.yaml").read_text())
    plain = {key: record["value"] for key, record in records.items()}
    return SimpleNamespace(**{k: np.asarray(v) for k, v in plain.items() if not isinstance(v, dict)})


def params(**given: float) -> Any:
    robots = SimpleNamespace(
        **{**vars(conf_values("robots")), **{k: np.asarray(v) for k, v in given.items()}}
    )
    return SimpleNamespace(robots=robots, orbit=conf_values("orbit"))


def worlds(value: float) -> Array:
    return np.full(WORLDS, value)


# ---- makers -------------------------------------------------------------------------------------------


def maker_view(**given: Any) -> RobotMakerView:
    rules = given.pop("params", params())
    orders = 100.0
    values = {
        "unit_cost_usd": worlds(30e3),
        "backlog_units": worlds(0.0),
        "inventory_units": worlds(float(rules.robots.inventory_cover) * orders),
        "line_per_month": worlds(1.5 * orders),
        "shipped_units": worlds(orders),
        "home_units": worlds(0.0),
        "cash_usd": worlds(1e9),
    }
    return RobotMakerView(params=rules, step_months=given.pop("step_months", 1.0), **{**values, **given})


def make(view: RobotMakerView) -> Any:
    return RobotMaker(MODEL, "maker").plan(view)


@pytest.mark.parametrize("step_months", [1.0, 0.5])
def test_maker_with_its_stock_in_place_makes_what_is_ordered(step_months: float) -> None:
    plan = make(maker_view(step_months=step_months))
    assert np.allclose(plan.desired_units, 100.0 * step_months, rtol=ROUNDING)
    assert (plan.keep_share == 0.0).all()


def test_maker_fills_an_empty_stock_and_stops_at_a_full_one() -> None:
    assert np.allclose(make(maker_view(inventory_units=worlds(0.0))).desired_units, 150.0, rtol=ROUNDING)
    assert (make(maker_view(inventory_units=worlds(1e4))).desired_units == 0.0).all()


def test_margin_doubles_where_nobody_is_served() -> None:
    rules = params(markup=0.3)
    usual = make(maker_view(params=rules)).price_usd
    empty = make(maker_view(params=rules, shipped_units=worlds(0.0), backlog_units=worlds(100.0))).price_usd
    assert np.allclose(usual, 30e3 * 1.3, rtol=ROUNDING)
    assert np.allclose(empty, 30e3 * 1.6, rtol=ROUNDING)


def test_maker_keeps_robots_only_where_its_line_is_short() -> None:
    rules = params(keep_share=0.1)
    line = np.array([50.0, 100.0, 200.0])
    assert make(maker_view(params=rules, line_per_month=line)).keep_share.tolist() == [0.1, 0.0, 0.0]


def test_maker_plans_its_line_for_the_orders_it_could_not_serve() -> None:
    plan = make(maker_view(backlog_units=worlds(300.0)))
    assert np.allclose(
        plan.line_target_per_month, float(params().robots.line_headroom) * 400.0, rtol=ROUNDING
    )


def test_maker_without_orders_asks_for_nothing_and_keeps_its_price() -> None:
    plan = make(maker_view(shipped_units=worlds(0.0), inventory_units=worlds(0.0)))
    assert (plan.desired_units == 0.0).all()
    assert np.isfinite(plan.price_usd).all()


# ---- factories ----------------------------------------------------------------------------------------


def factory_view(**given: Any) -> FactoryView:
    values: dict[str, Any] = {
        "params": params(exclusive_share=0.0, home_bias=0.0),
        "step_months": 1.0,
        "task_cost_usd": np.full((MAKERS, SECTORS, WORLDS), 40e3),
        "person_cost_usd": worlds(40e3),
        "machine_cost_usd": worlds(40e3),
        "home": np.zeros((MAKERS, WORLDS)),
        "reach": np.full((MAKERS, WORLDS), 0.5),
        "on_sale": np.ones((MAKERS, WORLDS)),
        "positions": np.full((SECTORS, WORLDS), 1e5),
        "productivity": np.full((MAKERS, WORLDS), 0.8),
        "units_held": np.zeros((MAKERS, SECTORS, WORLDS)),
        "industrial_units": worlds(1e4),
        "workers": worlds(1e6),
    }
    return FactoryView(**{**values, **given})


def order(view: FactoryView) -> Array:
    plan: Array = Factories(MODEL, "factories").plan(view).humanoid_orders
    return plan


def test_equal_makes_are_ordered_equally_and_only_where_they_can_work() -> None:
    orders = order(factory_view())
    assert np.allclose(orders[0], orders[1], rtol=ROUNDING)
    assert (orders > 0.0).all()
    assert (order(factory_view(reach=np.zeros((MAKERS, WORLDS)))) == 0.0).all()
    assert (order(factory_view(on_sale=np.array([[0.0], [1.0]]) * np.ones(WORLDS)))[0] == 0.0).all()


def test_first_make_leads_from_the_break_even_of_efficiency_on() -> None:
    # S9.4 holds to rounding where stations are shared: orders of work change places at the ratio itself.
    multiple, price, running = 2.5, 30e3, 9e3
    capital = capital_recovery_factor(np.asarray(0.1), np.asarray(5.0)) + 0.15
    ratio = break_even_efficiency_ratio(
        np.asarray(multiple),
        np.asarray(price),
        capital,
        np.asarray(0.0),
        np.asarray(0.0),
        np.asarray(running),
        np.asarray(running),
    )
    yearly = np.array([capital * multiple * price + running, capital * price + running])
    efficiency = np.stack([ratio * np.array([0.995, 1.0, 1.005]) * 0.4, worlds(0.4)])
    task = np.repeat((yearly[:, None] / efficiency)[:, None], SECTORS, axis=1)
    work = order(factory_view(task_cost_usd=task, productivity=efficiency)) * efficiency[:, None]
    lead = (work[0] - work[1])[0] / work.sum(0)[0]
    assert lead[0] < 0.0 < lead[2]
    assert abs(lead[1]) < ROUNDING


def test_costly_stations_favour_the_more_productive_robot() -> None:
    task = np.full((MAKERS, SECTORS, WORLDS), 40e3)
    efficiency = np.stack([worlds(1.0), worlds(0.5)])

    def lead(station_cost: float) -> Array:
        rules = params(exclusive_share=1.0, station_cost=station_cost, home_bias=0.0)
        orders = order(factory_view(params=rules, task_cost_usd=task, productivity=efficiency))
        share: Array = (orders[0] / orders.sum(0))[0]
        return share

    assert (lead(20.0) > lead(0.0)).all()
    assert np.allclose(lead(0.0), 0.5, rtol=ROUNDING)


def test_home_bias_tilts_orders_to_makers_of_the_own_bloc() -> None:
    home = np.array([[0.0], [1.0]]) * np.ones(WORLDS)
    orders = order(factory_view(params=params(home_bias=1.0, exclusive_share=0.0), home=home))
    assert np.allclose(orders[1] / orders[0], np.e, rtol=1e-9)


def test_robots_of_another_make_at_work_fill_positions() -> None:
    view = factory_view()
    wanted = order(replace(view, params=params(exclusive_share=0.0, home_bias=0.0, adoption_rate=1e3)))
    held = np.zeros((MAKERS, SECTORS, WORLDS))
    held[0] = wanted.sum(0)
    assert (np.abs(order(replace(view, units_held=held))) < 1e-9 * wanted.sum()).all()
    held[0] = 0.5 * wanted.sum(0)
    # The second make alone is still wanted, for the half of the work that nobody does.
    orders = order(replace(view, units_held=held))
    assert (orders[0] < ROUNDING * wanted.sum()).all()
    rate = -np.expm1(-float(params().robots.adoption_rate))
    assert np.allclose(orders[1], 0.5 * wanted.sum(0) * rate, rtol=1e-9)


def test_machines_are_replaced_where_as_many_stand_as_are_wanted() -> None:
    mind = Factories(MODEL, "factories")
    rules = params(machine_adoption_rate=1e3)
    empty = factory_view(params=rules, industrial_units=worlds(0.0))
    wanted = mind.industrial_orders(empty)
    full = factory_view(industrial_units=wanted)
    life = np.asarray(12.0 * float(full.params.robots.industrial_life_years))
    assert np.allclose(mind.industrial_orders(full), retired_units(wanted, life, 1.0), rtol=1e-9)
    assert (mind.industrial_orders(replace(full, industrial_units=10.0 * wanted)) == 0.0).all()
    cheap = mind.industrial_orders(replace(full, machine_cost_usd=worlds(10e3)))
    assert (cheap > mind.industrial_orders(full)).all()


@pytest.mark.parametrize("cost", [0.0, 1e300, np.inf])
def test_factories_answer_finite_orders_at_any_cost(cost: float) -> None:
    orders = order(factory_view(task_cost_usd=np.full((MAKERS, SECTORS, WORLDS), cost)))
    assert np.isfinite(orders).all()
    idle = order(
        factory_view(
            productivity=np.zeros((MAKERS, WORLDS)), task_cost_usd=np.full((MAKERS, SECTORS, WORLDS), 1e154)
        )
    )
    assert np.isfinite(idle).all()


# ---- orbit --------------------------------------------------------------------------------------------


def test_operator_launches_half_its_limit_at_equal_cost_and_nothing_that_cannot_work() -> None:
    view = OrbitView(
        params=params(),
        step_months=1.0,
        orbit_usd_per_kw_year=np.array([10e3, 1e-3, np.inf]),
        ground_usd_per_kw_year=worlds(10e3),
        launch_limit_gw=worlds(0.4),
    )
    launched = OrbitalOperator(MODEL, "operator").plan(view).launch_gw
    assert np.allclose(launched, [0.2, 0.4, 0.0], rtol=1e-9)
