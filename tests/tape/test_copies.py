"""Copies that a tape leaves out, and those that it must not; whatever it leaves out, the bits are NumPy's."""

from random import Random
from typing import Any

import numpy as np
import pytest

from sim.tape.copies import span
from sim.tape.instructions import Operand
from sim.tape.namespace import Writing
from sim.tape.tables import LANES
from sim.tape.tape import Tape
from tests.tape.played import assert_played, needs_machine

SHAPE = (3, LANES)


def tape_of() -> tuple[Tape, Any, Any]:
    """Return a tape, what stands in NumPy's place, and a table that is given."""
    tape = Tape(LANES)
    return tape, Writing(tape), tape.given(0, SHAPE, np.float64, shared=False)


def copies(tape: Tape) -> int:
    """Return how many instructions of what is played only copy."""
    return sum(one.name in ("copy", "rows") for one in tape._program.needed())


# ---------------------------------------------------------------- what is left out


def test_tables_are_made_where_they_are_put_together() -> None:
    tape, numpy, x = tape_of()
    tape.store(0, numpy.concatenate([x + 1.0, numpy.stack([x.sum(0), np.exp(x[0]), x[1] * x[2]])]))
    assert copies(tape) == 0


def test_parts_are_made_in_their_places_in_any_order() -> None:
    tape, numpy, x = tape_of()
    parts = [x[row] + 1.0 for row in range(len(x))]
    into = numpy.zeros(SHAPE)
    for row in (1, 2, 0):
        into[row] = parts[row]
    tape.store(0, into)
    assert copies(tape) == 0


def test_a_copy_that_is_changed_is_made_in_its_place() -> None:
    tape, _, x = tape_of()
    y = x * 2.0
    z = y.copy()
    z[0] = 1.0
    tape.store(0, z)
    assert copies(tape) == 1


def test_fills_that_are_written_over_are_left_out() -> None:
    tape, numpy, x = tape_of()
    into = numpy.zeros(SHAPE)
    into[0] = x[0] + 1.0
    into[1:] = x[1:] * 2.0
    tape.store(0, into)
    tape.keep("kept", into * 2.0)
    assert copies(tape) == 0


def test_what_is_read_later_may_be_part_of_another() -> None:
    tape, numpy, x = tape_of()
    y = x[0] + 1.0
    into = numpy.stack([y, x[1] * 2.0])
    tape.store(0, into)
    tape.store(1, into[0] + y)
    assert copies(tape) == 0


# ---------------------------------------------------------------- what is not


def test_fills_of_which_something_is_read_stay() -> None:
    for whole in (True, False):
        tape, numpy, x = tape_of()
        into = numpy.zeros(SHAPE)
        into[0] = x[0] + 1.0
        if whole:
            tape.store(1, into + 1.0)
            into[1:] = x[1:] + 1.0
        tape.store(0, into)
        assert copies(tape) == 1


def test_kept_fills_stay() -> None:
    tape, numpy, x = tape_of()
    into = numpy.zeros(SHAPE)
    into[0] = x[0] + 1.0
    tape.keep("kept", into)
    assert copies(tape) == 1


def test_tables_that_change_later_are_copied() -> None:
    tape, _, x = tape_of()
    y = x * 2.0
    before = y.copy()
    y += 1.0
    tape.store(0, before)
    tape.store(1, y)
    assert copies(tape) == 1


def test_tables_are_copied_whose_place_changes_while_they_are_read() -> None:
    tape, numpy, x = tape_of()
    y = x[0] * 2.0
    into = numpy.stack([y, x[1]])
    into[0] = into[0] - 1.0
    tape.store(0, into + y)
    tape.store(1, into)
    assert copies(tape) == 3


def test_tables_are_copied_whose_place_is_read_after_they_are_made() -> None:
    tape, numpy, x = tape_of()
    into = numpy.zeros(SHAPE)
    into += x
    y = x[0] * 2.0
    tape.store(1, into * 3.0)
    into[0] = y
    tape.store(0, into)
    assert copies(tape) == 2


def test_tables_that_are_told_or_stay_are_copied() -> None:
    tape, numpy, x = tape_of()
    stays = tape.resident("stays", SHAPE, np.float64)
    tape.store(0, numpy.concatenate([x, stays]))
    assert copies(tape) == 2


def test_spans_hold_all_that_an_operand_shows() -> None:
    for whole in (np.zeros((5, 4, 6)), np.zeros((5, 4, 6), np.int8)):
        begin = whole.__array_interface__["data"][0]
        for view in (whole, whole[::2, ::-1], whole[3, 1:, None], whole[1:2, 2], whole.T[::-1, 1]):
            offset = view.__array_interface__["data"][0] - begin
            found = span(view.shape, Operand(0, offset, view.strides))
            low, high = np.lib.array_utils.byte_bounds(view)
            assert found[0] == low - begin
            assert found[1] >= high - begin
            if view.ndim > 1:
                assert found[1] == high - begin


# ---------------------------------------------------------------- whatever laws do

ROWS = 4


def puzzle(t: Any, seed: int) -> Any:
    """Make, change and put together tables of four rows, in an order that a seed decides."""
    draw = Random(seed)
    tables = [t.plain[:, 0] * 1.5, t.plain[:, 1] + t.row[0], t.plain[:, 2] - 1.0]

    def any_table() -> Any:
        return draw.choice(tables)

    def some_rows() -> Any:
        begin = draw.randrange(ROWS)
        return slice(begin, begin + 1) if draw.random() < 0.5 else slice(0, ROWS - begin)

    def change() -> None:
        rows = some_rows()
        any_table()[rows] = draw.choice(
            [lambda: any_table()[rows], lambda: any_table()[rows] + 1.0, lambda: 2.0]
        )()

    def add_to() -> None:
        table = any_table()
        table += any_table()

    def put_together() -> None:
        split = draw.randrange(1, ROWS)
        tables.append(np.concatenate([any_table()[:split], any_table()[split:] * 0.5]))

    def stack() -> None:
        tables.append(np.stack([draw.choice([any_table()[1], any_table().sum(0)]) for _ in range(ROWS)]))

    def fill() -> None:
        table = np.zeros(t.plain.shape[::2]) if draw.random() < 0.5 else np.full(t.plain.shape[::2], 3.0)
        tables.append(table)
        for _ in range(draw.randrange(4)):
            rows = some_rows()
            table[rows] = any_table()[rows] - 0.25

    def pick() -> None:
        tables.append(any_table()[draw.sample(range(ROWS), ROWS)])

    for _ in range(20):
        draw.choice(
            [
                change,
                add_to,
                put_together,
                stack,
                fill,
                pick,
                lambda: tables.append(any_table().copy()),
                lambda: tables.append(any_table() * any_table()),
            ]
        )()
    return tuple(draw.sample(tables, 3))


@needs_machine
@pytest.mark.parametrize("seed", range(150))
def test_laws_that_move_tables_about_are_played_as_numpy_does(seed: int) -> None:
    def law(t: Any) -> Any:
        return puzzle(t, seed)

    assert_played(law, [33])
