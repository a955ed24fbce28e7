"""Symbols: what the laws are given while a month is written down; they know a shape, and no numbers.

Each has a shadow, an array of the lanes of one block whose numbers mean nothing. NumPy works on the shadows,
so that shapes, types and the order in memory are NumPy's own; what it did is written down as instructions.
Whoever asks a symbol for a number is refused, so that no number of one month can end in another's.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from sim.tape.instructions import AnyArray

if TYPE_CHECKING:
    from sim.tape.tape import Tape

AXES_AND_STEPS = (int, np.integer, slice, type(None), type(Ellipsis))
"""What picks a part of a table without copying it."""


class CannotTape(Exception):
    """A law asked for what only numbers can tell, or for what tapes do not know."""


class Symbol(NDArrayOperatorsMixin):
    """A table of numbers to come, with the methods of NumPy's arrays that laws use."""

    __slots__ = ("buffer", "shadow", "tape")
    __array_priority__ = 100.0

    def __init__(self, tape: "Tape", shadow: AnyArray, buffer: int) -> None:
        self.tape, self.shadow, self.buffer = tape, shadow, buffer

    # ---------------------------------------------------------------- what an array tells without numbers

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the axes."""
        return self.shadow.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.shadow.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.shadow.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""
        return self.shadow.dtype

    @property
    def has_worlds(self) -> bool:
        """Whether the last axis is the worlds of a block."""
        return self.shape[-1:] == (self.tape.lanes,)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a buffer, in one piece and in the usual order."""
        return self.shadow.flags.c_contiguous and self.is_all

    @property
    def is_all(self) -> bool:
        """Whether it is all of a buffer, each entry once and none backwards."""
        return min(self.shadow.strides, default=1) > 0 and self.shadow.nbytes == root_of(self.shadow).nbytes

    def __len__(self) -> int:
        return len(self.shadow)

    def __iter__(self) -> Iterator["Symbol"]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        return f"Symbol{self.shape}"

    def _refuse(self, *_: object, **__: object) -> Any:
        raise CannotTape("a law asks for a number, which a month that is being written down does not have")

    __bool__ = __float__ = __int__ = __index__ = __array__ = __hash__ = _refuse

    # ---------------------------------------------------------------- views

    def seen(self, shadow: AnyArray) -> "Symbol":
        """Return a view of the same numbers."""
        return Symbol(self.tape, shadow, self.buffer)

    def _in_the_same_worlds(self, shadow: AnyArray) -> "Symbol":
        """Return a view whose last axis is the worlds if it was, one after another as they were."""
        if self.has_worlds and (shadow.shape[-1:], shadow.strides[-1:]) != (
            self.shape[-1:],
            self.shadow.strides[-1:],
        ):
            raise CannotTape("a law picks worlds, or puts another axis in their place")
        return self.seen(shadow)

    def __getitem__(self, index: Any) -> "Symbol":
        parts = index if isinstance(index, tuple) else (index,)
        if all(isinstance(part, AXES_AND_STEPS) for part in parts):
            return self._in_the_same_worlds(part_of(self.shadow, parts))
        if any(isinstance(part, Symbol) for part in parts):
            raise CannotTape(
                "a law picks entries by numbers; choose with np.where, or take from a flat table"
            )
        return self.tape.picked(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        parts = index if isinstance(index, tuple) else (index,)
        if all(isinstance(part, AXES_AND_STEPS) for part in parts):
            self.tape.write(self._in_the_same_worlds(part_of(self.shadow, parts)), value)
        elif not any(isinstance(part, Symbol) for part in parts):
            self.tape.put_picked(self, index, value)
        elif isinstance(index, Symbol) and index.dtype == np.bool_:
            if index.shape != self.shape or np.ndim(value):
                raise CannotTape("a law writes as many entries as a mask has; choose with np.where")
            self.tape.write(self, self.tape.where(index, value, self))
        elif isinstance(index, Symbol):
            self.tape.put(self, index, value)
        else:
            raise CannotTape("a law writes entries by numbers of several axes; put them into a flat table")

    def reshape(self, *shape: Any) -> "Symbol":
        """See numpy.reshape."""
        found = self.shadow.reshape(*shape)
        return self.seen(found) if np.may_share_memory(found, self.shadow) else self.copy().reshape(*shape)

    def swapaxes(self, one: int, other: int) -> "Symbol":
        """See numpy.swapaxes."""
        return self._in_the_same_worlds(self.shadow.swapaxes(one, other))

    def transpose(self, *axes: Any) -> "Symbol":
        """See numpy.transpose."""
        return self._in_the_same_worlds(self.shadow.transpose(*axes))

    # ---------------------------------------------------------------- operations

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> Any:
        out = named.pop("out", (None,))[0]
        if out is not None and not isinstance(out, Symbol):
            raise CannotTape("a law writes what only a month can tell into a table made before it")
        if method == "__call__" and not named:
            return self.tape.elementwise(ufunc, inputs, out)
        if method == "reduce":
            return self.tape.reduce(ufunc, inputs[0], named.pop("axis", 0), out, **named)
        raise CannotTape(f"np.{ufunc.__name__}.{method} with {sorted(named)} is not known to tapes")

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, named: Any) -> Any:
        from sim.tape.namespace import FUNCTIONS

        law = FUNCTIONS.get(function)
        if law is None:
            raise CannotTape(f"np.{function.__name__} is not known to tapes")
        return law(self.tape, *args, **named)

    def __pow__(self, power: Any) -> Any:
        # As NumPy's arrays do with a lone number.
        simple: dict[Any, Any] = {2: np.square, 0.5: np.sqrt, 1: np.positive, -1: np.reciprocal}
        if isinstance(power, int | float) and power in simple:
            return simple[power](self)
        return np.power(self, power)

    def copy(self) -> "Symbol":
        """See numpy.copy."""
        return self.tape.copied(self, "C")

    def astype(self, kind: Any) -> "Symbol":
        """See numpy.ndarray.astype."""
        return self.tape.cast(self, np.dtype(kind), fresh=True)

    def sum(self, axis: Any = None, **named: Any) -> "Symbol":
        """See numpy.sum."""
        return self.tape.reduce(np.add, self, axis, None, **named)

    def max(self, axis: Any = None, **named: Any) -> "Symbol":
        """See numpy.max."""
        return self.tape.reduce(np.maximum, self, axis, None, **named)

    def min(self, axis: Any = None, **named: Any) -> "Symbol":
        """See numpy.min."""
        return self.tape.reduce(np.minimum, self, axis, None, **named)

    def any(self, axis: Any = None, **named: Any) -> "Symbol":
        """See numpy.any."""
        return self.tape.reduce(np.logical_or, self, axis, None, **named)

    def all(self, axis: Any = None, **named: Any) -> "Symbol":
        """See numpy.all."""
        return self.tape.reduce(np.logical_and, self, axis, None, **named)

    def mean(self, axis: Any = None) -> "Symbol":
        """See numpy.mean."""
        total = self.tape.cast(self, np.dtype(np.float64)).sum(axis)
        return self.tape.elementwise(np.true_divide, (total, self.size // total.size), total)

    def clip(self, least: Any = None, most: Any = None) -> "Symbol":
        """See numpy.clip."""
        from sim.tape.namespace import clip

        return clip(self.tape, self, least, most)

    def cumsum(self, axis: int | None = None) -> "Symbol":
        """See numpy.cumsum."""
        return self.tape.cumsum(self, axis)

    def argsort(self, axis: int = -1, kind: str | None = None) -> "Symbol":
        """See numpy.argsort."""
        return self.tape.argsort(self, axis, kind)

    def argmax(self, axis: int | None = None) -> "Symbol":
        """See numpy.argmax."""
        return self.tape.argmax(self, axis)

    def argmin(self, axis: int | None = None) -> "Symbol":
        """See numpy.argmin."""
        opposite = self.tape.elementwise(np.negative, (self,))
        return self.tape.argmax(opposite, axis)

    def take(self, places: Any, axis: int | None = None) -> "Symbol":
        """See numpy.take."""
        if isinstance(places, Symbol):
            if axis is not None:
                raise CannotTape("entries are taken by numbers from flat tables only")
            return self.tape.take(self, places)
        if axis is None:
            return self.reshape(-1)[places]
        return self[(slice(None),) * (axis % self.ndim) + (places,)]

    def repeat(self, count: Any, axis: int | None = None) -> "Symbol":
        """See numpy.repeat."""
        if axis is None:
            raise CannotTape("tables are repeated along an axis only")
        before = (slice(None),) * (axis % self.ndim)
        return self[(*before, np.repeat(np.arange(self.shape[axis]), count))]


def part_of(array: AnyArray, parts: tuple[Any, ...]) -> AnyArray:
    """Return a part of an array as a view, a lone entry too."""
    return array[parts if Ellipsis in parts else (*parts, Ellipsis)]


def root_of(array: AnyArray) -> AnyArray:
    """Return the array that owns the memory that a view shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
