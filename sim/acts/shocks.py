"""Act 1: this month's luck, drawn by address before anybody acts."""

from dataclasses import dataclass

import numpy as np

from sim.axes import BLOCS
from sim.context import Context
from sim.memory import once_a_month
from sim.physics.power import outage_probability
from sim.state import State
from sim.streams import as_normal, uniforms
from sim.units import Array


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
    markets, labs = ctx.axes.markets.names, ctx.axes.labs.names
    seed, ids, tick = ctx.settings.seed, ctx.settings.world_ids, state.tick
    drawn = uniforms(
        seed,
        ids,
        {
            "breakthrough": BLOCS,
            "blockade": ("world",),
            "outage": markets,
            "power_price": markets,
            "research": labs,
            "sentiment": BLOCS,
        },
        tick,
    )
    if not ctx.settings.noise:
        return Shocks(
            outage=ctx.full(len(markets)),
            power_price=ctx.full(len(markets)),
            research=ctx.full(len(labs)),
            sentiment=ctx.full(len(BLOCS)),
            breakthrough=drawn["breakthrough"],
            blockade=drawn["blockade"][0],
        )
    hazard = outage_probability(ctx.params.power.outage_hazard, ctx.dt)
    return Shocks(
        outage=(drawn["outage"] < hazard).astype(np.float64),
        power_price=as_normal(drawn["power_price"]),
        research=as_normal(drawn["research"]),
        sentiment=as_normal(drawn["sentiment"]),
        breakthrough=drawn["breakthrough"],
        blockade=drawn["blockade"][0],
    )
