"""The state at the start: observed figures, and what is inverted from them so that the first month continues.

Not observed are users' residuals, training efficiency, conduct in pricing and suppliers' residuals. They are
solved from users, lags, prices and revenue, not chosen (S1.4; decisions 8-11).
"""

from dataclasses import replace

import numpy as np

from sim.acts import adoption, capability, compute
from sim.acts.groups import group_budgets_usd
from sim.axes import BLOCS, CN, PAID, US
from sim.context import Context
from sim.economics import enterprise_terms, lab_economics
from sim.initial_consumers import StartReport, with_consumers
from sim.initial_robots import start_orbit, start_robots
from sim.initial_tables import (
    start_awareness,
    start_chips,
    start_fleet,
    start_foundation,
    start_labs,
    start_policy,
    start_power,
    start_users,
)
from sim.markets.enterprise import invert_residuals, supplier_utility
from sim.physics.capability import back_cast
from sim.physics.compute import allocate, served_share
from sim.state import SectorCash, State
from sim.units import MONTHS_PER_YEAR, Array, ratio

LEAST_TRAINING_SHARE = 0.1
"""Training efficiency is inverted from at least this share of a lab's compute: some trained before."""
PAST_MONTHS = 60
NO_MODEL_ORDERS = -30.0
"""Capability of a bloc without a lab: out of reach, and finite."""


def start_state(ctx: Context) -> tuple[State, StartReport]:
    """Build the state at the end of the month before the first one simulated (decisions 8-12)."""
    fleet = start_fleet(ctx)
    power = start_power(ctx, fleet)
    chip_table = start_chips(ctx)
    blank = State(
        tick=0,
        months=0.0,
        labs=start_labs(ctx),
        fleet=fleet,
        chips=chip_table,
        power=power,
        robots=start_robots(ctx),
        orbit=start_orbit(ctx),
        policy=start_policy(ctx),
        cash=SectorCash(*(ctx.full() for _ in range(5))),
        crowd=None,
        aware_share=start_awareness(ctx),
        users=start_users(ctx),
        frontier_orders=np.zeros((1, len(BLOCS), ctx.worlds)),
        best_offered_start=ctx.full(len(ctx.axes.markets.names)),
        breakthroughs=ctx.full(len(BLOCS)),
        enterprise_budget_usd=ctx.full(len(ctx.axes.markets.names)),
        hosting_usd=ctx.full(len(ctx.axes.markets.names)),
        compute_by_user=np.ones((len(BLOCS), ctx.worlds)),
        robot_labour=ctx.full(len(BLOCS)),
        robot_labour_matters=ctx.full(),
        foundation=start_foundation(ctx),
    )
    state = with_rent(ctx, blank)
    state = with_compute(ctx, state)
    state, report = with_consumers(ctx, state)
    state = with_conduct(ctx, with_suppliers(ctx, with_offers(ctx, state)))
    return with_investment(ctx, state), report


def with_rent(ctx: Context, state: State) -> State:
    """Set the rents observed and let what the labs do not lease to other firms (S5)."""
    rent = ctx.spread(ctx.start.clouds.rent_usd_per_h100e_month)
    n_labs = len(ctx.axes.labs.names)
    powered = (state.fleet.h100e.sum(1) * state.fleet.powered_share).sum(1)[n_labs:]
    leased = np.minimum(
        state.fleet.lease_h100e,
        state.fleet.lease_h100e * ratio(powered, np.maximum(state.fleet.lease_h100e.sum(0), 1e-9)),
    )
    free = np.maximum(powered - leased.sum(0), 0.0)
    fleet = replace(
        state.fleet,
        lease_h100e=leased,
        rent_usd=rent,
        other_tenant_budget_usd=free * rent,
        cloud_spending_usd=ctx.full(len(ctx.axes.clouds.names)),
    )
    spending = (leased * rent).sum(1)
    state = replace(state, fleet=fleet, labs=replace(state.labs, spending_usd=spending))
    serving = compute.serving_cost_usd(ctx, state)
    return replace(state, labs=replace(state.labs, serving_cost_usd=serving))


def with_compute(ctx: Context, state: State) -> State:
    """Split revenue into subscriptions, ads and tokens; allocate compute; invert training (S5, S6)."""
    start, rules = ctx.start.labs, ctx.params.labs
    paid_usd = adoption.subscription_usd(ctx, state.users, state.labs.price_usd).sum(1)
    ads = ctx.full(len(ctx.axes.labs.names))
    tokens = np.maximum(state.labs.revenue_usd - paid_usd - ads, 0.0)
    state = replace(state, labs=replace(state.labs, enterprise_revenue_usd=tokens))
    n_labs = len(ctx.axes.labs.names)
    own = (state.fleet.h100e.sum(1) * state.fleet.powered_share).sum(1)[:n_labs]
    capacity = compute.lab_capacity_h100e(ctx, own, state.fleet.lease_h100e)
    demand = compute.service_demand_h100e(ctx, state)
    uses = allocate(capacity, *demand, rules.minimum_training_share)
    training = uses.training_h100e
    # What a lab trained on before the start does not depend on what it will keep for training from now on.
    past = np.maximum(allocate(capacity, *demand).training_h100e, LEAST_TRAINING_SHARE * capacity)
    residual = capability.start_training_residual(
        ctx, state.labs.training_stock, past, state.labs.ln_algorithm
    )
    market_share = start.enterprise_market_share[:, :, None]
    by_market = tokens[:, None] * market_share
    labs = replace(
        state.labs,
        query_cost_usd=compute.query_cost_usd(ctx, state),
        served_share=served_share(uses.free_h100e, demand[2]),
        training_h100e=training,
        training_residual=residual,
        enterprise_share=ratio(by_market, np.broadcast_to(by_market.sum(0), by_market.shape)),
        enterprise_start_usd=adoption.start_market_usd_per_year(ctx, by_market),
    )
    rules_c = ctx.params.capability
    frontier = np.stack(
        [
            np.where(
                (ctx.axes.labs.bloc == bloc)[:, None] & (labs.alive > 0.0),
                labs.capability_orders,
                NO_MODEL_ORDERS,
            ).max(0)
            for bloc in range(len(BLOCS))
        ]
    )
    past = np.stack(
        [back_cast(row, rules_c.growth_before_start, PAST_MONTHS, ctx.dt) for row in frontier], axis=1
    )
    history = np.concatenate([past, frontier[None]])
    return replace(state, labs=labs, frontier_orders=history)


def with_offers(ctx: Context, state: State) -> State:
    """Remember the best capability on offer in each place, from which enterprises' gains are counted (S2)."""
    offered = adoption.capability_offered(ctx, state)
    opened = adoption.offers_open(ctx, state)
    best = np.where(opened, offered, -np.inf).max(0)
    hosted = adoption.hosted_share(ctx, adoption.open_gap_orders(ctx, state))
    # What is sold as tokens at the start is what firms do not host themselves.
    budget = state.labs.enterprise_start_usd / (1.0 - hosted)
    hosting = budget / MONTHS_PER_YEAR * hosted * ctx.params.labs.enterprise_compute_share_of_price
    state = replace(state, labs=replace(state.labs, enterprise_start_usd=budget), hosting_usd=hosting)
    return replace(
        state, best_offered_start=np.where(np.isfinite(best), best, 0.0), enterprise_budget_usd=budget
    )


def with_suppliers(ctx: Context, state: State) -> State:
    """Invert the residuals with which the start's supplier shares are steady (S2)."""
    rules, terms = ctx.params.enterprises, enterprise_terms(ctx, state)
    utility = supplier_utility(
        rules.quality_weight * terms.quality_orders,
        terms.ln_price,
        terms.trust,
        np.zeros_like(terms.trust),
        rules.price_weight,
    )
    residual = invert_residuals(state.labs.enterprise_share, utility, rules.switching_cost)
    return replace(state, labs=replace(state.labs, enterprise_residual=residual))


def with_conduct(ctx: Context, state: State) -> State:
    """Measure the start's prices against the rule's, where anything is sold (S3.3; decision 10)."""
    economics = lab_economics(ctx, state)
    rules = ctx.params.labs
    target = np.maximum(economics.best_reply_usd, rules.price_floor_multiple * economics.paid_cost_usd)
    sold = (state.labs.price_usd > 0.0) & (state.users[:, PAID] > 0.0) & (target > 0.0)
    conduct = np.where(sold, ratio(state.labs.price_usd, np.broadcast_to(target, sold.shape)), 1.0)
    return replace(state, labs=replace(state.labs, price_conduct=conduct))


def with_investment(ctx: Context, state: State) -> State:
    """Solve what lenders add so that all money buys what the bloc's makers ship (S4; decision 12).

    Groups' budgets and a share of rent are given; what Oracle's and CoreWeave's lenders, sovereign funds and
    others add is not observed. It is the rest. Shapes: -> lenders' money (cloud, world), USD a month.
    """
    capital, clouds = ctx.params.capital, ctx.axes.clouds
    shipped = shipped_to_usd(ctx)
    budgets = group_budgets_usd(ctx, state) / MONTHS_PER_YEAR
    own = state.labs.spending_usd * ctx.axes.labs.own_chip_share[:, None]
    own = np.where(ctx.axes.labs.parent_owned[:, None], 0.0, own)
    rent = state.fleet.rent_usd * (state.fleet.h100e.sum(1) * state.fleet.powered_share).sum(1)[len(own) :]
    reinvested = capital.cloud_reinvestment_share * compute.rent_net_usd(ctx, state)
    lenders = np.zeros_like(rent)
    buys_from = compute.supplier_bloc_share(ctx, state.fleet)
    for bloc in (US, CN):
        by_labs = (
            budgets[bloc] * ctx.axes.labs.group_budget_share[:, None] * ctx.axes.labs.own_chip_share[:, None]
        )
        by_labs = by_labs[ctx.axes.labs.bloc == bloc].sum(0) + own[ctx.axes.labs.bloc == bloc].sum(0)
        by_groups = budgets[bloc] * clouds.group_budget_share[:, None] + reinvested
        by_clouds = (by_groups * buys_from[bloc]).sum(0)
        missing = np.maximum(shipped[bloc, None] / capital.chip_share_of_capex - by_labs - by_clouds, 0.0)
        weight = rent * buys_from[bloc]
        lenders = lenders + missing * ratio(weight, np.broadcast_to(weight.sum(0), weight.shape))
    groups = budgets[np.maximum(clouds.bloc, 0)] * clouds.group_budget_share[:, None]
    labs = np.where(
        ctx.axes.labs.parent_owned[:, None],
        budgets[ctx.axes.labs.bloc] * ctx.axes.labs.group_budget_share[:, None],
        state.labs.spending_usd,
    )
    fleet = replace(state.fleet, lender_usd=lenders, cloud_spending_usd=groups + reinvested + lenders)
    return replace(state, fleet=fleet, labs=replace(state.labs, spending_usd=labs))


def shipped_to_usd(ctx: Context) -> Array:
    """Return the value of the accelerators that reached each bloc in the start's month. Shapes: (bloc,)."""
    start, bloc = ctx.start.chip_makers, ctx.axes.chip_makers.bloc
    value = start.shipments_h100e_per_month * start.price_usd_per_h100e
    abroad = value * start.rival_share
    return np.array([(value - abroad)[bloc == b].sum() + abroad[bloc != b].sum() for b in (US, CN)])
