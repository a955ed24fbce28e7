"""The laws of production against oracles: the formulas themselves, their limits, marginal products (S10)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.physics import production

# A few dozen roundings of 2^-53, over an exponent rho of at least 0.3.
ROUNDING = 1e-12
WORLDS = 3
SHARES, RHOS = [0.2, 0.5, 0.8], [-2.0, -0.5, -0.3]


def multiplier(h, automated, rho):
    """Return the feedback multiplier of one bloc."""
    return float(production.feedback_multiplier(np.float64(h), np.float64(automated), np.float64(rho)))


# ---- feedback -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("h", SHARES)
@pytest.mark.parametrize("rho", RHOS)
def test_multiplier_is_the_formula_with_its_ceiling(h, rho):
    for automated in (0.0, 0.01, 1.0, 50.0, 1e6):
        expected = ((1.0 - h) + h * (1.0 + automated) ** rho) ** (1.0 / rho)
        assert multiplier(h, automated, rho) == pytest.approx(expected, rel=ROUNDING)
    ceiling = (1.0 - h) ** (1.0 / rho)
    assert multiplier(h, 1e6, rho) < ceiling
    # What is missing is about h/(1-h)/|rho| a^rho; at 1e60 and rho = -0.3 below 1e-16.
    assert multiplier(h, 1e60, rho) == pytest.approx(ceiling, rel=ROUNDING)


def test_limits_of_the_multiplier():
    assert multiplier(0.5, 0.0, -0.5) == 1.0
    assert multiplier(0.0, 1e9, -0.5) == 1.0
    assert multiplier(1.0, 9.0, -0.5) == pytest.approx(10.0, rel=ROUNDING)
    assert multiplier(1.0, 1e200, -10.0) == pytest.approx(1e200, rel=1e-9)
    assert multiplier(0.4, 9.0, 0.0) == pytest.approx(10.0**0.4, rel=ROUNDING)
    # To first order in rho the distance to the geometric mean is rho h(1-h) ln²(1+a)/2.
    near = multiplier(0.4, 9.0, -1e-6)
    assert near / 10.0**0.4 - 1.0 == pytest.approx(-1e-6 * 0.24 * np.log(10.0) ** 2 / 2.0, rel=1e-3)


def test_automated_labour_is_counted_against_automatable_labour():
    got = production.automated_over_h_labour(
        np.array([10.0, 10.0, 0.0]), np.array([100.0, 0.0, 0.0]), np.float64(0.5)
    )
    np.testing.assert_allclose(got, [0.2, 0.0, 0.0], rtol=ROUNDING)


# ---- manufacturing ------------------------------------------------------------------------------------

START_USD, LABOUR_SHARE = 2.91e12, 0.6


def output(labour=1.0, machines=1.0, power=1.0, depth=1.0, rho=-0.5):
    """Return manufacturing value added of one bloc."""
    return float(
        production.manufacturing_output_usd(
            *(np.float64(x) for x in (START_USD, labour, machines, power, depth, LABOUR_SHARE, 0.5, 0.3, rho))
        )
    )


@pytest.mark.parametrize("rho", [-2.0, -0.5, 0.0, 0.5])
def test_output_at_the_start_is_the_observed_one(rho):
    assert output(rho=rho) == pytest.approx(START_USD, rel=ROUNDING)


@pytest.mark.parametrize("rho", [-2.0, -0.5, 0.5])
def test_output_is_the_normalised_ces(rho):
    expected = START_USD * (0.6 * 1.3**rho + 0.4 * 2.5**rho) ** (1.0 / rho) * 0.9**0.5 * 1.1**0.3
    assert output(1.3, 2.5, 0.9, 1.1, rho) == pytest.approx(expected, rel=ROUNDING)


def test_output_without_substitution_parameter_is_cobb_douglas():
    assert output(1.3, 2.5, rho=0.0) == pytest.approx(START_USD * 1.3**0.6 * 2.5**0.4, rel=ROUNDING)


@pytest.mark.parametrize("rho", [-2.0, -0.5, 0.0])
def test_marginal_products_at_the_start_are_the_factor_shares(rho):
    step = 1e-4  # central difference: an error of about step² = 1e-8
    labour = (output(labour=1 + step, rho=rho) - output(labour=1 - step, rho=rho)) / (2 * step * START_USD)
    machines = (output(machines=1 + step, rho=rho) - output(machines=1 - step, rho=rho)) / (
        2 * step * START_USD
    )
    assert labour == pytest.approx(LABOUR_SHARE, abs=1e-6)
    assert machines == pytest.approx(1.0 - LABOUR_SHARE, abs=1e-6)


def test_output_has_constant_returns_and_complements_bind():
    assert output(2.0, 2.0) == pytest.approx(2.0 * output(), rel=ROUNDING)
    # With machines without bound, labour alone binds: 0.6^(1/rho) of it.
    assert output(machines=1e60) == pytest.approx(START_USD * 0.6 ** (1.0 / -0.5), rel=ROUNDING)


def test_no_people_no_machines_no_power_no_chain_mean_no_output():
    for missing in ("labour", "machines", "power", "depth"):
        assert output(**{missing: 0.0}) < 1e-60 * START_USD


def test_robot_labour_counts_as_people():
    robots = production.useful_robot_labour_workers(np.float64(1_000.0), np.float64(0.4), np.float64(2.0))
    assert robots == pytest.approx(800.0, rel=ROUNDING)
    ratio = production.labour_ratio(np.array([9_200.0, 5.0]), np.array([robots, 0.0]), np.array([1e4, 0.0]))
    np.testing.assert_allclose(ratio, [1.0, 0.0], rtol=ROUNDING)


# ---- properties ---------------------------------------------------------------------------------------

sizes = st.one_of(st.just(0.0), st.floats(1e-6, 1e6), st.floats(1e6, 1e300))
per_world = hnp.arrays(np.float64, (WORLDS,), elements=sizes)
shares = hnp.arrays(np.float64, (WORLDS,), elements=st.floats(0.0, 1.0))
rhos = hnp.arrays(np.float64, (WORLDS,), elements=st.floats(-10.0, 0.0))


@given(h=shares, automated=per_world, more=per_world, rho=rhos)
def test_multiplier_is_bounded_and_monotone(h, automated, more, rho):
    low = production.feedback_multiplier(h, automated, rho)
    high = production.feedback_multiplier(h, np.maximum(automated, more), rho)
    assert np.isfinite(high).all()
    # Rounding of the power mean, divided by rho at its switch to the geometric mean (1.5e-8).
    slack = 1.0 + 1e-6
    assert (low >= 1.0).all()
    assert (low <= (1.0 + automated) * slack).all()
    assert (low <= high * slack).all()


@given(labour=per_world, machines=per_world, power=shares, depth=per_world, share=shares, rho=rhos)
def test_output_is_finite_and_rises_with_every_factor(labour, machines, power, depth, share, rho):
    def produce(*factors):
        return production.manufacturing_output_usd(
            np.float64(START_USD), *factors, share, np.float64(0.5), np.float64(0.3), rho
        )

    base = produce(labour, machines, power, depth)
    assert (np.isfinite(base) & (base >= 0.0)).all()
    slack = 1.0 + 1e-6
    for index in range(4):
        factors = [labour, machines, power, depth]
        factors[index] = factors[index] * 2.0 if index != 2 else np.minimum(power * 2.0, 1.0)
        with np.errstate(over="ignore"):  # at the largest amounts output is infinite
            assert (produce(*np.minimum(factors, 1e300)) * slack >= base).all()


@pytest.mark.parametrize("batch", [2, 3, 7, 64])
def test_a_world_has_the_same_bits_in_any_batch(batch):
    worlds = 97
    spread = np.linspace(0.01, 0.99, worlds)
    picked = np.linspace(0, worlds - 1, batch).astype(int)[::-1]

    def laws(x):
        m = production.feedback_multiplier(x, 30.0 * x, -2.0 * x)
        y = production.manufacturing_output_usd(1e12 * x, 3 * x, 2 * x, x, 1.5 * x, x, x, 0.3 * x, -x)
        return [m, y]

    for whole, part in zip(laws(spread), laws(spread[picked]), strict=True):
        np.testing.assert_array_equal(whole[..., picked], part)
