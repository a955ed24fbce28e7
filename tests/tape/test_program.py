"""A tape as the machine reads it: what is left out, in which order, and where everything lies."""

from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.tape.instructions import Instruction, Load, Store, collapsed
from sim.tape.layout import in_turn
from sim.tape.program import ALIGNMENT, Program, in_time, lifetimes, placed
from sim.tape.tables import LANES, addresses, blocked, blocks, room, unblocked
from sim.tape.tape import Tape

ROW = np.array([[0.5], [-1.0], [3.0]])


def names(program: Program) -> list[str]:
    return [one.name for one in program.needed()]


def tape_of(rows: int = 3) -> tuple[Tape, Any]:
    tape = Tape(LANES)
    return tape, tape.given(0, (rows, LANES), np.float64, shared=False)


# ---------------------------------------------------------------- what is left out, and in which order


def test_what_nobody_keeps_is_left_out() -> None:
    tape, x = tape_of()
    unread = tape.given(1, (3, LANES), np.float64, shared=False)
    doubled = x * 2.0
    np.exp(unread) + x  # left out with all that it needs
    dead = doubled.copy()
    dead[0] = x[1]
    tape.store(0, doubled + 1.0)
    found = tape.assembled()
    assert names(tape._program) == ["load", "multiply", "add", "store"]
    assert found.given == [0]


def test_what_stays_or_is_handed_out_is_left_in() -> None:
    tape, x = tape_of()
    tape.keep("kept", np.exp(x))
    tape.keep("as it was", x)
    found = tape.assembled()
    assert names(tape._program) == ["load", "loop"]
    assert sorted(found.resident) == ["as it was", "kept"]


def test_all_that_writes_a_part_of_a_table_is_left_in() -> None:
    tape, x = tape_of()
    into = tape.empty((3, LANES))
    into[0] = x[1]
    into[1:] = x[1:]
    into += 1.0
    tape.store(0, into)
    assert names(tape._program) == ["load", "copy", "copy", "add", "store"]


def test_given_tables_are_asked_for_in_the_order_of_their_numbers() -> None:
    tape = Tape(LANES)
    many = [tape.given(number, (LANES,), np.float64, shared=False) for number in range(6)]
    tape.store(0, many[5] - many[2])
    tape.store(1, many[2] + many[4])
    assert tape.assembled().given == [2, 4, 5]


@st.composite
def programs(draw: st.DrawFn) -> list[Instruction]:
    """Return works on a few buffers, of which some are brought in before and some are brought out after."""
    number = st.integers(0, 9)
    loads = [Load("load", (), one, one, 1, 8, False) for one in draw(st.sets(number, max_size=6))]
    works = [
        Instruction(f"work {place}", tuple(reads), into)
        for place, (reads, into) in enumerate(
            draw(st.lists(st.tuples(st.lists(number, max_size=3), number), max_size=25))
        )
    ]
    stores = [Store("store", (one,), None, one, 1, 8) for one in draw(st.sets(number, max_size=5))]
    return [*loads, *works, *stores]


@given(programs())
def test_tables_are_brought_in_before_their_first_use_and_out_after_they_are_written(
    program: list[Instruction],
) -> None:
    found = in_time(program)
    assert sorted(map(repr, found)) == sorted(map(repr, program))
    works = [one for one in program if not isinstance(one, Load | Store)]
    assert [one for one in found if not isinstance(one, Load | Store)] == works
    at = {id(one): place for place, one in enumerate(found)}
    for one in found:
        for other in found:
            uses = (*other.reads, other.writes)
            if isinstance(one, Load) and other is not one and one.writes in uses:
                assert at[id(one)] < at[id(other)], "a table is used before it is brought in"
            if isinstance(one, Store) and other.writes == one.reads[0]:
                assert at[id(other)] < at[id(one)], "a table is brought out before it is written"


def test_tables_are_brought_in_late_and_out_early() -> None:
    tape = Tape(LANES)
    many = [tape.given(number, (LANES,), np.float64, shared=False) for number in range(3)]
    made = [one * 2.0 for one in many]
    for number, one in enumerate(made):
        tape.store(number, one)
    assert names(tape._program) == ["load", "multiply", "store"] * 3


# ---------------------------------------------------------------- where everything lies


@given(
    programs(),
    st.lists(st.integers(1, 500), min_size=10, max_size=10),
    st.sets(st.integers(0, 9), max_size=3),
)
def test_buffers_that_live_at_the_same_time_share_no_room(
    program: list[Instruction], sizes: list[int], fixed: set[int]
) -> None:
    first, last = lifetimes(program)
    for place, one in enumerate(program):
        for number in (*one.reads, one.writes):
            assert number is None or first[number] <= place <= last[number]
    start = 3 * ALIGNMENT
    at = [(0, 0)] * 10
    end = placed(at, start, sizes, first, last, fixed)
    free = [number for number in first if number not in fixed]
    assert all(at[number] == (0, 0) for number in range(10) if number not in free)
    for number in free:
        base, begin = at[number]
        assert base == 0
        assert begin % ALIGNMENT == 0
        assert start <= begin
        assert begin + sizes[number] <= end
    for one, other in combinations(free, 2):
        if first[one] <= last[other] and first[other] <= last[one]:
            low, high = sorted((one, other), key=lambda number: at[number][1])
            assert at[low][1] + sizes[low] <= at[high][1]


def test_rooms_are_used_again() -> None:
    tape, x = tape_of()
    for _ in range(50):
        x = np.exp(x)
    tape.store(0, x)
    assert tape.assembled().arena.nbytes == 2 * 3 * LANES * 8


@pytest.mark.parametrize("order", ["C", "F"])
def test_fixed_numbers_are_in_their_place(order: Any) -> None:
    table = np.array(np.arange(12.0).reshape(4, 3, 1), order=order)
    tape = Tape(LANES)
    x = tape.given(0, (4, 3, LANES), np.float64, shared=False)
    tape.store(0, np.exp(x) - ROW)
    tape.store(1, x[1:] * table[1:, ::-1])
    found = tape.assembled()
    for instruction, numbers in (
        ("subtract", np.broadcast_to(ROW, (4, 3, 1))),
        ("multiply", table[1:, ::-1]),
    ):
        (work,) = (one for one in tape._program.needed() if one.name == instruction)
        operand = work.operands[1]
        at = [(0, 0)] * len(tape._program.sizes)
        words = work.words(at)
        assert words[3] == LANES, "the inner row is the worlds'"
        begin = place_of(found.arena, tape._program.values[operand.buffer]) + operand.offset
        seen = np.ndarray(numbers.shape, np.float64, found.arena.tobytes(), begin, operand.strides)
        assert np.array_equal(seen, numbers)


def place_of(arena: Any, table: Any) -> int:
    """Return where the bytes of a table begin in the arena."""
    place = arena.tobytes().find(table.tobytes("A"))
    assert place >= 0
    assert place % ALIGNMENT == 0
    return place


def test_numbers_that_a_law_asks_for_twice_are_kept_once() -> None:
    tape, x = tape_of()
    tape.store(0, (x + ROW) * ROW[::-1] - ROW[1])
    assert len(tape._program.values) == 1


@given(st.lists(st.integers(1, 4), max_size=5), st.lists(st.permutations(range(5)), min_size=1, max_size=3))
def test_joined_axes_visit_the_same_entries_in_the_same_order(extents: list[int], orders: list[Any]) -> None:
    shape = tuple(extents)
    tables = []
    for order in orders:
        axes = [one for one in order if one < len(shape)]
        table = np.arange(np.prod(shape, dtype=int)).reshape([shape[axis] for axis in axes])
        tables.append(table.transpose(np.argsort(axes).astype(int)) if axes else table)
    joined, strides = collapsed(shape, [table.strides for table in tables])
    for table, steps in zip(tables, strides, strict=True):
        seen = np.lib.stride_tricks.as_strided(table, joined, steps)
        assert seen.reshape(-1).tolist() == table.reshape(-1).tolist()
    assert len(joined) <= max(1, len(shape))


def test_more_axes_than_the_machine_handles_are_refused() -> None:
    tape = Tape(LANES)
    deep = tape.given(0, (2, 2, 2, 2, 2, 2, LANES), np.float64, shared=False)
    tape.store(0, np.exp(deep))
    assert tape.assembled().words.size
    tape.store(1, deep.transpose(5, 4, 3, 2, 1, 0, 6).copy())
    with pytest.raises(ValueError, match="7 axes"):
        tape.assembled()


def test_axes_are_gone_through_as_numpy_goes_through_them() -> None:
    for order, still in product(permutations(range(4)), product((False, True), repeat=4)):
        table = np.zeros((2, 3, 4, 5)).transpose(order)
        steps = [0 if stands else step for stands, step in zip(still, table.strides, strict=True)]
        view = np.lib.stride_tricks.as_strided(table, table.shape, steps)
        walk = np.nditer(view, flags=["multi_index"], order="K")
        first_step = [0] * 4
        for place, _ in enumerate(walk):
            for axis, index in enumerate(walk.multi_index):
                if index == 1 and not first_step[axis]:
                    first_step[axis] = place
        assert in_turn(view.strides) == sorted(range(4), key=lambda axis: -first_step[axis])


# ---------------------------------------------------------------- tables by block


@given(
    st.lists(st.integers(0, 4), max_size=3),
    st.integers(1, 3 * LANES + 5),
    st.sampled_from([np.float64, np.int64, np.int8, np.bool_]),
)
def test_tables_by_block_are_the_tables(extents: list[int], worlds: int, kind: Any) -> None:
    shape = (*extents, worlds)
    table = np.random.default_rng(worlds).integers(0, 100, shape).astype(kind)
    found = blocked(table)
    rows = int(np.prod(extents))
    assert (found.shape, found.dtype) == ((blocks(worlds), rows, LANES), table.dtype)
    assert not rows or found.ctypes.data % ALIGNMENT == 0
    assert room(tuple(extents), kind, worlds).shape == found.shape
    back = unblocked(found, tuple(extents), worlds)
    assert (back.shape, back.dtype, back.tobytes()) == (table.shape, table.dtype, table.tobytes())
    lanes = found.swapaxes(0, 1).reshape(rows, blocks(worlds) * LANES)
    last = table.reshape(rows, worlds)[:, -1:]
    assert np.array_equal(lanes[:, worlds:], np.broadcast_to(last, lanes[:, worlds:].shape))


def test_addresses_are_where_the_parts_of_blocks_begin() -> None:
    worlds = 2 * LANES + 1
    tables = [room((rows,), kind, worlds) for rows, kind in ((3, np.float64), (1, np.bool_), (2, np.int64))]
    found = addresses(tables, worlds)
    assert found.shape == (3, len(tables))
    for block, row in enumerate(found):
        assert row.tolist() == [table[block].ctypes.data for table in tables]
    assert addresses([], worlds).shape == (3, 0)
    for other in (tables[0][:, ::2], tables[0][:2]):
        with pytest.raises(ValueError, match="blocks"):
            addresses([other], worlds)
