"""The instructions of a tape, and the words that the machine reads of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]

OPERATIONS: Final = (
    "end", "loop", "copy", "cast", "where", "ratio", "load", "store", "argsort", "take", "put", "argmax",
    "rows", "add", "subtract", "multiply", "divide", "maximum", "minimum",
    "fold_add", "fold_maximum", "fold_minimum",
    "greater", "greater_equal", "equal", "bitwise_and", "bitwise_or", "absolute", "negative", "invert",
)  # fmt: skip
"""In the order of machine.c."""
KINDS: Final = ("d", np.dtype(np.int64).char, "b", "?")
"""NumPy's characters of the types that a tape handles, in the order of machine.c."""
Place = tuple[int, int]
"""Which base a buffer lies behind, 0 the arena, n the n-th resident table; and how many bytes behind it."""
Places = Sequence[Place]
MOST_AXES: Final = 6


@dataclass(frozen=True)
class Operand:
    """A table in a buffer: where its first entry lies, and bytes from entry to entry along each axis."""

    buffer: int
    offset: int
    strides: tuple[int, ...]


@dataclass(frozen=True)
class Instruction:
    """One operation, what it reads and what it writes."""

    name: str
    reads: tuple[int, ...]
    writes: int | None

    def words(self, at: Places) -> list[int]:
        """Return the instruction as the machine reads it, given where each buffer lies."""
        raise NotImplementedError


@dataclass(frozen=True)
class Work(Instruction):
    """An operation on every entry: the axes around, the inner row, and where operands lie."""

    shape: tuple[int, ...]
    operands: tuple[Operand, ...]
    function: int = 0
    more: int = 0
    tail: tuple[int, ...] = ()

    def words(self, at: Places) -> list[int]:
        """See `Instruction`."""
        shape, strides = collapsed(self.shape, [one.strides for one in self.operands])
        if len(shape) > MOST_AXES:
            raise ValueError(f"{self.name}: {len(shape)} axes; the machine handles {MOST_AXES}")
        if len(shape) == 1:
            shape, strides = [1, *shape], [[0, *steps] for steps in strides]
        *around, rows, inner = shape
        found = [OPERATIONS.index(self.name), self.function, self.more, inner, rows, len(around)]
        for one, steps in zip(self.operands, strides, strict=True):
            base, begin = at[one.buffer]
            found += [base, begin + one.offset, steps[-1], steps[-2]]
        for axis, extent in enumerate(around):
            found += [extent, *(steps[axis] for steps in strides)]
        return [*found, *self.tail]


@dataclass(frozen=True)
class Load(Instruction):
    """Bring a table that is given into a buffer: a block of its worlds, or all of it if worlds share it."""

    table: int
    rows: int
    size: int
    shared: bool

    def words(self, at: Places) -> list[int]:
        """See `Instruction`."""
        assert self.writes is not None
        code = OPERATIONS.index(self.name)
        return [code, self.table, self.rows, self.size, *at[self.writes], int(self.shared)]


@dataclass(frozen=True)
class Store(Instruction):
    """Bring a buffer into a block of the worlds of a table that is made."""

    table: int
    rows: int
    size: int

    def words(self, at: Places) -> list[int]:
        """See `Instruction`."""
        return [OPERATIONS.index(self.name), self.table, self.rows, self.size, *at[self.reads[0]]]


@dataclass(frozen=True)
class Rows(Instruction):
    """Copy pieces of a buffer to another: pairs of places with bytes."""

    pieces: tuple[tuple[int, int, int], ...]

    def words(self, at: Places) -> list[int]:
        """See `Instruction`."""
        assert self.writes is not None
        (to, to_begin), (source, begin) = at[self.writes], at[self.reads[0]]
        found = [OPERATIONS.index(self.name), len(self.pieces), to, source]
        for into, out_of, many in self.pieces:
            found += [to_begin + into, begin + out_of, many]
        return found


def collapsed(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Join axes that lie one behind the other for all operands, so that the inner row is as long as can be.

    >>> collapsed((3, 1, 4), [(32, 32, 8), (32, 0, 8)])
    ([12], [[8], [8]])
    >>> collapsed((3, 4), [(32, 8), (0, 8)])
    ([3, 4], [[32, 8], [0, 8]])
    """
    extents: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for axis, extent in enumerate(shape):
        if extent == 1:
            continue
        joins = extents and all(
            mine[-1] == own[axis] * extent for mine, own in zip(steps, strides, strict=True)
        )
        if joins:
            extents[-1] *= extent
            for mine, own in zip(steps, strides, strict=True):
                mine[-1] = own[axis]
        else:
            extents.append(extent)
            for mine, own in zip(steps, strides, strict=True):
                mine.append(own[axis])
    if not extents:
        return [1], [[0] for _ in strides]
    return extents, steps
