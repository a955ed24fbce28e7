"""What two laws work out from the same numbers is worked out once, and what changes no number not at all."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sim.tape.instructions import Instruction, Operand, Work


def without_repeats(
    instructions: Sequence[Instruction],
    sizes: Sequence[int],
    values: Mapping[int, bytes],
    resident: Collection[int],
) -> list[Instruction]:
    """Leave out what an instruction before has made already, and let who reads it read that.

    So is what multiplies by 1, or divides by it. Only tables that are written once are looked at. `sizes`:
    bytes of buffers; `values`: what is in those that never change; `resident`: those that stay.
    """
    writes = Counter(one.writes for one in instructions)
    so_far: Counter[int] = Counter()
    first: dict[bytes, int] = {}
    instead = {number: first.setdefault(numbers, number) for number, numbers in values.items()}
    """The buffer that is read in the place of one that is left out."""
    made: dict[Any, int] = {}
    found: list[Instruction] = []
    for given in instructions:
        one = reading(given, instead)
        into = one.writes
        if isinstance(one, Work) and into is not None and writes[into] == 1 and into not in resident:
            *sources, target = one.operands
            same = unchanged(one, values)
            if same is not None and so_far[same.buffer] == writes[same.buffer] and lie_alike(same, target):
                instead[into] = same.buffer
                continue
            read = tuple((source, so_far[source.buffer]) for source in sources)
            lies = target.offset, target.strides, sizes[into]
            what = (one.name, one.shape, one.function, one.more, one.tail, read, lies)
            if made.setdefault(what, into) != into:
                instead[into] = made[what]
                continue
        if into is not None:
            so_far[into] += 1
        found.append(one)
    return found


def reading(one: Instruction, instead: dict[int, int]) -> Instruction:
    """Return an instruction that reads other buffers instead of some."""
    if not any(number in instead for number in one.reads):
        return one
    reads = tuple(instead.get(number, number) for number in one.reads)
    if not isinstance(one, Work):
        return replace(one, reads=reads)
    operands = tuple(
        Operand(instead.get(each.buffer, each.buffer), each.offset, each.strides) for each in one.operands
    )
    return replace(one, reads=reads, operands=operands)


def lie_alike(one: Operand, other: Operand) -> bool:
    """Return whether the entries of two operands have the same places in their buffers."""
    return (one.offset, one.strides) == (other.offset, other.strides)


def unchanged(one: Work, values: Mapping[int, bytes]) -> Operand | None:
    """Return what an operation leaves as it is: what it multiplies by 1, or divides by it."""
    if one.name not in ("multiply", "divide"):
        return None
    first, second, _ = one.operands
    for other, factor in ((first, second), (second, first))[: 2 if one.name == "multiply" else 1]:
        if factor.buffer in values and np.all(np.frombuffer(values[factor.buffer]) == 1.0):
            return other
    return None
