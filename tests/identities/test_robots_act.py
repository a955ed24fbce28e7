"""The acts of robots, orbit and feedback over five years: identities, start, extremes, symmetry, bits.

The state is a stand-in that holds the tables these acts read; capability grows by a fixed amount a year.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np
import pytest

from agents.factory import Factories
from agents.orbital_operator import OrbitalOperator
from agents.robot_maker import RobotMaker
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim import initial_tables
from sim.acts import feedback, orbit, robots
from sim.acts.payments import enter
from sim.acts.robot_terms import closed_share, start_capability_orders
from sim.axes import CN, US
from sim.context import Context
from sim.initial_robots import start_orbit, start_robots
from sim.ledger import open_ledger
from sim.model import ask
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


# ---- identities ---------------------------------------------------------------------------------------


def test_units_made_are_sold_kept_or_in_stock() -> None:
    for step in drawn_run()[1]:
        made, out = step.robots.made_units, step.robots
        change = out.table.inventory_units - step.before.robots.inventory_units
        assert_same(made, out.sold_units + out.kept_units + change, made + step.before.robots.inventory_units)
        assert_same(out.arrived_units, out.sold_units + out.kept_units, made)
        assert (out.shipped_units <= out.ordered_units * (1.0 + EXACT)).all()


def test_fleet_is_what_was_less_retired_plus_arrived() -> None:
    for step in drawn_run()[1]:
        before, after = humanoids(step.before.robots), humanoids(step.robots.table)
        assert_same(after, before - step.robots.retired_units + step.robots.arrived_units, after)
        machines = step.before.robots.industrial_units - step.robots.retired_industrial
        assert_same(step.robots.table.industrial_units, machines + step.robots.installed_industrial, machines)


def test_output_stays_within_every_limit_and_every_parts_chain() -> None:
    ctx, steps = drawn_run()
    for step in steps:
        out, old = step.robots, step.before.robots
        assert (out.made_units <= out.limit_units * (1.0 + EXACT)).all()
        bound = np.take_along_axis(out.limit_units, out.binding.astype(np.int64)[None], axis=0)[0]
        assert_same(out.made_units, bound, bound)
        assert (out.parts_used_units <= old.parts_per_month * ctx.dt * (1.0 + EXACT)).all()
        assert_same(out.parts_used_units.sum(0), out.made_units.sum(0), out.made_units.sum(0))


def test_every_limit_binds_somewhere_in_the_drawn_worlds() -> None:
    ctx = context("robots.suitable_positions=0.3", "robots.reach_threshold=2.5")
    bound = {int(index) for step in run(ctx) for index in np.unique(step.robots.binding)}
    assert {0, 1, 2} <= bound


def test_satellites_are_launched_lost_and_repaired_within_the_mass() -> None:
    launched = 0.0
    for step in drawn_run()[1]:
        out = step.orbit
        before = step.before.orbit.vintage_gw.sum(0)
        after = before - out.failed_gw - out.retired_gw + out.restored_gw + out.launched_gw
        assert_same(out.table.vintage_gw.sum(0), after, before + out.launched_gw)
        assert (out.launched_kg + out.repair_kg <= out.capacity_kg * (1.0 + EXACT)).all()
        assert (out.restored_gw <= out.failed_gw * (1.0 + EXACT)).all()
        launched += float(out.launched_gw.sum())
    assert launched > 1.0


def test_every_payment_has_two_sides_and_cash_is_what_flowed() -> None:
    ctx, steps = drawn_run()
    for step in steps:
        ledger = open_ledger(ctx.worlds)
        enter(ledger, step.robots.payments)
        enter(ledger, step.orbit.payments)
        ledger.pay("orbital_capacity", "clouds", step.orbit.charge_usd.sum(0))
        assert ledger.row_residuals().max() <= EXACT
        for sector, old, new in (
            ("robots", step.before.robots, step.robots.table),
            ("orbit", step.before.orbit, step.orbit.table),
        ):
            flow = ledger.received_usd.sum((0, 1)) + old.cash_usd.sum(0)
            assert_same(ledger.change_usd(sector), (new.cash_usd - old.cash_usd).sum(0), flow)
            assert (new.cash_usd >= 0.0).all()


def test_tables_stay_finite_and_not_negative() -> None:
    for step in drawn_run()[1][::6]:
        for name, values in (*arrays(step.robots), *arrays(step.orbit.table), *arrays(step.feedback)):
            assert np.isfinite(values).all(), name
            assert "residual" in name or (values >= 0.0).all(), name


# ---- the first month ----------------------------------------------------------------------------------


def test_first_month_continues_the_shipments_of_every_maker() -> None:
    # The track record is fitted by 200 rounds of a contraction; a factor of 0.9 a round would leave 1e-9.
    ctx = context()
    step = month(ctx, start(ctx), start_capability_orders(ctx))
    before, after = step.before.robots, step.robots.table
    assert np.abs(np.log(after.shipped_units / before.shipped_units)).max() < 1e-6
    assert np.abs(np.log(after.industrial_installed / before.industrial_installed)).max() < 1e-6
    # Stocks are in place, so makers make what they ship.
    assert_same(step.robots.made_units, step.robots.shipped_units, before.shipped_units, 1e-6)
    second = month(ctx, step.after, start_capability_orders(ctx))
    # Pilots grow by at most their yearly rate, and the factory part of shipments by integration's.
    most = float(np.max(ctx.params.robots.pilot_growth + ctx.params.robots.integration_growth)) / 12.0
    change = np.log(second.robots.table.shipped_units / after.shipped_units)
    assert np.abs(change).max() < most


def test_shipments_of_the_start_are_those_of_the_makers() -> None:
    ctx = context()
    units = ctx.start.robot_makers.shipments_last_year
    shipped = start(ctx).robots.shipped_units
    assert np.allclose(shipped / shipped.sum(0), (units / units.sum())[:, None], rtol=EXACT)
    # Growing all year, the last month is above the mean month, and below the mean month times the growth.
    growth = units.sum() / ctx.start.robot_makers.shipments_year_before.sum()
    assert ((shipped.sum(0) > units.sum() / 12.0) & (shipped.sum(0) < units.sum() / 12.0 * growth)).all()


# ---- policies and traits ------------------------------------------------------------------------------


def test_maker_in_its_own_house_sells_nothing_before_its_date() -> None:
    ctx = context("robots.optimus_external_sales_month=6")
    tesla = ctx.axes.robot_makers.names.index("tesla")
    away = [m for m, name in enumerate(ctx.axes.markets.names) if name != "us"]
    for step in run(ctx, 8):
        out = step.robots
        at_home = step.before.months < 6
        assert (out.sold_units[tesla] == 0.0).all() == at_home
        arrived = out.table.pilot_units[tesla, away].sum() + out.table.waiting_units[tesla].sum()
        assert (arrived == 0.0) == at_home
        assert (out.table.home_units[tesla] > step.before.robots.home_units[tesla]).all() or not at_home


def test_closed_parts_chain_makes_us_robots_dearer_by_the_factor() -> None:
    open_chain = context("uncertainty=none", "chips.export_stringency_cn=0", "robots.decoupling_factor=2.5")
    closed = context("uncertainty=none", "chips.export_stringency_cn=1", "robots.decoupling_factor=2.5")
    assert (closed_share(closed, start(closed).policy.stringency)[US] == 1.0).all()
    ratio = start(closed).robots.unit_cost_usd / start(open_chain).robots.unit_cost_usd
    ours = open_chain.axes.robot_makers.bloc == US
    assert np.allclose(ratio[ours], 2.5, rtol=EXACT)
    assert np.allclose(ratio[~ours], 1.0, rtol=EXACT)


def test_tariffs_move_pilots_to_the_bloc_that_levies_them() -> None:
    ctx = context("uncertainty=none")
    state = start(ctx)
    dearer = SimpleNamespace(**vars(state))
    dearer.policy = seal(replace(state.policy, tariff=state.policy.tariff + 1.0))
    us_place = ctx.axes.markets.names.index("us")
    cn_makers = ctx.axes.robot_makers.bloc == CN
    orders = start_capability_orders(ctx)

    def imports(now: Any) -> Array:
        gained = month(ctx, now, orders).robots.table.pilot_units - now.robots.pilot_units
        return gained[cn_makers][:, us_place].sum(0)

    assert (imports(dearer) < imports(state)).all()


def test_growth_of_lines_and_parts_stops_without_equipment_and_rises_with_subsidies() -> None:
    ctx = context("uncertainty=none")
    none, free = np.zeros((2, WORLDS)), np.ones((2, WORLDS))
    stopped = last(run(ctx, 24, equipment_factor=none)).robots.table
    grown = last(run(ctx, 24, equipment_factor=free)).robots.table
    helped = last(run(ctx, 24, parts_boost=10.0 * free)).robots.table
    at_start = start(ctx).robots
    assert (stopped.line_per_month <= at_start.line_per_month * (1.0 + EXACT)).all()
    assert (grown.line_per_month > at_start.line_per_month).all()
    assert (helped.parts_per_month > grown.parts_per_month).all()


def test_dark_factories_of_robots_stop_with_the_power() -> None:
    ctx = context()
    dark = np.zeros((len(ctx.axes.markets.names), WORLDS))
    assert (
        month(ctx, start(ctx), start_capability_orders(ctx), power_share=dark).robots.made_units == 0.0
    ).all()


def test_robots_that_build_robots_add_output_where_lines_bind() -> None:
    eager = ("uncertainty=none", "robots.reach_threshold=2.5", "robots.parts_growth=2")
    without = last(run(context(*eager, "robots.self_replication=0"), 60)).robots.table
    with_them = last(run(context(*eager, "robots.self_replication=0.12"), 60)).robots.table
    assert (with_them.experience_units.sum(0) > without.experience_units.sum(0)).all()


# ---- extremes -----------------------------------------------------------------------------------------


def test_nothing_is_made_without_parts() -> None:
    ctx = context("robots.parts_headroom=0", "robots.line_seed=0")
    final = last(run(ctx, 24))
    assert (final.robots.made_units == 0.0).all()
    assert (final.robots.shipped_units == 0.0).all()


def test_robots_without_ability_work_nowhere() -> None:
    ctx = context()
    final = last(run(ctx, 24, np.full((2, WORLDS), -30.0), 0.0))
    assert (final.robots.labour_workers == 0.0).all()
    assert (final.plans.factories.humanoid_orders.sum(0) < 1e-6).all()


@pytest.mark.parametrize("orders", [-30.0, 300.0])
def test_free_robots_at_any_ability_stay_finite(orders: float) -> None:
    ctx = context(*(f"robots.{name}=0" for name in FREE_ROBOTS))
    final = last(run(ctx, 24, np.full((2, WORLDS), orders), 0.0))
    for name, values in (*arrays(final.robots), *arrays(final.feedback)):
        assert np.isfinite(values).all(), name


def test_satellite_that_cannot_cool_is_never_launched() -> None:
    ctx = context("orbit.absorbed_flux=3000", "orbit.start_month_us=0")
    final = last(run(ctx, 3))
    assert np.isinf(final.orbit.costs.mass_kg_per_kw).all()
    assert (final.orbit.table.vintage_gw == 0.0).all()
    assert np.isfinite(final.orbit.table.cash_usd).all()


def test_multiplier_is_one_where_nothing_is_automated_and_below_its_ceiling() -> None:
    ctx = context("feedback.ai_tasks_per_order=0")
    first = month(ctx, start(ctx), start_capability_orders(ctx)).feedback
    rules = ctx.params.feedback
    ceiling = (1.0 - rules.automatable_share_h) ** (1.0 / rules.bottleneck_rho)
    assert (np.abs(first.multiplier - 1.0) < 1e-2).all()
    final = last(run(context(), 12, np.full((2, WORLDS), 1e4), 0.0)).feedback
    assert ((final.multiplier > first.multiplier) & (final.multiplier < ceiling)).all()


def test_controls_of_the_rival_make_the_supply_chain_shallower() -> None:
    ctx = context(
        "uncertainty=none", "feedback.supply_chain_depth={us:0.6,cn:0.9}", "feedback.depth_exponent=0.5"
    )
    stringency = np.stack([ctx.by_world(ctx.params.chips.export_stringency), np.ones(WORLDS)])
    depth = feedback.depth_ratio(ctx, stringency)
    before = 0.6 + 0.4 * (1.0 - ctx.params.chips.export_stringency_cn)
    for place, expected in {"us": 0.6 / before, "allies": 0.6 / before, "cn": 1.0, "row": 1.0}.items():
        assert np.allclose(depth[ctx.axes.markets.names.index(place)], expected, rtol=EXACT), place


# ---- orbit --------------------------------------------------------------------------------------------


def test_orbit_costs_what_the_ground_does_at_the_break_even_launch_cost() -> None:
    ctx = context("uncertainty=none", "orbit.satellite_hardware=1", "orbit.launch_cost_floor=0")
    cost = orbit.costs(ctx, start(ctx))
    launch = float(cost.break_even_usd_per_kg[0, 0])
    assert launch > 0.0
    even = context(
        "uncertainty=none",
        "orbit.satellite_hardware=1",
        "orbit.launch_cost_floor=0",
        f"orbit.launch_cost_start={launch!r}",
    )
    found = orbit.costs(even, start(even))
    assert np.allclose(
        found.orbit_delivered_usd_per_kw_year[0], found.ground_delivered_usd_per_kw_year[0], rtol=1e-9
    )


def test_repairs_come_first_and_launches_take_the_mass_that_is_left() -> None:
    ctx = context("uncertainty=none", "orbit.start_month_us=0", "orbit.start_month_cn=0")
    state = start(ctx)
    state.orbit = seal(replace(state.orbit, vintage_gw=state.orbit.vintage_gw + 2.0))
    eager = SimpleNamespace(launch_gw=np.full((len(ctx.axes.orbital_operators.names), WORLDS), 1e6))
    out = orbit.act(ctx, state, SimpleNamespace(orbital_operators=eager), np.zeros((2, WORLDS)))
    assert (out.repair_kg > 0.0).all()
    assert np.allclose(out.launched_kg + out.repair_kg, out.capacity_kg, rtol=EXACT)
    assert np.allclose(out.restored_gw, out.failed_gw * ctx.params.orbit.repair_share, rtol=EXACT)


def test_launches_teach_by_the_mass_on_top_of_what_all_had_launched() -> None:
    ctx = context("uncertainty=none", "orbit.launch_cost_floor=0", "orbit.launch_learning_rate=0.2")
    state = start(ctx)
    before = orbit.costs(ctx, state).launch_usd_per_kg
    assert np.allclose(before[0], ctx.params.orbit.launch_cost_start, rtol=EXACT)
    assert np.allclose(before[1] / before[0], ctx.params.orbit.cn_launch_cost_ratio, rtol=EXACT)
    more = state.orbit.launched_kg + ctx.start.orbital_operators.launched_tonnes.sum() * 1e3
    state.orbit = seal(replace(state.orbit, launched_kg=more))
    assert np.allclose(orbit.costs(ctx, state).launch_usd_per_kg / before, 0.8, rtol=EXACT)


@pytest.mark.parametrize("growth", [0.0, 0.3])
def test_other_launches_make_computing_in_orbit_cheaper(growth: float) -> None:
    ctx = context("uncertainty=none", "orbit.orbital_cap=0", f"orbit.other_launch_growth={growth}")
    steps = list(run(ctx, 24))
    launched = steps[-1].orbit.table.launched_kg - steps[0].before.orbit.launched_kg
    per_year = 0.25 * ctx.start.orbital_operators.launched_tonnes[:, None] * 1e3
    years = 2.0 if growth == 0.0 else ((1.0 + growth) ** 2 - 1.0) / np.log1p(growth)
    assert np.allclose(launched, per_year * years, rtol=EXACT)
    costs = [step.orbit.costs.launch_usd_per_kg for step in steps]
    assert (costs[-1] < costs[0]).all()


def test_free_satellites_cost_what_their_chips_do() -> None:
    ctx = context("uncertainty=none", "orbit.launch_cost_start=0", "orbit.satellite_hardware=0")
    state = start(ctx)
    chips, rules = ctx.params.chips, ctx.params.orbit
    use = ctx.params.capital.interest_rate + chips.user_cost_depreciation + rules.chip_failure_orbit
    wanted = use * orbit.ground_terms(ctx, state).chip_usd_per_kw[ctx.axes.orbital_operators.bloc]
    assert np.allclose(orbit.costs(ctx, state).orbit_nominal_usd_per_kw_year, wanted, rtol=EXACT)


def test_dark_chips_make_the_ground_dearer() -> None:
    ctx = context("uncertainty=none")
    state = start(ctx)
    lit = orbit.costs(ctx, state).ground_delivered_usd_per_kw_year
    state.fleet = replace(state.fleet, powered_share=0.5 * state.fleet.powered_share)
    assert (orbit.costs(ctx, state).ground_delivered_usd_per_kw_year > lit).all()


def test_charges_recover_the_cost_of_a_vintage() -> None:
    # Without failures and interest, charges over a life add up to what launch and satellite cost.
    ctx = context(
        "uncertainty=none", "orbit.orbital_attrition=0", "capital.interest_rate=0", "orbit.start_month_us=0"
    )
    cost = orbit.costs(ctx, start(ctx))
    life = ctx.params.orbit.satellite_life
    assert np.allclose(cost.charge_usd_per_kw_year * life, cost.capex_usd_per_kw, rtol=EXACT)


# ---- symmetry, bits, half step ------------------------------------------------------------------------

EQUAL_BLOCS = (
    "uncertainty=none",
    "robots.optimus_unit_cost=30",
    "robots.agibot_unit_cost=30",
    "robots.optimus_cost_floor=8",
    "robots.agibot_cost_floor=8",
    "robots.domestic_chain_us=0.5",
    "robots.domestic_chain_cn=0.5",
    "robots.industrial_price={us:50,allies:50,cn:50}",
    "robots.pilot_demand_share={us:0.4,allies:0,cn:0.4,row:0.2}",
    "chips.export_stringency=0.3",
    "chips.export_stringency_cn=0.3",
    "feedback.supply_chain_depth={us:0.8,cn:0.8}",
    "capability.lag_start_cn=0",
)


def equal_blocs() -> Context:
    """Build two blocs with a maker and a market each, alike in every number; allies are empty."""
    ctx = context(*EQUAL_BLOCS)
    makers, markets, machines = ctx.axes.robot_makers, ctx.axes.markets, ctx.axes.industrial_makers
    pair = [makers.names.index("figure"), makers.names.index("agibot")]
    us, allies, cn = (markets.names.index(name) for name in ("us", "allies", "cn"))
    chosen = {field.name: np.asarray(getattr(makers, field.name))[pair] for field in fields(makers)}
    chosen["names"] = tuple(chosen["names"])
    start_of_makers = {
        field.name: np.asarray(getattr(ctx.start.robot_makers, field.name))[pair][[1, 1]]
        for field in fields(ctx.start.robot_makers)
    }
    table = {}
    for field in fields(ctx.start.markets):
        values = np.array(getattr(ctx.start.markets, field.name), np.float64)
        values[cn] = values[us]
        values[allies] = 0.0
        table[field.name] = values
    shares = np.zeros_like(table["industrial_supplier_share"])
    home_machines = {bloc: int(np.flatnonzero(machines.bloc == bloc)[0]) for bloc in (US, CN)}
    shares[us, home_machines[US]] = shares[cn, home_machines[CN]] = 0.8
    shares[us, home_machines[CN]] = shares[cn, home_machines[US]] = 0.2
    shares[markets.names.index("row"), list(home_machines.values())] = 0.5
    table["industrial_supplier_share"] = shares
    return replace(
        ctx,
        axes=replace(ctx.axes, robot_makers=replace(makers, **chosen)),
        start=replace(
            ctx.start,
            markets=replace(ctx.start.markets, **table),
            robot_makers=replace(ctx.start.robot_makers, **start_of_makers),
        ),
    )


def test_equal_blocs_stay_equal() -> None:
    ctx = equal_blocs()
    state = start(ctx)
    power = np.broadcast_to(state.power.price_usd_per_mwh[:1], state.power.price_usd_per_mwh.shape)
    state.power = replace(state.power, price_usd_per_mwh=power)
    us, cn = ctx.axes.markets.names.index("us"), ctx.axes.markets.names.index("cn")
    for index in range(36):
        step = month(ctx, state, np.full((2, WORLDS), ORDERS_A_YEAR * index / 12.0))
        state = step.after
    out = step.robots
    for values in (out.made_units, out.revenue_usd, out.table.price_usd, step.feedback.multiplier):
        assert np.allclose(values[0], values[1], rtol=1e-9)
    assert np.allclose(out.labour_workers[0, us], out.labour_workers[1, cn], rtol=1e-9)
    assert np.allclose(out.labour_workers[0, cn], out.labour_workers[1, us], rtol=1e-9)
    assert (out.labour_workers[0, us] > out.labour_workers[1, us]).all()
    assert np.allclose(
        step.feedback.output_usd_per_year[us], step.feedback.output_usd_per_year[cn], rtol=1e-9
    )


def test_world_has_the_same_bits_in_any_batch() -> None:
    whole, pair = last(run(context(), 18)), last(run(context(ids=(5, 2)), 18))
    for (name, left), (_, right) in zip(arrays(whole.robots), arrays(pair.robots), strict=True):
        assert np.array_equal(left[..., [5, 2]], right), name
    for (name, left), (_, right) in zip(arrays(whole.orbit.table), arrays(pair.orbit.table), strict=True):
        assert np.array_equal(left[..., [5, 2]], right), name


def test_half_steps_tell_the_same_story() -> None:
    # Plans see the last step's orders, a month or half a month old. At 4 % growth a month that is 2 % in
    # orders, and as much again in lines, which follow orders.
    whole = last(run(context("uncertainty=none"), 24)).robots.table
    half = last(run(context("uncertainty=none", "steps_per_month=2"), 24)).robots.table
    for name in ("shipped_units", "experience_units", "pilot_units", "line_per_month", "industrial_units"):
        left, right = getattr(whole, name), getattr(half, name)
        assert np.allclose(left, right, rtol=0.05, atol=1e-9), name
    assert np.allclose(humanoids(whole), humanoids(half), rtol=0.02)


def test_views_cannot_be_written_to() -> None:
    ctx = context()
    state = start(ctx)
    held = state.robots.waiting_units + state.robots.working_units
    assert np.array_equal(factory_view(ctx, state).units_held.swapaxes(1, 2), held)
    views = (robot_maker_view(ctx, state), factory_view(ctx, state), orbit_view(ctx, state))
    for view in views:
        for field in fields(view):
            value = getattr(view, field.name)
            assert not isinstance(value, np.ndarray) or not value.flags.writeable, field.name
