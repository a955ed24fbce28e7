"""The laws of power against oracles: the Erlang distribution, a linear programme, hand calculation (S8)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import gamma

from sim.physics import power

WORLDS = 3
LEAD_TIMES_MONTHS = np.array([8.0, 38.0, 66.0])
SURVIVAL = np.array([0.13, 0.7, 1.0])


def run_pipeline(months: int, dt: float):
    """Enter 1 GW per site and world at time 0; return the last stages and the cumulative flows by month."""
    stages = np.zeros((3, 1, WORLDS))
    completed, withdrawn = np.zeros((1, WORLDS)), np.zeros((1, WORLDS))
    built_by_month, left_by_month = [], []
    steps_per_month = round(1.0 / dt)
    for step in range(months * steps_per_month):
        inflow = np.full((1, WORLDS), 1.0 if step == 0 else 0.0)
        moved = power.advance_pipeline(stages, inflow, power.passage(LEAD_TIMES_MONTHS, SURVIVAL, dt))
        stages = moved.stages_gw
        completed = completed + moved.completed_gw
        withdrawn = withdrawn + moved.withdrawn_gw
        if (step + 1) % steps_per_month == 0:
            built_by_month.append(completed[0])
            left_by_month.append(withdrawn[0])
    return stages, np.array(built_by_month), np.array(left_by_month)


@pytest.mark.parametrize("dt", [1.0, 0.5, 0.25])
def test_built_follows_the_erlang_distribution_at_month_ends(dt):
    # MODEL's bound is 1e-9; 480 steps of three additions at 1e-16 stay four orders below it.
    months = 120
    _, built, _ = run_pipeline(months, dt)
    at = np.arange(1, months + 1)[:, None]
    expected = SURVIVAL * gamma.cdf(at, a=3, scale=LEAD_TIMES_MONTHS / 3.0)
    np.testing.assert_allclose(built, expected, rtol=0.0, atol=1e-12)
    # An Erlang(2) wait differs by far more than the bound, so the test can fail.
    wrong = SURVIVAL * gamma.cdf(at, a=2, scale=LEAD_TIMES_MONTHS / 2.0)
    assert np.abs(built - wrong).max() > 1e-2


def test_withdrawn_follows_the_three_failed_passages():
    # A GW is withdrawn at the n-th passage with (1 - s) s^(n-1), at the Erlang(n) time.
    months = 120
    _, _, withdrawn = run_pipeline(months, 1.0)
    at, s = np.arange(1, months + 1)[:, None], SURVIVAL ** (1.0 / 3.0)
    expected = sum(
        (1.0 - s) * s ** (n - 1) * gamma.cdf(at, a=n, scale=LEAD_TIMES_MONTHS / 3.0) for n in (1, 2, 3)
    )
    np.testing.assert_allclose(withdrawn, expected, rtol=0.0, atol=1e-12)


def test_an_emptied_queue_has_built_the_survival_share():
    # After 1,000 months of a 66-month wait e^-45 is left: below 1e-16.
    stages, built, withdrawn = run_pipeline(1000, 1.0)
    np.testing.assert_allclose(built[-1], SURVIVAL, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(withdrawn[-1], 1.0 - SURVIVAL, rtol=0.0, atol=1e-12)
    assert stages.sum() < 1e-12


positive = st.floats(0.0, 1e6)


@given(
    stages=st.lists(positive, min_size=6, max_size=6),
    inflow=st.lists(positive, min_size=2, max_size=2),
    lead=st.floats(0.0, 1e4),
    survival=st.floats(0.0, 1.0),
    dt=st.floats(0.01, 24.0),
)
def test_queue_identity_and_half_steps(stages, inflow, lead, survival, dt):
    start = np.array(stages).reshape(3, 1, 2)
    orders = np.array(inflow).reshape(1, 2)
    through = power.passage(np.array(lead), np.array(survival), dt)
    whole = power.advance_pipeline(start, orders, through)
    ordered = start.sum(0) + orders
    found = whole.stages_gw.sum(0) + whole.completed_gw + whole.withdrawn_gw
    # Some twenty roundings of parts of `ordered`: 20 * 2^-53 = 2e-15.
    np.testing.assert_allclose(found, ordered, rtol=1e-12, atol=1e-300)
    assert min(whole.stages_gw.min(), whole.completed_gw.min(), whole.withdrawn_gw.min()) >= 0.0

    through = power.passage(np.array(lead), np.array(survival), dt / 2.0)
    first = power.advance_pipeline(start, orders, through)
    second = power.advance_pipeline(first.stages_gw, np.zeros_like(orders), through)
    bound = {"rtol": 0.0, "atol": 1e-12 * float(ordered.max()) + 1e-300}
    np.testing.assert_allclose(second.stages_gw, whole.stages_gw, **bound)
    np.testing.assert_allclose(first.completed_gw + second.completed_gw, whole.completed_gw, **bound)
    np.testing.assert_allclose(first.withdrawn_gw + second.withdrawn_gw, whole.withdrawn_gw, **bound)


def test_connections_wait_above_the_cap_and_none_is_lost():
    ready, completed, cap = np.array([[2.0, 0.0, 6.0]]), np.array([[3.0, 1.0, 2.0]]), np.array([[4.0] * 3])
    step = power.connect(ready, completed, cap, np.array(0.75))
    np.testing.assert_array_equal(step.connected_gw, [[4.0, 1.0, 4.0]])
    np.testing.assert_array_equal(step.ready_gw, [[0.75, 0.0, 3.0]])
    np.testing.assert_array_equal(step.withdrawn_gw, [[0.25, 0.0, 1.0]])


def test_completion_cap_by_hand_over_a_year_and_in_halves():
    # Firm: 0.3 * (20 - 5) = 4.5 GW a year; spare: 0.4 of 100 GW within the year, 60 left.
    spare, connected = np.array([[100.0, 100.0]]), 0.0
    arguments = {
        "ai_share": np.array(0.3),
        "firm_additions_gw_per_year": np.array([[20.0, 20.0]]),
        "retirements_gw_per_year": np.array([[5.0, 5.0]]),
        "spare_draw_share": np.array(0.4),
    }
    for _ in range(24):
        cap = power.completion_cap_gw(**arguments, spare_gw=spare, dt=0.5)
        spare = power.spare_after_draw_gw(spare, cap.cap_gw, cap.firm_gw, cap.spare_limit_gw)
        connected = connected + cap.cap_gw
    np.testing.assert_allclose(connected, 44.5, rtol=1e-13)
    np.testing.assert_allclose(spare, 60.0, rtol=1e-13)
    year = power.completion_cap_gw(**arguments, spare_gw=np.array([[100.0, 100.0]]), dt=12.0)
    np.testing.assert_allclose(year.cap_gw, 44.5, rtol=1e-13)


def test_retirements_eat_the_spare_part_and_the_cap_stays_at_zero():
    def cap_for(retirements):
        return power.completion_cap_gw(
            np.array(0.5),
            np.array([[0.0, 0.0]]),
            np.array([[retirements, retirements]]),
            np.array(0.2),
            np.array([[10.0, 10.0]]),
            12.0,
        )

    np.testing.assert_allclose(cap_for(2.0).cap_gw, 1.0, rtol=1e-14)  # 0.2 * 10 - 0.5 * 2
    np.testing.assert_array_equal(cap_for(100.0).cap_gw, 0.0)


def test_firm_additions_are_used_before_spare_capacity():
    spare, firm, limit = np.array([[10.0, 10.0]]), np.array([[1.0, 1.0]]), np.array([[3.0, 3.0]])
    left = power.spare_after_draw_gw(spare, np.array([[0.5, 2.5]]), firm, limit)
    np.testing.assert_array_equal(left, [[10.0, 8.5]])
    # Net retirements are not a draw: they lower the cap and are counted where capacity is.
    left = power.spare_after_draw_gw(spare, np.array([[0.5, 2.5]]), -firm, limit)
    np.testing.assert_array_equal(left, [[9.5, 7.5]])


def lp_dispatch(capacity, cost, load, lost_load_usd_per_mwh):
    """Solve min cost·g + value of lost load·unserved, sum g + unserved = load, 0 <= g <= capacity."""
    tranches = len(capacity)
    solved = linprog(
        np.append(cost, lost_load_usd_per_mwh),
        A_eq=np.ones((1, tranches + 1)),
        b_eq=[load],
        bounds=[(0.0, c) for c in capacity] + [(0.0, None)],
        method="highs",
    )
    assert solved.status == 0
    return solved.x[:tranches], solved.x[tranches], solved.eqlin.marginals[0]


def test_three_tranche_dispatch_equals_a_linear_programme():
    rng = np.random.default_rng(8)
    worlds, sites, scarcity = 10, 2, 2000.0
    capacity = rng.uniform(1.0, 50.0, (3, sites, worlds))
    cost = rng.permuted(
        np.broadcast_to(np.array([5.0, 40.0, 120.0])[:, None, None], capacity.shape)
        + rng.uniform(0.0, 30.0, capacity.shape),
        axis=0,
    )
    load = capacity.sum(0) * rng.uniform(0.05, 1.2, (sites, worlds))
    # Without a reserve target there is no rent before load is lost, as in the programme.
    out = power.dispatch(capacity, cost, load, np.array(scarcity), np.array(0.0))
    lost = 0
    for site in range(sites):
        for world in range(worlds):
            at = (site, world)
            dearest = cost[(slice(None), *at)].max()
            generation, unserved, price = lp_dispatch(
                capacity[(slice(None), *at)], cost[(slice(None), *at)], load[at], dearest + scarcity
            )
            # HiGHS' own feasibility tolerance is 1e-7; a vertex of this size is met to rounding.
            np.testing.assert_allclose(out.generation_gw[(slice(None), *at)], generation, atol=1e-9)
            np.testing.assert_allclose(out.unserved_gw[at], unserved, atol=1e-9)
            np.testing.assert_allclose(out.price_usd_per_mwh[at], price, rtol=1e-9)
            lost += unserved > 0.0
    assert 0 < lost < sites * worlds  # both regimes were met


def test_scarcity_rent_rises_smoothly_from_the_target_to_lost_load():
    capacity = np.full((1, 1, 2001), 100.0)
    load = np.linspace(80.0, 110.0, 2001)[None]
    out = power.dispatch(capacity, np.array(50.0), load, np.array(1000.0), np.array(0.15))
    rent = out.scarcity_rent_usd_per_mwh[0]
    assert (np.diff(rent) >= 0.0).all()
    np.testing.assert_array_equal(rent[load[0] < 100.0 / 1.15 - 0.01], 0.0)
    np.testing.assert_allclose(rent[load[0] >= 100.0], 1000.0, rtol=1e-12)
    # Half of the reserve is missing at a load of 100/1.075: by symmetry half of the rent.
    half = power.dispatch(
        capacity[..., :2], np.array(50.0), np.full((1, 2), 100.0 / 1.075), np.array(1000.0), np.array(0.15)
    )
    np.testing.assert_allclose(half.scarcity_rent_usd_per_mwh, 500.0, rtol=1e-12)
    # Smooth: the missing share z has slope at most c/(t L²) = 100/(0.15 * 86.96²) = 0.0882 per GW and the
    # smoothstep slope 1.5: a step of 0.015 GW moves the rent by at most 1000 * 1.5 * 0.0882 * 0.015 = 1.98.
    assert np.diff(rent).max() < 2.0
    np.testing.assert_array_equal(out.price_usd_per_mwh, 50.0 + out.scarcity_rent_usd_per_mwh)


def test_dispatch_at_the_extremes_is_finite():
    capacity = np.array([[[0.0, 5.0, 0.0, 1e12]], [[0.0, 5.0, 5.0, 0.0]]])
    cost = np.array([10.0, 90.0])[:, None, None]
    load = np.array([[3.0, 0.0, 0.0, 1e-310]])
    out = power.dispatch(capacity, cost, load, np.array(500.0), np.array(0.1))
    np.testing.assert_array_equal(out.price_usd_per_mwh, [[590.0, 10.0, 90.0, 10.0]])
    np.testing.assert_array_equal(out.unserved_gw, [[3.0, 0.0, 0.0, 0.0]])
    nothing = power.dispatch(
        np.zeros_like(capacity), cost, np.zeros_like(load), np.array(500.0), np.array(0.0)
    )
    np.testing.assert_array_equal(nothing.price_usd_per_mwh, 90.0)


def test_demand_response_has_the_elasticity_at_the_reference_and_stays_finite():
    load, reference, elasticity = np.array([[10.0, 10.0]]), np.array(60.0), np.array(-0.2)
    h = 1e-5
    above = power.demand_response(load, np.array(60.0 * (1.0 + h)), reference, elasticity)
    below = power.demand_response(load, np.array(60.0 * (1.0 - h)), reference, elasticity)
    # Centred difference of a curve whose second derivative jumps: error of the order h.
    np.testing.assert_allclose((above - below) / (2.0 * h * load), -0.2, atol=1e-5)
    doubled = power.demand_response(load, np.array(120.0), reference, elasticity)
    np.testing.assert_allclose(doubled, 10.0 * 2.0**-0.2, rtol=1e-14)
    free = power.demand_response(load, np.array(0.0), reference, elasticity)
    np.testing.assert_allclose(free, 12.0, rtol=1e-14)
    np.testing.assert_array_equal(
        power.demand_response(load, np.array(60.0), np.array(0.0), elasticity), load
    )
    assert np.isfinite(power.demand_response(load, np.array(1e300), reference, elasticity)).all()


def test_all_in_price_moves_with_dispatch_above_the_network_charges():
    price = power.all_in_price_usd_per_mwh(
        np.array(75.0), np.array([[45.0, 60.0, 0.0]]), np.array(45.0), np.array(0.5)
    )
    np.testing.assert_array_equal(price, [[75.0, 90.0, 37.5]])


def test_blended_price_lies_between_its_parts():
    blend = power.blended_price_usd_per_mwh(
        np.array([[3.0, 0.0, 0.0]]), np.array(60.0), np.array([[1.0, 1.0, 0.0]]), np.array(100.0)
    )
    np.testing.assert_array_equal(blend, [[70.0, 100.0, 60.0]])


def test_outages():
    hazard = np.array([0.0, 0.05, 1.0])
    np.testing.assert_allclose(power.outage_probability(hazard, 1.0), hazard, rtol=1e-14)
    half = power.outage_probability(hazard, 0.5)
    np.testing.assert_allclose(1.0 - (1.0 - half) ** 2, hazard, rtol=1e-14)
    left = power.outage_capacity_gw(np.array([[10.0, 10.0]]), np.array([[0.0, 1.0]]), np.array(0.1))
    np.testing.assert_array_equal(left, [[10.0, 9.0]])


def test_behind_the_meter_slots_are_prorated():
    limit = power.btm_limit_gw(np.array([[6.0, 12.0]]), np.array(1.5), 0.5)
    np.testing.assert_allclose(limit, [[0.375, 0.75]], rtol=1e-15)


def test_powered_share_at_the_corners():
    available = np.array([[0.0, 0.0, 1.0, 1.0, 1e-320, np.inf]])
    need = np.array([[0.0, 2.0, 2.0, 0.5, 1e300, 1.0]])
    np.testing.assert_array_equal(power.powered_share(available, need), [[1.0, 0.0, 0.5, 1.0, 0.0, 1.0]])


@pytest.mark.parametrize("order", [[4, 2, 0, 1, 3], [3, 0]])
def test_a_world_has_the_same_bits_in_any_batch(order):
    rng = np.random.default_rng(9)
    stages, inflow = rng.uniform(0.0, 9.0, (3, 4, 5)), rng.uniform(0.0, 9.0, (4, 5))
    lead, survival = rng.uniform(8.0, 66.0, 5), rng.uniform(0.0, 1.0, 5)
    capacity, cost = rng.uniform(0.0, 9.0, (6, 4, 5)), rng.uniform(0.0, 99.0, (6, 4, 5))
    load = rng.uniform(0.0, 40.0, (4, 5))

    def of(worlds):
        def pick(array):
            return np.ascontiguousarray(array[..., worlds])

        queue = power.advance_pipeline(
            pick(stages), pick(inflow), power.passage(pick(lead), pick(survival), 1.0)
        )
        market = power.dispatch(pick(capacity), pick(cost), pick(load), np.array(900.0), np.array(0.15))
        return [
            queue.stages_gw, queue.completed_gw, queue.withdrawn_gw,
            market.generation_gw, market.price_usd_per_mwh, market.unserved_gw,
        ]  # fmt: skip

    for whole, part in zip(of(list(range(5))), of(order), strict=True):
        np.testing.assert_array_equal(whole[..., order], part)
