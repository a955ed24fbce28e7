"""What a mind sees: a View of the month's start for each kind of mind, sealed against writing.

A view shows one member of a kind or all of them who share a mind: a lab's `cash_usd` is (world,) or
(lab, world), its `price_usd` (market, world) or (market, lab, world). So the members' axis, if there is one,
stands before the world's, a rule reduces over what leads, and the same lines serve one firm and ten.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from sim.params import Params
from sim.units import Array, BoolArray, IntArray

Shown = TypeVar("Shown")


@dataclass(frozen=True)
class LabView:
    """What an AI lab knows at a month's start."""

    params: Params
    step_months: float
    parent_owned: bool | BoolArray
    own_chip_share: float | Array
    alive: Array
    cash_usd: Array
    credit_usd: Array
    """Undrawn credit."""
    offer_usd: Array
    """(world,): equity that investors or the parent would give this month."""
    revenue_usd: Array
    runway_months: Array
    cash_months: Array
    """Cash over everything paid a month."""
    committed_usd: Array
    fixed_cost_usd: Array
    power_bill_usd: Array
    """(world,): what the power of its own accelerators costs a month."""
    dearer_power_usd: Array
    """(world,): part of the bill that is due to power being dearer than at the start; below 0 if cheaper."""
    paying_revenue_usd: Array
    price_usd: Array
    quota_per_day: Array
    queries_wanted: Array
    free_users: Array
    """(market, world) monthly users of the free tier."""
    best_reply_usd: Array
    """(market, world): price that would maximise this month's margin, others given (S3.3)."""
    paid_cost_usd: Array
    """(market, world): serving cost of a paying user a month."""
    query_cost_usd: Array
    """(world,): USD a month for one query a day."""
    ad_revenue_usd: Array
    """(market, world): USD per free user-month."""
    free_boost: Array
    free_subsidy_usd: Array
    rent_usd: Array
    """(cloud, world)"""
    cloud_open: Array
    """(cloud, world): share of the cloud that licences let this lab rent."""
    cloud_free_h100e: Array
    """(cloud, world): powered capacity."""
    chip_price_ratio: Array
    """(maker, world): price of an H100e over the start's."""
    chip_power_ratio: Array
    """(maker, world): power of an H100e over the start's."""
    chip_appeal: Array
    """(maker, world): what this buyer spent on a maker before the start, times what it got of recent bids."""
    room_share: Array
    """(site, world)"""
    site_share: Array
    need_growth: Array
    group_budget_usd: Array


@dataclass(frozen=True)
class CloudView:
    """What a compute provider knows at a month's start."""

    params: Params
    step_months: float
    cash_usd: Array
    group_budget_usd: Array
    rent_net_usd: Array
    """(world,): rent of a month less the power bill."""
    rent_usd: Array
    user_cost_usd: Array
    """(world,): what one more H100e would cost a month at today's chip price."""
    occupancy: Array
    committed_usd: Array
    chip_price_ratio: Array
    chip_power_ratio: Array
    chip_appeal: Array
    lender_usd: Array
    """USD a month that lenders and funds add."""
    room_share: Array
    site_share: Array
    need_growth: Array


@dataclass(frozen=True)
class ChipMakerView:
    """What a chip maker knows. Shapes: (world,)."""

    params: Params
    step_months: float
    backlog_months: Array
    price_usd: Array
    unit_cost_usd: Array
    transfer_price_usd: Array
    """Unit cost with the markup of the start."""
    in_house: BoolArray
    """Whether it makes for those who own it."""
    inventory_months: Array
    """Unsold chips in months of what the maker could make."""


@dataclass(frozen=True)
class RobotMakerView:
    """What a maker of humanoids knows. Shapes: (world,)."""

    params: Params
    step_months: float
    unit_cost_usd: Array
    backlog_units: Array
    inventory_units: Array
    line_per_month: Array
    shipped_units: Array
    home_units: Array
    cash_usd: Array


@dataclass(frozen=True)
class FactoryView:
    """What the factories of a place know. Shapes: (maker, sector, world) unless said."""

    params: Params
    step_months: float
    task_cost_usd: Array
    """(maker, 1, world): yearly cost of one worker's tasks done by each humanoid, alike in all sectors."""
    person_cost_usd: Array
    """(world,): yearly wage cost."""
    machine_cost_usd: Array
    """(world,): yearly cost of one worker's tasks done by conventional automation."""
    home: Array
    """(maker, world): 1 where the maker is of the factories' own bloc."""
    reach: Array
    """(maker, world): share of suitable positions a robot can take."""
    on_sale: Array
    """(maker, world): 0 or 1."""
    positions: Array
    """(sector, world): suitable positions."""
    productivity: Array
    """(maker, world)"""
    units_held: Array
    """(maker, sector, world) waiting and working."""
    industrial_units: Array
    """(world,)"""
    workers: Array
    """(world,): whose work machines can be fitted to, by the start's installations and growth since."""


@dataclass(frozen=True)
class ConsumerView:
    """What the consumers of all markets see: one frozen setting of a month's choices."""

    setting: Any
    crowd: Any


@dataclass(frozen=True)
class EnterpriseView:
    """What the enterprises of a place know. Shapes: (lab, world) or (world,)."""

    params: Params
    step_months: float
    quality_orders: Array
    """Deployable capability of each lab on offer here."""
    ln_price: Array
    trust: Array
    residual: Array
    available: Array
    shares: Array
    market_share: Array
    start_usd_per_year: Array
    """(world,): what the world would have spent at the start had all places spent like this one."""
    capability_gain_orders: Array
    hosted_share: Array
    """Share of AI value that firms can run on open weights as well as buy."""


@dataclass(frozen=True)
class InvestorView:
    """What a bloc's capital knows about its labs. Shapes: (lab, world)."""

    params: Params
    step_months: float
    bloc: int
    months_since_start: float
    revenue_usd: Array
    revenue_year_ago_usd: Array
    cash_usd: Array
    spending_usd: Array
    sentiment: Array


@dataclass(frozen=True)
class GovernmentView:
    """What a government knows. Shapes: (world,)."""

    params: Params
    step_months: float
    bloc: int
    months_since_start: float
    composite_share: Array
    """Own mean share over D1-D5 this month."""
    rival_leads: Array
    below_months: Array
    reaction_month: Array
    resists: Array
    gdp_usd_per_year: Array
    rival_rise: Array
    stringency: Array
    rise: Array
    start_stringency: Array
    dated_stringency: Array
    """What history gives for this month; NaN where the schedule decides."""


@dataclass(frozen=True)
class GridView:
    """What a place's grid operator knows. Shapes: (world,)."""

    params: Params
    step_months: float
    months_since_start: float
    firm_additions_gw_per_year: Array
    retirements_gw_per_year: Array
    spare_gw: Array
    permitting_speed: Array
    feedback: Array
    subsidised_gw_per_year: Array


@dataclass(frozen=True)
class OrbitView:
    """What an orbital operator knows. Shapes: (world,)."""

    params: Params
    step_months: float
    orbit_usd_per_kw_year: Array
    ground_usd_per_kw_year: Array
    launch_limit_gw: Array


def sealed(view: Shown) -> Shown:
    """Return the view with every array of its own made unwritable."""
    shown = vars(view)
    for name, value in shown.items():
        if isinstance(value, np.ndarray) and value.flags.writeable:
            # A view of it: the table itself stays the state's.
            shown[name] = window = value.view()
            window.setflags(write=False)
    return view


def rows_of(view: Shown, members: IntArray, count: int) -> Shown:
    """Return what a view of `count` members shows to some of them.

    Shapes: (..., member, world) -> the same with fewer members; what all share has one row, or none.
    """
    given: Any = view
    own = {
        field.name: value[..., members, :]
        for field in fields(given)
        if isinstance(value := getattr(given, field.name), np.ndarray)
        and value.ndim > 1
        and value.shape[-2] == count
    }
    shown: Shown = replace(given, **own)
    return shown
