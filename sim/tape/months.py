"""Months played from a tape, with the bits that NumPy gives (decision 50).

The blocks of worlds are shared out among threads. Where nothing is compiled or no month is written down
(sim.tape.score), NumPy computes every month.
"""

from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import numpy as np

from sim import hands
from sim.acts.shocks import TICKS_AT_ONCE
from sim.compiled import compiled
from sim.context import Context
from sim.dimensions import lag_months
from sim.invariants import Worst
from sim.memory import remember
from sim.population import Cohorts
from sim.recorder import Recorder
from sim.state import State
from sim.tape.instructions import AnyArray
from sim.tape.records import filled, mapped
from sim.tape.score import Model, Now, Part, Score, end_of_month, score_of, told_of
from sim.tape.tables import LANES, addresses, blocked, blocks, in_lines, room, unblocked
from sim.tape.writer import Kept, Table, Trail, along, answer, followed

MONTHS_AT_ONCE: Final = TICKS_AT_ONCE
"""So many months a hand plays before it waits for the others: those whose luck is drawn at once."""
Begun = tuple[AnyArray, list[AnyArray]]
"""Bases of a month's part, and what it is given."""


def machine() -> ModuleType | None:
    """Return what plays tapes, or nothing where it is not wanted or was not compiled."""
    return compiled("sim.tape.machine")


def ignore(month: int) -> None:
    """Take note of no month."""


class Playing:
    """A part that is played for the worlds of a run, whose blocks are shared out among as many hands.

    `tables` stay, in two sets that take turns. What the part hands out is `made`: each month the same tables.
    """

    def __init__(
        self, part: Part, tables: Sequence[dict[Table, AnyArray]], worlds: int, many: int, player: ModuleType
    ) -> None:
        self._part, self._player, self._worlds = part, player, worlds
        many = min(many, blocks(worlds))
        self._shares = [blocks(worlds) * place // many for place in range(many + 1)]
        self._arenas = [in_lines(part.tape.arena.shape, part.tape.arena.dtype) for _ in range(many)]
        for arena in self._arenas:
            arena[:] = part.tape.arena
        self._resident = [[some[table] for table in part.tape.resident] for some in tables]
        """These tables and the arenas lie at the bases as long as they are here."""
        arena_of = [
            arena.ctypes.data
            for arena, begin, end in zip(self._arenas, self._shares, self._shares[1:], strict=False)
            for _ in range(begin, end)
        ]
        self._bases = [np.column_stack([arena_of, addresses(some, worlds)]) for some in self._resident]
        self._made = [np.empty((*one.shape, worlds), one.kind) for one in part.products]
        self.made: Any = filled(part.template, self._made)

    @property
    def hands(self) -> int:
        """How many share the blocks."""
        return len(self._arenas)

    def worlds_of(self, hand: int) -> slice:
        """Return the worlds that a hand plays."""
        first, end = self._shares[hand : hand + 2]
        return slice(first * LANES, min(end * LANES, self._worlds))

    def begun(self, told: Any, turn: int) -> Begun:
        """Return what a month of the part takes, told this: its bases, and the tables it is given."""
        return self._bases[turn], [np.ascontiguousarray(followed(told, trail)) for trail in self._part.told]

    def play(self, hand: int, begun: Begun) -> None:
        """Play a month for the worlds of a hand, whose part of what is `made` it fills."""
        tape, own = self._part.tape, self._shares[hand : hand + 2]
        self._player.play(tape.words, tape.functions, *begun, self._made, LANES, self._worlds, *own)


class Months:
    """The months of a run that are played.

    The worlds of one hand do not wait for those of another, but where people choose between a month's parts,
    and now and then for NumPy to tell what the next months bring.
    """

    def __init__(self, ctx: Context, score: Score, state: State, player: ModuleType) -> None:
        self._ctx, self._score, self._crowd = ctx, score, state.crowd
        self._first = self._tick = state.tick
        past, many = state.frontier_orders, ctx.settings.months - state.tick
        self._before = len(past)
        self._past = np.empty((self._before + many, *past.shape[1:]))
        self._past[: self._before] = past
        self._lags = np.empty((many + 1, ctx.worlds))
        self._lags[0] = lag_months(ctx, state)
        self._tables = staying(ctx, score, state)
        self._plans = Playing(score.plans, self._tables, ctx.worlds, hands.many(), player)
        self._rest = Playing(score.rest, self._tables, ctx.worlds, hands.many(), player)

    @classmethod
    def of(cls, model: Model, *, wanted: bool = False) -> "Months | None":
        """Return what plays a model's months to come, or nothing where NumPy is to compute them.

        `wanted`: also where that takes longer.
        """
        player = machine()
        score = None if player is None else score_of(model, wanted=wanted)
        if player is None or score is None:
            return None
        return cls(model.context, score, model.state, player)

    def play(self, recorder: Recorder, worst: Worst, on_month: Callable[[int], None] = ignore) -> None:
        """Advance all worlds to the horizon, record and check them.

        The first hand tells `on_month` after each month of its worlds.
        """
        while self._tick < self._ctx.settings.months:
            self._play_some(recorder, worst, on_month)

    def _play_some(self, recorder: Recorder, worst: Worst, on_month: Callable[[int], None]) -> None:
        """Advance all worlds by as many months as NumPy can tell of beforehand: one, where people choose."""
        ctx, is_told = self._ctx, isinstance(self._crowd, Cohorts)
        ticks = range(self._tick, min(self._tick + (MONTHS_AT_ONCE if is_told else 1), ctx.settings.months))
        told = [told_of(ctx, self._at(tick)) for tick in ticks]
        plans = [self._plans.begun(one, self._turn(tick)) for one, tick in zip(told, ticks, strict=True)]
        if not is_told:
            hands.share(lambda hand: self._plans.play(hand, plans[0]), self._plans.hands)
            self._crowd = self._crowd.choose(self._plans.made.setting)
            told[0].chosen = self._crowd.people()
        rest = [self._rest.begun(one, self._turn(tick)) for one, tick in zip(told, ticks, strict=True)]

        def share(hand: int) -> None:
            for tick, planned, following in zip(ticks, plans, rest, strict=True):
                if is_told:
                    self._plans.play(hand, planned)
                self._rest.play(hand, following)
                self._end(tick, self._rest.worlds_of(hand), recorder, worst)
                if hand == 0:
                    on_month(tick)

        hands.share(share, self._rest.hands)
        self._tick = ticks.stop
        for tick in ticks:
            recorder.read_off(tick, self._score.left, end_of_month(ctx, self._at(tick + 1)))

    def _end(self, tick: int, worlds: slice, recorder: Recorder, worst: Worst) -> None:
        """Note what a month of some worlds has come to."""
        made, end = self._rest.made, self._before + tick + 1 - self._first
        self._past[end - 1, :, worlds] = made.frontier_orders[:, worlds]
        after: Any = Now(tick + 1, (tick + 1) * self._ctx.dt, self._past[:end, :, worlds], self._crowd, {})
        self._lags[tick + 1 - self._first, worlds] = lag_months(self._ctx, after)
        recorder.take(tick, made.rows, worlds)
        worst.take(made.residuals, worlds)

    def _at(self, tick: int) -> Any:
        """Return what NumPy's laws ask of a month's start; hands may not have filled its tables yet."""
        since = tick - self._first
        now: Any = Now(tick, tick * self._ctx.dt, self._past[: self._before + since], self._crowd, {})
        remember(now, lag_months, self._lags[since])
        return now

    def _turn(self, tick: int) -> int:
        """Return which of both sets of tables holds the state at a month's start."""
        return (tick - self._first) % 2

    def state(self) -> State:
        """Return the state at the end of the last month."""
        now, tables = self._at(self._tick), self._tables[self._turn(self._tick)]

        def table(value: Any, way: Trail) -> Any:
            if not isinstance(value, Kept):
                return along(value, way, table)
            return value.table.seen(unblocked(tables[value.table], value.shape, self._ctx.worlds))

        state: State = table(self._score.state, ())
        state.tick, state.months = now.tick, now.months
        state.frontier_orders = now.frontier_orders.copy()
        if not isinstance(now.crowd, Cohorts):
            state.crowd = now.crowd
        state.known = {}
        return state


def staying(ctx: Context, score: Score, state: State) -> tuple[dict[Table, AnyArray], dict[Table, AnyArray]]:
    """Return the tables that stay, in months of even and of odd numbers: the state's change places."""
    tables = {kept.table: room(kept.shape, kept.kind, ctx.worlds) for kept in score.between}
    root = SimpleNamespace(ctx=ctx, state=state)
    marks: list[Kept] = []
    mapped(score.state, lambda one: marks.append(one) if isinstance(one, Kept) else None)
    for table in {*score.plans.tape.resident, *score.rest.tape.resident, *(mark.table for mark in marks)}:
        if table.asked is not None:
            tables[table] = blocked(table.laid(followed(answer(ctx, table.asked), table.trail)))
        elif table.trail[0] in ("ctx", "state"):
            tables[table] = blocked(table.laid(followed(root, table.trail)))
    other = dict(tables)
    for kept, before in score.changing:
        tables[kept.table] = other[before] = room(kept.shape, kept.kind, ctx.worlds)
        other[kept.table] = tables[before]
    return tables, other
