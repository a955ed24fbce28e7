"""Elementary functions of doubles by sums, products and quotients alone: the same bits on every processor.

NumPy's own differ with the processor and with the system's library. The formulas are those of fdlibm (Sun
Microsystems 1993) but for the polynomials, which meet the functions in Chebyshev's points (Press et al.,
Numerical Recipes, 5.8). `kernel.c` says them again. Nothing is raised: beyond their reach, results are
infinite or not a number.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.elementary.singles import polynomial

Doubles = npt.NDArray[np.float64]

EXP_TERMS: Final = (
    *(0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326141, 0.0013888888888883752),
    *(0.00019841269874800493, 2.4801587325533363e-05, 2.7557255425746435e-06, 2.7557273661348637e-07),
    *(2.510520637395701e-08, 2.0914679376583935e-09),
)
"""of (e^r − 1 − r)/r² for r from −½ ln 2 to ½ ln 2"""
LOG_TERMS: Final = (
    *(0.666666666666667, 0.39999999999899505, 0.28571428625975487, 0.2222221113479508),
    *(0.18182889125261723, 0.15331721600556042, 0.14616449685043406),
)
"""of (ln((1 + s)/(1 − s)) − 2s)/s³ in s², for (1 + s)/(1 − s) from √½ to √2"""
QUANTILE_TERMS: Final = (
    (
        *(3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4),
        *(4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    ),
    (
        *(1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3),
        *(2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
    ),
    (
        *(1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504),
        *(1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2),
        7.74545014278341407640e-4,
    ),
    (
        *(1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1),
        *(1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4),
        1.05075007164441684324e-9,
    ),
    (
        *(6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1),
        *(2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5),
        2.01033439929228813265e-7,
    ),
    (
        *(1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2),
        *(7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7),
        2.04426310338993978564e-15,
    ),
)
"""Above and below the line of three quotients: near a half, in the tails, far out (AS 241: Wichura 1988)"""
NEAR: Final = 0.425
"""So far from a half the first quotient holds."""
NEAR_SQUARE: Final = 0.180625
"""Its square in decimals, as AS 241 has it; that of a float is 3e-17 less."""
TAIL: Final = 1.6
"""√(−ln tail) that the second quotient is about"""
FAR: Final = 5.0
"""√(−ln tail) up to which the second quotient holds; the third is about it"""
PER_LN2: Final = 1.4426950408889634
LN2_HIGH: Final = 0.6931471803691238
"""ln 2 to 32 bits, so that whole multiples of it are exact"""
LN2_LOW: Final = 1.9082149292705877e-10
"""What is left of ln 2"""
MOST: Final = 710.0
"""e to the power of this is infinite"""
LEAST: Final = -746.0
"""e to the power of this is 0"""
LEAST_BUT_ONE: Final = -40.0
"""e to the power of this, less 1, is −1"""
FLAT: Final = 20.0
"""tanh is 1 from here on"""
HUGE: Final = 2.0**60
"""1 makes no difference to so large a number"""
LARGEST_POWER: Final = 1e300
"""Powers above it are taken as this"""
_WHOLE: Final = np.float64(1.5 * 2.0**52)
"""Added to a number, leaves the nearest whole one in its last bits."""
_WHOLE_BITS: Final = _WHOLE.view(np.int64)
_HALVES: Final = np.float64(2.0**27 + 1.0)
"""Splits a number into two of half as many digits (Dekker 1971)."""
_ROOT_HALF: Final = np.sqrt(np.float64(0.5)).view(np.int64)
_DIGITS: Final = np.int64(52)
_ONE: Final = np.float64(1.0).view(np.int64)
_SMALLEST_NORMAL: Final = 2.0**-1022
_RAISED: Final = 54.0
_PIECE: Final = 4096


def _function(law: Callable[..., Any]) -> Callable[..., Doubles]:
    """Let a law of tables be asked as NumPy's functions are; it is given pieces that stay in the cache."""

    @wraps(law)
    def asked(*numbers: Any, out: Doubles | None = None) -> Doubles:
        tables = np.broadcast_arrays(*(np.asarray(one, np.float64) for one in numbers))
        found = np.empty(tables[0].shape)
        into, entries = found.reshape(-1), [one.reshape(-1) for one in tables]
        with np.errstate(all="ignore"):  # what no result shows overflows beside it
            for begin in range(0, into.size, _PIECE):
                piece = slice(begin, begin + _PIECE)
                into[piece] = law(*(one[piece] for one in entries))
        if out is None:
            return found[()]
        out[...] = found
        return out

    return asked


@_function
def exp(x: Any) -> Any:
    """Return e^x, off by 1 unit of its last place at most. Shapes: any, kept."""
    beyond, short, whole = _reduced(np.minimum(np.maximum(x, LEAST), MOST))
    return _scaled(1.0 + _exp_less_one(beyond, short), whole)


@_function
def expm1(x: Any) -> Any:
    """Return e^x − 1, off by 2 units of its last place at most. Shapes: any, kept."""
    return _expm1(x)


@_function
def log(x: Any) -> Any:
    """Return ln x, −∞ at 0, off by 1 unit of its last place at most. Shapes: any, kept."""
    return _log(x, 0.0)


@_function
def log1p(x: Any) -> Any:
    """Return ln(1 + x), −∞ at −1, off by 1 unit of its last place at most. Shapes: any, kept."""
    plain = x < HUGE
    near = np.where(plain, x, 0.0)
    above = 1.0 + near
    lost = np.where(near >= 1.0, 1.0 - (above - near), near - (above - 1.0))
    return _log(np.where(plain, above, x), lost / np.where(above == 0.0, 1.0, above))


@_function
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent, off by 3 units of its last place at most. Shapes: any, kept."""
    fallen = _expm1(-2.0 * np.minimum(np.abs(x), FLAT))
    return np.copysign(-fallen / (2.0 + fallen), x)


@_function
def power(x: Any, y: Any) -> Any:
    """Return x^y for x not negative, off by 2 units of its last place at most; x itself for y = 1.

    Shapes: broadcast.
    """
    factor = np.minimum(np.maximum(y, -LARGEST_POWER), LARGEST_POWER)
    high, low = _log_in_two(x)
    product, lost = _product(factor, high)
    top = np.minimum(np.maximum(product, LEAST), MOST)
    beyond, short, whole = _reduced(top)
    left = np.where(top == product, lost + factor * low, 0.0)
    added = beyond + left
    found = _scaled(1.0 + _exp_less_one(added, short + ((beyond - added) + left)), whole)
    grows = y > 0.0
    found = np.where(x < np.inf, found, np.where(x == np.inf, np.where(grows, np.inf, 0.0), np.nan))
    found = np.where(x > 0.0, found, np.where(x == 0.0, np.where(grows, 0.0, np.inf), np.nan))
    found = np.where(y == 0.0, 1.0, np.where(y == 1.0, x, found))
    return np.where(np.isnan(y), y, found)


@_function
def normal_quantile(share: Any) -> Any:
    """Return the standard normal's quantile of a share above 0 and below 1, to 15 digits (Wichura 1988).

    Shapes: any, kept.
    """
    near_up, near_down, tail_up, tail_down, far_up, far_down = QUANTILE_TERMS
    off = share - 0.5
    left = NEAR_SQUARE - off * off
    near = off * polynomial(near_up, left) / polynomial(near_down, left)
    depth = np.sqrt(-_log(np.minimum(share, 1.0 - share), 0.0))
    beyond, far = depth - TAIL, depth - FAR
    tail = np.where(
        depth <= FAR,
        polynomial(tail_up, beyond) / polynomial(tail_down, beyond),
        polynomial(far_up, far) / polynomial(far_down, far),
    )
    return np.where(np.abs(off) <= NEAR, near, np.copysign(tail, off))


def _reduced(x: Any) -> tuple[Any, Any, Any]:
    """Return what a number is beyond the nearest multiple of ln 2, what that is short of, and which it is."""
    whole = (x * PER_LN2 + _WHOLE) - _WHOLE
    high, low = x - whole * LN2_HIGH, whole * LN2_LOW
    beyond = high - low
    return beyond, (high - beyond) - low, whole


def _exp_less_one(beyond: Any, short: Any) -> Any:
    return beyond + ((beyond * beyond) * polynomial(EXP_TERMS, beyond) + short)


def _expm1(x: Any) -> Any:
    beyond, short, whole = _reduced(np.minimum(np.maximum(x, LEAST_BUT_ONE), MOST))
    half = _power_of_2(whole - 1.0)
    return 2.0 * (half * _exp_less_one(beyond, short) + (half - 0.5))


def _power_of_2(whole: Any) -> Any:
    bits = np.asarray(whole + _WHOLE).view(np.int64) - _WHOLE_BITS
    return ((bits + np.int64(1023)) << _DIGITS).view(np.float64)


def _scaled(found: Any, whole: Any) -> Any:
    """Multiply by a power of 2 in two steps, so that the largest and the smallest results are reached."""
    part = (whole * 0.5 + _WHOLE) - _WHOLE
    return found * _power_of_2(part) * _power_of_2(whole - part)


def _mantissa(x: Any) -> tuple[Any, Any]:
    """Return by how much a number's mantissa from √½ to √2 is above 1, and its power of 2."""
    low = x < _SMALLEST_NORMAL
    bits = np.asarray(np.where(low, x * 2.0**_RAISED, x)).view(np.int64)
    above = bits - _ROOT_HALF + _ONE
    places = (above.view(np.uint64) >> np.uint64(_DIGITS)).view(np.int64)
    whole = (places - np.int64(1023) + _WHOLE_BITS).view(np.float64) - _WHOLE - np.where(low, _RAISED, 0.0)
    mantissa = ((above & ((np.int64(1) << _DIGITS) - np.int64(1))) + _ROOT_HALF).view(np.float64)
    return mantissa - 1.0, whole


def _log(x: Any, more: Any) -> Any:
    """Return ln x and a little more."""
    beyond, whole = _mantissa(x)
    slope = beyond / (2.0 + beyond)
    square = slope * slope
    half_square = 0.5 * beyond * beyond
    rest = slope * (half_square + square * polynomial(LOG_TERMS, square)) + (whole * LN2_LOW + more)
    found = whole * LN2_HIGH - ((half_square - rest) - beyond)
    found = np.where(x < np.inf, found, x)
    return np.where(x > 0.0, found, np.where(x == 0.0, -np.inf, np.nan))


def _log_in_two(x: Any) -> tuple[Any, Any]:
    """Return ln x as a number and what it is short of."""
    beyond, whole = _mantissa(x)
    above = 2.0 + beyond
    slope = beyond / above
    square = slope * slope
    product, lost = _product(slope, above)
    short = ((beyond - product) - lost - slope * (beyond - (above - 2.0))) / above
    high = whole * LN2_HIGH
    total = high + 2.0 * slope
    low = (2.0 * slope - (total - high)) + (
        whole * LN2_LOW + (2.0 * short + slope * square * polynomial(LOG_TERMS, square))
    )
    found = total + low
    return found, low - (found - total)


def _product(x: Any, y: Any) -> tuple[Any, Any]:
    """Return a product as a number and what it is short of (Dekker 1971)."""
    found = x * y
    x_high, y_high = x * _HALVES, y * _HALVES
    x_high, y_high = x_high - (x_high - x), y_high - (y_high - y)
    x_low, y_low = x - x_high, y - y_high
    return found, ((x_high * y_high - found) + x_high * y_low + x_low * y_high) + x_low * y_low
