"""What a law may not ask for while a month is written down, and who sees NumPy meanwhile."""

import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest

from sim import units
from sim.tape.namespace import StandIns
from sim.tape.score import Part, made_before
from sim.tape.symbols import CannotTape, Symbol
from sim.tape.tables import LANES
from sim.tape.tape import Tape
from sim.tape.writer import Table, Writer
from sim.units import nowhere, ratio, somewhere
from tests.tape.played import Written

HERE = sys.modules[__name__]
ROW: Final = np.array([[0.5], [-1.0], [3.0]])
WIDE: Final = np.zeros((4, 3, LANES))


def chosen_by_if(t: Any) -> Any:
    return t.x if t.month > 3.0 else t.y


def counted_by_mask(t: Any) -> Any:
    return sum(1 for one in t.yes if one) * t.x


def written_into_fixed(t: Any) -> Any:
    WIDE[0] = t.row
    return t.x


def added_to_fixed(t: Any) -> Any:
    table = WIDE.copy()
    table += t.x
    return table


def out_into_fixed(t: Any) -> Any:
    return np.exp(t.x, out=WIDE)


def entry_into_fixed(t: Any) -> Any:
    WIDE[0, 0, 0] = t.month
    return t.x


def put_by_places(t: Any) -> Any:
    table = t.x.copy()
    table[0, t.places] = 1.0
    return table


def put_by_mask(t: Any) -> Any:
    table = t.x.copy()
    table[t.yes] = t.lane
    return table


def put_by_mask_of_rows(t: Any) -> Any:
    table = t.x.copy()
    table[t.perhaps] = 1.0
    return table


def both_ways(t: Any) -> Any:
    return t.x if t.x[0, 0, 0] < t.y[0, 0, 0] < 1.0 else t.y


REFUSED: Final[dict[str, Callable[[Any], Any]]] = {
    law.__name__: law
    for law in (
        chosen_by_if, counted_by_mask, written_into_fixed, added_to_fixed, out_into_fixed, entry_into_fixed,
        put_by_places, put_by_mask, put_by_mask_of_rows, both_ways,
    )
} | {
    "bool": lambda t: bool(t.yes),
    "float": lambda t: float(t.month),
    "int": lambda t: int(t.month),
    "range": lambda t: range(t.places[0, 0]),
    "hash": lambda t: {t.x: 1},
    "and": lambda t: t.yes and t.perhaps,
    "not": lambda t: not t.yes,
    "max of Python": lambda t: max(t.x[0, 0, 0], 0.0),
    "entry of a fixed table": lambda t: ROW[t.places],
    "entry of a list": lambda t: [1.0, 2.0, 3.0, 4.0][t.places[0, 0]],
    "entries by places": lambda t: t.x[t.places],
    "entries by a mask": lambda t: t.x[t.yes],
    "entries of an axis": lambda t: t.x[:, t.places],
    "taken along an axis": lambda t: np.take(t.x, t.places, axis=0),
    "taken from two axes": lambda t: np.take(t.row, t.places),
    "taken from bytes": lambda t: t.small.reshape(-1).take(t.places),
    "flatnonzero": lambda t: np.flatnonzero(t.yes),
    "nonzero": lambda t: np.nonzero(t.yes),
    "where with a mask alone": lambda t: np.where(t.yes),
    "unique": lambda t: np.unique(t.x),
    "sort": lambda t: np.sort(t.x, axis=0),
    "median": lambda t: np.median(t.x, axis=0),
    "isin": lambda t: np.isin(t.places, [1, 2]),
    "searchsorted": lambda t: np.searchsorted(ROW[:, 0], t.x),
    "bincount": lambda t: np.bincount(t.places[0]),
    "put_along_axis": lambda t: np.put_along_axis(t.x, t.places[None], 1.0, 0),
    "a world": lambda t: t.x[..., 0],
    "some worlds": lambda t: t.x[..., 1:],
    "worlds backwards": lambda t: t.row[:, ::-1],
    "worlds first": lambda t: t.row.swapaxes(0, 1),
    "all worlds": lambda t: t.x.sum(),
    "sum over worlds": lambda t: t.x.sum(-1),
    "sum over rows and worlds": lambda t: t.x.sum((1, 2)),
    "mean over worlds": lambda t: t.x.mean(2),
    "largest of all": lambda t: t.x.max(),
    "any world": lambda t: t.yes.any(),
    "all of the worlds": lambda t: t.perhaps.all(axis=1),
    "reduced worlds": lambda t: np.maximum.reduce(t.lane),
    "sum of another type": lambda t: t.yes.sum(0, dtype=np.int8),
    "sum of some": lambda t: t.x.sum(0, where=t.yes),
    "running sums of worlds": lambda t: np.cumsum(t.x, axis=-1),
    "running sums of rows": lambda t: t.x.cumsum(1),
    "order of worlds": lambda t: np.argsort(t.x, kind="stable"),
    "order that may differ": lambda t: np.argsort(t.x, axis=0),
    "order of whole numbers": lambda t: t.whole.argsort(0, "stable"),
    "order of too many": lambda t: np.concatenate([t.many, t.many]).argsort(0, "stable"),
    "place of the largest world": lambda t: t.x.argmax(-1),
    "place of the largest of all": lambda t: np.argmax(t.x),
    "repeated entries": lambda t: np.repeat(t.x, 2),
    "two results": lambda t: np.divmod(t.x, 2.0),
    "running maximum": lambda t: np.maximum.accumulate(t.x),
    "outer": lambda t: np.add.outer(t.x, t.x),
    "where of a function": lambda t: np.add(t.x, 1.0, where=t.yes),
    "type of a function": lambda t: np.add(t.x, 1.0, dtype=np.float32),
    "short numbers": lambda t: t.x.astype(np.float32),
    "numbers as bytes": lambda t: t.x.astype(np.int8),
    "numbers written as bytes": lambda t: np.zeros_like(t.x, np.int8).__setitem__(0, t.row),
    "complex numbers": lambda t: t.x * 1j,
    "half a number": lambda t: np.exp(t.yes),
    "short numbers of a table": lambda t: t.x + np.ones(3, np.float32)[:, None],
    "short numbers of a choice": lambda t: np.where(t.yes, t.small, np.float32(0.5)),
    "copied into a fixed table": lambda t: np.copyto(WIDE, t.x),
    "copied where a mask says": lambda t: np.copyto(WIDE, 1.0, where=t.yes),
    "text": lambda t: np.asarray(t.x, str),
}  # fmt: skip


@pytest.mark.parametrize("law", REFUSED.values(), ids=REFUSED)
def test_law_that_needs_a_number_is_refused(law: Callable[[Any], Any]) -> None:
    with pytest.raises(CannotTape):
        Written(law, stays=False)
    assert not WIDE.any()


def test_numpy_comes_back_whatever_happens() -> None:
    before = dict(vars(HERE))

    def broken(t: Any) -> Any:
        assert isinstance(np.zeros(3), Symbol), "the law sees NumPy itself: the test tests nothing"
        raise KeyError("broken law")

    with pytest.raises(KeyError):
        Written(broken, stays=False)
    with pytest.raises(CannotTape):
        Written(chosen_by_if, stays=False)
    Written(lambda t: t.x * 2.0, stays=False)
    assert {name for name, value in vars(HERE).items() if before.get(name) is not value} == set()
    assert (ratio, somewhere, nowhere) == (units.ratio, units.somewhere, units.nowhere)


def test_only_what_stands_for_numpy_is_replaced() -> None:
    before = dict(vars(HERE))
    with StandIns(Tape(LANES), [HERE]).seen():
        changed = {name for name, value in vars(HERE).items() if before.get(name) is not value}
    assert changed == {"np", "ratio", "somewhere", "nowhere"}


def test_numpy_is_back_while_a_month_asks_for_an_answer_of_its_own() -> None:
    stand_ins = StandIns(Tape(LANES), [HERE])
    with stand_ins.seen():
        with stand_ins.unseen():
            assert type(np.zeros(3)) is np.ndarray
        assert isinstance(np.zeros(3), Symbol)
        with pytest.raises(KeyError, match="no answer"), stand_ins.unseen():
            raise KeyError("no answer")
        assert isinstance(np.zeros(3), Symbol)
    assert type(np.zeros(3)) is np.ndarray


def test_table_that_a_law_changes_after_use_is_refused() -> None:
    writer = Writer(40)
    row = writer.told(np.zeros((3, 40)), "row")
    fixed = np.arange(3.0)[:, None]
    first = row + fixed
    fixed[1] = 7.0
    with pytest.raises(CannotTape, match="changes a table"):
        Part(writer, writer.handed_out((first, row + fixed)))


def test_tables_of_numbers_alone_are_computed_at_once() -> None:
    with StandIns(Tape(LANES), [HERE]).seen():
        ours = (
            np.exp(ROW),
            np.where(ROW > 0.0, ROW, 1.0),
            np.concatenate([ROW, ROW]),
            np.cumsum(ROW, axis=0),
        )
        shares = ratio(ROW, ROW)
        looked = (somewhere(ROW > 5.0), nowhere(ROW > 5.0), somewhere(ROW > 0.0))
    assert all(type(one) is np.ndarray for one in (*ours, shares))
    assert looked == (False, True, True)
    assert np.array_equal(shares, np.ones((3, 1)))


def test_other_threads_see_numpy_while_a_month_is_written() -> None:
    found: list[Any] = []

    def compute() -> None:
        table = np.zeros((3, 1))
        table[1] = 2.0
        made = (table, np.ones(2), np.empty(2), np.full(2, 0.5), np.full((2, 1), 3), np.stack([table, table]))
        found.extend([*made, ratio(ROW, table), bool(somewhere(table > 5.0)), np.flatnonzero(table)])

    with StandIns(Tape(LANES), [HERE]).seen():
        assert isinstance(np.zeros((3, 1)), Symbol)
        thread = threading.Thread(target=compute)
        thread.start()
        thread.join()
    *tables, looked, places = found
    assert all(type(one) is np.ndarray for one in tables)
    assert [one.dtype for one in tables[:5]] == [np.float64] * 4 + [np.int64]
    assert tables[6].tolist() == [[0.0], [-0.5], [0.0]]
    assert (looked, places.tolist()) == (False, [1])


def test_only_a_table_as_it_was_given_is_still() -> None:
    writer = Writer(40)
    way = Table(("x",), None, None)
    x = writer.resident(np.zeros((4, 3, 40)), ("x",))
    assert writer.is_still(x, way)
    assert writer.is_still(x.reshape(12, LANES).reshape(4, 3, LANES), way)
    assert not writer.is_still(x, Table(("y",), None, None))
    with writer.stand_ins.seen():
        others = [x[::-1], x[1:], x.copy(), np.broadcast_to(x[:1], x.shape), x.swapaxes(0, 1), x * 1.0]
    assert [writer.is_still(one, way) for one in others] == [False] * 6


def test_only_what_the_part_before_made_is_the_state_s_as_it_is() -> None:
    writer = Writer(40)
    table, turned = np.zeros((4, 3, 40)), np.zeros((3, 4, 40)).transpose(1, 0, 2)
    for given in (table, turned):
        kept = made_before(writer, writer.resident(given, ("plans", "x")))
        assert kept is not None
        assert (kept.table.trail, kept.table.laid(given).shape[:-1]) == (("plans", "x"), kept.shape)
    x = writer.resident(table, ("plans", "x"))
    others = [x[::-1], x * 2.0, x.swapaxes(0, 1), writer.resident(table, ("state", "x"))]
    assert [made_before(writer, one) for one in others] == [None] * 4


def test_symbol_tells_its_shape_and_no_numbers() -> None:
    with StandIns(Tape(LANES), [HERE]).seen():
        table = np.zeros((4, 3, LANES))
        flags = table[1] > 0.0
    assert (table.shape, table.ndim, table.size, len(table)) == ((4, 3, LANES), 3, 12 * LANES, 4)
    assert (flags.shape, flags.dtype, repr(flags)) == ((3, LANES), np.bool_, f"Symbol(3, {LANES})")
    assert SimpleNamespace(shape=np.shape(table), ndim=np.ndim(table)) == SimpleNamespace(
        shape=table.shape, ndim=table.ndim
    )
