"""Months played from a tape, from the second on, with the bits that NumPy gives (decision 50).

A month is written down in two parts, for the axes and settings of a run: what everybody plans, and all that
follows. Between them the crowd chooses. What tapes do not know is NumPy's: the crowd, the month's luck, the lag
that looks back over the history. Where nothing is compiled, a run is short, or a mind is not the laboratory's
own, NumPy computes every month.
"""

import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from operator import attrgetter
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, Final, Protocol

import numpy as np

from sim.acts import shocks
from sim.cast import Cast, plans_of
from sim.constraint import binding
from sim.context import Context
from sim.dimensions import lag_months
from sim.invariants import Worst, residual_table
from sim.month import advance
from sim.population import Cohorts
from sim.recorder import Recorder
from sim.series import Step
from sim.state import State
from sim.tape.program import AnyArray
from sim.tape.records import builder, mapped, remade
from sim.tape.symbols import CannotTape
from sim.tape.writer import LANES, Known, People, Product, Source, Writer, answer, in_memory, laws

LUCK_AND_LAG: Final[dict[str, Callable[[Context, State], Any]]] = {"luck": shocks.act, "lag": lag_months}
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


def machine() -> ModuleType | None:
    """Return what plays tapes, or nothing where it is not wanted or was not compiled."""
    if os.environ.get("UNCONTESTED_COMPILED") == "0":
        return None
    try:
        from sim.tape import machine as found  # type: ignore[attr-defined]  # compiled, and not everywhere
    except ImportError:
        return None
    player: ModuleType = found
    return player


class Part:
    """A part of a month as it is written down."""

    def __init__(self, writer: Writer, template: Any) -> None:
        program = writer.tape.program
        self.words, self.arena, used = program.assembled()
        self.functions = program.functions
        self.sources: list[Source] = [writer.sources[place] for place in used]
        self.products: list[Product] = writer.products
        build = builder(template)
        assert build is not None
        self.build = build


class Playing:
    """A part that is played for the worlds of a run."""

    def __init__(self, part: Part, ctx: Context, player: ModuleType) -> None:
        self._part, self._player, self._worlds = part, player, ctx.worlds
        self._arena = part.arena.copy()
        self._given: list[Any] = [None] * len(part.sources)
        monthly = [place for place, one in enumerate(part.sources) if not one.fixed]
        by_name = [place for place in monthly if all(isinstance(step, str) for step in part.sources[place].trail)]
        self._places = by_name
        self._get = attrgetter(*(".".join(map(str, part.sources[place].trail)) for place in by_name))
        self._others = [place for place in monthly if place not in by_name]
        self._turned = [place for place in monthly if part.sources[place].order is not None]
        for place, source in enumerate(part.sources):
            if source.fixed:
                root: Any = SimpleNamespace(ctx=ctx) if source.asked is None else answer(ctx, source.asked)
                self._given[place] = np.ascontiguousarray(source.laid(followed(root, source.trail)))

    def play(self, now: Any) -> Any:
        """Return what the laws make of what is the case now."""
        part, given = self._part, self._given
        for place, table in zip(self._places, self._get(now), strict=True):
            given[place] = table
        for place in self._others:
            given[place] = followed(now, part.sources[place].trail)
        for place in self._turned:
            given[place] = part.sources[place].laid(given[place])
        whole = [one if one.flags.c_contiguous else np.ascontiguousarray(one) for one in given]
        made = [np.empty((*one.shape, self._worlds), one.kind) for one in part.products]
        self._player.play(part.words, self._arena, part.functions, whole, made, LANES, self._worlds)
        return part.build(
            [
                one if product.order is None else one.transpose(product.order)
                for one, product in zip(made, part.products, strict=True)
            ]
        )


def followed(record: Any, trail: tuple[str | int, ...]) -> Any:
    """Return what stands at the end of a way."""
    for step in trail:
        record = record[step] if isinstance(step, int) else getattr(record, step)
    return record


@dataclass(frozen=True)
class Score:
    """A month as it is written down."""

    plans: Part
    rest: Part
    left: tuple[int, ...]
    """Blocks of series that NumPy reads off the month's end."""
    known: tuple[str, ...]
    """What the second part calls what the first has worked out."""


@dataclass(frozen=True)
class Planned:
    """What the first part makes. A crowd's setting is none where consumers are cohorts."""

    plans: Any
    setting: Any
    known: Any


@dataclass(frozen=True)
class Followed:
    """What the second part makes. Shapes: rows (series, world), residuals (law, world) or none."""

    after: Any
    rows: Any
    residuals: Any


_WRITTEN: dict[Any, Score] = {}
"""The months that this process has written down, by what they depend on."""
_MOST_WRITTEN: Final = 8


class Months:
    """The months of a run that are played."""

    def __init__(self, ctx: Context, score: Score, player: ModuleType) -> None:
        self._ctx, self._left, self._known = ctx, score.left, score.known
        self._plans = Playing(score.plans, ctx, player)
        self._rest = Playing(score.rest, ctx, player)

    @classmethod
    def of(cls, model: Model, *, wanted: bool = False) -> "Months | None":
        """Return what plays a model's months after its first, or nothing where NumPy is to compute them.

        `wanted`: also where that takes longer.
        """
        ctx, player = model.context, machine()
        if player is None or ctx.settings.steps_per_month > 1 or not own_minds(model.cast):
            return None
        key = depends_on(model)
        score = _WRITTEN.get(key)
        if score is None:
            if not wanted and not is_worth_writing(ctx):
                return None
            try:
                score = written(model)
            except CannotTape:
                if wanted:
                    raise
                return None
            while len(_WRITTEN) >= _MOST_WRITTEN:
                _WRITTEN.pop(next(iter(_WRITTEN)))
            _WRITTEN[key] = score
        return cls(ctx, score, player)

    def play(self, state: State, recorder: Recorder, worst: Worst) -> State:
        """Advance all worlds by a month, record it and check it; return the state at its end."""
        now = now_of(self._ctx, state)
        planned: Planned = self._plans.play(now)
        plans, crowd = planned.plans, planned.plans.consumers.crowd
        if planned.setting is not None:
            crowd = state.crowd.choose(planned.setting)
            plans = remade(plans, consumers=remade(plans.consumers, crowd=crowd))
            now.chosen = crowd.people()
        now.plans = plans
        vars(now).update(zip(self._known, planned.known, strict=True))
        found: Followed = self._rest.play(now)
        after: State = found.after
        after.tick = state.tick + 1
        after.months = after.tick * self._ctx.dt
        after.frontier_orders = np.concatenate([state.frontier_orders, after.frontier_orders[None]])
        after.crowd = crowd
        after.known = {}
        recorder.take(state.tick, found.rows, self._left, Step(self._ctx, state, plans, None, None, after))
        worst.take(found.residuals)
        return after


def now_of(ctx: Context, state: State) -> Any:
    """Return what is the case at a month's start, as far as tapes are given it."""
    return SimpleNamespace(
        state=state,
        months=np.asarray(state.months),
        frontier_orders=state.frontier_orders[-1],
        heads=None if isinstance(state.crowd, Cohorts) else state.crowd.people(),
        stringency=ctx.history.stringency_in(state.months),
        performance=ctx.history.performance_step(state.months, ctx.dt),
        **{name: law(ctx, state) for name, law in LUCK_AND_LAG.items()},
    )


def own_minds(cast: Cast) -> bool:
    """Return whether all minds are the laboratory's own, which keep nothing from month to month."""
    actors = [one for kind in vars(cast).values() for one in (kind if isinstance(kind, list | tuple) else [kind])]
    return all(type(one).__module__.startswith("agents.") for one in actors)


def is_worth_writing(ctx: Context) -> bool:
    """Return whether a run is long and wide enough that a tape saves more than writing it takes."""
    a_month = SAVED_SECONDS_A_MONTH + SAVED_SECONDS_A_WORLD_AND_MONTH * ctx.worlds
    return (ctx.settings.months - 1) * a_month > WRITING_SECONDS


def depends_on(model: Model) -> Any:
    """Return all that a written month depends on, but for the worlds and numbers that it is given."""
    ctx = model.context
    settings = {name: one for name, one in vars(ctx.settings).items() if not isinstance(one, np.ndarray)}
    tables: list[Any] = []

    def note(value: Any) -> None:
        if isinstance(value, np.ndarray):
            tables.append((value.shape[:-1], in_memory(value)))

    mapped((ctx.params, model.state, model.state.crowd.people()), note)
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


def written(model: Model) -> Score:
    """Write a month down.

    Raises: CannotTape if a law asks for what only numbers can tell.
    """
    ctx, state = model.context, model.state
    now = now_of(ctx, state)
    given = {law.__wrapped__: getattr(now, name) for name, law in LUCK_AND_LAG.items()}  # type: ignore[attr-defined]

    def begun(writer: Writer, before: dict[Any, Any], asked: dict[Any, str]) -> tuple[Context, State]:
        known = Known(writer, before, asked)
        for name, law in LUCK_AND_LAG.items():
            known[law.__wrapped__] = writer.leaves(getattr(now, name), (name,))  # type: ignore[attr-defined]
        return writer.context(ctx, now), writer.state(state, now, known)

    first = Writer(ctx.worlds)
    symbolic, before = begun(first, {}, {})
    with first.writing():
        plans = plans_of(model.cast, symbolic, before)
    setting = getattr(before.crowd, "setting", None)
    worked_out = {law: one for law, one in before.known.items() if law not in given}

    second = Writer(ctx.worlds)
    asked: dict[Any, str] = {}
    symbolic, before = begun(second, worked_out, asked)
    shown = second.like(plans, ("plans",))
    if setting is not None:
        heads = second.given(now.heads, ("chosen",))
        shown = remade(shown, consumers=remade(shown.consumers, crowd=People(heads)))
    with second.writing():
        found, left = follows(model, symbolic, before, shown)
    rest = Part(second, second.kept(found))
    known = tuple(worked_out[law] for law in asked)
    return Score(Part(first, first.kept(Planned(plans, setting, known))), rest, left, tuple(asked.values()))


def follows(model: Model, ctx: Context, before: State, plans: Any) -> tuple[Followed, tuple[int, ...]]:
    """Return all that follows from plans, and which blocks of series cannot be written down."""
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
    newest: Any = after.frontier_orders
    ended = remade(after, tick=0, months=0.0, frontier_orders=newest.added, crowd=None, known=None)
    return Followed(ended, rows, residuals), tuple(left)
