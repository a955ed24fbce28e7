"""The crowd's logarithm and exponential: what they come to, and where their terms come from."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numpy.polynomial import Chebyshev, Polynomial

from sim.elementary.singles import EXP2_TERMS, LEAST_POWER, LOG2_TERMS, exp2, log2

Doubles = npt.NDArray[np.float64]
OFF = 3e-7
"""What the functions say of themselves."""


def terms(function: Callable[[Doubles], Doubles], degree: int, low: float, high: float) -> Doubles:
    """Return the polynomial that meets a function in Chebyshev's points, the lowest term first."""
    meets = Chebyshev.interpolate(function, degree, domain=[low, high])
    found: Doubles = meets.convert(kind=Polynomial).coef
    return found


def log2_over_z(z: Doubles) -> Doubles:
    return np.where(z == 0.0, 1.0, np.log1p(z) / np.where(z == 0.0, 1.0, z)) / np.log(2.0)


def test_the_terms_are_those_of_the_functions() -> None:
    low, high = np.sqrt(0.5) - 1.0, np.sqrt(2.0) - 1.0
    for given, derived in (
        (LOG2_TERMS, terms(log2_over_z, len(LOG2_TERMS) - 1, low, high)),
        (EXP2_TERMS, terms(np.exp2, len(EXP2_TERMS) - 1, -0.5, 0.5)),
    ):
        np.testing.assert_array_max_ulp(given, derived.astype(np.float32), 1)


def test_logarithms_are_those_of_double_precision() -> None:
    draw = np.random.default_rng(1)
    for x in (
        np.exp2(draw.uniform(-126.0, 127.0, 300_000)).astype(np.float32),
        draw.uniform(0.5, 2.0, 300_000).astype(np.float32),
        np.arange(1, 1 << 16).astype(np.float32),
        np.float32(1.0) + np.linspace(-2000, 2000, 4001).astype(np.float32) * np.float32(2.0**-24),
    ):
        np.testing.assert_allclose(log2(x), np.log2(x.astype(np.float64)), rtol=OFF, atol=0.0)
    np.testing.assert_array_equal(log2(np.array([0.0, 1.0, 2.0, 65536.0], np.float32)), [-np.inf, 0, 1, 16])


def test_exponentials_are_those_of_double_precision() -> None:
    x = np.random.default_rng(2).uniform(-125.0, 126.9, 600_000).astype(np.float32)
    np.testing.assert_allclose(exp2(x), np.exp2(x.astype(np.float64)), rtol=OFF, atol=0.0)
    whole = np.arange(-126.0, 127.0, dtype=np.float32)
    np.testing.assert_array_equal(exp2(whole), np.exp2(whole.astype(np.float64)))
    np.testing.assert_array_equal(exp2(np.array([LEAST_POWER, -1e30, -np.inf], np.float32)), [0.0, 0.0, 0.0])


def test_what_is_given_stays_and_shapes_are_kept() -> None:
    x = np.linspace(0.1, 9.0, 24, dtype=np.float32).reshape(2, 3, 4)
    before = x.copy()
    for function in (log2, exp2):
        found = function(x)
        assert found.shape == x.shape
        assert found.dtype == np.float32
    np.testing.assert_array_equal(x, before)
