"""Tables that stay from month to month, by block, row and lane, so that a block's rows lie side by side."""

from collections.abc import Sequence
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.tape.instructions import AnyArray
from sim.tape.program import ALIGNMENT

LANES: Final = 32
"""Worlds of a block: with fewer, instructions cost more a world; with more, tables leave the cache."""


def room(shape: tuple[int, ...], kind: Any, worlds: int) -> AnyArray:
    """Return room for a table of a shape without worlds. Shapes: -> (block, row, lane)."""
    rows = prod(shape)
    return in_lines((blocks(worlds), rows, LANES), np.dtype(kind))


def blocked(table: AnyArray) -> AnyArray:
    """Return a table by blocks; lanes without a world repeat the last one.

    Shapes: (..., world) -> (block, row, lane).
    """
    worlds = table.shape[-1]
    into = room(table.shape[:-1], table.dtype, worlds)
    rows = table.reshape(into.shape[1], worlds)
    if worlds % LANES:
        rows = rows[:, np.minimum(np.arange(blocks(worlds) * LANES), worlds - 1)]
    into[:] = rows.reshape(into.shape[1], blocks(worlds), LANES).swapaxes(0, 1)
    return into


def unblocked(table: AnyArray, shape: tuple[int, ...], worlds: int) -> AnyArray:
    """Return a table by world. Shapes: (block, row, lane) -> (*shape, world)."""
    flat = table.swapaxes(0, 1).reshape(table.shape[1], table.shape[0] * LANES)[:, :worlds]
    return np.ascontiguousarray(flat).reshape(*shape, worlds)


def addresses(tables: Sequence[AnyArray], worlds: int) -> npt.NDArray[np.intp]:
    """Return where in memory the part of every block of tables by block begins. Shapes: -> (block, table).

    Raises: ValueError if a table is not in one piece by blocks.
    """
    for table in tables:
        if not table.flags.c_contiguous or len(table) != blocks(worlds):
            raise ValueError(f"a table of shape {table.shape} is not one piece of {blocks(worlds)} blocks")
    begins = np.array([table.ctypes.data for table in tables], np.intp)
    sizes = np.array([table.nbytes for table in tables], np.intp) // blocks(worlds)
    return begins + np.arange(blocks(worlds))[:, None] * sizes


def blocks(worlds: int) -> int:
    """Return how many blocks worlds fill, the last one perhaps in part."""
    return -(-worlds // LANES)


def in_lines(shape: tuple[int, ...], kind: np.dtype[Any]) -> AnyArray:
    """Return zeros that begin with a line of the cache."""
    size = prod(shape) * kind.itemsize
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    return memory[begin : begin + size].view(kind).reshape(shape)
