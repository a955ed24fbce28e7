"""Logarithm and exponential of singles by sums and products alone: the same bits on every processor.

NumPy's own differ with the processor and with how NumPy was built. Each is a polynomial that meets the
function in Chebyshev's points (Press et al., Numerical Recipes, 5.8), its terms rounded to float32.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]

LOG2_TERMS: Final = np.array(
    [
        *(1.442695, -0.72134745, 0.48091075, -0.36069328, 0.28790325),
        *(-0.23916988, 0.21607822, -0.20586188, 0.12310968),
    ],
    np.float32,
)
"""of log2(1 + z)/z for 1 + z from √½ to √2"""
EXP2_TERMS: Final = np.array(
    [1.0, 0.6931472, 0.2402265, 0.05550327, 0.009618057, 0.0013400428, 0.00015461445], np.float32
)
"""of 2^x for x from −½ to ½"""
LEAST_POWER: Final = -127.0
"""2 to the power of this, and of less, is 0: float32 holds no number so small with all its digits."""
_ROOT_HALF: Final = np.int32(0x3F3504F3)
"""√½ in bits"""
_DIGITS: Final = np.int32(23)
"""Bits behind those of the power of 2."""


def log2(x: Singles) -> Singles:
    """Return the logarithm to base 2, −inf at 0; off by 3e-7 of itself at most.

    Shapes: any, kept. x: 0, or from 2^-126 on, and finite.
    """
    bits = x.view(np.int32)
    power = (bits - _ROOT_HALF) >> _DIGITS
    beyond = (bits - (power << _DIGITS)).view(np.float32)
    beyond -= np.float32(1.0)
    found: Singles = polynomial(LOG2_TERMS, beyond)
    found *= beyond
    found += power.astype(np.float32)
    np.copyto(found, np.float32(-np.inf), where=x == 0.0)
    return found


def exp2(x: Singles) -> Singles:
    """Return 2 to the power of x, 0 from `LEAST_POWER` down; off by 3e-7 of itself at most.

    Shapes: any, kept. x: below 127.
    """
    above = np.maximum(x, np.float32(LEAST_POWER))
    whole = np.rint(above)
    above -= whole
    found: Singles = polynomial(EXP2_TERMS, above)
    found *= ((whole.astype(np.int32) + np.int32(127)) << _DIGITS).view(np.float32)
    return found


def polynomial(terms: Any, x: Any) -> Any:
    """Return a polynomial, the lowest term first, by Estrin's scheme: pairs of terms, then pairs of pairs.

    Shapes: terms (term,), x any, kept.
    """
    parts = list(terms)
    power = x
    while len(parts) > 1:
        pairs = [high * power + low for low, high in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, *parts[2 * len(pairs) :]]
        power = power * power
    return parts[0]
