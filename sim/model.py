"""The Mesa model: observe, plan, advance, record, for a batch of worlds at once."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np

from sim import observe, observe_robots
from sim.actors import Actor
from sim.constraint import binding
from sim.context import Context
from sim.initial import start_state
from sim.invariants import Worst
from sim.month import Month, advance
from sim.plans import Plans, rows_of, table_of
from sim.recorder import Recorder
from sim.state import State


@dataclass(frozen=True)
class Cast:
    """Who plays: the actors of each kind, in the order of their tables."""

    labs: Sequence[Actor]
    clouds: Sequence[Actor]
    chip_makers: Sequence[Actor]
    robot_makers: Sequence[Actor]
    factories: Sequence[Actor]
    consumers: Actor
    enterprises: Sequence[Actor]
    investors: Sequence[Actor]
    governments: Sequence[Actor]
    grids: Sequence[Actor]
    orbital_operators: Sequence[Actor]


class RaceModel(mesa.Model):  # type: ignore[misc]  # mesa ships no types
    """A batch of worlds of the race in AI and robots.

    Every column of every table is one world under one response; a column's result does not depend on the
    others. `cast` is set by the roster before the first month.
    """

    cast: Cast

    def __init__(self, context: Context) -> None:
        # Mesa's own generators stay unused: every draw has an address (sim.streams).
        super().__init__(rng=0)
        self.context = context
        self.state, self.report = start_state(context)
        self.recorder = Recorder(context)
        self.worst = Worst(context)
        self.last_month: Month | None = None

    def show_only(self, names: Collection[str]) -> None:
        """Record some series and check no law of conservation; what happens in a world stays the same.

        For who wants some numbers fast of what is checked elsewhere.

        Raises: KeyError naming a series that is not declared.
        """
        self.recorder = Recorder(self.context, names)
        self.worst = Worst(self.context, checks=False)

    def plans(self) -> Plans:
        """Ask everybody for a plan, all from the same state."""
        return plans_of(self.cast, self.context, self.state)

    def step(self) -> None:
        """Advance all worlds by one step and record it."""
        before, plans = self.state, self.plans()
        after, month = advance(self.context, before, plans)
        bound = binding(self.context, before, plans, month)
        self.recorder.record(before, plans, month, bound, after)
        self.worst.check(before, month, after)
        self.state, self.last_month = after, month

    def run(self, on_month: Callable[[int], None] | None = None) -> None:
        """Run to the horizon, telling `on_month` after each month."""
        from sim.tape import months as tape

        settings = self.context.settings
        player = tape.machine() if settings.steps_per_month == 1 else None
        played = None
        for month in range(settings.months):
            if played is not None:
                played.step()
            else:
                for _ in range(settings.steps_per_month):
                    self.step()
                if player is not None:
                    played = tape.Months(self, player)
            if on_month is not None:
                on_month(month)


def plans_of(cast: Cast, ctx: Context, state: State) -> Plans:
    """Ask everybody for a plan, all from the same state."""
    money = tuple(a.plan(v) for a, v in zip(cast.investors, observe.investor_views(ctx, state), strict=True))
    offers = ctx.full(len(ctx.axes.labs.names))
    for bloc, plan in enumerate(money):
        offers[ctx.axes.labs.bloc == bloc] = plan.offer_usd
    return Plans(
        labs=ask(cast.labs, observe.lab_view(ctx, state, offers)),
        clouds=ask(cast.clouds, observe.cloud_view(ctx, state)),
        chip_makers=ask(cast.chip_makers, observe.chip_maker_view(ctx, state)),
        robot_makers=ask(cast.robot_makers, observe_robots.robot_maker_view(ctx, state)),
        factories=ask(cast.factories, observe_robots.factory_view(ctx, state)),
        consumers=cast.consumers.plan(observe.consumer_view(ctx, state)),
        enterprises=ask(cast.enterprises, observe.enterprise_view(ctx, state)),
        investors=money,
        governments=tuple(
            a.plan(v) for a, v in zip(cast.governments, observe.government_views(ctx, state), strict=True)
        ),
        grids=ask(cast.grids, observe.grid_view(ctx, state)),
        orbital_operators=ask(cast.orbital_operators, observe_robots.orbit_view(ctx, state)),
    )


def ask(actors: Sequence[Actor], view: Any) -> Any:
    """Return the plans of all actors of a kind as one table, the actors' axis first.

    Those who share a mind are asked together, since a rule that holds for one row holds for a table.
    """
    by_mind: dict[type[Actor], list[int]] = {}
    for place, actor in enumerate(actors):
        by_mind.setdefault(type(actor), []).append(place)
    members = [np.array(places) for places in by_mind.values()]
    views = [view] if len(members) == 1 else [rows_of(view, some, len(actors)) for some in members]
    plans = [actors[some[0]].plan(shown) for some, shown in zip(members, views, strict=True)]
    return table_of(plans, members)


def forget(model: RaceModel) -> None:
    """Drop a finished model from Mesa's registry, which would keep it alive."""
    ids = getattr(mesa.Agent, "_ids", None)
    if ids is not None:
        ids.pop(model, None)
