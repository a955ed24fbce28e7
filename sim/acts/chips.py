"""Act 4: chips are made, rationed by money bid, exported as licences allow, smuggled, and installed (S7)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.acts.chip_terms import (
    growth_caps,
    performance,
    performance_gain,
    power_per_h100e_kw,
    start_wafers,
    unit_costs_usd,
    yields,
)
from sim.acts.policy import PolicyOutcome
from sim.axes import CN, US
from sim.context import Context
from sim.elementary import log, power
from sim.markets.rationing import ration_with_caps, wanted_chips
from sim.memory import once_a_run
from sim.physics.chips import (
    ChipOutput,
    advance_performance,
    effective_ceiling,
    hbm_step,
    legal_export_limit,
    output_h100e,
    smuggling_limit,
    survivors,
    wafer_growth_step,
)
from sim.plans import Plans
from sim.state import ChipTable, State
from sim.units import KILOWATTS_PER_GIGAWATT, Array, BoolArray, IntArray, ratio

ALL_GROWTH = 1e3
"""Wafers wanted when a maker wants all the growth that equipment allows, as a multiple of what it has."""


@dataclass(frozen=True)
class ChipOutcome:
    """Chips of the month. Shapes: (owner, maker, world) unless said."""

    sold_h100e: Array
    """Domestic and licensed sales."""
    smuggled_h100e: Array
    paid_usd: Array
    """What owners paid for accelerators, premia included."""
    premium_usd: Array
    """(owner, world): what of it went to intermediaries rather than to the maker."""
    maker_revenue_usd: Array
    """(maker, world), from the makers' own books."""
    made_h100e: Array
    """(maker, world)"""
    legal_limit_h100e: Array
    """(maker, world): what licences allow to the rival bloc."""
    wanted_h100e: Array
    """(maker, world)"""
    new_fleet_h100e: Array
    """(owner, origin, site, world) added this month."""
    new_fleet_gw: Array
    """(owner, origin, site, world)"""
    fleet_h100e: Array
    fleet_gw: Array
    room_share: Array
    """(market, world): share of the chips wanted that can expect power."""
    wanted_gw: Array
    """(market, world): power at the meter of the chips that owners would place, had power been there."""
    held_back_h100e: Array
    """(owner, world): accelerators not bought this month for want of power."""
    table: ChipTable

    @cached_property
    def held_h100e(self) -> Array:
        """Accelerators after installation. Shapes: (owner, site, world)."""
        held: Array = self.fleet_h100e.sum(1)
        return held

    @cached_property
    def held_gw(self) -> Array:
        """Power of all accelerators after installation. Shapes: (owner, site, world)."""
        held: Array = self.fleet_gw.sum(1)
        return held

    @cached_property
    def new_gw(self) -> Array:
        """Power of the accelerators added this month. Shapes: (owner, site, world)."""
        added: Array = self.new_fleet_gw.sum(1)
        return added


def act(
    ctx: Context,
    state: State,
    plans: Plans,
    policy: PolicyOutcome,
    power_room_gw: Array,
    orbit_room_gw: Array,
) -> ChipOutcome:
    """Make, sell and install this month's accelerators (S7).

    Shapes: power_room_gw (market, world) is power that new accelerators can expect, orbit_room_gw
    (bloc, world) what satellites of a bloc have free.
    """
    made, production = produce(ctx, state, plans, policy)
    prices = plans.chip_makers.price_usd
    bids = plans.chip_bid_usd
    trade = sell(ctx, state, policy, bids, prices, made.h100e)
    sold, smuggled = trade.sold_h100e, trade.smuggled_h100e
    delivered = sold.sum(0) + smuggled.sum(0)
    premium = smuggled * prices * ctx.params.chips.smuggling_premium
    old = state.chips
    output_rate = np.maximum(made.h100e, 1.0)
    # The stock is all on offer in every step: over a month it serves the backlog once.
    excess = (trade.wanted_h100e - made.h100e - old.inventory_h100e * ctx.dt) / output_rate
    unsold = made.h100e + old.inventory_h100e - delivered
    backlog = (old.backlog_months + excess * ctx.dt).clip(0.0, ctx.params.chips.longest_backlog)
    fill = fill_shares(ctx, state, trade, bids, prices)
    placed = install(ctx, state, plans, sold, smuggled, power_room_gw, orbit_room_gw)
    life = ctx.params.chips.fleet_life
    # In place: a fleet is the largest table of all.
    fleet_h100e = survivors(state.fleet.h100e, life, ctx.dt)
    fleet_h100e += placed.h100e
    fleet_gw = survivors(state.fleet.it_gw, life, ctx.dt)
    fleet_gw += placed.it_gw
    table = ChipTable(
        wafers_per_month=production.wafers_per_month,
        ln_x=production.ln_x,
        output_h100e=made.h100e,
        cumulative_h100e=old.cumulative_h100e + made.h100e,
        experience_start_h100e=old.experience_start_h100e,
        inventory_h100e=np.maximum(unsold, 0.0),
        backlog_months=backlog,
        price_usd=prices,
        price_start_usd=old.price_start_usd,
        unit_cost_usd=production.unit_cost_usd,
        hbm_stock=production.hbm_stock - made.hbm_used,
        hbm_per_month=production.hbm_per_month,
        cash_usd=old.cash_usd,
        fill_share=fill,
    )
    return ChipOutcome(
        sold_h100e=sold,
        smuggled_h100e=smuggled,
        paid_usd=sold * prices + smuggled * prices * (1.0 + ctx.params.chips.smuggling_premium),
        premium_usd=premium.sum(1),
        maker_revenue_usd=delivered * prices,
        made_h100e=made.h100e,
        legal_limit_h100e=trade.legal_limit_h100e,
        wanted_h100e=trade.wanted_h100e,
        new_fleet_h100e=placed.h100e,
        new_fleet_gw=placed.it_gw,
        fleet_h100e=fleet_h100e,
        fleet_gw=fleet_gw,
        room_share=placed.room_share,
        wanted_gw=placed.wanted_gw,
        held_back_h100e=placed.held_back_h100e,
        table=table,
    )


@dataclass(frozen=True)
class Production:
    """Capacity, design, memory and cost after this month. Shapes: (maker, world)."""

    wafers_per_month: Array
    ln_x: Array
    hbm_stock: Array
    hbm_per_month: Array
    unit_cost_usd: Array


def produce(ctx: Context, state: State, plans: Plans, policy: PolicyOutcome) -> tuple[ChipOutput, Production]:
    """Run the fabs for a month and grow wafers, memory and designs (S7.1, S7.2)."""
    chips, makers, old = ctx.params.chips, ctx.axes.chip_makers, state.chips
    bloc = makers.bloc
    good = yields(ctx, state)
    wafer_cap, hbm_cap = growth_caps(ctx)
    lead = 1.0 / policy.equipment_factor[bloc]
    factor = policy.chip_output_factor[bloc]
    wish = plans.chip_makers.wafer_growth_share
    share_of_bloc, in_bloc = start_wafers(ctx)
    fabs = policy.fab_share_per_month[bloc]
    gift = fabs * share_of_bloc * in_bloc
    wafers = wafer_growth_step(
        old.wafers_per_month,
        wafer_cap * wish,
        old.wafers_per_month * ALL_GROWTH,
        state.policy.feedback[bloc],
        lead,
        ctx.dt,
    )
    x = performance(ctx, state)
    # Denser chips need more memory each, though less than in proportion to their arithmetic.
    per_memory = power(performance_gain(ctx, state), chips.memory_saving)
    memory = hbm_step(
        old.hbm_stock,
        old.hbm_per_month,
        hbm_cap * policy.equipment_factor[bloc],
        wafers * x * good / per_memory,
        ctx.dt,
    )
    use = plans.chip_makers.wafer_use_share
    made = output_h100e(old.wafers_per_month * use * factor * ctx.dt, x, good, memory.available, per_memory)
    ceiling = effective_ceiling(log(chips.node_ceiling_x_max), chips.tool_gap_delta, policy.suffered)[bloc]
    by_law = advance_performance(
        old.ln_x,
        chips.node_progress,
        ceiling,
        chips.catch_up_mu,
        chips.control_catch_up_gamma,
        policy.suffered[bloc],
        old.ln_x.max(0),
        ctx.dt,
    )
    launched = ctx.history.performance_step(state.months, ctx.dt)[:, None]
    ln_x = np.where(np.isnan(launched), by_law, old.ln_x + launched)
    hbm_gift = fabs * ctx.start.chip_makers.shipments_h100e_per_month[:, None]
    return made, Production(
        wafers_per_month=wafers + gift,
        ln_x=ln_x,
        hbm_stock=memory.available,
        hbm_per_month=memory.capacity_per_month + hbm_gift,
        unit_cost_usd=unit_costs_usd(ctx, ln_x, good),
    )


@dataclass(frozen=True)
class Trade:
    """Who got what. Shapes: (owner, maker, world); limits (maker, world)."""

    sold_h100e: Array
    smuggled_h100e: Array
    wanted_h100e: Array
    legal_limit_h100e: Array


def sell(
    ctx: Context, state: State, policy: PolicyOutcome, bids: Array, prices: Array, made_h100e: Array
) -> Trade:
    """Ration each maker's supply by money bid, the rival bloc's buyers within licences and leaks (S7.3)."""
    chips, makers = ctx.params.chips, ctx.axes.chip_makers
    held = state.chips.inventory_h100e
    supply = made_h100e + held
    asked = wanted_chips(bids, prices)
    buyers = buyer_groups(ctx)
    foreign = buyers.foreign
    merchant = makers.merchant[:, None]
    barred = np.where(merchant, policy.stringency[makers.bloc], 1.0)
    # Licences and leaks are of a month's supply: what is in stock counts once a month.
    on_offer = made_h100e + held * ctx.dt
    legal_cap = legal_export_limit(on_offer, barred, chips.legal_export_eta)
    leak_cap = smuggling_limit(on_offer, barred, chips.leakage) * merchant
    asked_rival = (asked * foreign).sum(0)
    legal_share = np.where(asked_rival > 0.0, np.minimum(1.0, ratio(legal_cap, asked_rival)), 1.0)
    legal = np.where(foreign, asked * legal_share, asked)
    leaked = np.where(foreign, np.maximum(asked - legal, 0.0) / (1.0 + chips.smuggling_premium), 0.0)
    rows = np.concatenate([legal, leaked])
    got = ration_with_caps(rows, buyers.group, np.array([supply, legal_cap, leak_cap]), supply)
    return Trade(got[: len(legal)], got[len(legal) :], rows.sum(0), legal_cap)


@dataclass(frozen=True)
class BuyerGroups:
    """Who is capped by what: buyers at home, the rival's by licence, and once more by what leaks (S7.3)."""

    foreign: BoolArray
    """(owner, maker, 1): whether the buyer is of the maker's rival."""
    group: IntArray
    """(2 owner, maker): 0 at home, 1 licensed, 2 leaked."""


@once_a_run
def buyer_groups(ctx: Context) -> BuyerGroups:
    """Return which cap holds for which buyer of each maker (S7.3)."""
    rival = ctx.axes.owner_bloc[:, None] == 1 - ctx.axes.chip_makers.bloc
    group = np.concatenate([np.where(rival, 1, 0), np.full(rival.shape, 2)])
    return BuyerGroups(rival[:, :, None], group)


def fill_shares(ctx: Context, state: State, trade: Trade, bids: Array, prices: Array) -> Array:
    """Return the share of their bids that each bloc's buyers got, smoothed (the third row: third countries).

    Shapes: (maker, bloc or third country, world).
    """
    got = (trade.sold_h100e + trade.smuggled_h100e) * prices
    members = owners_by_bloc(ctx)
    asked: Array = np.array([bids[rows].sum(0) for rows in members])
    received: Array = np.array([got[rows].sum(0) for rows in members])
    share = np.where(asked > 0.0, np.minimum(ratio(received, asked), 1.0), 1.0)
    fresh = np.ascontiguousarray(share.swapaxes(0, 1))
    keep = power(ctx.params.chips.access_memory, ctx.dt)
    filled: Array = keep * state.chips.fill_share + (1.0 - keep) * fresh
    return filled


@once_a_run
def owners_by_bloc(ctx: Context) -> tuple[IntArray, ...]:
    """Return the owners of each bloc, and of third countries last."""
    return tuple(np.flatnonzero(ctx.axes.owner_bloc == bloc) for bloc in (US, CN, -1))


@dataclass(frozen=True)
class Placement:
    """Where new accelerators stand, and which were not bought for want of power.

    Shapes: (owner, origin, site, world), (market, world), (owner, world).
    """

    h100e: Array
    it_gw: Array
    room_share: Array
    wanted_gw: Array
    held_back_h100e: Array


def install(
    ctx: Context,
    state: State,
    plans: Plans,
    sold: Array,
    smuggled: Array,
    power_room_gw: Array,
    orbit_room_gw: Array,
) -> Placement:
    """Put new accelerators into orbit as far as satellites have room, the rest on sites (S5, S7, S11)."""
    chips = ctx.params.chips
    kw = power_per_h100e_kw(ctx, state)
    kw_by_origin = np.concatenate([kw, kw[:1]])
    leaked = smuggled.sum(1)[:, None]
    bought = np.concatenate([sold, leaked], axis=1)
    bought_gw = bought * kw_by_origin / KILOWATTS_PER_GIGAWATT
    orbit_share = ctx.full(len(bought))
    for member, room_gw in zip(owners_by_bloc(ctx), orbit_room_gw, strict=False):
        wanted = bought_gw[member].sum((0, 1))
        orbit_share[member] = np.minimum(1.0, ratio(np.maximum(room_gw, 0.0), wanted))
    ground = plans.site_share
    site = np.concatenate([ground * (1.0 - orbit_share)[:, None], orbit_share[:, None]], axis=1)
    placed = bought[:, :, None] * site[:, None]
    placed_gw = bought_gw[:, :, None] * site[:, None]
    markets = ground.shape[1]
    new_gw = placed_gw[:, :, :markets].sum((0, 1)) * ctx.params.power.pue
    horizon = ctx.params.power.room_horizon / ctx.dt
    fits = np.where(new_gw > 0.0, ratio(power_room_gw, new_gw * horizon), chips.room_reopening)
    keep = power(chips.access_memory, ctx.dt)
    # Buyers already hold back by last month's share, so the share is steered, not set.
    steered = (state.power.room_share * fits).clip(chips.room_floor, 1.0)
    room = keep * state.power.room_share + (1.0 - keep) * steered
    part = (usual_sites(ctx) * state.power.room_share).sum(1)
    on_ground = placed[:, :, :markets].sum((1, 2))
    held_back = on_ground * ratio(1.0 - part, part)
    return Placement(placed, placed_gw, room, new_gw / state.power.room_share, held_back)


@once_a_run
def usual_sites(ctx: Context) -> Array:
    """Return where owners usually put accelerators. Shapes: -> (owner, market, 1)."""
    return np.concatenate([ctx.axes.labs.site_share, ctx.axes.clouds.site_share])[:, :, None]
