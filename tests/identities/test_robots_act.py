"""The acts of robots and feedback over five years: identities, start, extremes, what moves what."""

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.acts import feedback
from sim.acts.payments import enter
from sim.acts.robot_terms import closed_share, start_capability_orders
from sim.axes import CN, US
from sim.ledger import open_ledger
from sim.observe_robots import factory_view, orbit_view, robot_maker_view
from sim.units import Array
from tests.identities.robots_months import (
    EXACT,
    FREE_ROBOTS,
    WORLDS,
    arrays,
    assert_same,
    context,
    drawn_run,
    humanoids,
    last,
    month,
    run,
    seal,
    start,
)

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
            assert_same(ledger.changes_usd()[sector], (new.cash_usd - old.cash_usd).sum(0), flow)
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
