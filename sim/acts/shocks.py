"""Act 1: this month's luck, drawn by address before anybody acts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.axes import BLOCS
from sim.context import Context
from sim.elementary import normal_quantile
from sim.memory import once_a_month, once_a_run
from sim.physics.power import outage_probability
from sim.state import State
from sim.streams import uniforms
from sim.units import Array

TICKS_AT_ONCE: Final = 12
"""Steps whose luck is drawn at once; a draw depends on its address alone, so that this changes none."""


@dataclass(frozen=True)
class Shocks:
    """One month's draws. Normals are standard; 0 and never where noise is switched off."""

    outage: Array
    """(market, world): 1 in a month with an outage."""
    power_price: Array
    """(market, world) normals."""
    research: Array
    """(lab, world) normals."""
    sentiment: Array
    """(bloc, world) normals."""
    breakthrough: Array
    """(bloc, world) uniforms."""
    blockade: Array
    """(world,) uniforms."""


@once_a_month
def act(ctx: Context, state: State) -> Shocks:
    """Draw the month's shocks (S4, S6, S8, S12). Scenario hazards keep their draws without noise."""
    step = state.tick % TICKS_AT_ONCE
    drawn = drawn_from(ctx, state.tick - step)
    return Shocks(**{name: table[step] for name, table in vars(drawn).items()})


@once_a_run
def drawn_from(ctx: Context, first: int) -> Shocks:
    """Draw the shocks of some steps at once, which takes a third of the time. Shapes: (step, ...)."""
    markets, labs = ctx.axes.markets.names, ctx.axes.labs.names
    drawn = uniforms(
        ctx.settings.seed,
        ctx.settings.world_ids,
        {
            "breakthrough": BLOCS,
            "blockade": ("world",),
            "outage": markets,
            "power_price": markets,
            "research": labs,
            "sentiment": BLOCS,
        },
        range(first, first + TICKS_AT_ONCE),
    )
    if not ctx.settings.noise:
        return Shocks(
            outage=np.zeros_like(drawn["outage"]),
            power_price=np.zeros_like(drawn["power_price"]),
            research=np.zeros_like(drawn["research"]),
            sentiment=np.zeros_like(drawn["sentiment"]),
            breakthrough=drawn["breakthrough"],
            blockade=drawn["blockade"][:, 0],
        )
    hazard = outage_probability(ctx.params.power.outage_hazard, ctx.dt)
    return Shocks(
        outage=(drawn["outage"] < hazard).astype(np.float64),
        power_price=normal_quantile(drawn["power_price"]),
        research=normal_quantile(drawn["research"]),
        sentiment=normal_quantile(drawn["sentiment"]),
        breakthrough=drawn["breakthrough"],
        blockade=drawn["blockade"][:, 0],
    )
