"""What two laws work out from the same numbers is worked out once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sim.tape.instructions import Instruction, Operand, Work


def without_repeats(
    instructions: Sequence[Instruction],
    sizes: Sequence[int],
    values: Mapping[int, bytes],
    resident: Collection[int],
) -> list[Instruction]:
    """Leave out what an instruction before has made already, and let who reads it read that.

    Only tables that are written once are compared. `sizes`: bytes of buffers; `values`: what is in those that
    never change; `resident`: those that stay.
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
