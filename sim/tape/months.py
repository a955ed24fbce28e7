"""Months played from a tape: what everybody plans, and all that follows, written down once a run (decision 50).

The first month is NumPy's. Then its laws are written down, as they stand, for this run's axes and settings, and
the other months are played. What tapes do not know is left to NumPy: the crowd's choices, the month's luck, lags
that look back over the whole history. Whoever cannot be written down at all is simulated by NumPy as before.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, is_dataclass
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import numpy as np

from sim.dimensions import lag_months
from sim.acts import shocks
from sim.context import Context, market_params
from sim.memory import seal
from sim.population import Cohorts
from sim.state import State
from sim.tape.namespace import writing
from sim.tape.program import AnyArray
from sim.tape.symbols import CannotTape, Symbol, Tape

LANES: Final = 16
"""Worlds of a block."""
GIVEN: Final = {"lag": lag_months, "luck": shocks.act}
"""Laws of a month's start that NumPy answers."""


def machine() -> ModuleType | None:
    """Return what plays tapes, or nothing where it is not wanted or was not compiled."""
    if os.environ.get("UNCONTESTED_COMPILED") == "0":
        return None
    try:
        from sim.tape import machine as found  # type: ignore[attr-defined]  # compiled, and not everywhere
    except ImportError:
        return None
    played: ModuleType = found
    return played


class Past:
    """The best capabilities so far, of which a month that is written down sees the last, and adds one."""

    def __init__(self, last: Symbol, added: Symbol | None = None) -> None:
        self.last, self.added = last, added

    def __getitem__(self, place: int) -> Symbol:
        if place != -1 or self.added is not None:
            raise CannotTape("a law looks back over the history")
        return self.last

    def followed_by(self, tables: Sequence[Symbol]) -> "Past":
        """Return the history with one month more."""
        (table,) = tables
        return Past(self.last, table[0])


class Clock:
    """The number of a step of one month, which nobody may ask while it is written down: the months so far."""

    def __init__(self, months: Symbol) -> None:
        self._months = months

    def __add__(self, steps: int) -> "Clock":
        return Clock(self._months + float(steps))

    def __mod__(self, steps: int) -> int:
        if steps != 1:
            raise CannotTape("months of several steps are not written down")
        return 0

    def __mul__(self, months: float) -> Symbol:
        return self._months * months


class People:
    """A crowd whose choices NumPy makes; a month that is written down is told how many hold what."""

    def __init__(self, heads: Symbol) -> None:
        self._heads = heads
        self.setting: Any = None

    def people(self) -> Symbol:
        """See `sim.population.Population`."""
        return self._heads

    def choose(self, setting: Any) -> "Chosen":
        """Note what the crowd will choose by."""
        self.setting = setting
        return Chosen()


class Chosen:
    """A crowd that has chosen, in the place where NumPy's will stand."""


class Answers(dict[Any, Any]):
    """Laws that only the context decides: NumPy answers once a run, and a tape is given what it said."""

    def __init__(self, writer: "Writer", ctx: Context) -> None:
        super().__init__()
        self._writer, self._ctx, self._narrow = writer, ctx, narrowed(ctx)

    def __contains__(self, asked: object) -> bool:
        return True

    def __missing__(self, asked: tuple[Any, ...]) -> Any:
        law, *which = asked
        with self._writer.pausing():
            if asked not in self._ctx.known:
                self._ctx.known[asked] = seal(law(self._ctx, *which))
            shaped = law(self._narrow, *which)
        self[asked] = found = self._writer.fixed(self._ctx.known[asked], shaped)
        return found


def narrowed(ctx: Context) -> Context:
    """Return the context of as many worlds as a block has lanes, to see which axis of an answer is theirs."""
    columns = np.arange(LANES) % ctx.worlds

    def narrow(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value[..., columns] if value.ndim and value.shape[-1] == ctx.worlds else value
        if is_dataclass(value) and not isinstance(value, type):
            return remade(value, {name: narrow(one) for name, one in own(value).items()})
        return value

    settings = remade(ctx.settings, {**own(ctx.settings), "world_ids": ctx.settings.world_ids[columns]})
    made: Context = remade(ctx, {**own(ctx), "params": narrow(ctx.params), "settings": settings})
    return made


class Writer:
    """What a tape is given and makes, while it is written down."""

    def __init__(self, worlds: int) -> None:
        self.tape = Tape(LANES)
        self.worlds = worlds
        self.givens: list[Callable[[Any], AnyArray] | AnyArray] = []
        self.made: list[tuple[tuple[int, ...], Any, tuple[int, ...]]] = []
        """Shape without worlds, type, and the order of axes of each table that is made."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let laws be written down."""
        with ExitStack() as stack:
            stack.enter_context(writing(self.tape, laws()))
            self._stack = stack
            try:
                yield
            finally:
                self._stack.close()

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Let laws compute for a while."""
        self._stack.close()
        try:
            yield
        finally:
            self._stack.enter_context(writing(self.tape, laws()))

    def given(self, value: AnyArray, getter: Callable[[Any], AnyArray] | None, shared: bool) -> Symbol:
        """Return a symbol for a table: fixed, or got anew each month; its order in memory is kept."""
        order = tuple(np.argsort([-abs(stride) for stride in value.strides], kind="stable"))
        ordered = value.transpose(order)
        if not ordered.flags.c_contiguous or (not shared and value.ndim and order[-1] != value.ndim - 1):
            order = tuple(range(value.ndim))
        if order == tuple(range(value.ndim)):
            get: Any = getter
        else:
            get = None if getter is None else (lambda now: getter(now).transpose(order))
        table = len(self.givens)
        self.givens.append(np.ascontiguousarray(value.transpose(order)) if get is None else get)
        symbol = self.tape.given(table, value.transpose(order), shared)
        return symbol.transpose(tuple(np.argsort(order))) if order != tuple(range(value.ndim)) else symbol

    def fixed(self, answer: Any, shaped: Any) -> Any:
        """Return an answer of NumPy with symbols for its tables that hold worlds, as the symbolic one tells."""
        if isinstance(shaped, Symbol | np.ndarray):
            value = np.asarray(answer)
            if shaped.ndim and shaped.shape[-1] == LANES and value.shape[-1] == self.worlds:
                return self.given(value, None, shared=False)
            if value.shape != shaped.shape:
                raise CannotTape(f"a law of the context has shape {value.shape}, symbolically {shaped.shape}")
            return value
        if isinstance(answer, tuple):
            return tuple(self.fixed(one, other) for one, other in zip(answer, shaped, strict=True))
        if is_dataclass(answer) and not isinstance(answer, type):
            named = {f.name: self.fixed(getattr(answer, f.name), getattr(shaped, f.name)) for f in fields(answer)}
            return remade(answer, named)
        return answer

    def parameters(self, value: Any) -> Any:
        """Return parameters with symbols where worlds differ. Shapes: (..., 1 or world) or 0-d."""
        if isinstance(value, np.ndarray):
            if value.ndim and value.shape[-1] == self.worlds and self.worlds > 1:
                return self.given(value, None, shared=False)
            return value
        if is_dataclass(value) and not isinstance(value, type):
            return remade(value, {f.name: self.parameters(getattr(value, f.name)) for f in fields(value)})
        return value

    def context(self, ctx: Context) -> Context:
        """Return the context as laws see it that are written down."""
        answers = Answers(self, ctx)
        settings = remade(ctx.settings, {**own(ctx.settings), "world_ids": np.zeros(LANES, np.int64)})
        symbolic = remade(
            ctx,
            {
                **own(ctx),
                "params": self.parameters(ctx.params),
                "settings": settings,
                "history": Dated(self, ctx),
                "known": answers,
            },
        )
        with self.writing():
            vars(symbolic)["by_market"] = answers[(market_params,)]
        return symbolic  # type: ignore[no-any-return]

    def state(self, state: State, path: str) -> Any:
        """Return a state as laws see it that are written down; `path` is where it stands in what is given."""
        named: dict[str, Any] = {}
        for f in fields(state):
            value = getattr(state, f.name)
            if f.name == "tick":
                continue
            if f.name == "months":
                months = self.given(np.asarray(value), lambda now: np.asarray(now.state.months), True)
                named["tick"], named["months"] = Clock(months), months
            elif f.name == "frontier_orders":
                named[f.name] = Past(self.given(value[-1], lambda now: now.state.frontier_orders[-1], False))
            elif f.name == "crowd" and not isinstance(value, Cohorts):
                heads = self.given(value.people(), lambda now: now.state.crowd.people(), False)
                named[f.name] = People(heads)
            elif f.name == "known":
                named[f.name] = None
            else:
                named[f.name] = self.leaves(value, f"{path}.{f.name}")
        return remade(state, named)

    def leaves(self, value: Any, path: str) -> Any:
        """Return a record with symbols for its tables, which are got by their path."""
        if isinstance(value, np.ndarray):
            if value.shape[-1:] != (self.worlds,):
                raise CannotTape(f"{path} has no worlds on its last axis: {value.shape}")
            return self.given(value, reader(path), False)
        if isinstance(value, tuple):
            return tuple(self.leaves(one, f"{path}.{place}") for place, one in enumerate(value))
        if is_dataclass(value) and not isinstance(value, type):
            return remade(value, {f.name: self.leaves(getattr(value, f.name), f"{path}.{f.name}") for f in fields(value)})
        return value

    def makes(self, symbol: Symbol) -> int:
        """Write down that a symbol is kept after the month; return the number of its table."""
        if not symbol.ndim or symbol.shape[-1] != LANES:
            symbol = self.tape.fresh_copy(symbol, (*symbol.shape, LANES)[-max(symbol.ndim, 1) :])
        order = tuple(int(one) for one in np.argsort([-abs(stride) for stride in symbol.shadow.strides], kind="stable"))
        if order[-1] != symbol.ndim - 1 or 0 in symbol.shadow.strides:
            order = tuple(range(symbol.ndim))
        laid = symbol.transpose(order)
        whole = self.tape.copied(laid, "C")
        self.tape.store(len(self.made), whole)
        self.made.append((laid.shape[:-1], laid.dtype, tuple(int(one) for one in np.argsort(order))))
        return len(self.made) - 1


class Dated:
    """Dated inputs, asked anew every month."""

    def __init__(self, writer: Writer, ctx: Context) -> None:
        self._writer, self._history = writer, ctx.history

    def stringency_in(self, months: Symbol) -> Symbol:
        """See `sim.history.History`."""
        with self._writer.pausing():
            shaped = self._history.stringency_in(0.0)
        return self._writer.given(
            np.ascontiguousarray(shaped), lambda now: now.ctx.history.stringency_in(now.state.months), True
        )

    def performance_step(self, months: Symbol, dt: float) -> Symbol:
        """See `sim.history.History`."""
        with self._writer.pausing():
            shaped = self._history.performance_step(0.0, dt)
        return self._writer.given(
            np.ascontiguousarray(shaped), lambda now: now.ctx.history.performance_step(now.state.months, dt), True
        )


def reader(path: str) -> Callable[[Any], AnyArray]:
    """Return what gets a table by its path, in which numbers are places of a tuple."""
    parts = path.split(".")

    def get(now: Any) -> AnyArray:
        found = now
        for part in parts:
            found = found[int(part)] if part.isdigit() else getattr(found, part)
        return found  # type: ignore[no-any-return]

    return get


def own(record: Any) -> dict[str, Any]:
    """Return a record's fields, without what it has cached."""
    return {f.name: getattr(record, f.name) for f in fields(record)}


def remade(record: Any, named: dict[str, Any]) -> Any:
    """Return a record of the same kind with other fields, without asking its constructor."""
    made = object.__new__(type(record))
    vars(made).update(named)
    return made


@dataclass(frozen=True)
class Made:
    """Where a table of what a tape makes stands."""

    table: int


class Part:
    """A part of a month that is played: what it is given, and what it makes."""

    def __init__(self, writer: Writer, template: Any) -> None:
        self._template = marked(template, writer, {})
        program = writer.tape.program
        self._words, self._arena = program.assembled()
        self._functions = program.functions
        self._givens = writer.givens
        self._made = writer.made
        self._worlds = writer.worlds

    def play(self, player: ModuleType, now: Any) -> Any:
        """Return what the laws make of what is the case now."""
        givens = [one(now) if callable(one) else one for one in self._givens]
        givens = [one if one.flags.c_contiguous else np.ascontiguousarray(one) for one in givens]
        made = [np.empty((*shape, self._worlds), kind) for shape, kind, _ in self._made]
        player.play(self._words, self._arena, self._functions, givens, made, LANES, self._worlds)
        tables = [
            one if order == tuple(range(one.ndim)) else one.transpose(order)
            for one, (_, _, order) in zip(made, self._made, strict=True)
        ]
        return filled(self._template, tables)


def marked(value: Any, writer: Writer, seen: dict[int, Made]) -> Any:
    """Return a record with marks in the place of symbols, having written down that they are kept."""
    if isinstance(value, Symbol):
        if id(value) not in seen:
            seen[id(value)] = Made(writer.makes(value))
        return seen[id(value)]
    if isinstance(value, Past):
        assert value.added is not None
        return Past(marked(value.last, writer, seen), marked(value.added, writer, seen))
    if isinstance(value, tuple | list):
        return tuple(marked(one, writer, seen) for one in value)
    if isinstance(value, dict):
        return {name: marked(one, writer, seen) for name, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return remade(value, {name: marked(one, writer, seen) for name, one in own(value).items()})
    return value


def filled(value: Any, tables: Sequence[AnyArray]) -> Any:
    """Return a record with tables in the place of marks."""
    if isinstance(value, Made):
        return tables[value.table]
    if isinstance(value, Past):
        return filled(value.added, tables)
    if isinstance(value, tuple):
        return tuple(filled(one, tables) for one in value)
    if isinstance(value, dict):
        return {name: filled(one, tables) for name, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return remade(value, {name: filled(one, tables) for name, one in vars(value).items()})
    return value


def laws() -> list[ModuleType]:
    """Return the modules whose laws are written down."""
    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("sim.", "agents.")) and not name.startswith("sim.tape")
    ]


class Months:
    """A run's months from the second on: two parts, between which the crowd chooses."""

    def __init__(self, model: Any, player: ModuleType) -> None:
        self._player = player
        self._model = model
        self._plans = self._write_plans()
        self._rest: Part | None = None
        self._left: tuple[int, ...] = ()

    def _now(self, **more: Any) -> SimpleNamespace:
        ctx, state = self._model.context, self._model.state
        return SimpleNamespace(
            ctx=ctx, state=state, **{name: law(ctx, state) for name, law in GIVEN.items()}, **more
        )

    def _start(self) -> tuple[Writer, Context, State]:
        ctx, state = self._model.context, self._model.state
        writer = Writer(ctx.worlds)
        symbolic = writer.context(ctx)
        before = writer.state(state, "state")
        before.known = {
            law.__wrapped__: writer.leaves(law(ctx, state), name)  # type: ignore[attr-defined]
            for name, law in GIVEN.items()
        }
        return writer, symbolic, before

    def _write_plans(self) -> Part:
        from sim.model import plans_of

        writer, ctx, before = self._start()
        with writer.writing():
            plans = plans_of(self._model.cast, ctx, before)
            setting = getattr(before.crowd, "setting", None)
            return Part(writer, (plans, setting))

    def _write_rest(self, plans: Any) -> Part:
        from sim.constraint import binding
        from sim.invariants import residual_table
        from sim.month import advance
        from sim.series import Step

        writer, ctx, before = self._start()
        model = self._model
        with writer.writing():
            crowd = plans.consumers.crowd
            if isinstance(crowd, Cohorts):
                consumers = writer.leaves(plans.consumers, "plans.consumers")
            else:
                heads = writer.given(crowd.people(), lambda now: now.plans.consumers.crowd.people(), False)
                consumers = remade(plans.consumers, {"crowd": People(heads)})
            named = {
                f.name: consumers if f.name == "consumers" else writer.leaves(getattr(plans, f.name), f"plans.{f.name}")
                for f in fields(plans)
            }
            symbolic = remade(plans, named)
            after, month = advance(ctx, before, symbolic)
            bound = binding(ctx, before, symbolic, month)
            step = Step(ctx, before, symbolic, month, bound, after)
            rows = writer.tape.empty((len(model.recorder.names), LANES))
            left = []
            begin = 0
            for place, block in enumerate(model.recorder.blocks):
                end = begin + len(block.entities)
                try:
                    rows[begin:end] = block.values(step)
                except CannotTape:
                    left.append(place)
                begin = end
            self._left = tuple(left)
            residuals = residual_table(ctx, before, month, after) if model.worst.residuals else None
            del after.known
            return Part(writer, (after, rows, residuals))

    def step(self) -> None:
        """Advance all worlds by a month and record it."""
        model = self._model
        now = self._now()
        plans, setting = self._plans.play(self._player, now)
        if setting is not None:
            crowd = now.state.crowd.choose(setting)
            plans = remade(plans, {**own(plans), "consumers": remade(plans.consumers, {"crowd": crowd})})
        now.plans = plans
        if self._rest is None:
            self._rest = self._write_rest(plans)
        after, rows, residuals = self._rest.play(self._player, now)
        after.tick = now.state.tick + 1
        after.months = after.tick * now.ctx.dt
        after.frontier_orders = np.concatenate([now.state.frontier_orders, after.frontier_orders[None]])
        after.crowd = plans.consumers.crowd
        after.known = {}
        model.recorder.record_played(now.state, plans, rows, self._left, after)
        model.worst.take(residuals)
        model.state = after
