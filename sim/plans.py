"""What a mind answers: a Plan for each kind of mind, in the shapes of its view (sim.views).

Views and plans are the only words between agents and the world. A plan is a wish; physics and markets decide
what becomes of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from sim.units import Array, IntArray

Answered = TypeVar("Answered")


@dataclass(frozen=True)
class LabPlan:
    """What an AI lab wants this month."""

    price_usd: Array
    quota_per_day: Array
    equity_usd: Array
    """Equity taken from investors or the parent: at most the offer."""
    lease_bid_usd: Array
    """(cloud, world): USD a month."""
    chip_bid_usd: Array
    """(maker, world): USD this month."""
    site_share: Array
    """(site, world): where new accelerators go."""
    power_growth: Array
    """(world,): ln growth a month that the lab orders power for."""
    spending_usd: Array
    """(world,): compute spending a month that contracts now bind it to."""


@dataclass(frozen=True)
class CloudPlan:
    """What a compute provider wants this month. Shapes as in LabPlan."""

    chip_bid_usd: Array
    site_share: Array
    power_growth: Array
    rent_usd: Array
    spending_usd: Array


@dataclass(frozen=True)
class ChipMakerPlan:
    """Price, wafers to start now and the growth of wafer starts that the maker wants. Shapes: (world,)."""

    price_usd: Array
    wafer_use_share: Array
    """0 to 1 of the wafers it could start."""
    wafer_growth_share: Array
    """0 to 1 of the largest growth that equipment makers allow."""


@dataclass(frozen=True)
class RobotMakerPlan:
    """Price, wanted output and units for the own factory. Shapes: (world,)."""

    price_usd: Array
    desired_units: Array
    line_target_per_month: Array
    keep_share: Array


@dataclass(frozen=True)
class FactoryPlan:
    """Orders of a place's factories this month."""

    humanoid_orders: Array
    """(maker, sector, world)"""
    industrial_orders: Array
    """(world,)"""


@dataclass(frozen=True)
class ConsumerPlan:
    """The crowd after everybody has chosen."""

    crowd: Any


@dataclass(frozen=True)
class EnterprisePlan:
    """Token budget and suppliers of a place's enterprises."""

    budget_usd_per_year: Array
    """(world,): for tokens and self-hosting together."""
    shares: Array
    """(lab, world) of the token budget."""
    self_hosting_share: Array
    """(world,) of the value that runs on open weights at the firms' own cost."""


@dataclass(frozen=True)
class InvestorPlan:
    """Equity on offer this month and credit lines. Shapes: (lab, world)."""

    offer_usd: Array
    credit_limit_usd: Array


@dataclass(frozen=True)
class GovernmentPlan:
    """What a government does this month. Shapes: (world,) or (lever, world)."""

    below_months: Array
    reaction_month: Array
    stringency: Array
    tariff: Array
    rise: Array
    subsidy_usd: Array
    """(lever, world)"""
    scheduled: Array
    """Stringency that the announced schedule alone would give."""


@dataclass(frozen=True)
class GridPlan:
    """Largest connection of AI sites this month, and how much of it is a draw on spare. Shapes: (world,)."""

    cap_gw: Array
    firm_gw: Array
    spare_limit_gw: Array


@dataclass(frozen=True)
class OrbitPlan:
    """Power to launch this month. Shapes: (world,)."""

    launch_gw: Array


@dataclass(frozen=True)
class Plans:
    """All plans of a month, in roster order: a table a kind, its members' axis first.

    Investors and governments, one a bloc, answer singly.
    """

    labs: LabPlan
    clouds: CloudPlan
    chip_makers: ChipMakerPlan
    robot_makers: RobotMakerPlan
    factories: FactoryPlan
    consumers: ConsumerPlan
    enterprises: EnterprisePlan
    investors: tuple[InvestorPlan, ...]
    governments: tuple[GovernmentPlan, ...]
    grids: GridPlan
    orbital_operators: OrbitPlan

    @cached_property
    def chip_bid_usd(self) -> Array:
        """What each owner of accelerators, labs before clouds, bids. Shapes: -> (owner, maker, world)."""
        return np.concatenate([self.labs.chip_bid_usd, self.clouds.chip_bid_usd])

    @cached_property
    def site_share(self) -> Array:
        """Where each owner's new accelerators go. Shapes: -> (owner, site, world)."""
        return np.concatenate([self.labs.site_share, self.clouds.site_share])

    @cached_property
    def power_growth(self) -> Array:
        """The ln growth a month that each owner orders power for. Shapes: -> (owner, world)."""
        return np.concatenate([self.labs.power_growth, self.clouds.power_growth])


def table_of(plans: Sequence[Answered], members: Sequence[IntArray]) -> Answered:
    """Return the plans of groups of members as one plan of all, the members' axis first.

    Shapes: (..., member, world) each -> (member, ..., world).
    """
    whole: dict[str, Array] = {}
    order = np.argsort(np.concatenate(members)) if len(plans) > 1 else None
    for name in vars(plans[0]):
        led = [led_by_member(np.asarray(vars(plan)[name])) for plan in plans]
        # In one order in memory whoever was asked: a sum over two axes follows it.
        whole[name] = np.ascontiguousarray(led[0] if order is None else np.concatenate(led)[order])
    return type(plans[0])(**whole)


def led_by_member(part: Array) -> Array:
    """Put the members' axis first. Shapes: (..., member, world) -> (member, ..., world)."""
    last = part.ndim - 1
    return part if last == 1 else part.transpose(last - 1, *range(last - 1), last)
