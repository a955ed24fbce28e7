"""Algorithms, training stock, spillovers and lag against integration and interpolation (S6)."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sim.physics import capability


def arr(*values):
    return np.array(values, dtype=np.float64)


RULE = {
    "growth_factor_per_year": np.array(3.0),
    "compute_exponent": np.array(0.15),
    "fade_years": np.array(15.0),
    "open_spill_per_month": np.array(0.04),
    "all_spill_ratio": np.array(0.25),
}
NONE = np.array([-np.inf])
# solve_ivp adds an absolute error of 1e-6 by itself.
TIGHT = {"rtol": 1e-11, "atol": 1e-12}


def test_best_of_the_masked():
    values = np.array([[1.0, 5.0], [3.0, -2.0]])
    got = capability.best_of(values, np.array([[True, False], [True, False]]))
    np.testing.assert_array_equal(got, [3.0, -np.inf])


def test_own_growth_is_the_integral_of_the_fading_rate():
    """Two labs without spillovers, the second with a tenth of the compute: 30 steps against one."""
    ln_a, compute = np.array([[0.0], [1.0]]), np.array([[10.0], [1.0]])
    for month in range(30):
        ln_a = capability.algorithmic_step(
            ln_a, compute, np.array(month / 12.0), NONE, NONE, arr(0.0), 1.0, **RULE
        )
    rate = np.log(3.0) * 15.0 * -np.expm1(-2.5 / 15.0)
    np.testing.assert_allclose(ln_a[:, 0], [rate, 1.0 + rate * 0.1**0.15], rtol=1e-13)


def test_the_spillovers_approach_their_equation_as_the_step_shrinks():
    """Gaps to fixed bests close as ω_o(open − own)^+ + ¼ω_o(best − own)^+; splitting is of first order."""
    open_best, best = 2.0, 3.0
    solved = solve_ivp(
        lambda t, a: 0.04 * np.maximum(open_best - a, 0.0) + 0.01 * (best - a), (0.0, 12.0), [0.0], **TIGHT
    ).y[0, -1]
    still = RULE | {"growth_factor_per_year": np.array(1.0)}
    errors = []
    for steps in (12, 24, 48):
        ln_a = np.zeros((1, 1))
        for _ in range(steps):
            ln_a = capability.algorithmic_step(
                ln_a, arr(1.0)[None], arr(0.0), arr(open_best), arr(best), arr(0.0), 12.0 / steps, **still
            )
        errors.append(abs(ln_a[0, 0] - solved))
    # A month's splitting error is half the product of the rates times the gap: 0.5·0.04·0.01·3 = 6e-4.
    assert errors[0] < 12 * 6e-4
    assert 1.9 < errors[0] / errors[1] < 2.1
    assert 1.9 < errors[1] / errors[2] < 2.1


def test_spillovers_alone_never_lift_a_lab_above_the_best():
    fast = RULE | {"growth_factor_per_year": np.array(1.0), "open_spill_per_month": np.array(1e6)}
    ln_a = np.array([[0.0, 2.5, 4.0]])
    got = capability.algorithmic_step(
        ln_a, np.ones((1, 3)), arr(0.0), arr(2.0), arr(3.0), arr(0.0), 1.0, **fast
    )
    np.testing.assert_allclose(got, [[3.0, 3.0, 4.0]], rtol=1e-15)


def test_luck_adds_per_month_and_a_lab_without_compute_does_not_research():
    compute = np.array([[0.0], [5.0]])
    got = capability.algorithmic_step(np.zeros((2, 1)), compute, arr(0.0), NONE, NONE, arr(0.02), 0.5, **RULE)
    month = np.log(3.0) * 15.0 * -np.expm1(-0.5 / 180.0)
    np.testing.assert_allclose(got[:, 0], [0.01, 0.01 + month], rtol=1e-13)
    nobody = capability.algorithmic_step(
        np.zeros((2, 1)), np.zeros((2, 1)), arr(0.0), NONE, NONE, arr(0.0), 1.0, **RULE
    )
    np.testing.assert_array_equal(nobody, 0.0)


def test_luck_keeps_its_distribution_at_any_step_length():
    rule = {"persistence_per_month": np.array(0.9), "sd": np.array(0.02)}
    for dt in (0.5, 1.0, 12.0):
        kept = capability.luck_step(arr(1.0), arr(0.0), dt, **rule)
        drawn = capability.luck_step(arr(0.0), arr(1.0), dt, **rule)
        np.testing.assert_allclose(kept, 0.9**dt, rtol=1e-14)
        np.testing.assert_allclose(kept**2 * 0.02**2 + drawn**2, 0.02**2, rtol=1e-13)


def test_the_training_stock_solves_its_equation():
    solved = solve_ivp(lambda t, z: 7.0 * np.exp(0.5) - z / 18.0, (0.0, 5.0), [40.0], **TIGHT).y[0, -1]
    got = capability.training_stock_step(arr(40.0), arr(7.0), arr(0.5), np.array(18.0), 5.0)
    np.testing.assert_allclose(got, solved, rtol=1e-9)
    # At rest the stock is what 18 months of training make.
    rest = capability.training_stock_step(arr(126.0), arr(7.0), arr(0.0), np.array(18.0), 1.0)
    np.testing.assert_allclose(rest, 126.0, rtol=1e-14)


def test_distillation_solves_its_equation_and_only_upwards():
    own, best = arr(1e3, 1e6, 1e3, 0.0), arr(1e5, 1e5, 1e5, 1e5)
    access = np.array([True, True, False, True])
    got = capability.distil_stock(own, best, access, np.array(0.03), 6.0)
    solved = solve_ivp(lambda t, z: 0.03 * (5.0 - z), (0.0, 6.0), [3.0], **TIGHT).y[0, -1]
    np.testing.assert_allclose(got, [10.0**solved, 1e6, 1e3, 0.0], rtol=1e-9)
    half = capability.distil_stock(own, best, access, np.array(0.03), 3.0)
    # Logarithms up to 12 carry 12·2^-52 into the exponential.
    np.testing.assert_allclose(
        capability.distil_stock(half, best, access, np.array(0.03), 3.0), got, rtol=1e-14
    )


def test_capability_by_hand():
    got = capability.capability(arr(1e6, 1e3, 0.0), np.array(1e3))
    np.testing.assert_allclose(got[:2], [3.0, 0.0], atol=1e-14)
    assert np.isfinite(got[2])
    assert got[2] < -100.0
    np.testing.assert_array_equal(
        capability.deployable_capability(arr(1.0, 1.0, 1.0), arr(2.0, 1.1, -np.inf), np.array(0.15)),
        [1.85, 1.0, 1.0],
    )


def test_back_cast_by_hand():
    got = capability.back_cast(arr(2.0, 3.0), arr(1.2, 0.6), 3, 1.0)
    np.testing.assert_allclose(got, [[1.7, 2.85], [1.8, 2.9], [1.9, 2.95]], rtol=1e-14)
    assert capability.back_cast(arr(2.0), arr(1.2), 6, 0.5).shape == (12, 1)
    assert capability.back_cast(arr(2.0), arr(1.2), 0, 1.0).shape == (0, 1)


def test_lag_of_steady_growth_is_the_gap_over_the_rate():
    now, rate = arr(4.0, 4.0, 4.0), arr(1.0, 0.5, 2.0)
    history = np.concatenate([capability.back_cast(now, rate, 120, 1.0), now[None]])
    follower = now - arr(0.6, 0.3, 2.0)
    got = capability.lag_months(history, follower, 1.0)
    # A value of 4 is known to 4·2^-53 and a month's growth is at least 0.04: 1e-14 of a month, a few times.
    np.testing.assert_allclose(got, [7.2, 7.2, 12.0], rtol=1e-12)


def interpolated_lag(history, value):
    """Return the lag of one world by NumPy's interpolation over the rising parts of the best so far."""
    best = np.maximum.accumulate(history)
    if value >= best[-1]:
        return 0.0
    rises = np.concatenate([[True], np.diff(best) > 0.0])
    # Interpolate from the last month before each rise, so that a plateau is not bridged.
    times, values = [], []
    for t in range(len(best)):
        if rises[t]:
            if t > 0 and times[-1] != t - 1:
                times.append(t - 1)
                values.append(np.nextafter(values[-1], np.inf))
            times.append(t)
            values.append(best[t])
    return len(best) - 1 - np.interp(value, values, times)


def test_lag_is_the_interpolated_time_since_the_leader_was_there():
    rng = np.random.default_rng(4)
    history = np.cumsum(np.where(rng.random((200, 80)) < 0.3, -0.02, rng.random((200, 80)) * 0.1), axis=0)
    follower = history[-1] - rng.uniform(-1.0, 10.0, 80)
    got = capability.lag_months(np.maximum.accumulate(history), follower, 1.0)
    expected = [interpolated_lag(history[:, w], follower[w]) for w in range(80)]
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    assert (got == 0.0).any()
    assert (got == 199.0).any()


def test_lag_runs_from_the_first_time_on_a_plateau():
    best = arr(0.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0)[:, None]
    for value, expected in (
        (2.0, 4.0),
        (1.5, 4.5),
        (2.5, 0.5),
        (3.0, 0.0),
        (9.0, 0.0),
        (0.0, 6.0),
        (-5.0, 6.0),
    ):
        got = capability.lag_months(best, arr(value), 0.5)
        np.testing.assert_allclose(got, 0.5 * expected, rtol=1e-14)


def test_signed_lag_is_positive_where_china_is_behind_and_changes_sign_with_the_blocs():
    rng = np.random.default_rng(6)
    us, cn = np.cumsum(rng.random((2, 60, 30)), axis=1)
    lag = capability.signed_lag_months(np.stack([us, cn], 1), 1.0)
    np.testing.assert_array_equal(lag, -capability.signed_lag_months(np.stack([cn, us], 1), 1.0))
    np.testing.assert_array_equal(np.sign(lag), np.sign(us[-1] - cn[-1]))
    np.testing.assert_array_equal(capability.signed_lag_months(np.stack([us, us], 1), 1.0), 0.0)


@pytest.mark.parametrize("dt", [0.5, 1.0, 6.0])
def test_breakthroughs_come_at_their_hazard(dt):
    draws = (np.arange(100_000) + 0.5) / 100_000
    got = capability.breakthrough_orders(np.array(0.2), draws, np.array(2.0), dt)
    assert set(np.unique(got)) == {0.0, 2.0}
    # On an even grid of draws the share is right to one draw.
    assert abs((got > 0.0).mean() + np.expm1(-0.2 * dt / 12.0)) <= 1e-5
    np.testing.assert_array_equal(
        capability.breakthrough_orders(np.array(0.0), draws, np.array(2.0), dt), 0.0
    )
