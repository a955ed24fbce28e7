"""Act 3: power for AI is ordered, waited for, connected, priced and now and then lost (S8)."""

from dataclasses import dataclass, replace

import numpy as np

from sim.acts.fleet import held_gw
from sim.acts.policy import PolicyOutcome
from sim.acts.shocks import Shocks
from sim.context import Context
from sim.elementary import exp, expm1, log1p
from sim.elementary import power as to_power
from sim.memory import once_a_month, once_a_run
from sim.physics.power import (
    Passage,
    advance_pipeline,
    all_in_price_usd_per_mwh,
    blended_price_usd_per_mwh,
    btm_limit_gw,
    connect,
    demand_response,
    dispatch,
    outage_capacity_gw,
    passage,
    powered_share,
    spare_after_draw_gw,
)
from sim.plans import Plans
from sim.quantity import adjusted_share, approach, compounded
from sim.state import PowerTable, State
from sim.units import (
    HOURS_PER_MONTH,
    KILOWATT_HOURS_PER_MEGAWATT_HOUR,
    MEGAWATTS_PER_GIGAWATT,
    MONTHS_PER_YEAR,
    ONE,
    Array,
    ratio,
)


@dataclass(frozen=True)
class PowerOutcome:
    """Power of the month. Shapes: (market, world)."""

    available_gw: Array
    need_gw: Array
    powered_share: Array
    served_gw: Array
    queue_gw: Array
    price_usd_per_mwh: Array
    other_load_gw: Array
    """Everybody else's load after demand response."""
    unserved_gw: Array
    served_share: Array
    """Share of everybody's load on the grid that was served."""
    table: PowerTable


def act(ctx: Context, state: State, plans: Plans, policy: PolicyOutcome, shocks: Shocks) -> PowerOutcome:
    """Advance the queues, connect what is ready, dispatch and price (S8)."""
    old, power, places = state.power, ctx.params.power, ctx.by_market
    need = facility_need_gw(ctx, held_gw(ctx, state))
    grid_order, btm_order = orders_gw(ctx, state, plans, need)
    through = passages(ctx)
    queue = advance_pipeline(old.stages_gw, grid_order, through.queue)
    site = advance_pipeline(old.btm_stages_gw, btm_order, through.site)
    joined = connect(old.ready_gw, queue.completed_gw, plans.grids.cap_gw, through.kept_share)
    grid = old.grid_gw + joined.connected_gw
    btm = old.btm_gw + site.completed_gw
    available = outage_capacity_gw(grid, shocks.outage, power.outage_capacity_loss) + btm
    served = np.minimum(need, available)

    on_grid = np.minimum(served, grid)
    sold = demand_response(
        old.other_load_gw, old.felt_usd_per_mwh, old.dispatch_start_usd_per_mwh, -power.demand_elasticity
    )
    cost = ctx.start.markets.tranche_cost_usd_per_mwh.T[..., None]
    cleared = dispatch(old.tranche_gw, cost, sold + on_grid, power.scarcity_price, power.reserve_target)
    grid_price = all_in_price_usd_per_mwh(
        places.price_usd_per_mwh,
        cleared.price_usd_per_mwh,
        old.dispatch_start_usd_per_mwh,
        power.network_share,
    )
    grid_price = grid_price * exp(power.price_volatility * shocks.power_price)
    own_price = places.price_usd_per_mwh + power.btm_premium * 1e3
    price = blended_price_usd_per_mwh(on_grid, grid_price, served - on_grid, own_price)

    years = ctx.dt / MONTHS_PER_YEAR
    additions = ctx.start.markets.firm_additions_gw_per_year - ctx.start.markets.retirements_gw_per_year
    grown = compounded(1.0 + power.firm_additions_growth, state.months)
    tranches = old.tranche_gw.copy()
    tranches[1] = np.maximum(tranches[1] + additions[:, None] * grown * years, 0.0)
    table = PowerTable(
        stages_gw=queue.stages_gw,
        ready_gw=joined.ready_gw,
        grid_gw=grid,
        btm_stages_gw=site.stages_gw,
        btm_gw=btm,
        spare_gw=spare_after_draw_gw(
            old.spare_gw, joined.connected_gw, plans.grids.firm_gw, plans.grids.spare_limit_gw
        ),
        other_load_gw=old.other_load_gw * compounded(1.0 + power.other_load_growth, ctx.dt),
        tranche_gw=tranches,
        price_usd_per_mwh=price,
        dispatch_usd_per_mwh=cleared.price_usd_per_mwh,
        felt_usd_per_mwh=approach(
            old.felt_usd_per_mwh, cleared.price_usd_per_mwh, 1.0 / power.price_memory, ctx.dt
        ),
        dispatch_start_usd_per_mwh=old.dispatch_start_usd_per_mwh,
        ordered_gw=old.ordered_gw + grid_order,
        built_gw=old.built_gw + joined.connected_gw,
        withdrawn_gw=old.withdrawn_gw + queue.withdrawn_gw + joined.withdrawn_gw,
        need_gw=need,
        need_growth=old.need_growth,
        room_share=old.room_share,
    )
    return PowerOutcome(
        available_gw=available,
        need_gw=need,
        powered_share=powered_share(available, need),
        served_gw=served,
        queue_gw=queue.stages_gw.sum(0) + joined.ready_gw,
        price_usd_per_mwh=price,
        other_load_gw=sold,
        unserved_gw=cleared.unserved_gw,
        served_share=(1.0 - ratio(cleared.unserved_gw, sold + on_grid)).clip(0.0, 1.0),
        table=table,
    )


@dataclass(frozen=True)
class Passages:
    """How orders pass the grid's queue and that of engines on the site, which no month changes."""

    queue: Passage
    site: Passage
    kept_share: Array
    """(market, world): share of what waits, built, for the grid that does not give up in the step."""


@once_a_run
def passages(ctx: Context) -> Passages:
    """Return how orders pass the two queues in a step (S8)."""
    lead, survival = ctx.by_market.lead_time_months, ctx.by_market.survival_share
    return Passages(
        queue=passage(lead, survival, ctx.dt),
        site=passage(ctx.params.power.btm_lead_time, np.ones_like(survival), ctx.dt),
        # Who waits built gives up as often as who waits in the queue.
        kept_share=to_power(survival, ctx.dt / lead),
    )


def serve(ctx: Context, grid: PowerOutcome, it_gw: Array) -> PowerOutcome:
    """Return the month's power shared out over the accelerators that stand after installation (S5).

    Shapes: it_gw (owner, site, world).
    """
    need = facility_need_gw(ctx, it_gw)
    return replace(
        grid,
        need_gw=need,
        powered_share=powered_share(grid.available_gw, need),
        served_gw=np.minimum(need, grid.available_gw),
    )


def facility_need_gw(ctx: Context, it_gw: Array) -> Array:
    """Return the power that all accelerators of a place need at the meter.

    Shapes: it_gw (owner, site, world) -> (market, world).
    """
    of_place: Array = it_gw[:, : len(ctx.axes.markets.names)].sum(0)
    return of_place * ctx.params.power.pue


@once_a_run
def start_price_usd_per_mwh(ctx: Context) -> Array:
    """Return what data centres paid for power at the start. Shapes: -> (market, world)."""
    return ctx.spread(ctx.start.markets.power_price_usd_per_kwh) * KILOWATT_HOURS_PER_MEGAWATT_HOUR


def power_bill_usd_per_month(
    ctx: Context, it_gw: Array, powered_share: Array, price_usd_per_mwh: Array
) -> Array:
    """Return what each owner pays a month for the power of its accelerators on the ground (S8).

    Shapes: it_gw and powered_share (owner, site, world), price (market, world) -> (owner, world).
    """
    markets = price_usd_per_mwh.shape[0]
    used = metered_gw(ctx, it_gw[:, :markets], powered_share[:, :markets])
    return bill_usd_per_month(used, price_usd_per_mwh)


def metered_gw(ctx: Context, it_gw: Array, powered_share: Array) -> Array:
    """Return what accelerators with power draw at the meter. Shapes: all (owner, market, world)."""
    metered: Array = it_gw * powered_share * ctx.params.power.pue
    return metered


def bill_usd_per_month(used_gw: Array, price_usd_per_mwh: Array) -> Array:
    """Return what power costs each owner a month (S8).

    Shapes: used (owner, market, world), price (market, world) -> (owner, world).
    """
    bill: Array = (used_gw * price_usd_per_mwh).sum(1) * (HOURS_PER_MONTH * MEGAWATTS_PER_GIGAWATT)
    return bill


@once_a_month
def bills_usd_per_month(ctx: Context, state: State) -> tuple[Array, Array]:
    """Return what owners' power costs a month at today's prices, and at those of the run's start (S8).

    Shapes: -> two of (owner, world).
    """
    markets = len(ctx.axes.markets.names)
    used = metered_gw(ctx, held_gw(ctx, state)[:, :markets], state.fleet.powered_share[:, :markets])
    now, then = state.power.price_usd_per_mwh, start_price_usd_per_mwh(ctx)
    return bill_usd_per_month(used, now), bill_usd_per_month(used, then)


def wanted_growth(ctx: Context, state: State, need_gw: Array, wanted_gw: Array) -> Array:
    """Return the smoothed ln growth a month that owners would have without dark chips (S8).

    Shapes: (market, world). Owners order power for what they want, not for what they were held to.
    """
    memory = adjusted_share(np.asarray(1.0 / ctx.params.power.need_memory), ctx.dt)
    fresh = log1p(ratio(wanted_gw, need_gw)) / ctx.dt
    return state.power.need_growth + memory * (fresh - state.power.need_growth)


def orders_gw(ctx: Context, state: State, plans: Plans, need: Array) -> tuple[Array, Array]:
    """Return grid and behind-the-meter power that owners order this month (S8).

    They order a part of what is missing for the growth they expect over the lead time, in a straight line: a
    budget buys as much every month. What the grid will not bring within the lead time of an engine is ordered
    behind the meter, as far as engines are to be had.
    Shapes: (market, world) each.
    """
    power, old = ctx.params.power, state.power
    growth, ahead = expected_growth(ctx, state, plans), planning(ctx)
    survival = ctx.by_market.survival_share
    coming = old.stages_gw.sum(0) * survival + old.ready_gw + old.btm_stages_gw.sum(0)
    have = old.grid_gw + old.btm_gw + coming
    added = need * expm1(growth)
    missing = np.maximum(need + added * ahead.months - have, 0.0)
    cap = plans.grids.cap_gw / ctx.dt * power.btm_lead_time
    grid_soon = np.minimum(old.ready_gw + old.stages_gw.sum(0) * ahead.soon_share, cap)
    later = need + added * power.btm_lead_time
    urgent = np.maximum(later - old.grid_gw - old.btm_gw - old.btm_stages_gw.sum(0) - grid_soon, 0.0)
    engines = np.minimum(urgent * ahead.speed_share, ahead.slots_gw)
    return ratio(np.maximum(missing - engines, 0.0) * ahead.speed_share, survival), engines


@dataclass(frozen=True)
class Planning:
    """How far owners look ahead when they order power, which no month changes (S8)."""

    months: Array
    """(market, world): for which they order from the grid."""
    soon_share: Array
    """(market, world): of the queue, what the grid brings within the lead time of an engine."""
    speed_share: Array
    """() or (world,): part of the gap that they order in a step."""
    slots_gw: Array
    """() or (world,): engines to be had in a step."""


@once_a_run
def planning(ctx: Context) -> Planning:
    """Return how far owners look ahead when they order power (S8)."""
    power, lead = ctx.params.power, ctx.by_market.lead_time_months
    return Planning(
        # Orders close a part of the gap: without looking beyond the lead time a fast grid would starve.
        months=np.minimum(lead + power.room_horizon, power.planning_horizon),
        soon_share=np.minimum(1.0, power.btm_lead_time / lead) * ctx.by_market.survival_share,
        speed_share=adjusted_share(power.order_speed, ctx.dt),
        slots_gw=btm_limit_gw(power.btm_slots, ONE, ctx.dt),
    )


def expected_growth(ctx: Context, state: State, plans: Plans) -> Array:
    """Return the growth owners order for, weighted by what they run at a place. Shapes: (market, world)."""
    markets = len(ctx.axes.markets.names)
    weight = held_gw(ctx, state)[:, :markets]
    return ratio((weight * plans.power_growth[:, None]).sum(0), weight.sum(0))
