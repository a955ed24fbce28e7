"""Elementary functions of the laws: the same bits on every processor, compiled or not (decision 53).

The formulas stand in `doubles.py` and `singles.py`; where there is a compiler, those of doubles are ufuncs of
NumPy. Logarithms to other bases, and that of a sum, are told by the natural one.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from sim.compiled import compiled
from sim.elementary import doubles
from sim.elementary.doubles import Doubles

_FUNCTIONS: Any = compiled("sim.elementary.kernel") or doubles
Function = Callable[..., Doubles]
exp: Function = _FUNCTIONS.exp
expm1: Function = _FUNCTIONS.expm1
log: Function = _FUNCTIONS.log
log1p: Function = _FUNCTIONS.log1p
tanh: Function = _FUNCTIONS.tanh
power: Function = _FUNCTIONS.power
normal_quantile: Function = _FUNCTIONS.normal_quantile

LN2: Final = float(log(2.0))
LN10: Final = float(log(10.0))


def log2(x: Any) -> Doubles:
    """Return the logarithm to base 2, −∞ at 0. Shapes: any, kept."""
    return log(x) / LN2


def log10(x: Any) -> Doubles:
    """Return the logarithm to base 10, −∞ at 0. Shapes: any, kept."""
    return log(x) / LN10


def logaddexp(one: Any, other: Any) -> Doubles:
    """Return ln(e^one + e^other), −∞ where both are. Shapes: broadcast."""
    most = np.maximum(one, other)
    with np.errstate(invalid="ignore"):  # infinities alike: no number, which is not taken
        apart = np.where(np.equal(one, other), 0.0, -np.abs(np.subtract(one, other)))
    return np.asarray(most + log1p(exp(apart)))
