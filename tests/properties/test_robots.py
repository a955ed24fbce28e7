"""What the laws of robots must keep: bounds, order, conservation, extremes, one world's bits (S9)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.physics import robot_choice, robot_output
from sim.quantity import capital_recovery_factor

OPTIONS, MAKERS, REGIONS, CHAINS, WORLDS = 5, 4, 2, 2, 3
# A few dozen roundings of 2^-53 on terms that do not cancel.
ROUNDING = 1e-12
EXTREME = 1e60


def amounts(*shape):
    """Zeros and sizes from far below one unit to far beyond any world, each cell on its own."""
    size = st.one_of(st.just(0.0), st.floats(1e-6, 1e6), st.floats(1e6, EXTREME))
    return hnp.arrays(np.float64, shape, elements=size)


def rates(*shape):
    """Monthly or yearly rates from none to practically at once."""
    return hnp.arrays(np.float64, shape, elements=st.one_of(st.just(0.0), st.floats(1e-9, 1e3)))


def shares(*shape):
    """Shares of something, the ends included."""
    return hnp.arrays(np.float64, shape, elements=st.floats(0.0, 1.0))


cells = amounts(OPTIONS, REGIONS, WORLDS)
tastes = hnp.arrays(np.float64, (OPTIONS, REGIONS, WORLDS), elements=st.floats(-5.0, 5.0))
sensitivities = hnp.arrays(np.float64, (WORLDS,), elements=st.floats(0.0, 1e6))
steps = st.sampled_from([0.25, 0.5, 1.0, 12.0])


# ---- choice -------------------------------------------------------------------------------------------


def with_person(reach):
    """Give the first option, the person, the reach of all positions."""
    return np.concatenate([np.ones_like(reach[:1]), reach[1:]])


@given(cost=cells, utility=tastes, sensitivity=sensitivities, reach=shares(OPTIONS, REGIONS, WORLDS))
def test_technology_shares_are_shares_within_reach(cost, utility, sensitivity, reach):
    reach = with_person(reach)
    found = robot_choice.technology_shares(cost, utility, sensitivity, reach)
    assert np.isfinite(found).all()
    assert (found >= 0.0).all()
    np.testing.assert_allclose(found.sum(0), 1.0, rtol=ROUNDING)
    assert (found <= reach + ROUNDING).all()


@given(
    cost=hnp.arrays(np.float64, (OPTIONS, REGIONS, WORLDS), elements=st.floats(1e2, 1e7)),
    utility=tastes,
    sensitivity=hnp.arrays(np.float64, (WORLDS,), elements=st.floats(0.0, 20.0)),
    reach=shares(OPTIONS, REGIONS, WORLDS),
    option=st.integers(0, OPTIONS - 1),
    dearer=st.floats(1.0, 10.0),
    wider=st.floats(0.0, 1.0),
)
def test_an_option_loses_by_cost_and_gains_by_reach(cost, utility, sensitivity, reach, option, dearer, wider):
    reach = with_person(reach)
    base = robot_choice.technology_shares(cost, utility, sensitivity, reach)
    raised = cost.copy()
    raised[option] *= dearer
    after = robot_choice.technology_shares(raised, utility, sensitivity, reach)
    others = np.arange(OPTIONS) != option
    assert (after[option] <= base[option] + ROUNDING).all()
    assert (after[others] >= base[others] - ROUNDING).all()
    widened = reach.copy()
    widened[option] = np.maximum(reach[option], wider)
    after = robot_choice.technology_shares(cost, utility, sensitivity, widened)
    assert (after[option] >= base[option] - ROUNDING).all()


@given(
    cost=cells, utility=tastes, sensitivity=sensitivities, reach=shares(OPTIONS, REGIONS, WORLDS),
    order=st.permutations(range(OPTIONS)),
)  # fmt: skip
def test_the_order_of_the_options_does_not_matter(cost, utility, sensitivity, reach, order):
    base = robot_choice.technology_shares(cost, utility, sensitivity, reach)
    mixed = robot_choice.technology_shares(cost[order], utility[order], sensitivity, reach[order])
    np.testing.assert_allclose(mixed, base[order], rtol=0.0, atol=ROUNDING)


@given(price=amounts(MAKERS, REGIONS, WORLDS), sensitivity=sensitivities)
def test_pilot_shares_sum_to_one(price, sensitivity):
    found = robot_choice.maker_shares(price, np.zeros((MAKERS, 1, 1)), sensitivity)
    np.testing.assert_allclose(found.sum(0), 1.0, rtol=ROUNDING)


# ---- cost and skill -----------------------------------------------------------------------------------


@given(
    start=amounts(WORLDS), floor=shares(WORLDS), made=amounts(WORLDS), more=amounts(WORLDS),
    prior=amounts(WORLDS), learning=shares(WORLDS),
)  # fmt: skip
def test_unit_cost_falls_with_experience_to_its_floor(start, floor, made, more, prior, learning):
    low = floor * start

    def cost(units):
        return robot_choice.wright_unit_cost_usd(start, low, units + prior, prior, learning)

    before, after = cost(made), cost(made + more)
    slack = start * ROUNDING
    assert (after <= before + slack).all()
    assert ((after >= low - slack) & (before <= start + slack)).all()


@given(
    capability=hnp.arrays(np.float64, (WORLDS,), elements=st.floats(-20.0, 40.0)),
    gained=hnp.arrays(np.float64, (WORLDS,), elements=st.floats(0.0, 20.0)),
    fleet=amounts(WORLDS),
    reference=amounts(WORLDS),
    width=rates(WORLDS),
)
def test_reach_and_productivity_rise_with_capability_and_stay_bounded(
    capability, gained, fleet, reference, width
):
    data = robot_choice.fleet_orders(fleet, reference)
    assert (np.isfinite(data) & (data >= 0.0)).all()

    def skill(orders):
        reach = robot_choice.reach_share(orders, np.float64(4.5), data, np.float64(0.5), width)
        eta = robot_choice.productivity(
            np.float64(0.4), np.float64(0.15), orders, data, np.float64(0.5), np.float64(1.2)
        )
        return reach, eta

    for low, high, ceiling in zip(skill(capability), skill(capability + gained), (1.0, 1.2), strict=True):
        assert ((low >= 0.0) & (low <= high) & (high <= ceiling)).all()


@given(cost=amounts(WORLDS), productivity=shares(WORLDS), station=amounts(WORLDS))
def test_cost_per_task_is_finite_and_no_less_than_the_machines(cost, productivity, station):
    found = robot_choice.cost_per_task_usd(cost, productivity, station)
    assert np.isfinite(found).all()
    assert (found >= cost).all()


@given(multiple=amounts(WORLDS), price=amounts(WORLDS), running=amounts(WORLDS), tariffs=shares(2, WORLDS))
def test_break_even_is_finite_and_rises_with_the_price(multiple, price, running, tariffs):
    def ratio(times):
        return robot_choice.break_even_efficiency_ratio(
            times, price, np.float64(0.35), tariffs[0], tariffs[1], running, running
        )

    assert np.isfinite(ratio(multiple)).all()
    assert (ratio(multiple) <= ratio(2.0 * multiple)).all()


# ---- output and stocks --------------------------------------------------------------------------------


@given(desired=amounts(MAKERS, WORLDS), parts=amounts(CHAINS, WORLDS), split=shares(MAKERS, WORLDS))
def test_parts_rationing_serves_no_more_than_there_is(desired, parts, split):
    sourcing = np.stack([split, 1.0 - split])
    limit = robot_output.parts_limit_units(desired, parts, sourcing)
    assert ((limit >= 0.0) & (limit <= desired * (1.0 + ROUNDING))).all()
    assert (limit.sum(0) <= parts.sum(0) * (1.0 + ROUNDING)).all()
    plenty = robot_output.parts_limit_units(desired, np.full_like(parts, 1e70), sourcing)
    np.testing.assert_allclose(plenty, desired, rtol=ROUNDING)


@given(
    orders=amounts(MAKERS, REGIONS, 2, WORLDS), inventory=amounts(MAKERS, WORLDS),
    made=amounts(MAKERS, WORLDS), kept=shares(MAKERS, WORLDS), stock=amounts(MAKERS, WORLDS),
    life=amounts(WORLDS), dt=steps,
)  # fmt: skip
def test_units_made_are_sold_kept_or_in_inventory(orders, inventory, made, kept, stock, life, dt):
    kept_units = kept * made
    available = inventory + made - kept_units
    delivered = robot_output.delivered_units(orders, available)
    assert ((delivered >= 0.0) & (delivered <= orders * (1.0 + ROUNDING))).all()
    sold = delivered.sum((1, 2))
    scale = (inventory + made + stock) * ROUNDING
    left = robot_output.inventory_after(inventory, made, sold, kept_units)
    assert (left >= -scale).all()
    assert (np.abs(made - (sold + kept_units + left - inventory)) <= scale).all()
    retired = robot_output.retired_units(stock, life, dt)
    assert ((retired >= 0.0) & (retired <= stock)).all()
    fleet = robot_output.fleet_after(stock, retired, sold, kept_units)
    assert (np.abs(fleet - stock + retired - sold - kept_units) <= scale).all()


@given(
    capacity=amounts(WORLDS), wanted=amounts(WORLDS), growth=rates(WORLDS), scrapping=rates(WORLDS),
    feedback=hnp.arrays(np.float64, (WORLDS,), elements=st.floats(1.0, 214.0)), dt=steps,
)  # fmt: skip
def test_capacity_moves_towards_what_is_wanted_and_faster_with_feedback(
    capacity, wanted, growth, scrapping, feedback, dt
):
    slow = robot_output.parts_growth_step(capacity, wanted, growth, scrapping, np.float64(1.0), dt)
    fast = robot_output.parts_growth_step(capacity, wanted, growth, scrapping, feedback, dt)
    assert (np.isfinite(fast) & (slow <= fast * (1.0 + ROUNDING))).all()
    for moved in (slow, fast):
        assert (moved >= np.minimum(capacity, wanted) * (1.0 - ROUNDING)).all()
        assert (moved <= np.maximum(capacity, wanted) * (1.0 + ROUNDING)).all()


@given(orders=amounts(WORLDS), growth=rates(WORLDS), top=amounts(WORLDS), dt=steps)
def test_pilots_stay_between_their_start_and_saturation(orders, growth, top, dt):
    after = robot_choice.pilot_orders_step(orders, growth, top, dt)
    assert (after >= np.minimum(orders, top) * (1.0 - ROUNDING)).all()
    assert (after <= np.maximum(orders, top) * (1.0 + ROUNDING)).all()


@given(home=amounts(WORLDS), builds=rates(WORLDS), eta=shares(WORLDS), kept=shares(WORLDS))
def test_self_replication_is_finite_and_no_less_than_the_first_generation(home, builds, eta, kept):
    gain = robot_output.self_replication_gain(home, builds, eta, kept, 1.0)
    assert np.isfinite(gain).all()
    # In the law's order: products below the smallest normal number keep few digits, or none.
    assert (gain >= home * (builds * eta) * (1.0 - ROUNDING)).all()


@given(wage=amounts(WORLDS), cost=amounts(WORLDS), sensitivity=sensitivities, machines=shares(WORLDS))
def test_conventional_robots_stay_within_the_positions(wage, cost, sensitivity, machines):
    desired = robot_choice.desired_industrial_units(np.float64(3e5), wage, cost, sensitivity, np.float64(1.0))
    assert ((desired >= 0.0) & (desired <= 3e5 * (1.0 + ROUNDING))).all()
    dark = robot_choice.dark_target_share(machines, np.float64(3.0))
    assert ((dark >= 0.0) & (dark <= machines)).all()


# ---- one world's bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [2, 3, 7, 64])
def test_a_world_has_the_same_bits_in_any_batch(batch):
    worlds = 97
    spread = np.linspace(0.03, 0.97, worlds)
    picked = np.linspace(0, worlds - 1, batch).astype(int)[::-1]

    def laws(x):
        by_maker = np.stack([x, 0.7 * x, 1.3 * x, 0.2 + x])
        made = 1e5 * by_maker
        experience = robot_choice.experience_units(made, robot_choice.others_units(made), x, 8_000.0 * x)
        cost = robot_choice.wright_unit_cost_usd(55_000.0 * x, 1_000.0 * x, experience, 8_000.0 * x, 0.3 * x)
        yearly = robot_choice.unit_cost_usd_per_year(
            cost, x, capital_recovery_factor(0.1 * x, 5.0 * x), 0.1 * x, 6e3 * x, 1e2 * x, x, 4e4 * x
        )
        fleet = robot_choice.fleet_orders(made, 1e3 * x)
        eta = robot_choice.productivity(0.4 * x, 0.15 * x, 3.0 * x, fleet, x, 1.2 * x)
        reach = robot_choice.reach_share(5.0 * x, 4.5 * x, fleet, x, x)
        task = robot_choice.cost_per_task_usd(yearly, eta, 1e3 * x)
        options = np.concatenate([5e4 * x[None], task])[:, None] * np.array([[1.0], [0.8]])
        reaches = np.concatenate([np.ones_like(x)[None], reach])[:, None]
        choice = robot_choice.technology_shares(options, 0.1 * options / 1e4, 9.0 * x, reaches)
        wanted = robot_choice.wanted_units(1e6 * x, x, choice[1:], choice[1:], x, eta[:, None])
        orders = robot_choice.order_units(wanted - 10.0 * x, x, 0.5)
        parts = robot_output.parts_limit_units(made, 1e5 * by_maker[:2], np.stack([by_maker, 1.3 - by_maker]))
        own = robot_output.self_replication_gain(made, 0.1 * x, eta, x, 0.5)
        output = robot_output.output_limits_units(made, own, parts, x, orders.sum(1), 0.5).min(0)
        sold = robot_output.delivered_units(orders, output)
        moved = robot_output.commissioned_units(made, x, 0.5)
        retired = robot_output.retired_units(made, 60 * x, 0.5)
        line = robot_output.line_growth_step(made, orders.sum(1), x, x, 10 * x, 1 + x, 0.5)
        industrial = robot_choice.desired_industrial_units(1e6 * x, 4e4 * x, 3e4 * x**2, 9.0 * x, x)
        dark = robot_choice.dark_share_step(x, robot_choice.dark_target_share(x, 3 * x), x, 0.5)
        pilots = robot_choice.pilot_orders_step(1e3 * x, x, 5e3 * x, 0.5)
        return [
            choice, sold, moved, retired, line, industrial, dark, pilots
        ]  # fmt: skip

    for whole, part in zip(laws(spread), laws(spread[picked]), strict=True):
        np.testing.assert_array_equal(whole[..., picked], part)
