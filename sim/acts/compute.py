"""Act 5: compute is let, and each lab serves firms, subscribers and free users before it trains (S5)."""

from dataclasses import dataclass

import numpy as np

from sim.acts import fleet
from sim.acts.chip_terms import power_per_h100e_kw
from sim.acts.chips import ChipOutcome
from sim.acts.policy import PolicyOutcome, third_country_access
from sim.acts.power import PowerOutcome, bills_usd_per_month
from sim.axes import BLOCS, CN, FREE, PAID, US, members_of, sum_by_bloc
from sim.context import Context
from sim.elementary import LN10, exp, log
from sim.markets.services import compute_per_unit_load, served_fraction, serving_cost_usd_per_h100e_month
from sim.memory import once_a_month, once_a_run
from sim.physics.compute import ComputeUses, allocate, powered_h100e, served_share, share_leases
from sim.plans import Plans
from sim.quantity import capital_recovery_factor
from sim.state import FleetTable, State
from sim.units import NOTHING, ONE, TINY, Array, BoolArray, IntArray, ratio

BUILDING_LIFE_YEARS = 15.0
"""Years over which a data-centre building is written off (S3.1: CRF_15)."""


@dataclass(frozen=True)
class ComputeOutcome:
    """Compute of the month in H100e. Shapes: (lab, world) unless said."""

    uses: ComputeUses
    capacity_h100e: Array
    free_served_share: Array
    paid_served_share: Array
    enterprise_served_share: Array
    leased_h100e: Array
    """(lab, cloud, world)"""
    lease_paid_usd: Array
    """(lab, cloud, world) this month."""
    tenant_h100e: Array
    """(cloud, world) let to firms other than the labs."""
    tenant_paid_usd: Array
    occupancy: Array
    """(cloud, world): what was asked for over the powered capacity; above 1 when scarce."""
    rent_usd: Array
    powered_share: Array
    """(owner, site, world), orbit last."""
    powered_owner_h100e: Array
    """(owner, world)"""
    cloud_powered_h100e: Array
    serving_cost_usd: Array
    """(lab, world): USD per H100e-month of served compute."""
    query_cost_usd: Array
    """(lab, world): cost of a query a day over a month."""


def act(
    ctx: Context,
    state: State,
    plans: Plans,
    policy: PolicyOutcome,
    power: PowerOutcome,
    chips: ChipOutcome,
    orbit_powered_share: Array,
) -> ComputeOutcome:
    """Let the clouds' capacity by money bid and allocate each lab's compute (S5).

    Shapes: orbit_powered_share (bloc, world).
    """
    labs = ctx.axes.labs
    n_labs = len(labs.names)
    share = owner_powered_share(ctx, power.powered_share, orbit_powered_share)
    powered = powered_h100e(chips.held_h100e, share).sum(1)
    cloud_powered = powered[n_labs:]
    rent = plans.clouds.rent_usd
    access = access_by_lab(ctx, policy.stringency)
    bids = plans.labs.lease_bid_usd * (access > 0.0)
    tenant_budget = state.fleet.other_tenant_budget_usd
    asked_labs = ratio(bids, rent)
    # Licences bound how much of a foreign cloud a bloc's labs may rent.
    asked_labs = within_licence(asked_labs, access, cloud_powered)
    asked_tenants = ratio(tenant_budget, rent)
    everybody = np.concatenate([asked_labs, asked_tenants[None]])
    let = share_leases(cloud_powered, everybody * rent, everybody)
    leased, tenants = let[:n_labs], let[n_labs]
    capacity = lab_capacity_h100e(ctx, powered[:n_labs], leased)

    demand = service_demand_h100e(ctx, state)
    capacity = capacity * state.labs.alive
    uses = allocate(capacity, *demand, ctx.params.labs.minimum_training_share)
    enterprise_share, paid_share, free_share = served_share(
        np.array([uses.enterprise_h100e, uses.paid_h100e, uses.free_h100e]), np.array(demand)
    )
    return ComputeOutcome(
        uses=uses,
        capacity_h100e=capacity,
        enterprise_served_share=enterprise_share,
        paid_served_share=paid_share,
        free_served_share=free_share,
        leased_h100e=leased,
        lease_paid_usd=leased * rent * ctx.dt,
        tenant_h100e=tenants,
        tenant_paid_usd=tenants * rent * ctx.dt,
        occupancy=ratio(everybody.sum(0), cloud_powered),
        rent_usd=rent,
        powered_share=share,
        powered_owner_h100e=powered,
        cloud_powered_h100e=cloud_powered,
        serving_cost_usd=serving_cost_usd(ctx, state),
        query_cost_usd=query_cost_usd(ctx, state),
    )


def lab_capacity_h100e(ctx: Context, own_h100e: Array, leased_h100e: Array) -> Array:
    """Return what labs run on: their part of their group's machines, and leases (S5).

    Shapes: own (lab, world), leased (lab, cloud, world) -> (lab, world).
    """
    capacity: Array = own_h100e * ctx.axes.labs.lab_fleet_share[:, None] + leased_h100e.sum(1)
    return capacity


def owner_powered_share(ctx: Context, site_share: Array, orbit_share: Array) -> Array:
    """Return each owner's powered share by site: alike on the ground, its bloc's own in orbit.

    Shapes: (market, world), (bloc, world) -> (owner, site, world). Owners of third countries have no orbit.
    """
    owner_bloc = ctx.axes.owner_bloc
    markets = site_share.shape[0]
    share = np.zeros((owner_bloc.size, markets + 1, ctx.worlds))
    share[:, :markets] = site_share
    for bloc in (US, CN):
        share[owner_bloc == bloc, markets] = orbit_share[bloc]
    return share


def access_by_lab(ctx: Context, stringency: Array) -> Array:
    """Return the share of each cloud that licences let each lab rent. Shapes: (lab, cloud, world)."""
    by_bloc = third_country_access(ctx, stringency)
    return by_bloc[ctx.axes.labs.bloc]


def within_licence(asked: Array, access: Array, capacity: Array) -> Array:
    """Scale down what a bloc's labs ask of a cloud to the share that licences open (S5).

    Shapes: asked and access (lab, cloud, world), capacity (cloud, world).
    """
    total = asked.sum(0)
    allowed = access * capacity
    scale = np.minimum(1.0, ratio(allowed, total))
    return np.where(total > 0.0, asked * np.where(access >= 1.0, 1.0, scale), 0.0)


@once_a_month
def query_compute_h100e(ctx: Context, state: State) -> Array:
    """Return H100e-months for one query a day over a month, by lab (S3.1).

    Served models grow with the square root of training compute (Hoffmann et al. 2022); efficiency lowers it.
    Shapes: (lab, world).
    """
    labs = ctx.params.labs
    physical_orders = state.labs.capability_orders - state.labs.ln_algorithm / LN10
    start = state.labs.physical_orders_start
    return compute_per_unit_load(
        labs.compute_per_query_start,
        physical_orders - start,
        labs.serving_scale_exponent,
        state.labs.ln_efficiency,
    )


@once_a_month
def query_cost_usd(ctx: Context, state: State) -> Array:
    """Return the cost of a query a day over a month, by lab (S3.1). Shapes: (lab, world)."""
    return query_compute_h100e(ctx, state) * state.labs.serving_cost_usd


def mean_cost_ratio(cost_usd: Array, before_usd: Array, alive: Array) -> Array:
    """Return a cost over that of the step before, geometric mean over the labs alive, 1 without any (S3.1).

    Each lab is compared with itself, so that one that enters or leaves moves nobody's demand by a jump.
    Shapes: (lab, world) -> (world,).
    """
    change = log(np.maximum(cost_usd, TINY)) - log(np.maximum(before_usd, TINY))
    mean: Array = exp(ratio((change * alive).sum(0), alive.sum(0)))
    return mean


@once_a_month
def quota_served_share(ctx: Context, state: State) -> Array:
    """Return the share of a free user's demand that each lab's quota serves (S3.2).

    Shapes: -> (lab, market, world).
    """
    return served_fraction(state.labs.queries_wanted, state.labs.quota_per_day)


@once_a_month
def free_queries_per_day(ctx: Context, state: State) -> Array:
    """Return a free user's mean queries a day within the quota (S3.2). Shapes: -> (lab, market, world)."""
    queries: Array = state.labs.queries_wanted * quota_served_share(ctx, state)
    return queries


def service_demand_h100e(ctx: Context, state: State) -> tuple[Array, Array, Array]:
    """Return compute wanted for enterprises, subscribers and free users (S2, S3.2).

    Shapes: three of (lab, world).
    """
    labs = ctx.params.labs
    per_query = query_compute_h100e(ctx, state)
    monthly = state.users * ctx.params.consumers.overlap_factor
    growth = state.labs.queries_wanted / labs.queries_wanted_free
    paid_queries = monthly[:, PAID].sum(1) * labs.queries_wanted_paid * growth
    free_queries = (monthly[:, FREE] * free_queries_per_day(ctx, state)).sum(1)
    unit = np.maximum(state.labs.serving_cost_usd, 1e-9)
    enterprise = state.labs.enterprise_revenue_usd * labs.enterprise_compute_share_of_price / unit
    return enterprise, paid_queries * labs.paid_query_cost_multiple * per_query, free_queries * per_query


@once_a_run
def building_recovery_per_year(ctx: Context) -> Array:
    """Return the yearly payment per USD of a data-centre building (S3.1). Shapes: -> () or (world,)."""
    return capital_recovery_factor(ctx.params.capital.interest_rate, np.asarray(BUILDING_LIFE_YEARS))


@once_a_month
def serving_cost_usd(ctx: Context, state: State) -> Array:
    """Return what an H100e-month of service costs each lab: the mean of what it owns and leases (S3.1).

    Leased compute costs its rent; owned compute what new chips, building and power of its home cost.
    Shapes: (lab, world).
    """
    names, own_cost, leased = ctx.axes.labs, own_compute_cost_usd(ctx, state), state.fleet.lease_h100e
    owned = fleet.powered_h100e(ctx, state)[: len(names.names)] * names.lab_fleet_share[:, None]
    total = owned + leased.sum(1)
    mean = ratio(owned * own_cost + (leased * state.fleet.rent_usd).sum(1), total)
    return np.where(total > 0.0, mean, own_cost) / ctx.params.labs.utilisation


def own_compute_cost_usd(ctx: Context, state: State) -> Array:
    """Return what one more H100e of its own costs each lab a month (S3.1). Shapes: (lab, world)."""
    return user_cost_usd(ctx, state)[: len(ctx.axes.labs.names)]


def cloud_user_cost_usd(ctx: Context, state: State) -> Array:
    """Return what one more H100e costs each cloud a month, before rent (S3.1). Shapes: (cloud, world)."""
    return user_cost_usd(ctx, state)[len(ctx.axes.labs.names) :]


@once_a_month
def user_cost_usd(ctx: Context, state: State) -> Array:
    """Return what one more H100e costs its owner a month without idle time: chip, building and power (S3.1).

    Labs buy their bloc's chips and house them at home, clouds those they buy from, at their main site.
    Shapes: (owner, world).
    """
    capital, site = ctx.params.capital, owner_site(ctx)
    of_bloc = bloc_chips(ctx, state)
    of_labs = of_bloc[:, ctx.axes.labs.bloc]
    of_clouds = (supplier_bloc_share(ctx, state.fleet) * of_bloc[:, :, None]).sum(1)
    chip_price_usd, kw = np.concatenate([of_labs, of_clouds], axis=1)
    building_usd_per_kw, pue = housing(ctx)
    return serving_cost_usd_per_h100e_month(
        chip_price_usd,
        capital.interest_rate,
        ctx.params.chips.user_cost_depreciation,
        NOTHING,
        building_usd_per_kw,
        kw,
        pue,
        building_recovery_per_year(ctx),
        state.power.price_usd_per_mwh[site],
        ONE,
    )


@once_a_run
def owner_site(ctx: Context) -> IntArray:
    """Return the main site of each owner. Shapes: -> (owner,)."""
    return np.concatenate([ctx.axes.labs.home_site, ctx.axes.clouds.site_share.argmax(1)])


@once_a_run
def housing(ctx: Context) -> tuple[Array, Array]:
    """Return what a kW of building costs in USD, and its power usage effectiveness, at owners' main sites.

    Shapes: -> two of (owner, world).
    """
    power, site = ctx.params.power, owner_site(ctx)
    return ctx.by_world(power.building_cost)[site] * 1e3, ctx.by_world(power.pue)[site]


def bloc_chips(ctx: Context, state: State) -> Array:
    """Return price in USD and power in kW of an H100e as buyers of each bloc get it.

    The mean over makers by last month's output that a bloc's buyers could get. A maker that sells to nobody
    of the bloc does not count; where nobody sells, the largest value does.
    Shapes: -> (price and power, bloc, world).
    """
    weight = output_for_bloc_h100e(ctx, state)
    total = weight.sum(1)
    by_maker: Array = np.array([state.chips.price_usd, power_per_h100e_kw(ctx, state)])
    mean = ratio((weight * by_maker[:, None]).sum(2), total)
    return np.where(total > 0.0, mean, by_maker.max(1)[:, None])


@once_a_month
def output_for_bloc_h100e(ctx: Context, state: State) -> Array:
    """Return last month's output that each bloc's buyers could get. Shapes: -> (bloc, maker, world)."""
    reached = state.chips.fill_share[:, : len(BLOCS)].swapaxes(0, 1)
    return np.ascontiguousarray(state.chips.output_h100e * reached * sells_to(ctx))


@once_a_run
def sells_to(ctx: Context) -> BoolArray:
    """Return whether a maker sells to anybody of a bloc. Shapes: -> (bloc, maker, 1)."""
    makers, owner = ctx.axes.chip_makers, ctx.axes.owner_bloc
    return np.array([makers.buyers[owner == bloc].any(0) for bloc in (US, CN)])[:, :, None]


def supplier_bloc_share(ctx: Context, table: FleetTable) -> Array:
    """Return whose makers each cloud buys from: its own bloc's, in third countries those it has bought from.

    One that has not bought yet looks at both alike. Shapes: -> (bloc, cloud, world), summing to 1 over blocs.
    """
    clouds = ctx.axes.clouds
    bought = table.maker_preference[len(ctx.axes.labs.names) :].swapaxes(0, 1)
    by_bloc = sum_by_bloc(bought, ctx.axes.chip_makers.bloc)
    total = by_bloc.sum(0)
    history = np.where(total > 0.0, ratio(by_bloc, total), 1.0 / len(by_bloc))
    return np.where((clouds.bloc < 0)[:, None], history, members_of(clouds.bloc)[:, :, None])


@once_a_month
def rent_net_usd(ctx: Context, state: State) -> Array:
    """Return what clouds' rent leaves a month after the power bill, at least nothing (S4).

    Shapes: (cloud, world).
    """
    n_labs, table = len(ctx.axes.labs.names), state.fleet
    rent = table.rent_usd * fleet.powered_h100e(ctx, state)[n_labs:] * np.minimum(table.occupancy, 1.0)
    bill, _ = bills_usd_per_month(ctx, state)
    return np.maximum(rent - bill[n_labs:], 0.0)
