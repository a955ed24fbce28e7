"""A month as it is written down, in two parts: what everybody plans, and all that follows (decision 50).

It is written for the axes and settings of a run, once a process. Between the parts the crowd chooses. What
tapes do not know is NumPy's: the crowd, the month's luck, the lag that looks back over the history. Where a
run is short, or a mind is not the laboratory's own, nothing is written.
"""

import pickle
from dataclasses import dataclass
from hashlib import sha256
from types import FunctionType, SimpleNamespace
from typing import Any, Final, Protocol

import numpy as np

from sim.acts import shocks
from sim.cast import Cast, plans_of
from sim.constraint import binding
from sim.context import Context
from sim.dimensions import lag_months
from sim.invariants import Worst, residual_table
from sim.month import advance
from sim.population import Cohorts, Population
from sim.recorder import Recorder
from sim.series import Step
from sim.state import State
from sim.tape.records import mapped, remade
from sim.tape.symbols import CannotTape, Symbol
from sim.tape.writer import (
    Kept,
    Known,
    People,
    Table,
    Trail,
    Writer,
    along,
    followed,
    in_memory,
    laid_out,
    laws,
)
from sim.units import Array

LUCK_AND_LAG: Final[dict[str, Any]] = {"luck": shocks.act, "lag": lag_months}
"""Laws of a month's start that NumPy answers."""
WRITING_SECONDS: Final = 0.4
SAVED_SECONDS_A_MONTH: Final = 0.006
SAVED_SECONDS_A_WORLD_AND_MONTH: Final = 3e-5
"""What a tape takes to write and saves when it is played, about: they decide who uses one, and no result."""


class Model(Protocol):
    """What months are written down of and played for, as `sim.model.RaceModel`."""

    context: Context
    cast: Cast
    state: State
    recorder: Recorder
    worst: Worst


class Part:
    """A part of a month, and what it is told and hands out each time it is played."""

    def __init__(self, writer: Writer, template: Any) -> None:
        self.tape = writer.tape.assembled()
        self.told = [writer.given[place] for place in self.tape.given]
        self.products = writer.products
        self.template = template


@dataclass(frozen=True)
class Score:
    """A month as it is written down."""

    plans: Part
    rest: Part
    left: tuple[int, ...]
    """Blocks of series that NumPy reads off the month's end."""
    between: tuple[Kept, ...]
    """What the first part makes for the second."""
    changing: tuple[tuple[Kept, Table], ...]
    """The tables that a part makes anew for the state, and those of the state whose place they take."""
    state: Any
    """A state with, in the place of its tables, which of those that stay they are."""


@dataclass(frozen=True)
class Planned:
    """What the first part hands out: what the crowd chooses by, nothing where consumers are cohorts."""

    setting: Any


@dataclass(frozen=True)
class Followed:
    """What the second part hands out.

    Shapes: frontier_orders (bloc, world), rows (series, world), residuals (law, world) or none.
    """

    frontier_orders: Any
    rows: Any
    residuals: Any


def written(model: Model) -> Score:
    """Write a month down.

    Raises: CannotTape if a law asks for what only numbers can tell; AttributeError if a series that cannot be
    written down is not told by a month's end alone.
    """
    ctx, state = model.context, model.state
    told = told_of(ctx, state)
    given = {law.__wrapped__: name for name, law in LUCK_AND_LAG.items()}

    def begun(writer: Writer, worked_out: dict[Any, Any]) -> tuple[Context, State, Known]:
        known = Known(writer, worked_out)
        known.update({law: writer.told_record(getattr(told, name), name) for law, name in given.items()})
        return writer.context(ctx, told), writer.state(state, told, known), known

    first = Writer(ctx.worlds)
    symbolic, before, known = begun(first, {})
    with first.stand_ins.seen():
        plans = plans_of(model.cast, symbolic, before)
    setting = getattr(before.crowd, "setting", None)
    worked_out = {law: one for law, one in known.items() if law not in given}

    second = Writer(ctx.worlds)
    symbolic, before, known = begun(second, worked_out)
    shown = second.like(plans, ("plans",))
    if setting is not None:
        heads = second.told(told.heads, "chosen")
        shown = remade(shown, consumers=remade(shown.consumers, crowd=People(heads)))
    with second.stand_ins.seen():
        after, rows, residuals, left = follows(model, symbolic, before, shown)
    for place in left:
        model.recorder.blocks[place].values(end_of_month(ctx, now_of(state)))
    newest: Any = after.frontier_orders
    changing: list[tuple[Kept, Table]] = []
    ended = ended_state(second, state, after, changing)
    rest = Part(second, second.handed_out(Followed(newest.added, rows, residuals)))

    wanted = dict.fromkeys(
        table.trail for table in (*rest.tape.resident, *(one.table for one, _ in changing))
    )
    made = {
        **symbols_of(plans, ("plans",)),
        **{k: v for n, one in known.asked.items() for k, v in symbols_of(worked_out[n], (one,)).items()},
    }
    between = tuple(first.keeps(made[trail], trail) for trail in wanted if trail in made)
    return Score(Part(first, first.handed_out(Planned(setting))), rest, left, between, tuple(changing), ended)


def symbols_of(value: Any, trail: Trail) -> dict[Trail, Symbol]:
    """Return the symbols of a record by their ways from it."""
    found: dict[Trail, Symbol] = {}

    def note(one: Any, way: Trail) -> Any:
        if isinstance(one, Symbol):
            found[way] = one
            return one
        return along(one, way, note)

    note(value, trail)
    return found


def follows(model: Model, ctx: Context, before: State, plans: Any) -> tuple[State, Any, Any, tuple[int, ...]]:
    """Return all that follows from plans: the state after, series, residuals, and blocks that are NumPy's."""
    after, month = advance(ctx, before, plans)
    step = Step(ctx, before, plans, month, binding(ctx, before, plans, month), after)
    rows: Any = ctx.full(len(model.recorder.names))
    left, begin = [], 0
    for place, block in enumerate(model.recorder.blocks):
        end = begin + len(block.entities)
        try:
            rows[begin:end] = block.values(step)
        except CannotTape:
            left.append(place)
        begin = end
    residuals = residual_table(ctx, before, month, after) if model.worst.residuals else None
    return after, rows, residuals, tuple(left)


def ended_state(writer: Writer, state: State, after: State, changing: list[tuple[Kept, Table]]) -> Any:
    """Return a state with marks in the place of its tables; what the month makes anew is added to `changing`.

    What the part before has made and nobody has changed since is the state's as it is.

    Raises: CannotTape if a table would not lie in memory as that of NumPy's month.
    """
    plain = remade(after, tick=0, months=0.0, frontier_orders=None, known=None)
    if not isinstance(state.crowd, Cohorts):
        plain = remade(plain, crowd=None)

    def note(one: Any, way: Trail) -> Any:
        if not isinstance(one, Symbol):
            return along(one, way, note)
        real = followed(state, way)
        table = Table(("state", *way), None, laid_out(real))
        if writer.is_still(one, table):
            return Kept(table, table.laid(real).shape[:-1], real.dtype)
        kept = made_before(writer, one)
        if kept is None or any(kept.table == other.table for other, _ in changing):
            kept = writer.keeps(one, ("after", *way))
        if (kept.table.order, kept.shape, kept.kind) != (
            table.order,
            table.laid(real).shape[:-1],
            real.dtype,
        ):
            raise CannotTape(
                f"{way}: the state's table is {real.shape} {real.dtype} in another order in memory"
            )
        changing.append((kept, table))
        return Kept(table, kept.shape, kept.kind)

    return note(plain, ())


def made_before(writer: Writer, symbol: Symbol) -> Kept | None:
    """Return what the part before has made, if a symbol is that as it was made."""
    table = writer.tape.name_of(symbol)
    if table is None or table.asked is not None or table.trail[0] in ("ctx", "state", "after"):
        return None
    laid = symbol if table.order is None else symbol.transpose(table.order)
    return Kept(table, laid.shape[:-1], laid.dtype) if writer.is_still(symbol, table) else None


# ---------------------------------------------------------------- what is given to it


@dataclass
class Now:
    """A month's start or end, as far as NumPy's laws ask."""

    tick: int
    months: float
    frontier_orders: Array
    """(month, bloc, world)"""
    crowd: Population
    known: dict[Any, Any]


def now_of(state: State) -> Now:
    """Return what NumPy's laws ask of a state."""
    return Now(state.tick, state.months, state.frontier_orders, state.crowd, {})


def end_of_month(ctx: Context, after: Now) -> Step:
    """Return the step that series are read off which look at nothing but the month's end."""
    nothing: Any = None
    end: Any = after
    return Step(ctx, nothing, nothing, nothing, nothing, end)


def told_of(ctx: Context, state: Any) -> Any:
    """Return what tapes are told of a month's start."""
    return SimpleNamespace(
        months=np.asarray(state.months),
        frontier_orders=state.frontier_orders[-1],
        heads=None if isinstance(state.crowd, Cohorts) else state.crowd.people(),
        stringency=ctx.history.stringency_in(state.months),
        performance=ctx.history.performance_step(state.months, ctx.dt),
        **{name: law(ctx, state) for name, law in LUCK_AND_LAG.items()},
    )


# ---------------------------------------------------------------- who has one written

_WRITTEN: dict[Any, Score] = {}
"""The months that this process has written down, by what they depend on."""
_MOST_WRITTEN: Final = 8


def score_of(model: Model, *, wanted: bool) -> Score | None:
    """Return a model's month as it is written down, or nothing where NumPy is to compute its months.

    `wanted`: also where that takes longer.
    """
    if model.context.settings.steps_per_month > 1 or not own_minds(model.cast):
        return None
    key = depends_on(model)
    score = _WRITTEN.get(key)
    if score is None:
        if not wanted and not is_worth_writing(model.context):
            return None
        try:
            score = written(model)
        except Exception:  # whatever a law does that symbols do not know, NumPy's arrays can
            if wanted:
                raise
            return None
        while len(_WRITTEN) >= _MOST_WRITTEN:
            _WRITTEN.pop(next(iter(_WRITTEN)))
        _WRITTEN[key] = score
    return score


def own_minds(cast: Cast) -> bool:
    """Return whether all minds are the laboratory's own, which keep nothing from month to month."""
    actors = [
        one for kind in vars(cast).values() for one in (kind if isinstance(kind, list | tuple) else [kind])
    ]
    return all(type(one).__module__.startswith("agents.") for one in actors)


def is_worth_writing(ctx: Context) -> bool:
    """Return whether a run is long and wide enough that a tape saves more than writing it takes."""
    a_month = SAVED_SECONDS_A_MONTH + SAVED_SECONDS_A_WORLD_AND_MONTH * ctx.worlds
    return ctx.settings.months * a_month > WRITING_SECONDS


def depends_on(model: Model) -> Any:
    """Return all that a written month depends on, but for the worlds and numbers that it is given."""
    ctx = model.context
    settings = {name: one for name, one in vars(ctx.settings).items() if not isinstance(one, np.ndarray)}
    tables: list[Any] = []

    def note(value: Any) -> None:
        if isinstance(value, np.ndarray):
            tables.append((value.shape[:-1], in_memory(value)))

    state = remade(model.state, frontier_orders=None)
    mapped((ctx.params, state, model.state.crowd.people()), note)
    return (
        sha256(pickle.dumps((ctx.axes, ctx.start, sorted(settings.items())))).digest(),
        tuple(tables),
        model.recorder.names,
        bool(model.worst.residuals),
        functions_of_laws(),
    )


def functions_of_laws() -> tuple[Any, ...]:
    """Return every function of the laws as it is now: who puts another in its place writes months anew."""
    found: list[Any] = []
    for module in laws():
        for value in list(vars(module).values()):
            if isinstance(value, FunctionType):
                found.append(value)
            elif isinstance(value, type) and value.__module__ == module.__name__:
                found.extend(one for one in vars(value).values() if isinstance(one, FunctionType))
    return tuple(found)
