"""A tape in the making: every operation on symbols becomes an instruction."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.tape.instructions import (
    KINDS,
    AnyArray,
    Instruction,
    Load,
    Operand,
    Rows,
    Store,
    Work,
    collapsed,
)
from sim.tape.layout import address, in_turn, is_same_view, places_of
from sim.tape.program import Assembled, Program
from sim.tape.symbols import CannotTape, Symbol, root_of

NUMBERS, TESTS, FLAGS = "dd->d", "dd->?", "??->?"
EXACT: Final = {
    (np.add, NUMBERS): "add",
    (np.subtract, NUMBERS): "subtract",
    (np.multiply, NUMBERS): "multiply",
    (np.divide, NUMBERS): "divide",
    (np.maximum, NUMBERS): "maximum",
    (np.minimum, NUMBERS): "minimum",
    (np.greater, TESTS): "greater",
    (np.greater_equal, TESTS): "greater_equal",
    (np.equal, TESTS): "equal",
    (np.bitwise_and, FLAGS): "bitwise_and",
    (np.bitwise_or, FLAGS): "bitwise_or",
    (np.absolute, "d->d"): "absolute",
    (np.negative, "d->d"): "negative",
    (np.invert, "?->?"): "invert",
}
"""Operations whose result no processor can round otherwise: the machine has its own."""
TURNED: Final = {np.less: np.greater, np.less_equal: np.greater_equal}
"""Tests that are others of the same tables in the opposite order."""
FOLDED: Final = {np.add: "fold_add", np.maximum: "fold_maximum", np.minimum: "fold_minimum"}
"""Those of them that the machine folds along axes, two at most."""
FOLDED_AXES: Final = 2


class _Asked:
    """Tells which function of NumPy it is given to."""

    def __array_ufunc__(self, ufunc: np.ufunc, *_: object, **__: object) -> np.ufunc:
        return ufunc


CLIP: Final[np.ufunc] = np.zeros(1).clip(0.0, _Asked())  # type: ignore[call-overload]  # it has no public name
BY_STEP: Final = (np.power, CLIP)
"""Functions whose loops take another way where all but the first table stay the same along a row."""
MOST_SORTED: Final = 32
DOUBLE, INTEGER, BOOL = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)


class Tape:
    """What is being written down, for blocks of so many lanes."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._program = Program()
        self._numbers: dict[int, int] = {}
        """Number of the buffer that stands for an array, by the array's identity."""
        self._alive: list[AnyArray] = []
        """These arrays: while they are here, no identity stands for another."""
        self._begins: list[int] = []
        """Where each buffer's array lies in memory."""
        self._fixed: list[tuple[AnyArray, bytes]] = []
        """Arrays of numbers that a law has used, and what was in them then."""

    def assembled(self) -> Assembled:
        """Return the tape as the machine reads it.

        Raises: CannotTape if a law changed a table after it had used it.
        """
        if any(array.tobytes("A") != then for array, then in self._fixed):
            raise CannotTape("a law changes a table of numbers after it has used it")
        return self._program.assembled()

    # ---------------------------------------------------------------- buffers

    def fresh(self, shadow: AnyArray) -> Symbol:
        """Return a symbol for an array, with a new buffer unless the array is a view of a known one."""
        root = root_of(shadow)
        number = self._numbers.get(id(root))
        if number is None:
            number = self._numbers[id(root)] = self._program.buffer(max(root.nbytes, 1))
            self._alive.append(root)
            self._begins.append(address(root))
        return Symbol(self, shadow, number)

    def empty(self, shape: Any, kind: Any = np.float64) -> Symbol:
        """Return a symbol for numbers that are yet to be written."""
        return self.fresh(np.zeros(shape, kind))

    def symbol_of(self, value: Any, kind: Any = None) -> Symbol:
        """Return a value as a symbol; numbers that do not depend on the month are kept as they are."""
        if isinstance(value, Symbol):
            return value
        array = np.asarray(value, kind)
        if array.dtype.char not in KINDS:
            raise CannotTape(f"tapes hold numbers of the kinds {KINDS}, not {array.dtype}")
        root = root_of(array)
        if not (root.flags.c_contiguous or root.flags.f_contiguous):
            array = root = array.copy()
        is_known = id(root) in self._numbers
        symbol = self.fresh(array)
        if not is_known:
            self._fixed.append((root, root.tobytes("A")))
            self._program.values[symbol.buffer] = root
        return symbol

    def given(self, table: int, shape: tuple[int, ...], kind: Any, *, shared: bool) -> Symbol:
        """Return a symbol for a table that is given: by block, or whole if worlds share it."""
        symbol = self.empty(shape, kind)
        rows = symbol.size if shared else symbol.size // self.lanes
        self._write(Load("load", (), symbol.buffer, table, rows, symbol.dtype.itemsize, shared))
        return symbol

    def resident(self, name: Any, shape: tuple[int, ...], kind: Any) -> Symbol:
        """Return a symbol for a table that stays from month to month, block by block."""
        symbol = self.empty(shape, kind)
        self._program.resident[symbol.buffer] = name
        return symbol

    def name_of(self, symbol: Symbol) -> Any:
        """Return the name of the table that stays which a symbol shows, if it shows one."""
        return self._program.resident.get(symbol.buffer)

    def keep(self, name: Any, symbol: Symbol) -> None:
        """Write down that a table stays, which is a symbol in one piece; one that stays already is copied."""
        program = self._program
        if not symbol.is_whole or symbol.buffer in program.resident or symbol.buffer in program.values:
            symbol = self.copied(symbol, "C")
        program.resident[symbol.buffer] = name
        program.kept.add(symbol.buffer)

    def store(self, table: int, symbol: Symbol) -> None:
        """Write down that a table is handed out, which is a symbol in one piece."""
        rows = symbol.size // self.lanes
        self._write(Store("store", (symbol.buffer,), None, table, rows, symbol.dtype.itemsize))

    def _write(self, instruction: Instruction) -> None:
        self._program.instructions.append(instruction)

    def _operand(self, symbol: Symbol, shape: tuple[int, ...]) -> Operand:
        shadow = symbol.shadow if symbol.shape == shape else np.broadcast_to(symbol.shadow, shape)
        return Operand(symbol.buffer, address(shadow) - self._begins[symbol.buffer], shadow.strides)

    def _work(
        self,
        name: str,
        into: Symbol,
        sources: Sequence[Symbol],
        *,
        shape: tuple[int, ...] | None = None,
        function: int = 0,
        more: int = 0,
        tail: tuple[int, ...] = (),
    ) -> Symbol:
        """Write an operation down on every entry of a shape, that of the target unless given."""
        shape = into.shape if shape is None else shape
        if 0 in shape:
            return into
        operands = tuple(self._operand(one, shape) for one in (*sources, into))
        reads = tuple(one.buffer for one in sources)
        self._write(Work(name, reads, into.buffer, shape, operands, function, more, tail))
        return into

    def _apart(self, into: Symbol | None, sources: Sequence[Symbol]) -> list[Symbol]:
        """Return sources that may be read while the target is written: copies where they overlap."""
        if into is None:
            return list(sources)
        return [
            self.copied(one, "C")
            if one.buffer == into.buffer
            and not is_same_view(one.shadow, into.shadow)
            and np.shares_memory(one.shadow, into.shadow)
            else one
            for one in sources
        ]

    # ---------------------------------------------------------------- copies

    def cast(self, symbol: Symbol, kind: np.dtype[Any], *, fresh: bool = False) -> Symbol:
        """Return numbers as another type; the same symbol if they have it, unless it is to be fresh."""
        if symbol.dtype == kind:
            return self.copied(symbol, "K") if fresh else symbol
        return self._cast_into(self.fresh(symbol.shadow.astype(kind)), symbol)

    def _cast_into(self, into: Symbol, symbol: Symbol) -> Symbol:
        for one in (into, symbol):
            if one.dtype.char not in KINDS:
                raise CannotTape(f"tapes hold numbers of the kinds {KINDS}, not {one.dtype}")
        if (symbol.dtype.char, into.dtype.char) == ("d", "b"):
            raise CannotTape("what a number is that does not fit into a byte is left to the processor")
        pair = len(KINDS) * KINDS.index(symbol.dtype.char) + KINDS.index(into.dtype.char)
        return self._work("cast", into, [symbol], more=pair)

    def copied(self, symbol: Symbol, order: Any) -> Symbol:
        """Return a copy, in an order in memory as numpy.array takes it."""
        return self.write(self.fresh(np.array(symbol.shadow, order=order)), symbol)

    def fresh_copy(self, symbol: Symbol, shape: tuple[int, ...]) -> Symbol:
        """Return a copy of a shape that a symbol broadcasts to."""
        return self.write(self.empty(shape, symbol.dtype), symbol)

    def write(self, into: Symbol, value: Any) -> Symbol:
        """Write a value over a symbol, and return it."""
        (source,) = self._apart(into, [self.symbol_of(value)])
        if source.dtype != into.dtype:
            return self._cast_into(into, source)
        return self._work("copy", into, [source], more=into.dtype.itemsize)

    def picked(self, symbol: Symbol, index: Any) -> Symbol:
        """Return a copy of entries at fixed places, as numpy.ndarray picks them."""
        into = self.fresh(symbol.shadow[index])
        self._pieces(into, places_of(into), symbol, places_of(symbol)[index])
        return into

    def put_picked(self, symbol: Symbol, index: Any, value: Any) -> None:
        """Write entries at fixed places."""
        places = places_of(symbol)[index]
        source = self.cast(self.symbol_of(value), symbol.dtype)
        if source.shape != places.shape:
            source = self.fresh_copy(source, places.shape)
        (source,) = self._apart(symbol, [source])
        self._pieces(symbol, places, source, places_of(source))

    def _pieces(self, into: Symbol, places: AnyArray, source: Symbol, sources: AnyArray) -> None:
        """Copy entries one by one, those that follow one another on both sides together."""
        size = into.dtype.itemsize
        to, out_of = places.reshape(-1), sources.reshape(-1)
        if not to.size:
            return
        breaks = np.flatnonzero((np.diff(to) != size) | (np.diff(out_of) != size)) + 1
        begins = np.concatenate([[0], breaks])
        many = np.diff(np.concatenate([begins, [to.size]])) * size
        pieces = tuple(zip(to[begins].tolist(), out_of[begins].tolist(), many.tolist(), strict=True))
        self._write(Rows("rows", (source.buffer,), into.buffer, pieces))

    # ---------------------------------------------------------------- operations

    def elementwise(self, ufunc: np.ufunc, inputs: Sequence[Any], out: Symbol | None = None) -> Symbol:
        """Write down a function of NumPy that acts on every entry."""
        if ufunc.nout != 1:
            raise CannotTape(f"np.{ufunc.__name__} has several results, which tapes do not know")
        shadows = [one.shadow if isinstance(one, Symbol) else one for one in inputs]
        # A lone number takes the type of the tables, as NumPy has it.
        kinds = ufunc.resolve_dtypes((*(type_of(one) for one in shadows), None))
        sources = [self.cast(self._as(one, kind), kind) for one, kind in zip(inputs, kinds[:-1], strict=True)]
        if out is None:
            with np.errstate(all="ignore"):  # a shadow tells a shape, and no number
                out = self.fresh(np.asarray(ufunc(*shadows)))
        if ufunc in BY_STEP:
            sources[1:] = [self._one_a_lane(one) for one in sources[1:]]
        made = out if out.dtype == kinds[-1] else self.empty(out.shape, kinds[-1])
        self._compute(ufunc, made, self._apart(made, sources))
        return out if made is out else self._cast_into(out, made)

    def _one_a_lane(self, symbol: Symbol) -> Symbol:
        """Return a table that is the same in all worlds, but not in all rows, once for each lane.

        So does NumPy before its loop sees it, up to some thousand worlds.
        """
        if symbol.size == 1 or symbol.shape[-1] != 1:
            return symbol
        return self.fresh_copy(symbol, (*symbol.shape[:-1], self.lanes))

    def _as(self, value: Any, kind: np.dtype[Any]) -> Symbol:
        """Return a value as a symbol, a lone number as one of a type."""
        return self.symbol_of(value, None if isinstance(value, np.ndarray | Symbol) else kind)

    def _compute(
        self, ufunc: np.ufunc, into: Symbol, sources: Sequence[Symbol], shape: tuple[int, ...] | None = None
    ) -> None:
        if ufunc in TURNED:
            ufunc, sources = TURNED[ufunc], sources[::-1]
        signature = f"{''.join(one.dtype.char for one in sources)}->{into.dtype.char}"
        if (ufunc, signature) in EXACT:
            self._work(EXACT[ufunc, signature], into, sources, shape=shape)
        else:
            function = self._program.function(ufunc, signature)
            self._work("loop", into, sources, shape=shape, function=function, more=len(sources) + 1)

    def where(self, mask: Any, one: Any, other: Any) -> Symbol:
        """Write down a choice between two tables."""
        shadows = [part.shadow if isinstance(part, Symbol) else part for part in (mask, one, other)]
        into = self.fresh(np.where(*shadows))
        sources = [self.cast(self.symbol_of(mask), BOOL)]
        sources += [self.cast(self._as(part, into.dtype), into.dtype) for part in (one, other)]
        return self._work("where", into, sources, more=into.dtype.itemsize)

    def ratio(self, numerator: Any, denominator: Any) -> Symbol:
        """Write down a quotient that is 0 where the denominator is (sim.units.ratio)."""
        sources = [self.cast(self._as(part, DOUBLE), DOUBLE) for part in (numerator, denominator)]
        with np.errstate(all="ignore"):  # as above
            into = self.fresh(np.asarray(np.divide(*(one.shadow for one in sources))))
        return self._work("ratio", into, sources)

    def reduce(
        self,
        ufunc: np.ufunc,
        value: Any,
        axis: Any,
        out: Symbol | None,
        *,
        initial: Any = None,
        keepdims: bool = False,
        dtype: Any = None,
        **unknown: Any,
    ) -> Symbol:
        """Write down a sum, a maximum and the like over axes but the worlds, one entry after another.

        Entries are taken as they lie in memory, as NumPy takes them.
        """
        symbol = self.symbol_of(value)
        axes = tuple(range(symbol.ndim)) if axis is None else (axis if isinstance(axis, tuple) else (axis,))
        axes = tuple(one % symbol.ndim for one in axes)
        if symbol.ndim - 1 in axes or dtype is not None or unknown:
            raise CannotTape("a law folds the last axis, which is the worlds', or in a way of its own")
        if ufunc in (np.logical_or, np.logical_and):
            symbol = self.cast(symbol, BOOL)
        elif ufunc is np.add and symbol.dtype != DOUBLE:
            symbol = self.cast(symbol, INTEGER)
        with np.errstate(all="ignore"):  # as above
            whole = self.fresh(ufunc.reduce(symbol.shadow, axis=axes, keepdims=True))
        if initial is None and (ufunc is np.add or not symbol.size):
            initial = ufunc.identity
        outer = [one for one in in_turn(symbol.shadow.strides) if one in axes]
        order = (*outer, *(one for one in range(symbol.ndim) if one not in axes))
        entries, target = symbol.transpose(order), whole.transpose(order)
        many, (steps,) = collapsed(entries.shape[: len(outer)], [entries.shadow.strides[: len(outer)]])
        if ufunc in FOLDED and symbol.dtype == DOUBLE and symbol.size and len(many) <= FOLDED_AXES:
            first = entries[(slice(0, 1),) * len(axes)]
            begin = first if initial is None else self.symbol_of(np.asarray(initial, DOUBLE))
            pairs = [(1, 0)] * (FOLDED_AXES - len(many)) + list(zip(many, steps, strict=True))
            tail = tuple(number for pair in pairs for number in pair)
            self._work(FOLDED[ufunc], target, [first, begin], tail=tail)
        elif initial is None:
            self.write(target, entries[(slice(0, 1),) * len(axes)])
            self._fold_rest(ufunc, target, entries, len(axes))
        else:
            self.write(target, np.asarray(initial, symbol.dtype))
            self._compute(ufunc, target, [target, entries], entries.shape)
        found = whole if keepdims else whole.reshape([n for k, n in enumerate(whole.shape) if k not in axes])
        return found if out is None else self.write(out, found)

    def _fold_rest(self, ufunc: np.ufunc, target: Symbol, entries: Symbol, axes: int) -> None:
        """Fold all entries of the first axes into the target, in order, but for the very first."""
        if axes > 1:
            self._fold_rest(ufunc, target[0], entries[0], axes - 1)
        if len(entries) > 1:
            rest = entries[1:]
            self._compute(ufunc, target, [target, rest], rest.shape)

    def cumsum(self, symbol: Symbol, axis: int | None) -> Symbol:
        """Write down running sums along the first axis."""
        if axis != 0 or symbol.ndim < 2:
            raise CannotTape("running sums are known to tapes along the first axis only")
        symbol = symbol if symbol.dtype == DOUBLE else self.cast(symbol, INTEGER)
        into = self.fresh(symbol.shadow.cumsum(0))
        self.write(into[0], symbol[0])
        for before, here, entry in zip(into, into[1:], symbol[1:], strict=False):
            self._compute(np.add, here, [before, entry])
        return into

    def argsort(self, symbol: Symbol, axis: int, kind: str | None) -> Symbol:
        """Write down the order along the first axis, that of before where entries are equal."""
        if axis != 0 or kind != "stable" or symbol.dtype != DOUBLE or len(symbol) > MOST_SORTED:
            raise CannotTape("stable orders are known to tapes, along a first axis of few numbers")
        into = self.empty(symbol.shape, INTEGER)
        steps = (symbol.shadow.strides[0], into.shadow.strides[0])
        self._work("argsort", into[0], [symbol[0]], more=len(symbol), tail=steps)
        return into

    def argmax(self, symbol: Symbol, axis: int | None) -> Symbol:
        """Write down the place of the first largest along the first axis."""
        if axis != 0 or symbol.dtype not in (DOUBLE, BOOL):
            raise CannotTape("the largest is known to tapes along the first axis only")
        into = self.empty(symbol.shape[1:], INTEGER)
        kind = KINDS.index(symbol.dtype.char)
        steps = (symbol.shadow.strides[0],)
        return self._work("argmax", into, [symbol[0]], function=kind, more=len(symbol), tail=steps)

    def take(self, table: Symbol, places: Symbol) -> Symbol:
        """Write down entries of a flat table by places."""
        into = self.empty(places.shape, table.dtype)
        sources = [self._flat(table, places.ndim), self.cast(places, INTEGER)]
        return self._work("take", into, sources, more=table.size)

    def put(self, table: Symbol, places: Symbol, values: Any) -> None:
        """Write down that entries of a flat table are written by places."""
        source = self.cast(self.symbol_of(values), table.dtype)
        start = self._flat(table, places.ndim)
        sources = [source, self.cast(places, INTEGER)]
        self._work("put", start, sources, shape=places.shape, more=table.size)

    def _flat(self, table: Symbol, axes: int) -> Symbol:
        """Return the first entry of a flat table, with axes along which it stays."""
        if table.shadow.strides != (8,):
            raise CannotTape("entries are taken by numbers from flat tables only, and put into them")
        return table[0].reshape((1,) * axes)


def type_of(value: Any) -> Any:
    """Return a value's type as numpy.ufunc.resolve_dtypes takes it: a lone number's is Python's."""
    if isinstance(value, int | float) and not isinstance(value, bool | np.generic):
        return type(value)
    return np.asarray(value).dtype
