"""Accelerators and their power by owner and site, all origins together: what most acts ask for (S5)."""

from sim.context import Context
from sim.memory import once_a_month
from sim.state import State
from sim.units import Array


@once_a_month
def held_h100e(ctx: Context, state: State) -> Array:
    """Return the accelerators that owners hold at the month's start. Shapes: -> (owner, site, world)."""
    held: Array = state.fleet.h100e.sum(1)
    return held


@once_a_month
def held_gw(ctx: Context, state: State) -> Array:
    """Return the power of the accelerators held at the month's start. Shapes: -> (owner, site, world)."""
    held: Array = state.fleet.it_gw.sum(1)
    return held


@once_a_month
def powered_h100e(ctx: Context, state: State) -> Array:
    """Return the accelerators that had power at the month's start, all sites. Shapes: -> (owner, world)."""
    powered: Array = (held_h100e(ctx, state) * state.fleet.powered_share).sum(1)
    return powered


@once_a_month
def all_owners_h100e(ctx: Context, state: State) -> Array:
    """Return the accelerators of all owners at the month's start. Shapes: -> (origin, site, world)."""
    total: Array = state.fleet.h100e.sum(0)
    return total


@once_a_month
def all_owners_gw(ctx: Context, state: State) -> Array:
    """Return the power of all owners' accelerators at the month's start. Shapes: -> (origin, site, world)."""
    total: Array = state.fleet.it_gw.sum(0)
    return total
