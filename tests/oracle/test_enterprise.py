"""Market size, supplier choice and foundations against integration and enumeration (S2)."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sim.markets import enterprise


def arr(*values):
    return np.array(values, dtype=np.float64)


def test_market_size_solves_the_logistic_equation():
    top, start, nu, share = 4000.0, 40.0, 0.32, 0.3
    gains = np.array([-2.0, 0.5, 3.0, 6.0, 12.0])
    tight = {"rtol": 1e-12, "atol": 1e-10}  # solve_ivp adds an absolute 1e-6 by itself
    # Each gain by an integration of its own: the interpolant between steps is less exact than the steps.
    solved = [
        solve_ivp(lambda c, r: nu * np.log(10.0) * r * (1.0 - r / top), (0.0, g), [start], **tight).y[0, -1]
        for g in gains
    ]
    got = enterprise.market_size_usd_per_year(
        np.array(share), np.array(top), np.array(start), np.array(nu), gains
    )
    np.testing.assert_allclose(got, share * np.array(solved), rtol=1e-9)


def test_market_size_at_its_ends():
    top, start = arr(10.0, 10.0, 10.0, 0.0, 10.0, 5.0), arr(1.0, 1.0, 0.0, 0.0, 10.0, 9.0)
    gain = arr(1e9, -1e9, 5.0, 1.0, 7.0, 0.0)
    got = enterprise.market_size_usd_per_year(np.array(1.0), top, start, np.array(0.3), gain)
    np.testing.assert_allclose(got, [10.0, 0.0, 0.0, 0.0, 10.0, 5.0], rtol=1e-14, atol=1e-100)


def test_utility_by_hand():
    got = enterprise.supplier_utility(arr(2.0), arr(np.log(3.0)), arr(-1.0), arr(0.25), np.array(0.8))
    np.testing.assert_allclose(got, 1.25 - 0.8 * np.log(3.0), rtol=1e-14)


def enumerated_shares(last, utility, is_open, switching, rate, dt):
    """Follow every present supplier's contracts one by one: the oracle of one world."""
    chooses = 1.0 - (1.0 - rate) ** dt
    new = np.zeros_like(last)
    options = [k for k in range(len(last)) if is_open[k]]
    holders = [(j, last[j], chooses if is_open[j] else 1.0) for j in range(len(last))]
    for j, held, part in [*holders, (None, 1.0 - last.sum(), 1.0)]:
        if j is not None:
            new[j] += held * (1.0 - part)
        odds = {k: np.exp(utility[k] + (switching if k == j else 0.0)) for k in options}
        for k in options:
            new[k] += held * part * odds[k] / sum(odds.values())
    return new


def test_supplier_shares_are_the_enumerated_choices():
    rng = np.random.default_rng(7)
    last = rng.dirichlet(np.ones(5), 60).T
    last[:, :10] *= 0.5  # contracts not yet given out
    utility = rng.normal(0, 2, (5, 60))
    is_open = rng.random((5, 60)) < 0.7
    is_open[:, 10:15] = False
    switching = rng.uniform(0, 4, 60)
    got = enterprise.supplier_shares(last, utility, is_open, switching, np.array(0.1), 1.5)
    for w in range(60):
        expected = enumerated_shares(last[:, w], utility[:, w], is_open[:, w], switching[w], 0.1, 1.5)
        np.testing.assert_allclose(got[:, w], expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(got.sum(0), is_open.any(0).astype(np.float64), rtol=1e-14, atol=1e-15)


def steady_shares(utility, switching):
    """Return x_k(Σx + (e^σ − 1)x_k) over their sum, x = e^utility: choosing anew is reversible."""
    weight = np.exp(utility - utility.max(0))
    # The square of e^300 is finite, and beyond it nobody leaves.
    held = weight * (weight.sum(0) + np.expm1(np.minimum(switching, 300.0)) * weight)
    return held / held.sum(0)


def test_shares_drift_to_the_steady_ones():
    rng = np.random.default_rng(8)
    utility, switching = rng.normal(0, 1, (4, 20)), rng.uniform(0, 2, 20)
    shares = np.full((4, 20), 0.25)
    for _ in range(3000):
        shares = enterprise.supplier_shares(shares, utility, np.ones((4, 1)), switching, np.array(0.2), 1.0)
    # Three thousand steps leave a fixed point; each one rounds a few times.
    np.testing.assert_allclose(shares, steady_shares(utility, switching), rtol=1e-13)


@pytest.mark.parametrize("switching", [0.0, 0.5, 2.0, 6.0, 40.0, 299.0, 1e6])
def test_residuals_reproduce_the_target(switching):
    rng = np.random.default_rng(9)
    target = rng.dirichlet(np.full(6, 0.4), 100).T
    target = np.maximum(target, 1e-9) / np.maximum(target, 1e-9).sum(0)
    utility = rng.normal(0, 3, (6, 100))
    residual = enterprise.invert_residuals(target, utility, np.array(switching))
    got = steady_shares(utility + residual, np.array(switching))
    # The residual's magnitude, below 50, is lost from an exponential's last digits: 50·2^-52 = 1.1e-14.
    np.testing.assert_allclose(got, target, rtol=5e-14)
    np.testing.assert_allclose(residual.sum(0), 0.0, atol=1e-12)


def test_without_switching_cost_the_residual_is_the_berry_inversion():
    target, utility = arr(0.5, 0.3, 0.2)[:, None], arr(1.0, 0.0, 2.0)[:, None]
    got = enterprise.invert_residuals(target, utility, np.array(0.0))
    raw = np.log(target) - utility
    np.testing.assert_allclose(got, raw - raw.mean(), rtol=1e-13)


def test_a_share_of_nothing_stays_next_to_nothing():
    target, utility = arr(1.0, 0.0)[:, None], np.zeros((2, 1))
    residual = enterprise.invert_residuals(target, utility, np.array(1.0))
    assert np.isfinite(residual).all()
    np.testing.assert_allclose(steady_shares(residual, np.array(1.0))[:, 0], [1, 0], atol=1e-290)


def test_self_hosting_by_hand():
    weights = {"intercept": np.array(0.5), "capability_beta": np.array(2.0), "price_beta": np.array(0.8)}
    got = enterprise.self_hosting_share(arr(1.0), arr(1.5), arr(np.log(2.0)), **weights)
    odds = np.exp(0.5 - 1.0) * 2.0**0.8
    np.testing.assert_allclose(got, odds / (1.0 + odds), rtol=1e-14)
    # Λ is computed through tanh, whose rounding near −1 leaves an absolute error of 2^-53.
    np.testing.assert_allclose(
        enterprise.self_hosting_share(arr(-np.inf), arr(1.5), arr(0.0), **weights), 0.0, atol=1e-16
    )


def test_the_foundation_stock_solves_its_equation():
    rule = {"capability_beta": np.array(3.0), "life_months": np.array(18.0)}
    stock, quality = np.array([[5.0], [2.0]]), np.array([[0.4], [0.1]])
    part = 1.0 / (1.0 + np.exp(-3.0 * 0.3))
    solved = solve_ivp(
        lambda t, s: 10.0 * arr(part, 1.0 - part) - s / 18.0, (0.0, 7.0), stock[:, 0], rtol=1e-11, atol=1e-12
    )
    got = enterprise.foundation_step(stock, arr(10.0), quality, dt=7.0, **rule)
    np.testing.assert_allclose(got[:, 0], solved.y[:, -1], rtol=1e-9)


def test_without_open_weights_foundations_only_retire():
    rule = {"capability_beta": np.array(3.0), "life_months": np.array(18.0), "dt": 1.0}
    stock = np.array([[5.0, 5.0], [2.0, 2.0]])
    quality = np.array([[-np.inf, 0.3], [-np.inf, -np.inf]])
    got = enterprise.foundation_step(stock, arr(10.0, 10.0), quality, **rule)
    np.testing.assert_allclose(got[:, 0], stock[:, 0] * np.exp(-1.0 / 18.0), rtol=1e-14)
    np.testing.assert_allclose(got[1, 1], 2.0 * np.exp(-1.0 / 18.0), rtol=1e-14)
