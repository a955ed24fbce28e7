"""Elementary functions of doubles: what they come to, where their terms come from, and compiled ones."""

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

import sim.elementary as chosen
from sim.elementary import LN2, LN10, doubles

Doubles = npt.NDArray[np.float64]
Law = Callable[[Decimal], Decimal]
ONE, TWO = Decimal(1), Decimal(2)
INF = np.inf
ENDS = np.array(
    [0.0, -0.0, 1.0, -1.0, 2.0, INF, -INF, np.nan, 5e-324, 1e-310, 1.7e308, -745.1, 709.78, 709.79, 1e5]
)
DRAWN = np.random.default_rng(1)
WIDE = 10.0 ** DRAWN.uniform(-300.0, 300.0, 2000)
NEAR_1 = 1.0 + DRAWN.uniform(-1.0, 1.0, 500) * 10.0 ** DRAWN.uniform(-12.0, -0.5, 500)
SMALL = DRAWN.choice([-1.0, 1.0], 500) * 10.0 ** DRAWN.uniform(-20.0, -1.0, 500)


def exp_rest(r: Decimal) -> Decimal:
    return (r.exp() - 1 - r) / (r * r) if r else ONE / 2


def log_rest(square: Decimal) -> Decimal:
    s = square.sqrt()
    return (((ONE + s) / (ONE - s)).ln() - 2 * s) / (s * square) if square else TWO / 3


def log1p(x: Decimal) -> Decimal:
    return x - x * x / 2 if abs(x) < 1e-20 else (1 + x).ln()


def terms(law: Law, many: int, low: float, high: float) -> list[float]:
    """Return the polynomial that meets a law in Chebyshev's points, the lowest term first (Newton's form)."""
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    nodes = [Decimal(middle + half * math.cos(math.pi * (2 * k + 1) / (2 * many))) for k in range(many)]
    slopes = [law(node) for node in nodes]
    for order in range(1, many):
        for k in range(many - 1, order - 1, -1):
            slopes[k] = (slopes[k] - slopes[k - 1]) / (nodes[k] - nodes[k - order])
    found = [slopes[-1]]
    for slope, node in zip(slopes[-2::-1], nodes[-2::-1], strict=True):
        found = [a - node * b for a, b in zip([Decimal(0), *found], [*found, Decimal(0)], strict=True)]
        found[0] += slope
    return [float(one) for one in found]


def test_the_terms_are_those_of_the_functions() -> None:
    steepest = (math.sqrt(2.0) - 1.0) / (math.sqrt(2.0) + 1.0)
    with localcontext(prec=70):
        found = terms(exp_rest, len(doubles.EXP_TERMS), -LN2 / 2.0, LN2 / 2.0)
        np.testing.assert_allclose(doubles.EXP_TERMS, found, rtol=1e-12)
        found = terms(log_rest, len(doubles.LOG_TERMS), 0.0, steepest**2)
        np.testing.assert_allclose(doubles.LOG_TERMS, found, rtol=1e-12)


def test_the_constants_are_what_they_are_called() -> None:
    with localcontext(prec=60):
        ln2 = TWO.ln()
        assert abs(ln2 - Decimal(doubles.LN2_HIGH) - Decimal(doubles.LN2_LOW)) < Decimal("2e-26")
        assert (float(ln2), float(Decimal(10).ln()), float(1 / ln2)) == (LN2, LN10, doubles.PER_LN2)


def off_by(found: Doubles, exact: list[Decimal]) -> float:
    """Return by how many units of its last place a result is off at most."""
    last = np.spacing(np.abs([float(one) for one in exact]))
    with localcontext(prec=60):
        off = [abs(Decimal(float(one)) - two) for one, two in zip(found, exact, strict=True)]
        return max(float(one / Decimal(float(unit))) for one, unit in zip(off, last, strict=True))


@pytest.mark.parametrize(
    ("name", "law", "numbers", "most"),
    [
        ("exp", lambda x: x.exp(), [DRAWN.uniform(-700.0, 709.0, 2000), SMALL], 1),
        ("expm1", lambda x: x.exp() - 1, [DRAWN.uniform(-40, 700, 500), DRAWN.uniform(-2, 2, 999), SMALL], 2),
        ("log", lambda x: x.ln(), [WIDE, NEAR_1, DRAWN.uniform(0.5, 2.0, 2000)], 1),
        ("log1p", log1p, [WIDE, SMALL, DRAWN.uniform(-0.999, 2.0, 2000)], 1),
        (
            "tanh",
            lambda x: 1 - 2 / ((2 * x).exp() + 1),
            [DRAWN.uniform(-3.0, 3.0, 2000), DRAWN.uniform(-18.0, 18.0, 500), SMALL],
            3,
        ),
    ],
)  # fmt: skip
def test_functions_are_off_by_no_more_than_they_say(
    name: str, law: Law, numbers: list[Doubles], most: float
) -> None:
    x = np.concatenate(numbers)
    with localcontext(prec=60):
        exact = [law(Decimal(float(one))) for one in x]
    assert 0.4 < off_by(getattr(chosen, name)(x), exact) <= most


def test_powers_are_off_by_no_more_than_they_say() -> None:
    x = np.concatenate([10.0 ** DRAWN.uniform(-100.0, 100.0, 1500), DRAWN.uniform(0.3, 2.0, 1500)])
    y = np.concatenate([DRAWN.uniform(-3.0, 3.0, 1500), DRAWN.uniform(-30.0, 30.0, 1500)])
    with localcontext(prec=60):
        exact = [(Decimal(b) * Decimal(a).ln()).exp() for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert 0.4 < off_by(chosen.power(x, y), exact) <= 2.0
    np.testing.assert_array_equal(chosen.power(x, 1.0), x)
    np.testing.assert_array_equal(
        chosen.power([0.0, 0.0, 0.0, INF, INF], [2, 0, -1, 2, -1]), [0, 1, INF, INF, 0]
    )
    assert np.isnan(chosen.power(-1.0, 2.0))


def test_quantiles_are_those_of_the_normal_distribution() -> None:
    share = np.concatenate([np.linspace(0.001, 0.999, 999), 10.0 ** np.linspace(-18.0, -1.0, 200)])
    exact = [NormalDist().inv_cdf(one) for one in share.tolist()]
    np.testing.assert_allclose(chosen.normal_quantile(share), exact, rtol=4e-15, atol=1e-17)
    np.testing.assert_allclose(chosen.normal_quantile(1.0 - share[:999]), -np.array(exact[:999]), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "numbers", "results"),
    [
        ("exp", [-INF, -750.0, 0.0, 710.0, INF], [0.0, 0.0, 1.0, INF, INF]),
        ("expm1", [-INF, -50.0, 0.0, 710.0, INF], [-1.0, -1.0, 0.0, INF, INF]),
        ("log", [0.0, 1.0, INF, -1.0], [-INF, 0.0, INF, np.nan]),
        ("log1p", [-1.0, 0.0, INF, -2.0], [-INF, 0.0, INF, np.nan]),
        ("log2", [0.0, 1.0, INF, -1.0], [-INF, 0.0, INF, np.nan]),
        ("log10", [0.0, 1.0, INF, -1.0], [-INF, 0.0, INF, np.nan]),
        ("tanh", [-INF, -30.0, 0.0, 30.0, INF], [-1.0, -1.0, 0.0, 1.0, 1.0]),
    ],
)
def test_where_functions_end(name: str, numbers: list[float], results: list[float]) -> None:
    np.testing.assert_array_equal(getattr(chosen, name)([*numbers, np.nan]), [*results, np.nan])


def test_other_bases_and_the_logarithm_of_a_sum() -> None:
    np.testing.assert_allclose(chosen.log10(WIDE), np.log10(WIDE), rtol=1e-15)
    np.testing.assert_allclose(chosen.log2(WIDE), np.log2(WIDE), rtol=1e-15)
    one, other = DRAWN.uniform(-700.0, 700.0, (2, 1000))
    np.testing.assert_allclose(chosen.logaddexp(one, other), np.logaddexp(one, other), rtol=1e-15)
    np.testing.assert_array_equal(chosen.logaddexp(-INF, [-INF, 1.0]), [-INF, 1.0])


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "power", "normal_quantile"])
def test_the_compiled_functions_have_the_bits_of_the_law(name: str) -> None:
    kernel = pytest.importorskip("sim.elementary.kernel", reason="nothing was compiled here")
    law, compiled = getattr(doubles, name), getattr(kernel, name)
    x = np.concatenate([ENDS, WIDE, SMALL, NEAR_1, DRAWN.uniform(-750.0, 750.0, 20_000)])
    shares = np.concatenate([DRAWN.uniform(size=20_000), 10.0 ** DRAWN.uniform(-18.0, -1.0, 2000)])
    many = {"power": (x, DRAWN.permutation(x)), "normal_quantile": (shares,)}.get(name, (x,))
    # By pieces that are whole, that are not, and whose entries do not lie one behind the other.
    for part in (slice(None), slice(33), slice(None, None, 3), slice(1, 2)):
        numbers = tuple(one[part] for one in many)
        expected, found = law(*numbers), compiled(*numbers)
        none = np.isnan(expected)
        np.testing.assert_array_equal(none, np.isnan(found))
        np.testing.assert_array_equal(expected[~none].view(np.int64), found[~none].view(np.int64))
        into = np.empty_like(numbers[0])
        assert law(*numbers, out=into) is into
        np.testing.assert_array_equal(into, expected)
