"""Copies that nobody needs and a tape leaves out: fills that are written over, and tables that only move.

Both are told by the bytes that instructions read and write, since tables are put together from parts.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Final, NamedTuple

import numpy as np

from sim.tape.instructions import (
    AnyArray,
    Instruction,
    Load,
    Operand,
    Rows,
    Store,
    Work,
    collapsed,
)

BY_ITS_OWN_WAY: Final = ("argsort", "argmax", "take", "put")
"""Operations that go through their tables otherwise than along the axes of their operands."""
LARGEST: Final = 8
"""Bytes of the largest number."""


class Access(NamedTuple):
    """An instruction's place, and from which byte of a buffer to before which it may read or write."""

    place: int
    writes: bool
    begin: int
    end: int


def accesses(place: int, one: Instruction, sizes: Sequence[int]) -> Iterator[tuple[int, Access]]:
    """Return the buffers that an instruction reads and then writes, each with where it does."""
    if isinstance(one, Work) and one.name not in BY_ITS_OWN_WAY:
        tail = one.tail  # axes along which the first operand is folded
        for operand in one.operands[:-1]:
            yield operand.buffer, Access(place, False, *span(one.shape, operand, tail))
            tail = ()
        into = one.operands[-1]
        yield into.buffer, Access(place, True, *span(one.shape, into))
    elif isinstance(one, Rows) and one.writes is not None:
        yield one.reads[0], Access(place, False, *reach((begin, many) for _, begin, many in one.pieces))
        yield one.writes, Access(place, True, *reach((begin, many) for begin, _, many in one.pieces))
    else:
        for number in one.reads:
            yield number, Access(place, False, 0, sizes[number])
        if one.writes is not None:
            yield one.writes, Access(place, True, 0, sizes[one.writes])


def span(shape: Sequence[int], operand: Operand, tail: Sequence[int] = ()) -> tuple[int, int]:
    """Return an operand's first byte and the one behind its last; `tail`: more extents and strides."""
    begin = end = operand.offset
    size = LARGEST
    for many, step in (*zip(shape, operand.strides, strict=True), *zip(tail[::2], tail[1::2], strict=True)):
        if many > 1 and step:
            size = min(size, abs(step))
            if step > 0:
                end += (many - 1) * step
            else:
                begin += (many - 1) * step
    return begin, end + size


def reach(pieces: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return the first byte of pieces and the one behind their last: each begins and has so many."""
    found = [(begin, begin + many) for begin, many in pieces]
    return min(begin for begin, _ in found), max(end for _, end in found)


class Copies:
    """Instructions, and what each of their buffers is used for, while copies are left out.

    `sizes`: bytes of buffers; `values`: those that never change; `resident`: those that stay, of which `kept`
    are read later.
    """

    def __init__(
        self,
        instructions: Sequence[Instruction],
        sizes: Sequence[int],
        values: Collection[int],
        resident: Collection[int],
        kept: Collection[int],
    ) -> None:
        self._found: list[Instruction | None] = list(instructions)
        self._sizes, self._values, self._resident, self._kept = sizes, values, resident, kept
        self._used: dict[int, list[Access]] = {}
        for place, one in enumerate(instructions):
            for number, access in accesses(place, one, sizes):
                self._used.setdefault(number, []).append(access)

    def left(self) -> list[Instruction]:
        """Return the instructions without such copies: what is handed out and kept is the same."""
        for leave_out in (self._leave_out_fill, self._leave_out_move):
            for place, one in enumerate(self._found):
                if isinstance(one, Work) and one.name == "copy":
                    leave_out(place, one)
        return [one for one in self._found if one is not None]

    def _others(self, buffer: int, place: int) -> list[Access]:
        """Return how a buffer is used by all instructions but that at a place."""
        return [access for access in self._used[buffer] if access.place != place]

    # ---------------------------------------------------------------- fills

    def _leave_out_fill(self, place: int, fill: Work) -> None:
        """Leave a copy of numbers that never change out if all of it is written over before it is read."""
        source, into = fill.operands
        if source.buffer in self._values and self._is_written_over(place, fill, into):
            self._found[place] = None
            self._used[into.buffer] = self._others(into.buffer, place)

    def _is_written_over(self, place: int, fill: Work, into: Operand) -> bool:
        left = np.zeros(self._sizes[into.buffer], np.bool_)
        entries_of(left, fill.shape, into)[...] = True
        for access in self._used[into.buffer]:
            if access.place <= place:
                continue
            one = self._found[access.place]
            if not access.writes:
                if left[access.begin : access.end].any():
                    return False
            elif isinstance(one, Work) and one.name not in BY_ITS_OWN_WAY:
                entries_of(left, one.shape, one.operands[-1])[...] = False
            elif isinstance(one, Rows):
                for begin, _, many in one.pieces:
                    left[begin : begin + many] = False
        return into.buffer not in self._kept or not left.any()

    # ---------------------------------------------------------------- moves

    def _leave_out_move(self, place: int, copy: Work) -> None:
        """Leave a copy of a whole table out if the table can be made where it is copied to."""
        source, into = copy.operands
        if source.buffer in self._values or source.buffer in self._resident or not is_move(copy, self._sizes):
            return
        own, others = self._others(source.buffer, place), self._others(into.buffer, place)
        part = into.offset, into.offset + self._sizes[source.buffer]
        if not is_free(place, own, others, *part):
            return
        if any(isinstance(self._found[access.place], Load | Store) for access in own):
            return
        self._found[place] = None
        for at in {access.place for access in own}:
            one = self._found[at]
            assert one is not None
            self._found[at] = moved(one, source.buffer, into)
        there = [one._replace(begin=one.begin + part[0], end=one.end + part[0]) for one in own]
        self._used[into.buffer] = sorted([*others, *there], key=lambda access: access[:2])
        self._used[source.buffer] = []


def entries_of(marks: AnyArray, shape: Sequence[int], operand: Operand) -> AnyArray:
    """Return a view of the marks of the first bytes of an operand's entries. Shapes: (byte,) -> shape."""
    return np.lib.stride_tricks.as_strided(marks[operand.offset :], shape, operand.strides)


def is_move(copy: Work, sizes: Sequence[int]) -> bool:
    """Return whether a copy is of all of a buffer into a piece of another, entries in the same order."""
    source, into = copy.operands
    if prod(copy.shape) * copy.more != sizes[source.buffer] or source.offset or source.buffer == into.buffer:
        return False
    _, (steps, others) = collapsed(copy.shape, [source.strides, into.strides])
    return steps == others == [copy.more]


def is_free(place: int, own: Sequence[Access], others: Sequence[Access], begin: int, end: int) -> bool:
    """Return whether a table can be part of another all the time, which is copied into it at a place.

    `own` tells how the table is used, `others` how the other is, whose part is from `begin` to before `end`.
    The part must not be used while the table has other numbers than it.
    """
    if not own or any(access.writes and access.place > place for access in own):
        return False
    first, last = own[0].place, own[-1].place
    return not any(
        (first <= access.place < place or (access.writes and place < access.place <= last))
        and access.begin < end
        and begin < access.end
        for access in others
    )


def moved(one: Instruction, source: int, into: Operand) -> Instruction:
    """Return an instruction that uses the part of a buffer where an operand begins, in another's place."""
    reads = tuple(into.buffer if number == source else number for number in one.reads)
    writes = into.buffer if one.writes == source else one.writes
    if isinstance(one, Work):
        operands = tuple(
            replace(other, buffer=into.buffer, offset=other.offset + into.offset)
            if other.buffer == source
            else other
            for other in one.operands
        )
        return replace(one, reads=reads, writes=writes, operands=operands)
    assert isinstance(one, Rows)
    to, out_of = (into.offset if number == source else 0 for number in (one.writes, one.reads[0]))
    pieces = tuple((at + to, begin + out_of, many) for at, begin, many in one.pieces)
    return replace(one, reads=reads, writes=writes, pieces=pieces)
