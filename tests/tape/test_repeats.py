"""What is worked out twice from the same numbers is played once, and from other numbers again."""

from random import Random
from typing import Any

import numpy as np
import pytest

from sim.tape.tables import LANES
from sim.tape.tape import Tape
from tests.tape.played import assert_played, needs_machine

SHAPE = (3, LANES)


def tape_of() -> tuple[Tape, Any]:
    tape = Tape(LANES)
    return tape, tape.given(0, SHAPE, np.float64, shared=False)


def names(tape: Tape) -> list[str]:
    return [one.name for one in tape._program.needed() if one.name not in ("load", "store", "copy")]


def test_what_is_worked_out_twice_is_played_once() -> None:
    tape, x = tape_of()
    tape.store(0, np.exp(x * 2.0).sum(0))
    tape.store(1, np.exp(x * 2.0).sum(0))
    tape.store(2, np.exp(x * 3.0).sum(0))
    assert names(tape) == ["multiply", "loop", "fold_add"] * 2
    assert len({one.reads[1] for one in tape._program.needed() if one.name == "multiply"}) == 2


def test_who_reads_what_is_left_out_reads_what_was_made_before() -> None:
    tape, x = tape_of()
    y = np.exp(x)[1:] - np.exp(x)[:2]
    tape.store(0, y * np.exp(x)[0])
    assert names(tape) == ["loop", "subtract", "multiply"]


@pytest.mark.parametrize("part", [0, 2])
def test_what_has_changed_since_is_worked_out_again(part: int) -> None:
    tape, x = tape_of()
    y = x * 2.0
    tape.store(0, y + 1.0)
    y[part] = x[1]
    tape.store(1, y + 1.0)
    assert names(tape) == ["multiply", "add", "add"]


def test_what_changes_later_is_worked_out_for_itself() -> None:
    tape, x = tape_of()
    y = x * 2.0
    z = x * 2.0
    y += 1.0
    tape.store(0, y)
    tape.store(1, z)
    assert names(tape) == ["multiply", "multiply", "add"]


def test_tables_that_stay_are_all_made() -> None:
    tape, x = tape_of()
    tape.keep("one", np.exp(x))
    tape.keep("other", np.exp(x))
    assert names(tape) == ["loop", "loop"]


def test_other_parts_and_ways_of_a_table_are_others() -> None:
    tape, x = tape_of()
    others = (
        x[0] + x[1], x[1] + x[0], x[0] - x[1], x[1] - x[2], x[:2] * x[1:], x[:1] * x[1:2],
        x.sum(0), x[:2].sum(0), x.max(0), np.exp(x), np.log(x),
    )  # fmt: skip
    for number, one in enumerate(others):
        tape.store(number, one)
    assert len(names(tape)) == len(others)


def test_other_orders_in_memory_are_others() -> None:
    tape = Tape(LANES)
    turned = tape.given(0, (3, 2, LANES), np.float64, shared=False).transpose(1, 0, 2)
    for number, order in enumerate("CKC"):
        tape.store(number, np.exp(tape.copied(turned, order)))
    assert [one.name for one in tape._program.needed()].count("copy") == 2


def test_what_is_multiplied_by_one_is_read_as_it_is() -> None:
    tape, x = tape_of()
    tape.store(0, np.exp(x * 1.0 / np.ones((3, 1))))
    tape.store(1, np.exp(1.0 * x))
    tape.store(2, 1.0 / x)
    assert names(tape) == ["loop", "divide"]


@pytest.mark.parametrize("changed", [0, 1])
def test_what_changes_later_is_multiplied_by_one(changed: int) -> None:
    tape, x = tape_of()
    y = x * 2.0
    z = y * 1.0
    (y, z)[changed][0] = x[1]
    tape.store(0, y - z)
    assert names(tape) == ["multiply", "multiply", "subtract"]


def ones(t: Any) -> Any:
    return t.x * 1.0, 1.0 * t.y, t.x / 1.0, t.turned * np.ones((3, 1)), (t.row * 1.0)[::-1] * 2.0, 1.0 / t.x


@needs_machine
def test_ones_leave_numbers_as_they_are() -> None:
    assert_played(ones, [33])


def puzzle(t: Any, seed: int) -> Any:
    """Work few things out of few tables, which now and then change, in an order that a seed decides."""
    draw = Random(seed)
    tables = [t.plain[:, 0] * 1.5, t.plain[:, 1] * 1.5]
    made = []
    for _ in range(24):
        one, other = draw.choice(tables), draw.choice(tables)
        act = draw.randrange(9)
        if act < 4:
            made.append((one + other, one[1:] - other[:-1], np.exp(one), one.sum(0, keepdims=True))[act])
        elif act == 4:
            one[draw.randrange(4)] = other[draw.randrange(4)]
        elif act == 5:
            tables.append(other * 1.5)
        elif act == 6 and made:
            made[draw.randrange(len(made))][0] += 1.0
        elif act == 7:
            made.append(one * 1.0)
        else:
            made.append(one * other)
    return tuple(made) or (t.plain * 1.0,)


@needs_machine
@pytest.mark.parametrize("seed", range(60))
def test_laws_that_repeat_themselves_are_played_as_numpy_does(seed: int) -> None:
    def law(t: Any) -> Any:
        return puzzle(t, seed)

    assert_played(law, [33])
