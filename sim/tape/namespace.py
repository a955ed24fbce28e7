"""NumPy as laws see it while a month is written down: what is given symbols, or makes tables, is written."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, Final

import numpy as np

from sim import units
from sim.tape.symbols import CannotTape, Symbol
from sim.tape.tape import CLIP, Tape


def has_symbol(value: Any) -> bool:
    """Return whether a symbol is among values, which may be lists of lists."""
    if isinstance(value, Symbol):
        return True
    return isinstance(value, list | tuple) and any(has_symbol(one) for one in value)


def shadow_of(value: Any) -> Any:
    """Return values with the shadows of symbols in their place."""
    if isinstance(value, Symbol):
        return value.shadow
    if isinstance(value, list | tuple):
        return [shadow_of(one) for one in value]
    return value


def array(tape: Tape, values: Any, dtype: Any = None, **named: Any) -> Symbol:
    """See numpy.array."""
    if isinstance(values, Symbol):
        if dtype is not None and np.dtype(dtype) != values.dtype:
            return tape.cast(values, np.dtype(dtype))
        return tape.copied(values, named.get("order", "K"))
    into = tape.fresh(np.array(shadow_of(values), dtype))
    _fill(into, values)
    return into


def _fill(into: Symbol, values: Any) -> None:
    if isinstance(values, list | tuple) and has_symbol(values):
        for place, one in enumerate(values):
            _fill(into[place], one)
    else:
        into.tape.write(into, values if isinstance(values, Symbol) else np.asarray(values, into.dtype))


def asarray(tape: Tape, values: Any, dtype: Any = None) -> Symbol:
    """See numpy.asarray."""
    if isinstance(values, Symbol):
        return values if dtype is None else tape.cast(values, np.dtype(dtype))
    return array(tape, values, dtype)


def ascontiguousarray(tape: Tape, values: Any) -> Symbol:
    """See numpy.ascontiguousarray."""
    symbol = asarray(tape, values)
    return symbol if symbol.shadow.flags.c_contiguous else tape.copied(symbol, "C")


def zeros_like(tape: Tape, values: Any, dtype: Any = None) -> Symbol:
    """See numpy.zeros_like."""
    return _filled(tape, np.zeros_like(values.shadow, dtype), 0)


def ones_like(tape: Tape, values: Any, dtype: Any = None) -> Symbol:
    """See numpy.ones_like."""
    return _filled(tape, np.ones_like(values.shadow, dtype), 1)


def empty_like(tape: Tape, values: Any, dtype: Any = None) -> Symbol:
    """See numpy.empty_like."""
    return tape.fresh(np.zeros_like(values.shadow, dtype))


def _filled(tape: Tape, shadow: Any, number: Any) -> Symbol:
    into = tape.fresh(shadow)
    tape.write(into, number if isinstance(number, Symbol) else np.asarray(number, into.dtype))
    return into


def where(tape: Tape, mask: Any, *choices: Any) -> Symbol:
    """See numpy.where."""
    if len(choices) != 2:
        raise CannotTape("np.where with one argument tells places, which depend on numbers")
    return tape.where(mask, *choices)


def concatenate(tape: Tape, tables: Sequence[Any], axis: int = 0) -> Symbol:
    """See numpy.concatenate."""
    joined = getattr(tables[0], "followed_by", None)
    if joined is not None:
        return joined(tables[1:])  # type: ignore[no-any-return]  # a history stays one
    into = tape.fresh(np.concatenate(shadow_of(list(tables)), axis=axis))
    before = (slice(None),) * (axis % into.ndim)
    begin = 0
    for one in tables:
        end = begin + np.shape(shadow_of(one))[axis]
        into[(*before, slice(begin, end))] = one
        begin = end
    return into


def stack(tape: Tape, tables: Sequence[Any], axis: int = 0) -> Symbol:
    """See numpy.stack."""
    into = tape.fresh(np.stack(shadow_of(list(tables)), axis=axis))
    before = (slice(None),) * (axis % into.ndim)
    for place, one in enumerate(tables):
        into[(*before, place)] = one
    return into


def clip(tape: Tape, values: Any, least: Any, most: Any) -> Symbol:
    """See numpy.clip."""
    if least is None:
        return tape.elementwise(np.minimum, (values, most))
    if most is None:
        return tape.elementwise(np.maximum, (values, least))
    # Which of two zeros stays is told by the loop that np.clip has of its own.
    return tape.elementwise(CLIP, (values, least, most))


def broadcast_to(tape: Tape, values: Symbol, shape: Any) -> Symbol:
    """See numpy.broadcast_to."""
    return values.seen(np.broadcast_to(values.shadow, shape))


def broadcast_arrays(tape: Tape, *tables: Any) -> list[Symbol]:
    """See numpy.broadcast_arrays."""
    symbols = [tape.symbol_of(one) for one in tables]
    shape = np.broadcast_shapes(*(one.shape for one in symbols))
    return [broadcast_to(tape, one, shape) for one in symbols]


def copyto(tape: Tape, into: Symbol, value: Any, where: Any = True) -> None:
    """See numpy.copyto."""
    if not isinstance(into, Symbol):
        raise CannotTape("a law writes what only a month can tell into a table made before it")
    tape.write(into, value if where is True else tape.where(where, value, into))


def take(tape: Tape, values: Any, places: Any, axis: int | None = None) -> Symbol:
    """See numpy.take."""
    return tape.symbol_of(values).take(places, axis)


def moveaxis(tape: Tape, values: Symbol, source: int, target: int) -> Symbol:
    """See numpy.moveaxis."""
    return values.seen(np.moveaxis(values.shadow, source, target))


def shape(tape: Tape, values: Symbol) -> tuple[int, ...]:
    """See numpy.shape."""
    return values.shape


def ndim(tape: Tape, values: Symbol) -> int:
    """See numpy.ndim."""
    return values.ndim


def by_method(name: str) -> Callable[..., Any]:
    """Return what does as a symbol's method of a name."""
    return lambda tape, values, *more, **named: getattr(values, name)(*more, **named)


FUNCTIONS: Final[dict[Callable[..., Any], Callable[..., Any]]] = {
    getattr(np, law.__name__): law
    for law in (
        array, asarray, ascontiguousarray, broadcast_arrays, broadcast_to, clip, concatenate, copyto,
        empty_like, moveaxis, ndim, ones_like, shape, stack, take, where, zeros_like,
    )
} | {getattr(np, name): by_method(name) for name in ("argmax", "argsort", "cumsum", "repeat")}  # fmt: skip
"""What is done in the place of NumPy's functions when they are given a symbol."""


class Writing:
    """What stands in NumPy's place: tables that a law makes to write into are symbols too.

    Other threads, who compute meanwhile, get NumPy.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._thread = threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        given = getattr(np, name)
        law = FUNCTIONS.get(given) if callable(given) and not isinstance(given, type | np.ufunc) else None
        if law is None:
            return given

        def either(*values: Any, **named: Any) -> Any:
            if has_symbol(values) or has_symbol(tuple(named.values())):
                return law(self._tape, *values, **named)
            return given(*values, **named)

        return either

    def _table(self, shadow: Any, number: Any) -> Any:
        return shadow if threading.get_ident() != self._thread else _filled(self._tape, shadow, number)

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        """See numpy.zeros."""
        return self._table(np.zeros(shape, dtype), 0)

    def empty(self, shape: Any, dtype: Any = np.float64) -> Any:
        """See numpy.empty."""
        return self.zeros(shape, dtype)

    def ones(self, shape: Any, dtype: Any = np.float64) -> Any:
        """See numpy.ones."""
        return self._table(np.ones(shape, dtype), 1)

    def full(self, shape: Any, number: Any, dtype: Any = None) -> Any:
        """See numpy.full."""
        if isinstance(number, Symbol):
            return _filled(self._tape, np.zeros(shape, dtype or number.dtype), number)
        return self._table(np.full(shape, number, dtype), number)


class StandIns:
    """What modules see in the place of NumPy, and of the few laws that look at numbers."""

    def __init__(self, tape: Tape, modules: Sequence[ModuleType]) -> None:
        ratio, somewhere, nowhere = units.ratio, units.somewhere, units.nowhere
        instead: dict[Any, Any] = {
            np: Writing(tape),
            ratio: lambda one, other: (
                tape.ratio(one, other) if has_symbol((one, other)) else ratio(one, other)
            ),
            # Do the work that some world may want, and take for granted what must not be.
            somewhere: lambda mask: isinstance(mask, Symbol) or somewhere(mask),
            nowhere: lambda mask: isinstance(mask, Symbol) or nowhere(mask),
        }
        self._places = [
            (vars(module), name, given, instead[given])
            for module in modules
            for name, given in vars(module).items()
            if (given is np or isinstance(given, FunctionType)) and given in instead
        ]

    @contextmanager
    def seen(self) -> Iterator[None]:
        """Let the modules see them for a while."""
        for names, name, _, instead in self._places:
            names[name] = instead
        try:
            yield
        except ValueError as error:
            # NumPy says in words of its own that a lone entry cannot be written.
            if isinstance(error.__cause__, CannotTape):
                raise error.__cause__ from None
            raise
        finally:
            self._restore()

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Let the modules see the real ones again for a while."""
        self._restore()
        try:
            yield
        finally:
            for names, name, _, instead in self._places:
                names[name] = instead

    def _restore(self) -> None:
        for names, name, given, _ in self._places:
            names[name] = given
