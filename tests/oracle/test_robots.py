"""The laws of robots against oracles: Wright's slope, the break-even, integrals, matrix exponentials (S9)."""

import numpy as np
import pytest
from scipy.integrate import quad

from sim.physics import robot_choice, robot_output
from sim.quantity import capital_recovery_factor

# A few dozen roundings of 2^-53 on terms that do not cancel.
ROUNDING = 1e-12
WORLDS = 3


@pytest.mark.parametrize("learning_rate", [0.1, 0.18, 0.28])
@pytest.mark.parametrize("floor", [0.0, 8_000.0])
def test_unit_cost_has_the_slope_of_wright(learning_rate, floor):
    experience = np.geomspace(8_000.0, 8e8, 200)[:, None] * np.ones(WORLDS)
    cost = robot_choice.wright_unit_cost_usd(
        np.float64(55_000.0), np.float64(floor), experience, np.float64(8_000.0), np.float64(learning_rate)
    )
    slope = np.polyfit(np.log(experience[:, 0]), np.log(cost[:, 0] - floor), 1)[0]
    # MODEL's bound. The floor is subtracted again, so the last bits of the smallest difference are lost.
    assert slope == pytest.approx(np.log2(1.0 - learning_rate), abs=1e-6)


def test_each_doubling_cuts_the_part_above_the_floor_by_the_learning_rate():
    cost = robot_choice.wright_unit_cost_usd(
        np.float64(50.0), np.float64(10.0), np.array([1.0, 2.0, 4.0]), np.float64(1.0), np.float64(0.25)
    )
    np.testing.assert_allclose(cost, [50.0, 40.0, 32.5], rtol=ROUNDING)


def test_equal_output_gives_equal_learning_whatever_the_start_cost():
    start = np.array([[55_000.0], [30_000.0]])
    made = np.full((2, 1), 40_000.0)
    prior = np.float64(8_000.0)
    experience = robot_choice.experience_units(made, robot_choice.others_units(made), np.float64(0.3), prior)
    cost = robot_choice.wright_unit_cost_usd(start, np.float64(0.0), experience, prior, np.float64(0.18))
    fall = cost / start
    assert fall[0] == pytest.approx(fall[1], rel=ROUNDING)
    # With each maker's own past as its base, 150 units against 5,168, the fall differs threefold and more.
    own_base = robot_choice.wright_unit_cost_usd(
        start, np.float64(0.0), made, np.array([[150.0], [5_168.0]]), np.float64(0.18)
    )
    assert (own_base / start)[1] / (own_base / start)[0] > 2.0


def test_experience_counts_own_others_and_prior():
    own = np.array([[10.0], [20.0], [30.0]])
    others = robot_choice.others_units(own)
    np.testing.assert_array_equal(others, [[50.0], [40.0], [30.0]])
    np.testing.assert_allclose(
        robot_choice.experience_units(own, others, np.float64(0.5), np.float64(100.0)),
        [[135.0], [140.0], [145.0]],
        rtol=ROUNDING,
    )


def test_a_closed_supply_chain_multiplies_the_cost():
    cost = robot_choice.decoupled_unit_cost_usd(
        np.float64(50_000.0), np.array([0.0, 0.5, 1.0]), np.float64(2.2)
    )
    np.testing.assert_allclose(cost, [50_000.0, 80_000.0, 110_000.0], rtol=ROUNDING)


@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.08, 0.5])
@pytest.mark.parametrize("life", [1, 5, 15])
def test_capital_recovery_pays_back_one_dollar(rate, life):
    factor = capital_recovery_factor(np.float64(rate), np.float64(life))
    present = sum(factor * (1.0 + rate) ** -year for year in range(1, life + 1))
    assert present == pytest.approx(1.0, rel=ROUNDING)


def test_yearly_cost_of_a_unit_by_hand():
    # 20,000 x 1.5 x (0.25 + 0.1) = 10,500; overhead 6,000; energy 0.5 kW x 4,000 h x 80 USD/MWh = 160;
    # a quarter of the time under supervision at 40,000 = 10,000.
    energy = robot_choice.energy_usd_per_year(np.float64(0.5), np.float64(4_000.0), np.float64(80.0))
    cost = robot_choice.unit_cost_usd_per_year(
        np.float64(20_000.0), np.float64(0.5), np.float64(0.25), np.float64(0.1), np.float64(6_000.0), energy,
        np.float64(0.75), np.float64(40_000.0),
    )  # fmt: skip
    assert cost == pytest.approx(10_500.0 + 6_000.0 + 160.0 + 10_000.0, rel=ROUNDING)


# ---- break-even ---------------------------------------------------------------------------------------

RIVAL_PRICE, K = 30_000.0, 0.35
PRICE_MULTIPLES = [1.0, 1.5, 2.0, 4.0, 8.0]
RUNNING = [0.0, 1_000.0, 6_000.0, 20_000.0, 1e6]


def break_even(multiple, running, tariff=0.0, rival_tariff=0.0):
    """Return S9.4 for an Optimus at `multiple` times the price and a common running cost."""
    return robot_choice.break_even_efficiency_ratio(
        np.float64(multiple), np.float64(RIVAL_PRICE), np.float64(K), np.float64(tariff),
        np.float64(rival_tariff), np.float64(running), np.float64(running),
    )  # fmt: skip


def test_break_even_tends_to_the_price_multiple_without_running_cost_and_to_one_with_it():
    for multiple in PRICE_MULTIPLES:
        assert break_even(multiple, 0.0) == pytest.approx(multiple, rel=ROUNDING)
        # What remains is k P (n - 1)/o: 10,500 x 7/1e13.
        assert break_even(multiple, 1e13) == pytest.approx(1.0, abs=1e-8)
        path = [float(break_even(multiple, running)) for running in RUNNING]
        assert path == sorted(path, reverse=True)


def share_of_dearer(ratio, multiple, running, station=0.0, tariffs=(0.0, 0.0)):
    """Return the dearer robot's share among both, through the whole chain price -> cost -> task -> logit."""
    price = np.array([RIVAL_PRICE * multiple, RIVAL_PRICE])[:, None] * np.ones(WORLDS)
    eta = np.array([0.4 * ratio, 0.4])[:, None] * np.ones(WORLDS)
    yearly = robot_choice.unit_cost_usd_per_year(
        price, np.array(tariffs)[:, None], np.float64(K - 0.1), np.float64(0.1), np.float64(running),
        np.float64(0.0), np.float64(1.0), np.float64(0.0),
    )  # fmt: skip
    machines = robot_choice.cost_per_task_usd(yearly, eta, np.float64(station))
    people = np.full((2, WORLDS), 1e12)  # person and conventional automation, too dear to matter
    cost = np.concatenate([people, machines])
    shares = robot_choice.technology_shares(cost, np.zeros((4, 1)), np.float64(1e4), np.ones((4, 1)))
    return float((shares[2] / (shares[2] + shares[3]))[0])


def switching_ratio(*args, **kwargs):
    """Find by bisection the efficiency ratio at which the two robots have equal shares."""
    low, high = 0.1, 100.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if share_of_dearer(middle, *args, **kwargs) > 0.5 else (middle, high)
    return high


@pytest.mark.parametrize("multiple", PRICE_MULTIPLES)
@pytest.mark.parametrize("running", RUNNING)
def test_the_leading_robot_switches_at_the_break_even(multiple, running):
    expected = float(break_even(multiple, running))
    # MODEL's bound is 0.5 %: at sensitivity 1e4 half a per cent is e^50 in odds.
    assert switching_ratio(multiple, running) == pytest.approx(expected, rel=0.005)
    assert share_of_dearer(expected * 1.005, multiple, running) > 0.999
    assert share_of_dearer(expected * 0.995, multiple, running) < 0.001


@pytest.mark.parametrize("tariffs", [(0.5, 0.0), (0.0, 0.5), (1.5, 0.25)])
def test_the_switch_follows_tariffs(tariffs):
    expected = float(break_even(2.0, 6_000.0, *tariffs))
    assert switching_ratio(2.0, 6_000.0, tariffs=tariffs) == pytest.approx(expected, rel=0.005)


def test_a_station_that_takes_one_robot_only_counts_as_running_cost():
    expected = float(break_even(3.0, 6_000.0 + 50_000.0))
    found = switching_ratio(3.0, 6_000.0, station=50_000.0)
    assert found == pytest.approx(expected, rel=0.005)
    assert found < 0.7 * switching_ratio(3.0, 6_000.0)


# ---- choice -------------------------------------------------------------------------------------------


def test_shares_are_the_integral_of_the_logits_over_difficulty():
    cost = np.array([60_000.0, 45_000.0, 50_000.0, 38_000.0, 41_000.0])[:, None] * np.array([1.0, 0.9, 1.3])
    utility = np.array([0.0, 0.2, 0.0, -0.5, 1.0])[:, None] * np.ones(WORLDS)
    reach = np.array([[1.0] * 3, [0.6] * 3, [0.25, 0.3, 0.0], [0.7, 0.1, 0.3], [0.25, 0.05, 1.0]])
    sensitivity = np.array([2.0, 6.0, 0.0])
    shares = robot_choice.technology_shares(cost, utility, sensitivity, reach)
    # All reaches lie on multiples of 1/200, so the midpoint sum over 200 cells is exact.
    expected = np.zeros_like(cost)
    for difficulty in (np.arange(200) + 0.5) / 200:
        odds = np.where(reach > difficulty, np.exp(utility - sensitivity * np.log(cost)), 0.0)
        expected += odds / odds.sum(0) / 200
    np.testing.assert_allclose(shares, expected, rtol=0.0, atol=ROUNDING)


def test_without_a_limit_of_reach_the_choice_is_a_logit():
    cost = np.array([[60_000.0], [30_000.0], [45_000.0]]) * np.ones((3, 2, WORLDS)).swapaxes(0, 1)[0]
    shares = robot_choice.technology_shares(cost, np.zeros((3, 1)), np.float64(3.0), np.ones((3, 1)))
    odds = cost**-3.0
    np.testing.assert_allclose(shares, odds / odds.sum(0), rtol=ROUNDING)


def test_home_bias_keeps_the_dearer_home_robot():
    # Utility b outweighs a cost ratio of e^(b/sensitivity) exactly.
    sensitivity, bias = 4.0, 1.0
    cost = np.array([[1e12], [np.exp(bias / sensitivity) * 20_000.0], [20_000.0]])
    shares = robot_choice.technology_shares(
        cost, np.array([[0.0], [bias], [0.0]]), np.float64(sensitivity), np.ones((3, 1))
    )
    assert shares[1, 0] == pytest.approx(shares[2, 0], rel=ROUNDING)


def test_reach_and_productivity_by_hand():
    fleet = robot_choice.fleet_orders(np.array([0.0, 900.0]), np.float64(100.0))
    np.testing.assert_allclose(fleet, [0.0, 1.0], rtol=ROUNDING)
    reach = robot_choice.reach_share(
        np.float64(4.0), np.float64(4.5), fleet, np.float64(0.5), np.float64(0.8)
    )
    np.testing.assert_allclose(reach, [1.0 / (1.0 + np.exp(0.625)), 0.5], rtol=ROUNDING)
    eta = robot_choice.productivity(
        np.float64(0.4), np.float64(0.15), np.array([0.0, 2.0]), fleet, np.float64(1.0), np.float64(0.8)
    )
    np.testing.assert_allclose(eta, [0.4, 0.8], rtol=ROUNDING)


def test_wanted_units_do_the_work_of_the_positions_in_shared_stations():
    units = robot_choice.wanted_units(
        np.float64(1_000.0),
        np.float64(0.1),
        np.float64(0.5),
        np.float64(0.2),
        np.float64(0.25),
        np.float64(0.4),
    )
    # 100 suitable: 75 shared, half of them at 2.5 robots each; 25 exclusive, a fifth of them at one each.
    assert units == pytest.approx(75 * 0.5 * 2.5 + 25 * 0.2, rel=ROUNDING)


@pytest.mark.parametrize("dt", [1.0, 0.5, 0.25])
def test_orders_close_the_gap_exponentially_and_a_surplus_orders_nothing(dt):
    held, wanted = np.array([0.0, 900.0]), np.array([1_000.0, 500.0])
    for _ in range(round(6 / dt)):
        held = held + robot_choice.order_units(wanted - held, np.float64(0.2), dt)
    np.testing.assert_allclose(held, [1_000.0 * -np.expm1(-1.2), 900.0], rtol=ROUNDING)


# ---- stocks and growth --------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [1.0, 0.5, 0.25])
def test_pilots_follow_the_logistic_curve(dt):
    start, growth, top = 1_500.0, 0.7, 20_000.0
    orders = np.full(WORLDS, start)
    for _ in range(round(120 / dt)):
        orders = robot_choice.pilot_orders_step(orders, np.float64(growth), np.float64(top), dt)
    expected = top / (1.0 + (top / start - 1.0) * np.exp(-growth * 10.0))
    np.testing.assert_allclose(orders, expected, rtol=1e-11)


@pytest.mark.parametrize("dt", [1.0, 0.5])
def test_commissioning_empties_the_waiting_stage_exponentially(dt):
    waiting = np.full(WORLDS, 800.0)
    for _ in range(round(6 / dt)):
        waiting = waiting - robot_output.commissioned_units(waiting, np.float64(0.3), dt)
    np.testing.assert_allclose(waiting, 800.0 * np.exp(-1.8), rtol=ROUNDING)


def test_self_replication_is_the_mean_of_an_exponential():
    home, rate, eta, kept, dt = 400.0, 0.12, 0.5, 0.75, 1.0
    gain = robot_output.self_replication_gain(
        np.float64(home), np.float64(rate), np.float64(eta), np.float64(kept), dt
    )
    growth = rate * eta * kept
    mean = quad(lambda t: home * rate * eta * np.exp(growth * t), 0.0, dt)[0] / dt
    assert gain == pytest.approx(mean, rel=ROUNDING)
    # Kept units then grow by exactly e^(g dt), so a half step gives the same stock.
    assert home + kept * gain * dt == pytest.approx(home * np.exp(growth * dt), rel=ROUNDING)


def test_capacity_grows_at_the_cap_times_the_feedback_and_falls_by_scrapping():
    args = (np.float64(0.7), np.float64(0.1), np.float64(2.0))
    parts = np.full(WORLDS, 1_000.0)
    for _ in range(12):
        parts = robot_output.parts_growth_step(parts, np.float64(1e9), *args, 1.0)
    np.testing.assert_allclose(parts, 1_000.0 * 2.4, rtol=ROUNDING)
    for _ in range(24):
        parts = robot_output.parts_growth_step(parts, np.float64(0.0), *args, 0.5)
    np.testing.assert_allclose(parts, 2_400.0 * np.exp(-0.1), rtol=ROUNDING)
    near = robot_output.parts_growth_step(np.full(WORLDS, 999.0), np.float64(1_000.0), *args, 1.0)
    np.testing.assert_array_equal(near, 1_000.0)


def test_a_line_can_start_from_its_seed():
    line = robot_output.line_growth_step(
        np.zeros(WORLDS), np.array([0.0, 5.0, 1e4]), np.float64(1.0), np.float64(0.1), np.float64(10.0),
        np.float64(1.0), 12.0,
    )  # fmt: skip
    np.testing.assert_allclose(line, [0.0, 5.0, 20.0], rtol=ROUNDING)


def test_output_is_the_smallest_limit_in_amounts_of_the_step():
    limits = robot_output.output_limits_units(
        np.array([100.0]), np.array([20.0]), np.array([55.0]), np.array([0.9]), np.array([58.0]), 0.5
    )
    np.testing.assert_allclose(limits[:, 0], [58.0, 60.0, 55.0, 54.0], rtol=ROUNDING)
    assert robot_output.OUTPUT_LIMITS[int(limits[:, 0].argmin())] == "power"


def test_parts_are_rationed_pro_rata_in_each_chain():
    desired = np.array([[100.0], [300.0], [50.0]])
    sourcing = np.array([[[0.5], [1.0], [0.0]], [[0.5], [0.0], [1.0]]])
    limit = robot_output.parts_limit_units(desired, np.array([[175.0], [1_000.0]]), sourcing)
    # The first chain serves half of the 350 called; the second serves all.
    np.testing.assert_allclose(limit[:, 0], [75.0, 150.0, 50.0], rtol=ROUNDING)


def test_conventional_robots_take_half_the_positions_where_they_cost_the_wage():
    desired = robot_choice.desired_industrial_units(
        np.float64(3e5), np.array([40_000.0, 80_000.0]), np.float64(40_000.0), np.float64(2.0),
        np.float64(0.8),
    )  # fmt: skip
    np.testing.assert_allclose(desired, 3e5 * 0.8 * np.array([0.5, 0.8]), rtol=ROUNDING)


def test_a_dark_factory_needs_machines_in_every_job_group():
    np.testing.assert_allclose(
        robot_choice.dark_target_share(np.array([0.0, 0.5, 1.0]), np.float64(4.0)), [0.0, 0.0625, 1.0]
    )
    moved = robot_choice.dark_share_step(np.float64(0.1), np.float64(0.5), np.float64(0.25), 12.0)
    assert moved == pytest.approx(0.5 - 0.4 * np.exp(-0.25), rel=ROUNDING)
