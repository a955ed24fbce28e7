"""Months played from a tape, with the bits that NumPy gives (decision 50).

The blocks of worlds are shared out among threads. Where nothing is compiled or no month is written down
(sim.tape.score), NumPy computes every month.
"""

import os
from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from sim import hands
from sim.context import Context
from sim.invariants import Worst
from sim.population import Cohorts
from sim.recorder import Recorder
from sim.state import State
from sim.tape.instructions import AnyArray
from sim.tape.records import filled, mapped
from sim.tape.score import Model, Now, Part, Score, end_of_month, now_of, score_of, told_of
from sim.tape.tables import LANES, addresses, blocked, blocks, in_lines, room, unblocked
from sim.tape.writer import Kept, Table, Trail, along, answer, followed


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


class Playing:
    """A part that is played for the worlds of a run, whose blocks are shared out among as many hands.

    `tables` stay, in two sets that take turns.
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

    @property
    def hands(self) -> int:
        """How many share the blocks."""
        return len(self._arenas)

    def begun(self, told: Any, turn: int) -> tuple[Callable[[int], None], list[AnyArray]]:
        """Return what plays the share of a hand when the part is told this, and the tables it hands out."""
        part, tape = self._part, self._part.tape
        given = [np.ascontiguousarray(followed(told, trail)) for trail in part.told]
        made = [np.empty((*one.shape, self._worlds), one.kind) for one in part.products]
        tables = (self._bases[turn], given, made)

        def share(hand: int) -> None:
            own = self._shares[hand : hand + 2]
            self._player.play(tape.words, tape.functions, *tables, LANES, self._worlds, *own)

        return share, made

    def handed_out(self, made: list[AnyArray]) -> Any:
        """Return what the part hands out, with its tables."""
        return filled(self._part.template, made)


def play_on(parts: Sequence[Playing], told: Any, turn: int) -> list[Any]:
    """Play parts that follow one another at once; return what each hands out when it is told this."""
    begun = [part.begun(told, turn) for part in parts]

    def share(hand: int) -> None:
        for play, _ in begun:
            play(hand)

    hands.share(share, parts[0].hands)
    return [part.handed_out(made) for part, (_, made) in zip(parts, begun, strict=True)]


class Months:
    """The months of a run that are played."""

    def __init__(self, ctx: Context, score: Score, state: State, player: ModuleType) -> None:
        self._ctx, self._score, self._turn = ctx, score, 0
        self._now = now_of(state)
        past = state.frontier_orders
        self._past = np.empty((len(past) + ctx.settings.months - state.tick, *past.shape[1:]))
        self._past[: len(past)] = past
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

    def play(self, recorder: Recorder, worst: Worst) -> None:
        """Advance all worlds by a month, record it and check it."""
        ctx, now = self._ctx, self._now
        told = told_of(ctx, now)
        crowd = now.crowd
        if isinstance(crowd, Cohorts):
            _, found = play_on((self._plans, self._rest), told, self._turn)
        else:
            (planned,) = play_on((self._plans,), told, self._turn)
            crowd = crowd.choose(planned.setting)
            told.chosen = crowd.people()
            (found,) = play_on((self._rest,), told, self._turn)
        months = len(now.frontier_orders)
        self._past[months] = found.frontier_orders
        after = Now(now.tick + 1, (now.tick + 1) * ctx.dt, self._past[: months + 1], crowd, {})
        recorder.take(now.tick, found.rows, self._score.left, end_of_month(ctx, after))
        worst.take(found.residuals)
        self._now, self._turn = after, 1 - self._turn

    def state(self) -> State:
        """Return the state at the end of the last month."""
        now, tables = self._now, self._tables[self._turn]

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
    for kept in score.changing:
        before = Table(("state", *kept.table.trail[1:]), None, kept.table.order)
        tables[kept.table] = other[before] = room(kept.shape, kept.kind, ctx.worlds)
        other[kept.table] = tables[before]
    return tables, other
