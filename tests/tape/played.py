"""Laws written down and played, and the tables that they are given: all kinds, orders and extremes."""

import sys
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim import hands
from sim.tape.instructions import AnyArray
from sim.tape.months import Playing, machine
from sim.tape.namespace import StandIns
from sim.tape.score import Part
from sim.tape.tables import blocked, room, unblocked
from sim.tape.writer import Kept, Table, Writer, laid_out

Tables = dict[str, AnyArray]
Law = Callable[[Any], Any]

WORLDS = (2, 31, 32, 33, 70)
HANDS = 2
"""Threads among which blocks are shared out."""
EXTREMES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -2e-308, 1e300, -1e300, 1.0, -1.0, 0.5])
"""Zeros, infinities, what is no number, the smallest and the largest."""

ROW = np.array([[0.5], [-0.0], [3.0]])
"""Fixed numbers of an axis. Shapes: (3, 1)."""
CHOSEN = np.array([True, False, True])
"""Fixed entries of an axis. Shapes: (3,)."""

needs_machine = pytest.mark.skipif(
    machine() is None, reason="no C compiler, or compiled code is not wanted: nothing plays tapes here"
)


@cache
def tables_of(worlds: int) -> Tables:
    """Return tables of every kind for so many worlds, which no law may write into.

    Shapes: (4, 3, world), (3, world), (world,).
    """
    draw = np.random.default_rng(worlds)
    shape = (4, 3, worlds)

    def numbers(shape: tuple[int, ...]) -> AnyArray:
        table = draw.normal(0.0, 3.0, shape)
        return np.where(draw.random(shape) < 0.4, draw.choice(EXTREMES, shape), table)

    tables = {
        "x": numbers(shape),
        "y": numbers(shape),
        "plain": draw.uniform(0.1, 8.0, shape),
        "ties": draw.choice([-1.0, -0.0, 0.0, 1.0, np.inf, -np.inf, np.nan], shape),
        "turned": numbers((3, 4, worlds)).transpose(1, 0, 2),
        "deep": draw.normal(0.0, 1e3, (3, 2, 4, worlds)).transpose(2, 0, 1, 3),
        "many": draw.normal(0.0, 1e3, (20, worlds)),
        "zeros": draw.choice([-0.0, 0.0], shape),
        "row": numbers((3, worlds)),
        "lane": numbers((worlds,)),
        "yes": draw.random(shape) < 0.5,
        "perhaps": draw.random((3, worlds)) < 0.5,
        "whole": draw.integers(-7, 8, shape),
        "count": draw.integers(1, 6, (3, worlds)),
        "small": draw.integers(-100, 100, shape).astype(np.int8),
        "places": draw.integers(0, 4, (3, worlds)),
        "told": numbers(shape),
        "told_flags": draw.random((3, worlds)) < 0.5,
        "shared": numbers((4, 3, 1)),
        "month": np.asarray(17.25),
    }
    for table in tables.values():
        table.setflags(write=False)
    return tables


def list_of(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value]


def laws_of(module: dict[str, Any]) -> list[Law]:
    """Return the laws that a test file has defined: functions that are no tests or their helpers."""
    return [
        value
        for name, value in module.items()
        if getattr(value, "__module__", None) == module["__name__"]
        and not name.startswith(("test_", "assert_"))
    ]


class Written:
    """A law written down, whose results are handed out, or stay as tables by block."""

    def __init__(self, law: Law, *, stays: bool) -> None:
        tables = tables_of(70)
        writer = Writer(70)
        given: dict[str, Any] = {}
        for name, table in tables.items():
            if name.startswith("told"):
                given[name] = writer.told(table, name)
            elif name in ("shared", "month"):
                given[name] = writer.told(table, name, shared=True)
            else:
                given[name] = writer.resident(table, (name,))
        with StandIns(writer.tape, [sys.modules[law.__module__]]).seen():
            found = list_of(law(SimpleNamespace(**given)))
        self.kept: list[Kept] = []
        handed = None
        if stays:
            self.kept = [writer.keeps(one, ("made", place)) for place, one in enumerate(found)]
        else:
            handed = tuple(writer.handed_out(one) for one in found)
        self._part = Part(writer, handed)

    def play(self, tables: Tables, worlds: int, times: int = 2) -> list[AnyArray]:
        """Return what the law makes of tables, the last time of several."""
        stay = {
            Table((name,), None, laid_out(one)): one for name, one in tables.items() if one.ndim and one.size
        }
        blocks: dict[Table, AnyArray] = {table: blocked(table.laid(one)) for table, one in stay.items()}
        blocks |= {kept.table: room(kept.shape, kept.kind, worlds) for kept in self.kept}
        player = machine()
        assert player is not None
        playing = Playing(self._part, [blocks], worlds, HANDS, player)
        begun = playing.begun(SimpleNamespace(**tables), 0)
        for _ in range(times):
            hands.share(lambda hand: playing.play(hand, begun), playing.hands)
        if playing.made is not None:
            return list(playing.made)
        return [kept.table.seen(unblocked(blocks[kept.table], kept.shape, worlds)) for kept in self.kept]


def assert_same_bytes(found: AnyArray, expected: Any, worlds: int) -> None:
    """Compare two tables to the bit; who has no worlds is the same in all.

    What is no number has a sign that nobody reads, and that NumPy itself leaves to where a number lies.
    """
    expected = np.asarray(expected)
    expected = np.broadcast_to(expected, (*expected.shape[:-1], worlds))
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if found.dtype == np.float64:
        found, expected = (np.where(np.isnan(one), np.nan, one) for one in (found, expected))
    if found.tobytes() != expected.tobytes():
        bits = [np.frombuffer(one.tobytes(), f"V{one.itemsize}") for one in (found, expected)]
        places = np.flatnonzero(bits[0] != bits[1])[:5]
        numbers = [np.ascontiguousarray(one).reshape(-1)[places] for one in (found, expected)]
        raise AssertionError("entries {}: played {}, NumPy {}".format(places, *numbers))


def assert_played(law: Law, worlds: Sequence[int] = WORLDS) -> None:
    """Play a law for several numbers of worlds, and compare every result with NumPy's to the bit."""
    for stays in (False, True):
        written = Written(law, stays=stays)
        for many in worlds:
            with np.errstate(all="ignore"):  # tapes warn of nothing
                expected = list_of(law(SimpleNamespace(**tables_of(many))))
            found = written.play(tables_of(many), many)
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                assert_same_bytes(one, other, many)
