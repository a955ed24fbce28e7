"""Who plays, and how everybody is asked for a plan: all from the same state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim import observe, observe_robots
from sim.actors import Actor
from sim.context import Context
from sim.plans import Plans, table_of
from sim.state import State
from sim.views import rows_of


@dataclass(frozen=True)
class Cast:
    """The actors of each kind, in the order of their tables."""

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
