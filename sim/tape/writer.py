"""The context and the state as laws see them that are written down, and what is kept of what they make."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from sim.context import Context, market_params
from sim.memory import seal
from sim.population import Cohorts
from sim.state import State
from sim.tape.instructions import AnyArray
from sim.tape.namespace import StandIns
from sim.tape.records import Made, Mark, is_record, made_of, mapped, own, remade
from sim.tape.symbols import CannotTape, Symbol
from sim.tape.tables import LANES
from sim.tape.tape import Tape

Asked = tuple[Any, ...]
"""A law of the context, and what else it is asked about."""
Trail = tuple[str | int, ...]
"""The way from a record to a table in it."""


@dataclass(frozen=True)
class Table:
    """A table that stays: its way from a record, or from the answer of a law of the context.

    Its axes lie in memory in an order of their own, if one is given: where a law adds up over several axes,
    they decide in which order it does.
    """

    trail: Trail
    asked: Asked | None
    order: tuple[int, ...] | None

    @property
    def fixed(self) -> bool:
        """Whether it is the same in all months of a run."""
        return self.asked is not None or self.trail[0] == "ctx"

    def laid(self, table: AnyArray) -> AnyArray:
        """Return a table with its axes as they lie in memory."""
        return table if self.order is None else table.transpose(self.order)

    def seen(self, table: AnyArray) -> AnyArray:
        """Return a table that lies in memory so with its axes as laws see them."""
        return table if self.order is None else table.transpose(reverse(self.order))


@dataclass(frozen=True)
class Kept(Mark):
    """A table that stays: its shape without worlds, as it lies in memory, and its type."""

    table: Table
    shape: tuple[int, ...]
    kind: np.dtype[Any]


@dataclass(frozen=True)
class Product:
    """A table that a part hands out: its shape without worlds, and its type."""

    shape: tuple[int, ...]
    kind: np.dtype[Any]


class Past:
    """The best capabilities so far: a month that is written down sees the last and adds one."""

    def __init__(self, last: Symbol, added: Symbol | None = None) -> None:
        self._last, self.added = last, added

    def __getitem__(self, place: Any) -> Symbol:
        if place != -1 or self.added is not None:
            raise CannotTape("a law looks back over the history")
        return self._last

    def followed_by(self, tables: Sequence[Symbol]) -> "Past":
        """Return the history with one month more."""
        (table,) = tables
        return Past(self._last, table[0])


class Clock:
    """The number of the step, one a month, of which only the months so far may be asked."""

    def __init__(self, months: Symbol) -> None:
        self._months = months

    def __add__(self, steps: int) -> "Clock":
        return Clock(self._months + float(steps))

    def __mod__(self, steps: int) -> int:
        if steps != 1:
            raise CannotTape("months of several steps are not written down")
        return 0

    def __mul__(self, months: float) -> Symbol:
        product: Symbol = self._months * months
        return product


class People:
    """A crowd whose choices NumPy makes; a month that is written down is told how many hold what."""

    def __init__(self, heads: Symbol) -> None:
        self._heads = heads
        self.setting: Any = None

    def people(self) -> Symbol:
        """See `sim.population.Population`."""
        return self._heads

    def choose(self, setting: Any) -> None:
        """Note what the crowd will choose by; the crowd that has chosen is NumPy's."""
        self.setting = setting


class Dated:
    """Dated inputs, asked anew every month."""

    def __init__(self, stringency: Symbol, performance: Symbol) -> None:
        self._stringency, self._performance = stringency, performance

    def stringency_in(self, months: Symbol) -> Symbol:
        """See `sim.history.History`."""
        return self._stringency

    def performance_step(self, months: Symbol, dt: float) -> Symbol:
        """See `sim.history.History`."""
        return self._performance


class Answers(dict[Asked, Any]):
    """Laws that only the context decides: NumPy answers once a run, and a tape is given what it said."""

    def __init__(self, writer: "Writer", ctx: Context) -> None:
        super().__init__()
        self._writer, self._ctx, self._narrow = writer, ctx, narrowed(ctx)

    def __contains__(self, asked: object) -> bool:
        return True

    def __missing__(self, asked: Asked) -> Any:
        law, *which = asked
        with self._writer.stand_ins.unseen():
            found = answer(self._ctx, asked)
            shaped = law(self._narrow, *which)
        self[asked] = given = self._writer.answered(found, shaped, asked, ())
        return given


class Known(dict[Any, Any]):
    """Laws of the month's start: what another part has worked out already is given, under a name."""

    def __init__(self, writer: "Writer", worked_out: dict[Any, Any]) -> None:
        super().__init__()
        self._writer, self._worked_out = writer, worked_out
        self.asked: dict[Any, str] = {}

    def __contains__(self, law: object) -> bool:
        return super().__contains__(law) or law in self._worked_out

    def __missing__(self, law: Any) -> Any:
        name = self.asked.setdefault(law, f"known {len(self.asked)}")
        self[law] = given = self._writer.like(self._worked_out[law], (name,))
        return given


def answer(ctx: Context, asked: Asked) -> Any:
    """Return the answer of a law of the context, computed once a run."""
    if asked not in ctx.known:
        law, *which = asked
        ctx.known[asked] = seal(law(ctx, *which))
    return ctx.known[asked]


def narrowed(ctx: Context) -> Context:
    """Return the context of as many worlds as a block has lanes, to see which axis of an answer is theirs."""
    columns = np.arange(LANES) % ctx.worlds
    params = mapped(ctx.params, lambda value: value[..., columns])
    settings = remade(ctx.settings, world_ids=ctx.settings.world_ids[columns])
    narrow: Context = remade(ctx, params=params, settings=settings)
    return narrow


def laws() -> list[ModuleType]:
    """Return the modules whose laws are written down."""
    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("sim.", "agents.")) and not name.startswith("sim.tape")
    ]


class Writer:
    """Writes a part of a month down: gives laws symbols, and keeps what they make of them."""

    def __init__(self, worlds: int) -> None:
        self.tape = Tape(LANES)
        self.given: list[Trail] = []
        self.products: list[Product] = []
        self._worlds = worlds
        self._handed: dict[int, Made] = {}
        self.stand_ins = StandIns(self.tape, laws())

    # ---------------------------------------------------------------- what laws are given

    def told(self, like: AnyArray, *trail: str | int, shared: bool = False) -> Symbol:
        """Return a symbol for a table like another, told anew each month: by world, unless all share it."""
        self.given.append(trail)
        shape = like.shape if shared else (*like.shape[:-1], LANES)
        return self.tape.given(len(self.given) - 1, shape, like.dtype, shared=shared)

    def told_record(self, value: Any, *trail: str | int) -> Any:
        """Return a record with symbols for its tables, told anew each month. Shapes: (..., world)."""
        if isinstance(value, np.ndarray):
            return self.told(value, *trail)
        return along(value, trail, lambda one, way: self.told_record(one, *way))

    def resident(self, like: AnyArray, trail: Trail, asked: Asked | None = None) -> Symbol:
        """Return a symbol for a table like another that stays. Shapes: (..., world)."""
        table = Table(trail, asked, laid_out(like))
        shape = (*table.laid(like).shape[:-1], LANES)
        symbol = self.tape.resident(table, shape, like.dtype)
        return symbol if table.order is None else symbol.transpose(reverse(table.order))

    def leaves(self, value: Any, trail: Trail) -> Any:
        """Return a record with symbols for its tables, which stay. Shapes: (..., world)."""
        if isinstance(value, np.ndarray):
            if value.shape[-1:] != (self._worlds,):
                raise CannotTape(f"{trail} has no worlds on its last axis: {value.shape}")
            return self.resident(value, trail)
        return along(value, trail, self.leaves)

    def like(self, value: Any, trail: Trail) -> Any:
        """Return a record with symbols for those of another part; what it has none for stays."""
        if isinstance(value, Symbol):
            if value.shape[-1:] not in ((LANES,), (1,)):
                raise CannotTape(f"{trail} has no worlds on its last axis: {value.shape}")
            return self.resident(value.shadow, trail)
        return along(value, trail, self.like)

    def answered(self, value: Any, shaped: Any, asked: Asked, trail: Trail) -> Any:
        """Return an answer of NumPy with symbols for tables of worlds; what axes and start decide stays."""
        if isinstance(value, np.ndarray):
            if value.ndim and value.shape[-1] == self._worlds and shaped.shape[-1] == LANES:
                return self.resident(value, trail, asked)
            return value
        if isinstance(value, tuple):
            pairs = enumerate(zip(value, shaped, strict=True))
            return tuple(self.answered(one, other, asked, (*trail, place)) for place, (one, other) in pairs)
        if is_record(value):
            named = {
                name: self.answered(one, getattr(shaped, name), asked, (*trail, name))
                for name, one in own(value).items()
            }
            return made_of(type(value), named)
        return value

    def context(self, ctx: Context, now: Any) -> Context:
        """Return the context as laws see it that are written down."""
        dated = Dated(
            self.told(now.stringency, "stringency", shared=True),
            self.told(now.performance, "performance", shared=True),
        )
        symbolic: Context = remade(
            ctx,
            params=self.leaves(ctx.params, ("ctx", "params")),
            settings=remade(ctx.settings, world_ids=np.zeros(LANES, np.int64)),
            history=dated,
        )
        vars(symbolic)["known"] = Answers(self, ctx)
        with self.stand_ins.seen():
            vars(symbolic)["by_market"] = symbolic.known[(market_params,)]
        return symbolic

    def state(self, state: State, now: Any, known: Known) -> State:
        """Return the state as laws see it that are written down."""
        months = self.told(now.months, "months", shared=True)
        special = {
            "tick": Clock(months),
            "months": months,
            "frontier_orders": Past(self.told(now.frontier_orders, "frontier_orders")),
            "known": known,
        }
        if not isinstance(state.crowd, Cohorts):
            special["crowd"] = People(self.told(now.heads, "heads"))
        named = {
            name: special[name] if name in special else self.leaves(one, ("state", name))
            for name, one in own(state).items()
        }
        symbolic: State = made_of(State, named)
        return symbolic

    # ---------------------------------------------------------------- what is kept

    def handed_out(self, value: Any) -> Any:
        """Return a record with marks in the place of symbols, which are handed out each month."""
        return mapped(value, lambda one: self._hand_out(one) if isinstance(one, Symbol) else one)

    def _hand_out(self, symbol: Symbol) -> Made:
        found = self._handed.get(id(symbol))
        if found is None:
            self._handed[id(symbol)] = found = Made(len(self.products))
            self.tape.store(found.table, self._by_world(symbol))
            self.products.append(Product(symbol.shape[:-1], symbol.dtype))
        return found

    def keeps(self, symbol: Symbol, trail: Trail) -> Kept:
        """Write down that a symbol stays."""
        table = Table(trail, None, laid_out(symbol.shadow))
        laid = self._by_world(symbol if table.order is None else symbol.transpose(table.order))
        self.tape.keep(table, laid)
        return Kept(table, laid.shape[:-1], laid.dtype)

    def is_still(self, symbol: Symbol, table: Table) -> bool:
        """Return whether a symbol is a table that was given, as it was given."""
        is_all = symbol.is_all and laid_out(symbol.shadow) == table.order
        return bool(is_all and self.tape.name_of(symbol) == table)

    def _by_world(self, symbol: Symbol) -> Symbol:
        """Return a symbol in one piece with the worlds of a block."""
        if not symbol.has_worlds:
            return self.tape.fresh_copy(symbol, (*symbol.shape[:-1], LANES))
        return symbol if symbol.is_whole else self.tape.copied(symbol, "C")


def followed(record: Any, trail: Trail) -> Any:
    """Return what stands at the end of a way."""
    for step in trail:
        record = record[step] if isinstance(step, int) else getattr(record, step)
    return record


def along(value: Any, trail: Trail, change: Any) -> Any:
    """Return a record or a tuple with its parts changed, which know their way from it; else the value."""
    if isinstance(value, tuple):
        return tuple(change(one, (*trail, place)) for place, one in enumerate(value))
    if is_record(value):
        return made_of(type(value), {name: change(one, (*trail, name)) for name, one in own(value).items()})
    return value


def laid_out(array: AnyArray) -> tuple[int, ...] | None:
    """Return the axes as they lie in memory, the widest steps first; nothing if that is the usual order."""
    order = in_memory(array)
    if order == tuple(range(array.ndim)) or order[-1] != array.ndim - 1:
        return None
    return order if array.transpose(order).flags.c_contiguous else None


def in_memory(array: AnyArray) -> tuple[int, ...]:
    """Return the axes of an array in the order in which they lie in memory, the widest steps first."""
    strides = array.strides
    return tuple(sorted(range(array.ndim), key=lambda axis: -abs(strides[axis])))


def reverse(order: Sequence[int]) -> tuple[int, ...]:
    """Return the order of axes that takes another one back."""
    return tuple(int(axis) for axis in np.argsort(order))
