"""What a tape holds: buffers and instructions in order, and where everything lies."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.tape.copies import Copies
from sim.tape.instructions import OPERATIONS, AnyArray, Instruction, Load, Place, Store
from sim.tape.repeats import without_repeats

ALIGNMENT: Final = 64
"""Bytes of a line of the cache."""


@dataclass
class Program:
    """Buffers and instructions as they are written down."""

    sizes: list[int] = field(default_factory=list)
    """Bytes of each buffer."""
    values: dict[int, AnyArray] = field(default_factory=dict)
    """Buffers that never change, and what is in them."""
    instructions: list[Instruction] = field(default_factory=list)
    functions: list[tuple[np.ufunc, int]] = field(default_factory=list)
    resident: dict[int, Any] = field(default_factory=dict)
    """Buffers that stay from part to part and from month to month, block by block, and their names."""
    kept: set[int] = field(default_factory=set)
    """Those of them that the tape writes."""

    def buffer(self, size: int) -> int:
        """Add a buffer and return its number."""
        self.sizes.append(size)
        return len(self.sizes) - 1

    def function(self, ufunc: np.ufunc, signature: str) -> int:
        """Return the number of a function's loop, as of `dd->d`.

        Raises: ValueError if the function has no such loop.
        """
        pair = (ufunc, ufunc.types.index(signature))
        if pair not in self.functions:
            self.functions.append(pair)
        return self.functions.index(pair)

    def needed(self) -> list[Instruction]:
        """Return the instructions that what is kept depends on, tables being brought in and out in time."""
        wanted: set[int] = set(self.kept)
        found: list[Instruction] = []
        for one in reversed(self.instructions):
            if one.writes is None or one.writes in wanted:
                wanted.update(one.reads)
                found.append(one)
        found.reverse()
        numbers = {number: memory_of(array) for number, array in self.values.items()}
        found = without_repeats(found, self.sizes, numbers, self.resident)
        copies = Copies(found, self.sizes, self.values, self.resident, self.kept)
        return in_time(copies.left())

    def assembled(self) -> "Assembled":
        """Return the tape as the machine reads it."""
        chosen = self.needed()
        given = sorted({one.table for one in chosen if isinstance(one, Load)})
        place = {table: number for number, table in enumerate(given)}
        chosen = [replace(one, table=place[one.table]) if isinstance(one, Load) else one for one in chosen]
        first, last = lifetimes(chosen)
        fixed = [number for number in self.values if number in last]
        at: list[Place] = [(0, 0)] * len(self.sizes)
        end = 0
        for number in fixed:
            at[number], end = (0, end), end + rounded(self.sizes[number])
        stay = [number for number in self.resident if number in last or number in self.kept]
        for base, number in enumerate(stay):
            at[number] = (base + 1, 0)
        arena = np.zeros(placed(at, end, self.sizes, first, last, {*fixed, *stay}), np.uint8)
        for number in fixed:
            flat = np.frombuffer(memory_of(self.values[number]), np.uint8)
            begin = at[number][1]
            arena[begin : begin + flat.size] = flat
        words = [word for one in chosen for word in one.words(at)]
        return Assembled(
            np.asarray([*words, OPERATIONS.index("end")], np.int32),
            arena,
            self.functions,
            [self.resident[number] for number in stay],
            given,
        )


@dataclass(frozen=True)
class Assembled:
    """A tape as the machine reads it."""

    words: npt.NDArray[np.int32]
    arena: npt.NDArray[np.uint8]
    """Room for a block, with all that never changes in its place."""
    functions: list[tuple[np.ufunc, int]]
    resident: list[Any]
    """The names of the tables that stay, in the order of their bases."""
    given: list[int]
    """The tables that are given, in the order in which they are asked for."""


def memory_of(array: AnyArray) -> bytes:
    """Return the bytes of an array that owns a block of memory, in the order in which they lie there."""
    return (
        array.tobytes("A") if array.flags.f_contiguous or array.flags.c_contiguous else array.copy().tobytes()
    )


def in_time(instructions: Sequence[Instruction]) -> list[Instruction]:
    """Bring tables in where they are first read and out once written, so that rooms are soon free."""
    loads: dict[int | None, Load] = {one.writes: one for one in instructions if isinstance(one, Load)}
    stores: dict[int, list[Store]] = {}
    last_write: dict[int, int] = {}
    rest = [one for one in instructions if not isinstance(one, Load | Store)]
    for one in instructions:
        if isinstance(one, Store):
            stores.setdefault(one.reads[0], []).append(one)
    for place, one in enumerate(rest):
        if one.writes is not None:
            last_write[one.writes] = place
    ordered: list[Instruction] = []

    def bring(number: int | None) -> None:
        load = loads.pop(number, None) if number is not None else None
        if load is not None:
            ordered.append(load)

    for place, one in enumerate(rest):
        for number in one.reads:
            bring(number)
        bring(one.writes)
        ordered.append(one)
        if one.writes is not None and last_write[one.writes] == place:
            ordered.extend(stores.pop(one.writes, ()))
    for number, waiting in stores.items():
        bring(number)
        ordered.extend(waiting)
    return [*ordered, *loads.values()]


def lifetimes(instructions: Sequence[Instruction]) -> tuple[dict[int, int], dict[int, int]]:
    """Return where each buffer is first and last used."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, one in enumerate(instructions):
        for number in (*one.reads, *(() if one.writes is None else (one.writes,))):
            first.setdefault(number, place)
            last[number] = place
    return first, last


def rounded(size: int) -> int:
    """Return a size in whole lines of the cache."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def placed(
    at: list[Place],
    start: int,
    sizes: Sequence[int],
    first: dict[int, int],
    last: dict[int, int],
    fixed: set[int],
) -> int:
    """Give every buffer room from its first use to its last, and return where the arena ends.

    Rooms are taken from the lowest gap that is wide enough.
    """
    free: list[tuple[int, int]] = []
    end = start
    by_first = sorted((place, number) for number, place in first.items() if number not in fixed)
    by_last = sorted((last[number], number) for _, number in by_first)
    gone = 0
    for place, number in by_first:
        while by_last[gone][0] < place:
            released = by_last[gone][1]
            free.append((at[released][1], rounded(sizes[released])))
            gone += 1
        free = joined(free)
        size = rounded(sizes[number])
        for index, (begin, room) in enumerate(free):
            if room >= size:
                at[number] = (0, begin)
                free[index] = (begin + size, room - size)
                break
        else:
            at[number], end = (0, end), end + size
    return end


def joined(gaps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join gaps that lie side by side."""
    found: list[tuple[int, int]] = []
    for begin, room in sorted(gap for gap in gaps if gap[1] > 0):
        if found and found[-1][0] + found[-1][1] == begin:
            found[-1] = (found[-1][0], found[-1][1] + room)
        else:
            found.append((begin, room))
    return found
