"""Symbols: what the laws are given while a month is written down; they know a shape, and no numbers.

Each has a shadow, an array of the lanes of one block whose numbers mean nothing. NumPy works on the shadows, so
that shapes, types and the order in memory are NumPy's own; what it did is written down as instructions. Whoever
asks a symbol for a number is refused, so that no number of one month can end in another's.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from sim.tape.program import KINDS, AnyArray, Instruction, Load, Operand, Program, Rows, Store, Work

EXACT: Final = {
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.divide: "divide",
    np.maximum: "maximum",
    np.minimum: "minimum",
}
"""Operations of two numbers whose result no processor can round otherwise."""
MOST_SORTED: Final = 32


class CannotTape(Exception):
    """A law asked for what only numbers can tell, or for what tapes do not know."""


class Symbol(NDArrayOperatorsMixin):
    """A table of numbers to come."""

    __slots__ = ("buffer", "shadow", "tape")
    __array_priority__ = 100.0

    def __init__(self, tape: "Tape", shadow: AnyArray, buffer: int) -> None:
        self.tape, self.shadow, self.buffer = tape, shadow, buffer

    # ---------------------------------------------------------------- what an array tells without numbers

    @property
    def shape(self) -> tuple[int, ...]:
        return self.shadow.shape

    @property
    def ndim(self) -> int:
        return self.shadow.ndim

    @property
    def size(self) -> int:
        return self.shadow.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.shadow.dtype

    @property
    def T(self) -> "Symbol":  # noqa: N802  # NumPy's name
        return self.seen(self.shadow.T)

    @property
    def has_worlds(self) -> bool:
        """Whether the last axis is the worlds of a block."""
        return self.shape[-1:] == (self.tape.lanes,)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a buffer, in one piece."""
        return self.shadow.flags.c_contiguous and self.is_all

    @property
    def is_all(self) -> bool:
        """Whether it is all of a buffer, each entry once."""
        return 0 not in self.shadow.strides and self.shadow.nbytes == root_of(self.shadow).nbytes

    def __len__(self) -> int:
        return len(self.shadow)

    def __iter__(self) -> Iterator["Symbol"]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        return f"Symbol{self.shape}"

    def _refuse(self, *_: object, **__: object) -> Any:
        raise CannotTape("a law asks for a number, which a month that is being written down does not have")

    __bool__ = __float__ = __int__ = __index__ = __array__ = __hash__ = _refuse  # type: ignore[assignment]

    # ---------------------------------------------------------------- views

    def seen(self, shadow: AnyArray) -> "Symbol":
        """Return a view of the same numbers."""
        return Symbol(self.tape, shadow, self.buffer)

    def __getitem__(self, index: Any) -> "Symbol":
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, Symbol) for part in parts):
            raise CannotTape("a law picks entries by numbers; choose with np.where, or take by places")
        if all(part is None or part is Ellipsis or isinstance(part, slice | int | np.integer) for part in parts):
            return self.seen(self.shadow[index])
        return self.tape.picked(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        parts = index if isinstance(index, tuple) else (index,)
        if len(parts) == 1 and isinstance(parts[0], Symbol):
            if parts[0].dtype != np.bool_:
                self.tape.put(self, parts[0], value)
            else:
                self.tape.write(self, self.tape.where(parts[0], value, self))
        elif all(part is None or part is Ellipsis or isinstance(part, slice | int | np.integer) for part in parts):
            self.tape.write(self.seen(self.shadow[index]), value)
        else:
            self.tape.put_rows(self, index, value)

    def reshape(self, *shape: Any) -> "Symbol":
        found = self.shadow.reshape(*shape)
        if np.may_share_memory(found, self.shadow):
            return self.seen(found)
        return self.copy().reshape(*shape)

    def ravel(self) -> "Symbol":
        return self.reshape(-1)

    def swapaxes(self, one: int, other: int) -> "Symbol":
        return self.seen(self.shadow.swapaxes(one, other))

    def transpose(self, *axes: Any) -> "Symbol":
        return self.seen(self.shadow.transpose(*axes))

    # ---------------------------------------------------------------- operations

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> Any:
        out = named.pop("out", (None,))[0]
        if method == "__call__" and not named:
            return self.tape.elementwise(ufunc, inputs, out)
        if method == "reduce":
            named.pop("dtype", None)
            return self.tape.reduce(ufunc, inputs[0], named.pop("axis", 0), out, **named)
        raise CannotTape(f"np.{ufunc.__name__}.{method} with {sorted(named)} is not known to tapes")

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, named: Any) -> Any:
        from sim.tape.namespace import FUNCTIONS

        law = FUNCTIONS.get(function)
        if law is None:
            raise CannotTape(f"np.{function.__name__} is not known to tapes")
        return law(self.tape, *args, **named)

    def __pow__(self, power: Any) -> "Symbol":
        # As NumPy's arrays do with a lone number.
        if isinstance(power, int | float):
            if power == 2:
                return np.square(self)  # type: ignore[no-any-return]
            if power == 0.5:
                return np.sqrt(self)  # type: ignore[no-any-return]
            if power == 1:
                return np.positive(self)  # type: ignore[no-any-return]
            if power == -1:
                return np.reciprocal(self)  # type: ignore[no-any-return]
        return np.power(self, power)  # type: ignore[no-any-return]

    def copy(self) -> "Symbol":
        return self.tape.copied(self, "C")

    def astype(self, kind: Any) -> "Symbol":
        return self.tape.cast(self, np.dtype(kind), fresh=True)

    def sum(self, axis: Any = None, **named: Any) -> "Symbol":
        return self.tape.reduce(np.add, self, axis, None, **named)

    def max(self, axis: Any = None, **named: Any) -> "Symbol":
        return self.tape.reduce(np.maximum, self, axis, None, **named)

    def min(self, axis: Any = None, **named: Any) -> "Symbol":
        return self.tape.reduce(np.minimum, self, axis, None, **named)

    def any(self, axis: Any = None) -> "Symbol":
        return self.tape.reduce(np.logical_or, self, axis, None)

    def all(self, axis: Any = None) -> "Symbol":
        return self.tape.reduce(np.logical_and, self, axis, None)

    def mean(self, axis: Any = None) -> "Symbol":
        total = self.sum(axis)
        return self.tape.elementwise(np.true_divide, (total, self.size // total.size), total)

    def clip(self, least: Any = None, most: Any = None) -> "Symbol":
        from sim.tape.namespace import clip

        return clip(self.tape, self, least, most)

    def cumsum(self, axis: int = 0) -> "Symbol":
        return self.tape.cumsum(self, axis)

    def argsort(self, axis: int = -1, kind: str | None = None) -> "Symbol":
        return self.tape.argsort(self, axis)

    def argmax(self, axis: int = 0) -> "Symbol":
        return self.tape.argmax(self, axis)

    def argmin(self, axis: int = 0) -> "Symbol":
        return self.tape.argmax(np.negative(self), axis)  # type: ignore[arg-type]

    def take(self, places: Any, axis: int | None = None) -> "Symbol":
        if isinstance(places, Symbol) and axis is None:
            return self.tape.take(self, places)
        return self[(slice(None),) * ((axis or 0) % self.ndim) + (places,)]

    def repeat(self, count: Any, axis: int | None = None) -> "Symbol":
        if axis is None:
            raise CannotTape("tapes repeat along an axis only")
        axis %= self.ndim
        if self.shape[axis] == 1 and isinstance(count, int):
            return self.tape.fresh_copy(self, (*self.shape[:axis], count, *self.shape[axis + 1 :]))
        if axis == self.ndim - 1:
            raise CannotTape("worlds are not repeated in a month")
        return self[(slice(None),) * (axis % self.ndim) + (np.repeat(np.arange(self.shape[axis]), count),)]


class Tape:
    """What is being written down."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.program = Program()
        self._numbers: dict[int, int] = {}
        self._kept: list[AnyArray] = []
        """Shadows and fixed arrays: while they are here, no address stands for another."""

    # ---------------------------------------------------------------- buffers

    def fresh(self, shadow: AnyArray) -> Symbol:
        """Return a symbol for a new array."""
        root = root_of(shadow)
        number = self._numbers.get(id(root))
        if number is None:
            number = self.program.buffer(max(root.nbytes, 1))
            self._numbers[id(root)] = number
            self._kept.append(root)
        return Symbol(self, shadow, number)

    def empty(self, shape: Any, kind: Any = np.float64) -> Symbol:
        """Return a symbol for numbers that are yet to be written."""
        return self.fresh(np.zeros(shape, kind))

    def symbol_of(self, value: Any, kind: Any = None) -> Symbol:
        """Return a value as a symbol: a number or an array that does not depend on the month stays what it is."""
        if isinstance(value, Symbol):
            return value
        array = np.asarray(value, kind)
        if array.dtype.char not in KINDS:
            raise CannotTape(f"tapes hold numbers of kinds {KINDS}, not {array.dtype}")
        root = root_of(array)
        if not (root.flags.c_contiguous or root.flags.f_contiguous):
            array = root = array.copy()
        known = id(root) in self._numbers
        symbol = self.fresh(array)
        if not known:
            self.program.values[symbol.buffer] = root
        return symbol

    def given(self, table: int, shape: tuple[int, ...], kind: Any, *, shared: bool) -> Symbol:
        """Return a symbol for a table that is given: a block of its worlds, or all of it if worlds share it."""
        symbol = self.empty(shape, kind)
        rows = symbol.size if shared else symbol.size // self.lanes
        self._write(Load("load", (), symbol.buffer, table, rows, symbol.dtype.itemsize, shared))
        return symbol

    def resident(self, name: Any, shape: tuple[int, ...], kind: Any) -> Symbol:
        """Return a symbol for a table that stays from month to month, block by block."""
        symbol = self.empty(shape, kind)
        self.program.resident[symbol.buffer] = name
        return symbol

    def keep(self, name: Any, symbol: Symbol) -> None:
        """Write down that a table stays, which is a symbol in one piece; one that stays already is copied."""
        program = self.program
        if not symbol.is_whole or symbol.buffer in program.resident or symbol.buffer in program.values:
            symbol = self.copied(symbol, "C")
        program.resident[symbol.buffer] = name
        program.kept.add(symbol.buffer)

    def store(self, table: int, symbol: Symbol) -> None:
        """Write down that a table is made of a symbol, which lies in one piece."""
        rows = symbol.size // self.lanes
        self._write(Store("store", (symbol.buffer,), None, table, rows, symbol.dtype.itemsize))

    def _write(self, instruction: Instruction) -> None:
        self.program.instructions.append(instruction)

    def _operand(self, symbol: Symbol, shape: tuple[int, ...]) -> Operand:
        shadow = np.broadcast_to(symbol.shadow, shape) if symbol.shape != shape else symbol.shadow
        root = root_of(symbol.shadow)
        return Operand(symbol.buffer, address(shadow) - address(root), shadow.strides)

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
        shape = into.shape if shape is None else shape
        operands = tuple(self._operand(one, shape) for one in (*sources, into))
        reads = tuple(one.buffer for one in sources)
        self._write(Work(name, reads, into.buffer, shape, operands, function, more, tail))
        return into

    # ---------------------------------------------------------------- copies

    def cast(self, symbol: Symbol, kind: np.dtype[Any], *, fresh: bool = False) -> Symbol:
        """Return numbers as another type, the same symbol if they have it."""
        if symbol.dtype == kind:
            return self.copied(symbol, "K") if fresh else symbol
        into = self.fresh(symbol.shadow.astype(kind))
        self._cast_into(into, symbol)
        return into

    def _cast_into(self, into: Symbol, symbol: Symbol) -> None:
        for one in (into, symbol):
            if one.dtype.char not in KINDS:
                raise CannotTape(f"tapes hold numbers of kinds {KINDS}, not {one.dtype}")
        pair = 4 * KINDS.index(symbol.dtype.char) + KINDS.index(into.dtype.char)
        self._work("cast", into, [symbol], more=pair)

    def copied(self, symbol: Symbol, order: Any) -> Symbol:
        """Return a copy."""
        into = self.fresh(np.array(symbol.shadow, order=order))
        self.write(into, symbol)
        return into

    def write(self, into: Symbol, value: Any) -> None:
        """Write a value over a symbol."""
        source = self.symbol_of(value)
        if source.dtype != into.dtype:
            self._cast_into(into, source)
        else:
            self._work("copy", into, [source], more=into.dtype.itemsize)

    def _places(self, symbol: Symbol) -> AnyArray:
        """Return for each entry how far from the begin of its buffer it lies. Shapes: as the symbol."""
        shadow = symbol.shadow
        places = np.full(shadow.shape, address(shadow) - address(root_of(shadow)), np.int64)
        for axis, (extent, stride) in enumerate(zip(shadow.shape, shadow.strides, strict=True)):
            steps = np.arange(extent) * stride
            places += steps.reshape((-1,) + (1,) * (shadow.ndim - 1 - axis))
        return places

    def picked(self, symbol: Symbol, index: Any) -> Symbol:
        """Return entries by fixed places."""
        into = self.fresh(np.ascontiguousarray(symbol.shadow[index]))
        self._pieces(into, self._places(into), symbol, self._places(symbol)[index])
        return into

    def put_rows(self, symbol: Symbol, index: Any, value: Any) -> None:
        """Write entries by fixed places."""
        places = self._places(symbol)[index]
        source = self.symbol_of(value, symbol.dtype if not isinstance(value, Symbol) else None)
        source = self.cast(source, symbol.dtype)
        if source.shape != places.shape:
            source = self.fresh_copy(source, places.shape)
        self._pieces(symbol, places, source, self._places(source))

    def fresh_copy(self, symbol: Symbol, shape: tuple[int, ...]) -> Symbol:
        """Return a copy of a shape that a symbol broadcasts to."""
        into = self.empty(shape, symbol.dtype)
        self.write(into, symbol)
        return into

    def _pieces(self, into: Symbol, places: AnyArray, source: Symbol, sources: AnyArray) -> None:
        """Copy entries one by one, those that follow one another on both sides together."""
        size = into.dtype.itemsize
        to, out_of = places.reshape(-1), sources.reshape(-1)
        if not to.size:
            return
        breaks = np.flatnonzero((np.diff(to) != size) | (np.diff(out_of) != size)) + 1
        begins = np.concatenate([[0], breaks])
        ends = np.concatenate([breaks, [to.size]])
        pieces = tuple(
            (int(to[a]), int(out_of[a]), int(b - a) * size) for a, b in zip(begins, ends, strict=True)
        )
        self._write(Rows("rows", (source.buffer,), into.buffer, pieces))

    # ---------------------------------------------------------------- operations

    def elementwise(self, ufunc: np.ufunc, inputs: Sequence[Any], out: Symbol | None = None) -> Any:
        """Write down a function of NumPy that acts on every entry."""
        shadows = [one.shadow if isinstance(one, Symbol) else one for one in inputs]
        with np.errstate(all="ignore"):
            result = ufunc(*shadows)
        if ufunc.nout != 1:
            raise CannotTape(f"np.{ufunc.__name__} has two results, which tapes do not know")
        given = tuple(
            type(one) if isinstance(one, int | float) and not isinstance(one, bool | np.generic) else np.asarray(one).dtype
            for one in shadows
        )
        kinds = ufunc.resolve_dtypes((*given, None))
        sources = [
            self.cast(self.symbol_of(one, kind if not isinstance(one, np.ndarray | Symbol) else None), kind)
            for one, kind in zip(inputs, kinds[:-1], strict=True)
        ]
        into = self.fresh(np.asarray(result)) if out is None else out
        made = into if into.dtype == kinds[-1] else self.empty(into.shape, kinds[-1])
        self._compute(ufunc, made, sources)
        if made is not into:
            self._cast_into(into, made)
        return into

    def _compute(
        self, ufunc: np.ufunc, into: Symbol, sources: Sequence[Symbol], shape: tuple[int, ...] | None = None
    ) -> None:
        kinds = [one.dtype.char for one in (*sources, into)]
        if ufunc in EXACT and kinds == ["d", "d", "d"]:
            self._work(EXACT[ufunc], into, sources, shape=shape)
            return
        signature = f"{''.join(kinds[:-1])}->{kinds[-1]}"
        self._work("loop", into, sources, shape=shape, function=self.program.function(ufunc, signature))

    def where(self, mask: Any, one: Any, other: Any) -> Symbol:
        """Write down a choice between two tables."""
        shadows = [part.shadow if isinstance(part, Symbol) else part for part in (mask, one, other)]
        into = self.fresh(np.where(*shadows))
        sources = [self.cast(self.symbol_of(mask), np.dtype(np.bool_))]
        sources += [self.cast(self.symbol_of(part), into.dtype) for part in (one, other)]
        return self._work("where", into, sources, more=into.dtype.itemsize)

    def ratio(self, numerator: Any, denominator: Any) -> Symbol:
        """Write down `sim.units.ratio`."""
        shadows = [part.shadow if isinstance(part, Symbol) else part for part in (numerator, denominator)]
        with np.errstate(all="ignore"):
            into = self.fresh(np.asarray(np.divide(*shadows)))
        kind = np.dtype(np.float64)
        return self._work(
            "ratio", into, [self.cast(self.symbol_of(part), kind) for part in (numerator, denominator)]
        )

    def reduce(
        self, ufunc: np.ufunc, value: Any, axis: Any, out: Symbol | None, initial: Any = None, keepdims: bool = False
    ) -> Symbol:
        """Write down a sum, a maximum and the like over leading axes, entry after entry as they lie in memory."""
        symbol = self.symbol_of(value)
        axes = tuple(range(symbol.ndim)) if axis is None else ((axis,) if isinstance(axis, int) else tuple(axis))
        axes = tuple(one % symbol.ndim for one in axes)
        if symbol.ndim - 1 in axes and symbol.shape[-1] == self.lanes:
            raise CannotTape("a law adds up over worlds")
        if ufunc in (np.logical_or, np.logical_and):
            symbol = self.cast(symbol, np.dtype(np.bool_))
        elif ufunc is np.add and symbol.dtype != np.float64:
            symbol = self.cast(symbol, np.dtype(np.int64))
        with np.errstate(all="ignore"):
            shaped = ufunc.reduce(symbol.shadow, axis=axes, keepdims=True)
        whole = self.fresh(np.asarray(shaped))
        if initial is None and ufunc is np.add:
            initial = 0.0 if symbol.dtype == np.float64 else 0
        outer = sorted(axes, key=lambda one: -abs(symbol.shadow.strides[one]))
        order = (*outer, *(one for one in range(symbol.ndim) if one not in axes))
        entries = symbol.transpose(order)
        target = whole.transpose(order)
        if initial is None:
            first = entries[(slice(0, 1),) * len(axes)]
            self.write(target, first)
            self._fold(ufunc, target, entries, len(outer), skip=True)
        else:
            self.write(target, np.asarray(initial, symbol.dtype))
            self._fold(ufunc, target, entries, len(outer), skip=False)
        found = whole if keepdims else whole.reshape([n for k, n in enumerate(whole.shape) if k not in axes])
        if out is not None:
            self.write(out, found)
            return out
        return found

    def _fold(self, ufunc: np.ufunc, target: Symbol, entries: Symbol, many: int, *, skip: bool) -> None:
        """Fold all entries but, if one skips, the first into the target, in order."""
        if not skip:
            self._compute(ufunc, target, [target, entries], entries.shape)
            return
        if many == 1:
            if len(entries) > 1:
                rest = entries[1:]
                self._compute(ufunc, target, [target, rest], rest.shape)
            return
        # The first of the outer axis without its own first, then the rest of the outer axis.
        self._fold(ufunc, target[0], entries[0], many - 1, skip=True)
        if len(entries) > 1:
            rest = entries[1:]
            self._compute(ufunc, target, [target, rest], rest.shape)

    def cumsum(self, symbol: Symbol, axis: int) -> Symbol:
        """Write down running sums along the first axis."""
        if axis % symbol.ndim == symbol.ndim - 1 or axis != 0:
            raise CannotTape("running sums are known to tapes along the first axis only")
        symbol = symbol if symbol.dtype == np.float64 else self.cast(symbol, np.dtype(np.int64))
        into = self.fresh(symbol.shadow.cumsum(0))
        self.write(into[0], symbol[0])
        for place in range(1, len(symbol)):
            self._compute(np.add, into[place], [into[place - 1], symbol[place]])
        return into

    def argsort(self, symbol: Symbol, axis: int) -> Symbol:
        """Write down the order along the first axis, kept where entries are equal."""
        if axis != 0 or symbol.dtype != np.float64 or len(symbol) > MOST_SORTED:
            raise CannotTape("orders are known to tapes along a first axis of few numbers only")
        into = self.empty(symbol.shape, np.int64)
        steps = (symbol.shadow.strides[0], into.shadow.strides[0])
        many = len(symbol)
        operands = (self._operand(symbol[0], into.shape[1:]), self._operand(into[0], into.shape[1:]))
        self._write(
            Work("argsort", (symbol.buffer,), into.buffer, into.shape[1:], operands, 0, many, steps)
        )
        return into

    def argmax(self, symbol: Symbol, axis: int) -> Symbol:
        """Write down the place of the first largest along the first axis."""
        if axis != 0 or symbol.dtype.char not in "d?":
            raise CannotTape("the largest is known to tapes along the first axis only")
        into = self.empty(symbol.shape[1:], np.int64)
        operands = (self._operand(symbol[0], into.shape), self._operand(into, into.shape))
        kind = KINDS.index(symbol.dtype.char)
        steps = (symbol.shadow.strides[0],)
        self._write(
            Work("argmax", (symbol.buffer,), into.buffer, into.shape, operands, kind, len(symbol), steps)
        )
        return into

    def take(self, table: Symbol, places: Symbol) -> Symbol:
        """Write down entries of a flat table by places."""
        if table.ndim != 1 or table.dtype.itemsize != 8 or table.shadow.strides != (8,):
            raise CannotTape("entries are taken from flat tables of numbers only")
        into = self.empty(places.shape, table.dtype)
        where = self.cast(places, np.dtype(np.int64))
        operands = (
            self._operand(table[0], ()),
            self._operand(where, into.shape),
            self._operand(into, into.shape),
        )
        first = Operand(operands[0].buffer, operands[0].offset, (0,) * into.ndim)
        self._write(
            Work("take", (table.buffer, where.buffer), into.buffer, into.shape, (first, *operands[1:]))
        )
        return into

    def put(self, table: Symbol, places: Symbol, values: Symbol) -> None:
        """Write down that entries of a flat table are written by places."""
        if table.ndim != 1 or table.dtype.itemsize != 8 or table.shadow.strides != (8,):
            raise CannotTape("entries are put into flat tables of numbers only")
        start = self._operand(table[0], ())
        operands = (
            self._operand(values, places.shape),
            self._operand(places, places.shape),
            Operand(start.buffer, start.offset, (0,) * places.ndim),
        )
        self._write(
            Work("put", (values.buffer, places.buffer, table.buffer), table.buffer, places.shape, operands)
        )


def root_of(array: AnyArray) -> AnyArray:
    """Return the array that owns the memory that a view shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def address(array: AnyArray) -> int:
    """Return where an array's first entry lies in memory."""
    place: int = array.__array_interface__["data"][0]
    return place
