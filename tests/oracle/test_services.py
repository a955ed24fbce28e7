"""Prices, free tiers and serving costs against oracles: numerical optima, integrals, multipliers (S3)."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

from sim import quantity
from sim.markets import services


def arr(*values):
    return np.array(values, dtype=np.float64)


# ---------------------------------------------------------------- recovery, adjustment, sharing


def test_the_capital_recovery_factor_repays_one_usd():
    rate, life = arr(0.0, 1e-6, 0.07, 0.5), 15.0
    factor = quantity.capital_recovery_factor(rate, np.array(life))
    worth = [sum(f / (1.0 + r) ** year for year in range(1, 16)) for f, r in zip(factor, rate, strict=True)]
    # log1p and expm1 keep full relative precision down to r = 1e-6; 15 additions of the oracle.
    np.testing.assert_allclose(worth, 1.0, rtol=1e-13)


def test_steps_of_any_length_add_up():
    for step in (
        lambda x, dt: quantity.approach(x, arr(9.0, -3.0), arr(0.2, 4.0), dt),
        lambda x, dt: quantity.stock_step(x, arr(2.0, 5.0), arr(18.0, 0.5), dt),
    ):
        start = arr(1.0, 2.0)
        np.testing.assert_allclose(step(step(start, 0.4), 2.1), step(start, 2.5), rtol=1e-14)


def test_fading_growth_is_the_integral_of_its_rate():
    for elapsed, fade, dt in ((0.0, 15.0, 1.0), (14.0, 6.0, 3.0), (200.0, 1.0, 1.0), (3.0, 1e12, 1.0)):
        got = quantity.fading_log_growth(np.array(3.0), np.array(elapsed), np.array(fade), dt)
        expected = quad(lambda t, f=fade: np.log(3.0) * np.exp(-t / f), elapsed, elapsed + dt / 12.0)[0]
        np.testing.assert_allclose(got, expected, rtol=1e-12)


# ---------------------------------------------------------------- cost


def serving_cost(**changes):
    given = {
        "chip_price_usd_per_h100e": 25_000.0,
        "interest_per_year": 0.08,
        "depreciation_per_year": 0.12,
        "price_trend_per_year": -0.25,
        "building_usd_per_kw": 12_000.0,
        "power_kw_per_h100e": 1.0,
        "pue": 1.25,
        "building_recovery_per_year": 0.1,
        "power_price_usd_per_mwh": 80.0,
        "utilisation": 0.5,
    }
    return services.serving_cost_usd_per_h100e_month(**{k: np.array(v) for k, v in (given | changes).items()})


def test_serving_cost_by_hand():
    # 25,000·0.45/12 = 937.5; 12,000·1.25·0.1/12 = 125; 1.25 kW·730 h = 912.5 kWh = 0.9125 MWh at 80 = 73.
    np.testing.assert_allclose(serving_cost(), (937.5 + 125.0 + 73.0) / 0.5, rtol=1e-14)


def test_energy_is_a_small_part_of_the_cost_and_linear_in_its_price():
    free, normal, double = (serving_cost(power_price_usd_per_mwh=p) for p in (0.0, 80.0, 160.0))
    np.testing.assert_allclose(double - normal, normal - free, rtol=1e-12)
    assert 0.05 < 1.0 - free / normal < 0.08


def test_compute_per_unit_load_by_hand():
    got = services.compute_per_unit_load(np.array(1e-4), arr(2.0), np.array(0.5), arr(np.log(5.0)))
    np.testing.assert_allclose(got, 1e-4 * 10.0 / 5.0, rtol=1e-14)
    np.testing.assert_allclose(services.cost_usd_per_unit_load(arr(300.0), arr(4.0)), 75.0)


def test_inference_efficiency_grows_by_its_factor_while_nothing_fades():
    got = services.efficiency_step(arr(0.0), np.array(5.0), np.array(0.0), np.array(1e9), 12.0)
    np.testing.assert_allclose(np.exp(got), 5.0, rtol=1e-8)  # fades by 1/2e9 over the year


def test_demand_grows_and_answers_to_cost():
    got = services.demand_per_user_step(arr(8.0), np.array(0.3), arr(0.25), np.array(0.5), 6.0)
    np.testing.assert_allclose(got, 8.0 * np.exp(0.15) * 2.0, rtol=1e-14)


# ---------------------------------------------------------------- free tier


def test_free_load_is_the_mean_of_exponential_demand_cut_at_the_quota():
    for demand in (0.3, 1.0, 8.0):
        for quota in (0.01, 1.0, 20.0):
            got = services.free_load(np.array(demand), np.array(quota))
            cut = quad(lambda x, d=demand: x * np.exp(-x / d) / d, 0.0, quota)[0]
            np.testing.assert_allclose(got, cut + quota * np.exp(-quota / demand), rtol=1e-9)


def test_free_load_at_its_ends():
    demand = arr(0.0, 0.0, 5.0, 5.0, 1e-300, 1e-10, 1e300)
    quota = arr(0.0, 3.0, 0.0, np.inf, 1e300, 1.0, 1.0)
    np.testing.assert_allclose(services.free_load(demand, quota), [0, 0, 0, 5, 1e-300, 1e-10, 1], rtol=1e-15)
    np.testing.assert_allclose(
        services.served_fraction(demand, quota), [1, 1, 0, 1, 1, 1, 1e-300], rtol=1e-15
    )


def test_free_budget_by_hand():
    got = services.free_budget_usd(
        arr(100.0, 100.0, 100.0),
        arr(40.0, 40.0, 40.0),
        arr(9.0, 0.0, 60.0),
        budget_share=np.array(0.1),
        funding_weight=np.array(0.5),
        runway_pivot_months=np.array(9.0),
        runway_scale_months=np.array(3.0),
    )
    np.testing.assert_allclose(got, 12.0 / (1.0 + np.exp(-arr(0.0, -3.0, 17.0))), rtol=1e-14)


def by_multiplier(total, weight, cap):
    """Find min(cap, weight·v) with the given sum by bracketing v: the oracle of water filling."""
    cap = np.where(weight > 0.0, cap, 0.0)
    if cap.sum() <= total:
        return cap
    v = brentq(lambda v: np.minimum(cap, weight * np.exp(v)).sum() - total, -60.0, 60.0, xtol=1e-14)
    return np.minimum(cap, weight * np.exp(v))


def test_the_budget_split_has_one_multiplier():
    rng = np.random.default_rng(5)
    value, cap = rng.lognormal(0, 2, (4, 3, 50)), rng.lognormal(0, 2, (4, 3, 50))
    value[1, :, :10] = 0.0
    budget = rng.lognormal(0.5, 2, (3, 50))
    got = services.split_budget_over_markets(budget, value, cap)
    for lab in range(3):
        for world in range(50):
            expected = by_multiplier(budget[lab, world], value[:, lab, world], cap[:, lab, world])
            # brentq knows the logarithm of the multiplier to 1e-14 and to 9e-16 of |v| < 60.
            np.testing.assert_allclose(got[:, lab, world], expected, rtol=1e-12)


def test_the_split_equalises_what_another_usd_is_worth():
    """With utility β ln(served) the optimum of Σ value·ln(spending) over a grid of splits is the split."""
    value, cap, budget = arr(3.0, 1.0), arr(4.0, 9.0), 6.0
    got = services.split_budget_over_markets(
        np.array([budget, budget]), value[:, None] + np.zeros(2), cap[:, None] + np.zeros(2)
    )
    first = np.linspace(1e-3, 4.0, 4000)
    best = first[np.argmax(3.0 * np.log(first) + np.log(budget - first))]
    np.testing.assert_allclose(got[:, 0], [best, budget - best], atol=1e-3)  # the grid's step


def test_marginal_value_and_full_cost_by_hand():
    got = services.marginal_value_of_service_usd(arr(1e6), arr(0.2), np.array(0.6), arr(3.0))
    np.testing.assert_allclose(got, 0.36e6, rtol=1e-14)
    cost = services.full_service_cost_usd(arr(1e6), arr(8.0), np.array(4.0), arr(0.01))
    np.testing.assert_allclose(cost, 8e4 * (1.0 - np.exp(-4.0)), rtol=1e-14)


QUOTA = {
    "adjustment_per_month": np.array(0.1),
    "ceiling_multiple": np.array(4.0),
    "floor_multiple": np.array(0.01),
}


def test_the_quota_moves_by_the_written_formula():
    budget, ads, cost = arr(2.0, 1.0, 5.0), arr(1.0, 0.0, 0.0), arr(1.0, 4.0, 5.0)
    got = services.quota_step(arr(2.0, 2.0, 2.0), arr(8.0, 8.0, 8.0), budget, ads, cost, 0.5, **QUOTA)
    expected = 2.0 * np.exp(0.05 * np.tanh(np.log((budget + ads) / cost)))
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_the_quota_settles_where_funds_meet_the_cost():
    demand, users, unit, funds = arr(8.0), 1e6, 0.01, arr(3e4)
    quota = arr(0.2)
    for _ in range(1000):
        cost = users * unit * services.free_load(demand, quota)
        quota = services.quota_step(quota, demand, funds, arr(0.0), cost, 1.0, **QUOTA)
    # 1e4·8(1 − e^{−φ/8}) = 3e4; the gap shrinks by percents a month: 1,000 leave rounding.
    np.testing.assert_allclose(quota, -8.0 * np.log(1.0 - 3.0 / 8.0), rtol=1e-12)


def test_the_quota_does_not_wind_up_behind_its_ceiling():
    quota, demand = arr(1.0), arr(2.0)
    for _ in range(200):
        quota = services.quota_step(quota, demand, arr(9.0), arr(0.0), arr(1.0), 1.0, **QUOTA)
    np.testing.assert_array_equal(quota, 8.0)
    after = services.quota_step(quota, demand, arr(0.0), arr(0.0), arr(1.0), 1.0, **QUOTA)
    np.testing.assert_allclose(after, 8.0 * np.exp(-0.1), rtol=1e-15)  # falls at once


# ---------------------------------------------------------------- price


def brute_shares(price, v_free, v_paid, beta, lam, others):
    """Return one firm's paid and free share by enumerating a nested logit; real or complex price."""
    own = np.exp(v_free / lam) + np.exp((v_paid - beta * price) / lam)
    total = 1.0 + own**lam + others
    within = np.exp((v_paid - beta * price) / lam) / own
    return own**lam / total * within, own**lam / total * (1.0 - within)


def profit(price, firm):
    """Return profit per head over the classes of a firm; real or complex price."""
    paid, free = brute_shares(
        price, firm["v_free"], firm["v_paid"], firm["beta"], firm["lam"], firm["others"]
    )
    return (firm["weight"] * (paid * (price - firm["cost"]) + free * firm["free_margin"])).sum()


def marginal_profit(price, firm):
    """Return d profit/d price by a complex step: exact to rounding, no difference is taken."""
    return profit(price + 1e-30j, firm).imag / 1e-30


def random_firm(seed, classes):
    rng = np.random.default_rng(seed)
    return {
        "v_free": rng.normal(0.0, 1.0, classes),
        "v_paid": rng.normal(1.0, 1.0, classes),
        "beta": 0.16 * rng.lognormal(0.0, 0.5, classes) if classes > 1 else rng.uniform(0.08, 0.3, 1),
        "lam": rng.uniform(0.4, 0.9),
        "others": rng.uniform(0.5, 5.0, classes),
        "weight": rng.dirichlet(np.ones(classes)),
        "cost": rng.uniform(1.0, 8.0),
        "free_margin": rng.uniform(-2.0, 1.5),
    }


def numerical_optimum(firm):
    """Locate the best price on a grid, narrow it by minimisation, and polish it with the exact derivative."""
    grid = np.linspace(-5.0, 150.0, 3101)
    start = grid[np.argmax([profit(p, firm) for p in grid])]
    found = minimize_scalar(
        lambda p: -profit(p, firm),
        bounds=(start - 0.1, start + 0.1),
        method="bounded",
        options={"xatol": 1e-9},
    ).x
    # A smooth maximum is flat: minimisation sees it to about sqrt(2^-52), the derivative to rounding.
    polished = brentq(marginal_profit, found - 1e-3, found + 1e-3, args=(firm,), xtol=1e-13)
    assert abs(polished - found) < 1e-5
    return polished


def repeated_reply(firm, reply, start=20.0):
    """Follow the reply at present shares, a third of the way each time, until it stands still."""
    price = start
    for _ in range(3000):
        paid, free = brute_shares(price, *(firm[k] for k in ("v_free", "v_paid", "beta", "lam", "others")))
        target = float(reply(paid, free)[0])
        price += 0.3 * (target - price)
        if abs(target - price) < 1e-12:
            break
    return price


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("classes", [1, 2, 3, 5])
def test_best_reply_over_classes_is_the_numerical_optimum(seed, classes):
    firm = random_firm(100 + seed, classes)

    def reply(paid, free):
        return services.best_reply_price(
            np.array([firm["cost"]]),
            np.array([firm["free_margin"]]),
            firm["weight"][:, None],
            paid[:, None],
            free[:, None],
            firm["beta"][:, None],
            np.array([firm["lam"]]),
        )

    price = repeated_reply(firm, reply)
    assert abs(price - numerical_optimum(firm)) < 1e-6 * price  # MODEL's bound
    assert abs(marginal_profit(price, firm)) < 1e-12


def test_price_slopes_are_the_derivatives_of_the_nested_logit():
    rng = np.random.default_rng(11)
    for _ in range(20):
        v_free, v_paid, beta, lam, others = rng.normal(), rng.normal(), 0.2, rng.uniform(0.3, 1.0), 2.0
        paid, free = brute_shares(15.0, v_free, v_paid, beta, lam, others)
        step = brute_shares(15.0 + 1e-30j, v_free, v_paid, beta, lam, others)
        got = services.nested_logit_price_slopes(arr(paid), arr(free), arr(beta), arr(lam))
        np.testing.assert_allclose(got.paid_per_usd, step[0].imag / 1e-30, rtol=1e-12)
        np.testing.assert_allclose(got.free_per_usd, step[1].imag / 1e-30, rtol=1e-12)


def test_a_small_firm_with_one_tier_marks_up_by_one_over_beta():
    """As the share vanishes the reply tends to c + 1/β, and to c + λ/β beside a large free tier."""
    beta, lam = np.array([[0.2]]), arr(0.6)
    for paid, free, markup in ((1e-12, 0.0, 5.0), (1e-15, 1e-3, 3.0)):
        got = services.best_reply_price(
            arr(3.0), arr(0.0), np.ones((1, 1)), np.array([[paid]]), np.array([[free]]), beta, lam
        )
        np.testing.assert_allclose(got, 3.0 + markup, rtol=1e-11)


def test_where_nobody_pays_the_reply_is_the_limit_of_few_who_pay():
    beta, weight = arr(0.1, 0.4)[:, None], arr(0.3, 0.7)[:, None]
    few, none, free = np.full((2, 1), 1e-13), np.zeros((2, 1)), np.full((2, 1), 0.1)
    for shares in (few, none):
        got = services.best_reply_price(arr(2.0), arr(0.0), weight, shares, free, beta, np.array(0.6))
        np.testing.assert_allclose(got, 2.0 + 1.0 / (0.3 * 0.1 / 0.6 + 0.7 * 0.4 / 0.6), rtol=1e-11)


TARGET = {
    "omega": np.array(0.2),
    "runway_pivot_months": np.array(12.0),
    "runway_scale_months": np.array(8.0),
    "floor_multiple": np.array(1.3),
}


def test_target_price_by_hand():
    got = services.target_price(arr(20.0, 20.0, 20.0), arr(12.0, 4.0, 1e300), arr(1.0, 1.0, 15.0), **TARGET)
    np.testing.assert_allclose(got, [20.0, 20.0 * (1.0 + 0.2 * np.tanh(1.0)), 1.3 * 15.0], rtol=1e-14)


def test_price_closes_its_gap_exponentially():
    got = services.price_step(arr(20.0), arr(10.0), np.array(0.05), 2.0)
    np.testing.assert_allclose(got, 10.0 + 10.0 * np.exp(-0.1), rtol=1e-14)
