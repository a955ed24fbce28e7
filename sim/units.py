"""Array types, unit conversions and physical constants; no value of the model lives here."""

from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from sim.elementary import tanh

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)

MONTHS_PER_YEAR: Final = 12.0
HOURS_PER_MONTH: Final = 730.0
HOURS_PER_YEAR: Final = 8760.0
MILLION: Final = 1e6
BILLION: Final = 1e9
WATTS_PER_KILOWATT: Final = 1e3
KILOWATTS_PER_GIGAWATT: Final = 1e6
MEGAWATTS_PER_GIGAWATT: Final = 1e3
KILOWATT_HOURS_PER_MEGAWATT_HOUR: Final = 1e3
STEFAN_BOLTZMANN_W_PER_M2_K4: Final = 5.670374419e-8
TINY: Final = 1e-300
"""Smallest divisor: keeps a share of nothing finite without moving any share of something."""


def _neutral(value: float) -> Array:
    """Return a lone number that nobody can write to."""
    number = np.full(1, value)
    number.flags.writeable = False
    return number


NOTHING: Final = _neutral(0.0)
ONE: Final = _neutral(1.0)
"""For laws of which a term or factor is left out. Shapes: (1,)."""


def ratio(numerator: Array, denominator: Array) -> Array:
    """Divide elementwise, giving 0 where the denominator is 0 (a share of nothing is nothing).

    Shapes: broadcast.
    """
    nothing = np.equal(denominator, 0.0)
    quotient: Array
    # Most of the time nothing is: a masked division takes twice as long. Counting is quicker than `any`.
    if not np.count_nonzero(nothing):
        quotient = np.divide(numerator, denominator)
        return quotient
    shape = np.broadcast(numerator, denominator).shape
    quotient = np.divide(numerator, denominator, out=np.zeros(shape), where=~nothing)
    return quotient


def somewhere(mask: BoolArray) -> bool:
    """Return whether something is so in some world: then there is work to do, which changes no other world.

    A month that is played from a tape does it always. Shapes: any.
    """
    return bool(np.count_nonzero(mask))


def nowhere(mask: BoolArray) -> bool:
    """Return whether what must not be is so in no world; a tape takes it for granted. Shapes: any."""
    return not np.count_nonzero(mask)


def of_shape(table: npt.NDArray[Number], shape: tuple[int, ...]) -> npt.NDArray[Number]:
    """Return a table of a shape, itself if it has it. Shapes: broadcasts to the shape."""
    return table if np.shape(table) == shape else np.ascontiguousarray(np.broadcast_to(table, shape))


def totals(*tables: Array) -> Array:
    """Sum tables over their leading axis, which all share, at once. Shapes: (member, ...) -> (table, ...)."""
    sums: Array = np.array(tables).sum(1)
    return sums


def share_over_first(amounts: Array) -> Array:
    """Return each entry's share of the sum over the leading axis, 0 where the sum is 0. Shapes: any, kept."""
    return ratio(amounts, amounts.sum(0))


def logistic(x: Array) -> Array:
    """Return the logistic function Λ(x) without overflow at either end. Shapes: any, kept."""
    return 0.5 * (1.0 + tanh(0.5 * x))
