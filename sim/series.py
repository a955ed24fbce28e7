"""What a recorded series is, and the step it is read off; `series_ai` and `series_world` declare them.

Names are `<quantity>_<unit>[.<entity>[.<region>]]`. After a quantity of firms (users, accelerators, compute,
revenue) `us` and `cn` mean the bloc; after a quantity of places (power, factories, people) they mean the
place. Where one quantity has both, the places' version has a name of its own, `..._at_site_...`.
A lab has no price and no quota where it does not offer, and no runway once it has left the market: NaN.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np

from sim.acts.adoption import offers_open
from sim.acts.compute import query_compute_h100e
from sim.acts.fleet import held_h100e
from sim.axes import sum_by_bloc
from sim.context import Context
from sim.dimensions import lag_months
from sim.month import Month
from sim.plans import Plans
from sim.state import State
from sim.units import MILLION, Array, BoolArray, ratio

KINDS: Final = ("stock", "flow", "price", "share", "code")
WHENS: Final = ("month-end", "mean", "sum")
DIMENSIONS: Final = ("d1", "d2", "d3", "d4", "d5", "d6", "d7")
"""Dimensions of leading (section 6)."""


class Bound(Protocol):
    """What binds each bloc, as `sim.constraint.Constraint`.

    Shapes: (bloc, world), (constraint, bloc, world).
    """

    @property
    def code(self) -> Array:
        """Index into `sim.axes.CONSTRAINTS`."""
        ...

    @property
    def shadow_usd(self) -> Array:
        """Gain from one more unit."""
        ...


@dataclass(frozen=True)
class Series:
    """One column of a run, as the code book lists it."""

    name: str
    unit: str
    kind: str
    """One of `KINDS`."""
    when: str
    """How the steps of a month make its value: one of `WHENS`."""
    definition: str
    equation: str


@dataclass(frozen=True)
class Step:
    """What a series is read off: one step, before, in and after it."""

    ctx: Context
    before: State
    plans: Plans
    month: Month
    bound: Bound
    after: State

    @cached_property
    def monthly_users(self) -> Array:
        """Monthly users in millions. Shapes: (lab, tier, market, world)."""
        users: Array = self.after.users * (self.ctx.params.consumers.overlap_factor / MILLION)
        return users

    @cached_property
    def lab_users(self) -> Array:
        """Monthly users in millions, both tiers. Shapes: (lab, market, world)."""
        users: Array = self.monthly_users.sum(1)
        return users

    @cached_property
    def fleet_by_owner(self) -> Array:
        """Accelerators held. Shapes: (owner, site, world)."""
        return held_h100e(self.ctx, self.after)

    @cached_property
    def fleet_by_origin(self) -> Array:
        """Accelerators held. Shapes: (owner, origin, world)."""
        held: Array = self.after.fleet.h100e.sum(2)
        return held

    @cached_property
    def labs_present(self) -> Array:
        """1 for labs in the market at the month's start. Shapes: (lab, world)."""
        present: Array = (self.before.labs.alive > 0.0).astype(np.float64)
        return present

    @cached_property
    def count_present(self) -> Array:
        """Labs in the market at the month's start. Shapes: (bloc, world)."""
        return self.by_lab_bloc(self.labs_present)

    @cached_property
    def query_cost_usd(self) -> Array:
        """Cost of one query a day over a month on today's models (S3.1). Shapes: (lab, world)."""
        cost: Array = query_compute_h100e(self.ctx, self.before) * self.month.compute.serving_cost_usd
        return cost

    @cached_property
    def bloc_users(self) -> Array:
        """Monthly users of each bloc's assistants in millions. Shapes: (bloc, market, world)."""
        return self.by_lab_bloc(self.lab_users)

    @cached_property
    def revenue_usd(self) -> Array:
        """Revenue of the step. Shapes: (lab, world)."""
        return self.month.books.revenue_usd * self.ctx.dt

    @cached_property
    def lag(self) -> Array:
        """Months by which China is behind. Shapes: (world,)."""
        return lag_months(self.ctx, self.after)

    @cached_property
    def offered(self) -> BoolArray:
        """Where each lab offers its assistant. Shapes: (lab, market, world)."""
        opened: BoolArray = offers_open(self.ctx, self.after)
        return opened

    def where_offered(self, values: Array) -> Array:
        """Return NaN where a lab does not offer. Shapes: (lab, market, world), kept."""
        return np.where(self.offered, values, np.nan)

    def mean_offer(self, values: Array) -> Array:
        """Return the mean over the markets where a lab offers, by users, NaN where it offers in none.

        Shapes: (lab, market, world) -> (lab, world). Without users, every such market counts alike.
        """
        held = self.lab_users * self.offered
        weight = np.where(held.sum(1)[:, None] > 0.0, held, self.offered * 1.0)
        mean = ratio((values * weight).sum(1), weight.sum(1))
        return np.where(self.offered.any(1), mean, np.nan)

    def by_lab_bloc(self, values: Array) -> Array:
        """Sum over the labs of each bloc. Shapes: (lab, ..., world) -> (bloc, ..., world)."""
        return sum_by_bloc(values, self.ctx.axes.labs.bloc)

    def by_owner_bloc(self, values: Array) -> Array:
        """Sum over the owners of each bloc. Shapes: (owner, ..., world) -> (bloc, ..., world)."""
        return sum_by_bloc(values, self.ctx.axes.owner_bloc)


@dataclass(frozen=True)
class Block:
    """Series of one quantity that are read off a step together, one row an entry of `entities`."""

    quantity: str
    unit: str
    kind: str
    when: str
    definition: str
    equation: str
    entities: tuple[str, ...]
    """What follows the quantity's name, joined by a dot; an empty text for nothing."""
    values: Callable[[Step], Array]
    """Shapes: -> (entity, world)."""

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """Return the block's series, in the order of its rows."""
        names = (f"{self.quantity}.{entity}" if entity else self.quantity for entity in self.entities)
        shared = (self.unit, self.kind, self.when, self.definition, self.equation)
        return tuple(Series(name, *shared) for name in names)


def crossed(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Return every pair of two axes as `first.second`, the second running faster."""
    return tuple(f"{one}.{other}" for one in first for other in second)


def flat(values: Array) -> Array:
    """Return a table of two axes as rows. Shapes: (first, second, world) -> (first * second, world)."""
    return values.reshape(-1, values.shape[-1])
