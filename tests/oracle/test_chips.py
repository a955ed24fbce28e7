"""The laws of chips against oracles: Wright's slope, numerical integration, and hand calculation (S7)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from sim.physics import chips


def test_the_missing_yield_falls_along_wrights_slope():
    cumulative = np.geomspace(1e3, 1e9, 200)[None]
    b = 0.3
    reached = chips.wright_yield(cumulative, np.array(1e3), np.array(0.4), np.array(0.9), np.array(b))
    slope = np.polyfit(np.log(cumulative[0]), np.log(0.9 - reached[0]), 1)[0]
    # MODEL's bound; y_max - y at the end is 0.5 * 1e-1.8 = 8e-3, known to 1e-16/8e-3.
    assert abs(slope + b) < 1e-6
    doubled = chips.wright_yield(
        np.array([[2e3, 2e3]]), np.array(1e3), np.array(0.4), np.array(0.9), np.array(b)
    )
    np.testing.assert_allclose(0.9 - doubled, 0.5 * 2.0**-b, rtol=1e-13)


def test_yield_at_the_extremes():
    q = np.array([[0.0, 5.0, 10.0, 1e300]])
    start, top = np.array(0.3), np.array(0.9)
    reached = chips.wright_yield(q, np.array(10.0), start, top, np.array(0.5))
    np.testing.assert_allclose(reached, [[0.3, 0.3, 0.3, 0.9]], rtol=1e-12)
    from_nothing = chips.wright_yield(q, np.array(0.0), start, top, np.array(0.5))
    np.testing.assert_allclose(from_nothing, [[0.3, 0.9, 0.9, 0.9]], rtol=1e-12)
    no_learning = chips.wright_yield(q, np.array(10.0), start, top, np.array(0.0))
    np.testing.assert_allclose(no_learning, 0.3, rtol=1e-14)


def test_output_is_the_smaller_limit():
    out = chips.output_h100e(
        wafers=np.array([[10.0, 10.0, 10.0, 0.0, 10.0]]),
        h100e_per_wafer=np.array(40.0),
        yield_share=np.array(0.5),
        hbm_available=np.array([[15.0, 30.0, 20.0, 30.0, 0.0]]),
        h100e_per_hbm=np.array(10.0),
    )
    np.testing.assert_array_equal(out.h100e, [[150.0, 200.0, 200.0, 0.0, 0.0]])
    np.testing.assert_array_equal(out.hbm_used, [[15.0, 20.0, 20.0, 0.0, 0.0]])


def test_hbm_made_is_the_integral_of_growing_capacity():
    growth = np.array([[0.0, 1e-12, 1e-9, 0.6, 15.0]])
    stock = np.full((1, 5), 7.0)
    step = chips.hbm_step(stock, np.full((1, 5), 2.0), growth, np.full((1, 5), 1e9), 3.0)
    expected = [quad(lambda t, g=g: 2.0 * (1.0 + g) ** (t / 12.0), 0.0, 3.0)[0] for g in growth[0]]
    np.testing.assert_allclose(step.made, [expected], rtol=1e-12)
    np.testing.assert_array_equal(step.available, stock + step.made)
    np.testing.assert_allclose(step.capacity_per_month, 2.0 * (1.0 + growth) ** 0.25, rtol=1e-14)


def test_hbm_plants_grow_to_what_wafers_could_use_and_are_not_torn_down():
    desired = np.array([[2.1, 2.0, 1.0, 0.0]])
    step = chips.hbm_step(np.zeros((1, 4)), np.full((1, 4), 2.0), np.array(0.6), desired, 3.0)
    np.testing.assert_allclose(step.capacity_per_month, [[2.1, 2.0, 2.0, 2.0]], rtol=1e-14)
    expected = quad(lambda t: 2.0 * 1.05 ** (t / 3.0), 0.0, 3.0)[0]
    np.testing.assert_allclose(step.made, [[expected, 6.0, 6.0, 6.0]], rtol=1e-12)


def test_wafer_capacity_grows_to_what_is_desired_and_no_faster_than_the_cap():
    def grown(desired, build=1.0, lead=1.0, dt=12.0):
        return chips.wafer_growth_step(
            np.array([[100.0, 100.0]]), np.array(0.5), np.array(desired), np.array(build), np.array(lead), dt
        )

    np.testing.assert_allclose(grown(1e9), 150.0, rtol=1e-14)
    np.testing.assert_allclose(grown(120.0), 120.0, rtol=0.0)
    np.testing.assert_allclose(grown(0.0), 100.0, rtol=0.0)
    np.testing.assert_allclose(grown(1e9, build=2.0), 200.0, rtol=1e-14)
    np.testing.assert_allclose(grown(1e9, lead=2.0), 125.0, rtol=1e-14)
    np.testing.assert_allclose(grown(1e9, dt=6.0) ** 2, 150.0 * 100.0, rtol=1e-14)
    assert np.isfinite(grown(1e9, lead=0.0)).all()


def progress_only(ln_x, g, ceiling, dt):
    """Advance without anybody to catch up with."""
    still = np.array(0.0)
    return chips.advance_performance(
        np.array(ln_x), np.array(g), np.array(ceiling), still, still, still, np.array(-50.0), dt
    )


@pytest.mark.parametrize("ceiling", [4.787, 3.401, 2.079, 0.05])
def test_own_progress_solves_the_equation_of_s72(ceiling):
    """For a maker at or above ln X = 0 the law is S7.2 to the letter, g (1 - ln X/ln X_max)^+."""
    g = 0.35
    start = np.array([[0.0, 0.5 * ceiling, ceiling, ceiling + 1.0]])
    ours = progress_only(start, g, ceiling, 30.0)
    for ln_x, end in zip(start[0], ours[0], strict=True):
        solved = solve_ivp(
            lambda t, y: g / 12.0 * np.maximum(1.0 - y / ceiling, 0.0),
            (0.0, 30.0), [ln_x], rtol=1e-11, atol=1e-12, method="LSODA",
        )  # fmt: skip
        # The integrator's own tolerance, accumulated over its steps.
        assert abs(end - solved.y[0, -1]) < 1e-8


@pytest.mark.parametrize(
    ("start", "ceiling"), [(-1.204, 3.401), (-1.204, -0.4), (-1.204, 0.0), (-1.204, 1e-9)]
)
def test_own_progress_from_below_is_straight_then_exponential(start, ceiling):
    g = 0.35

    def exact(months):
        pace = g / 12.0
        straight_end = min(0.0, ceiling)
        months_straight = (straight_end - start) / pace
        if months <= months_straight:
            return start + pace * months
        if ceiling <= 0.0:
            return ceiling
        return ceiling * -np.expm1(-pace * (months - months_straight) / ceiling)

    months = np.arange(0.0, 200.0)
    ours = np.array([progress_only([[start, start]], g, ceiling, float(m))[0, 0] for m in months])
    np.testing.assert_allclose(ours, [exact(m) for m in months], rtol=0.0, atol=1e-13)


@given(
    ln_x=st.floats(-5.0, 5.0),
    ceiling=st.floats(-5.0, 5.0),
    g=st.floats(0.0, 5.0),
    dt=st.floats(0.01, 24.0),
)
def test_own_progress_composes_never_falls_and_respects_the_ceiling(ln_x, ceiling, g, dt):
    start = np.full((1, 2), ln_x)
    whole = progress_only(start, g, ceiling, dt)
    halves = progress_only(progress_only(start, g, ceiling, dt / 2.0), g, ceiling, dt / 2.0)
    # Each half rounds numbers of size 10; a relaxation only shrinks the error of the first.
    np.testing.assert_allclose(halves, whole, rtol=0.0, atol=1e-13)
    assert (whole >= start - 1e-15).all()
    assert (whole <= np.maximum(start, ceiling) + 1e-14).all()
    assert (whole - start <= g / 12.0 * dt + 1e-14).all()


def test_catching_up_closes_the_gap_exponentially_and_controls_slow_it():
    def caught(gamma, stringency, leader=2.0, ceiling=9.0):
        return chips.advance_performance(
            np.array([[0.0, 0.0]]), np.array(0.0), np.array(ceiling), np.array(0.02), np.array(gamma),
            np.array(stringency), np.array(leader), 10.0,
        )  # fmt: skip

    np.testing.assert_allclose(caught(0.5, 0.0), 2.0 * (1.0 - np.exp(-0.2)), rtol=1e-14)
    np.testing.assert_allclose(caught(0.5, 0.8), 2.0 * (1.0 - np.exp(-0.12)), rtol=1e-14)
    np.testing.assert_array_equal(caught(1.0, 1.0), 0.0)
    np.testing.assert_array_equal(caught(0.0, 1.0, leader=-1.0), 0.0)
    # A row does not copy its way above its own ceiling.
    np.testing.assert_allclose(caught(0.0, 0.0, ceiling=0.5), 0.5 * (1.0 - np.exp(-0.2)), rtol=1e-14)


def test_blocs_with_mirrored_data_swap():
    rng = np.random.default_rng(3)
    ln_x, stringency = rng.uniform(-1.0, 2.0, (2, 6)), rng.uniform(0.0, 1.0, (2, 6))

    def advance(x, s):
        ceiling = chips.effective_ceiling(np.array(3.4), np.array(0.8), s)
        return chips.advance_performance(
            x, np.array(0.35), ceiling, np.array(0.015), np.array(0.5), s, x.max(0), 1.0
        )

    np.testing.assert_array_equal(advance(ln_x, stringency)[::-1], advance(ln_x[::-1], stringency[::-1]))


def test_tool_controls_lower_the_ceiling_only_if_the_tool_gap_exists():
    stringency = np.array([[0.0, 0.5, 1.0]])
    np.testing.assert_array_equal(chips.effective_ceiling(np.array(3.0), np.array(0.0), stringency), 3.0)
    np.testing.assert_array_equal(
        chips.effective_ceiling(np.array(3.0), np.array(2.0), stringency), [[3.0, 2.0, 1.0]]
    )


@pytest.mark.parametrize("eta", [0.0, 1.5, 2.2, 30.0])
def test_free_trade_is_free_and_full_control_is_full(eta):
    supply = np.array([[1e6, 3.0, 0.0]])
    np.testing.assert_array_equal(chips.legal_export_limit(supply, np.array(0.0), np.array(eta)), supply)
    np.testing.assert_array_equal(chips.legal_export_limit(supply, np.array(1.0), np.array(eta)), 0.0)
    np.testing.assert_array_equal(chips.smuggling_limit(supply, np.array(1.0), np.array(0.0)), 0.0)
    np.testing.assert_array_equal(chips.smuggling_limit(supply, np.array(0.0), np.array(0.1)), 0.0)
    half = chips.legal_export_limit(supply, np.array(0.5), np.array(eta))
    np.testing.assert_allclose(half, supply * 0.5**eta, rtol=1e-14)


def test_price_approaches_its_target_in_exact_steps_inside_its_bounds():
    cost, floor, cap, scale = np.array(5e3), np.array(1.15), np.array(6.0), np.array(4.0)

    def moved(price, backlog, dt, speed=0.3):
        return chips.price_step(
            np.array(price), np.array(backlog), cost, floor, cap, scale, np.array(speed), dt
        )

    halves = moved(moved([[2e4, 6e3]], 3.0, 0.5), 3.0, 0.5)
    np.testing.assert_allclose(halves, moved([[2e4, 6e3]], 3.0, 1.0), rtol=1e-14)
    target = 5e3 * (1.15 + 4.85 * (1.0 - np.exp(-0.75)))
    np.testing.assert_allclose(moved([[2e4, 6e3]], 3.0, 1e3), target, rtol=1e-14)
    np.testing.assert_allclose(moved([[2e4, 6e3]], 0.0, 1e3), 1.15 * 5e3, rtol=1e-14)
    np.testing.assert_allclose(moved([[2e4, 6e3]], 1e300, 1e3), 6.0 * 5e3, rtol=1e-14)
    np.testing.assert_allclose(moved([[1e9, 0.0]], 3.0, 0.01), [[6.0 * 5e3, 1.15 * 5e3]], rtol=1e-14)


def test_energy_and_fleet_by_hand():
    kilowatts = chips.energy_per_h100e(np.array([[1.0, 16.0, 0.3]]), np.array(0.7), np.array(0.75))
    np.testing.assert_allclose(kilowatts, [[0.7, 0.7 / 8.0, 0.7 * 0.3**-0.75]], rtol=1e-14)
    assert np.isfinite(chips.energy_per_h100e(np.array([[0.0, 0.0]]), np.array(0.7), np.array(30.0))).all()
    left = chips.survivors(np.array([[100.0, 100.0, 0.0]]), np.array([[60.0, 0.0, 60.0]]), 1.0)
    np.testing.assert_allclose(left, [[100.0 * np.exp(-1.0 / 60.0), 0.0, 0.0]], rtol=1e-14, atol=1e-300)
