"""The state at the start: observed figures, and what is inverted from them so that the first month continues.

Not observed are users' residuals, training efficiency, conduct in pricing and suppliers' residuals. They are
solved from users, lags, prices and revenue, not chosen (S1.4; decisions 8-11).
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from sim.acts import adoption, capability, chips, compute
from sim.acts.groups import group_budgets_usd
from sim.axes import BLOCS, CN, FREE, PAID, US
from sim.context import Context
from sim.economics import enterprise_terms, lab_economics
from sim.initial_robots import start_orbit, start_robots
from sim.markets.adoption import Inversion, awareness, invert_flows
from sim.markets.choice import ChoiceSetting, reconsidering
from sim.markets.enterprise import invert_residuals, supplier_utility
from sim.physics.capability import back_cast
from sim.physics.compute import allocate, served_share
from sim.physics.power import dispatch
from sim.population import start_population
from sim.state import (
    ChipTable,
    FleetTable,
    LabTable,
    PolicyTable,
    PowerTable,
    SectorCash,
    State,
)
from sim.streams import normal
from sim.units import KILOWATTS_PER_GIGAWATT, LN10, MILLION, MONTHS_PER_YEAR, Array, BoolArray, ratio

LEAST_CHOOSING_NONE = 0.05
"""Non-use keeps at least this share of the first month's choices; faster growth than that is scaled down."""
LEAST_ARRIVAL = 0.5
"""A shrinking assistant still wins at least this share of those who would leave it by reconsidering alone."""
MOST_AWARE = 0.995
LEAST_TRAINING_SHARE = 0.1
"""Training efficiency is inverted from at least this share of a lab's compute: some trained before."""
LEAST_PREFERENCE = 0.05
"""Share of spending that goes as the bloc usually spends, so that history closes no maker to anybody."""
PAST_MONTHS = 60
NO_MODEL_ORDERS = -30.0
"""Capability of a bloc without a lab: out of reach, and finite."""
INVERSION_TOLERANCE = 1e-9
INVERSION_STEPS = 400


@dataclass(frozen=True)
class StartReport:
    """What the start could not take as observed. Shapes: (world,)."""

    feasible: BoolArray
    growth_scaled: Array
    """Smallest factor by which observed user growth was scaled down, over markets; 1 where none was."""


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


def start_foundation(ctx: Context) -> Array:
    """Return deployments on each bloc's open weights, as downloads divide (S2). Shapes: (bloc, world)."""
    chinese = ctx.by_world(ctx.params.enterprises.foundation_share_start_cn)
    return np.stack([1.0 - chinese, chinese])


def start_fleet(ctx: Context) -> FleetTable:
    """Place every owner's accelerators on its sites (S5)."""
    labs, clouds = ctx.start.labs, ctx.start.clouds
    by_owner = np.concatenate([labs.fleet_h100e, clouds.fleet_h100e])
    site = np.concatenate([ctx.axes.labs.site_share, ctx.axes.clouds.site_share])
    ground = by_owner[:, :, None] * site[:, None]
    h100e = np.concatenate([ground, np.zeros((*ground.shape[:2], 1))], axis=2)
    it_gw = h100e * (ctx.start.origins.power_kw_per_h100e / KILOWATTS_PER_GIGAWATT)[None, :, None]
    n_cloud = len(ctx.axes.clouds.names)
    share = np.concatenate(
        [np.broadcast_to(ctx.start.markets.powered_share, site.shape), np.zeros((len(site), 1))], 1
    )
    return FleetTable(
        h100e=ctx.spread(h100e),
        it_gw=ctx.spread(it_gw),
        lease_h100e=ctx.spread(labs.lease_h100e),
        powered_share=ctx.spread(share),
        cloud_cash_usd=ctx.spread(clouds.cash_usd),
        cloud_spending_usd=ctx.full(n_cloud),
        rent_usd=ctx.full(n_cloud),
        occupancy=np.ones((n_cloud, ctx.worlds)),
        maker_preference=ctx.spread(start_preferences(ctx, by_owner)),
        lender_usd=ctx.full(n_cloud),
        other_tenant_budget_usd=ctx.full(n_cloud),
    )


def start_preferences(ctx: Context, by_owner: Array) -> Array:
    """Return how each owner spends over chip makers at the start (S7.3; decision 30).

    It buys of a maker's shipments the part that it has of the maker's accelerators, at the start's prices.
    Owners without accelerators spend like their bloc, and everybody a little. Shapes: -> (owner, maker).
    """
    start, makers, bloc = ctx.start.chip_makers, ctx.axes.chip_makers, ctx.axes.owner_bloc
    held = by_owner[:, : len(makers.names)].copy()
    held[:, 0] += by_owner[:, -1]
    bought = held / np.maximum(held.sum(0), 1.0) * start.shipments_h100e_per_month
    spent = bought * start.price_usd_per_h100e
    table = np.zeros_like(spent)
    for member in np.unique(bloc):
        rows = bloc == member
        usual = spent[rows].sum(0) / max(spent[rows].sum(), 1.0)
        own = spent[rows] / np.maximum(spent[rows].sum(1, keepdims=True), 1.0)
        own = np.where(spent[rows].sum(1, keepdims=True) > 0.0, own, usual)
        table[rows] = (1.0 - LEAST_PREFERENCE) * own + LEAST_PREFERENCE * usual
    preferences: Array = table * makers.buyers
    return preferences


def start_power(ctx: Context, fleet: FleetTable) -> PowerTable:
    """Connect the start's accelerators as far as they were powered, and fill the queue (S8)."""
    start, rules = ctx.start.markets, ctx.params.power
    markets = len(ctx.axes.markets.names)
    need = fleet.it_gw.sum(1)[:, :markets].sum(0) * rules.pue
    share = start.powered_share[:, None]
    btm = np.minimum(ctx.spread(start.btm_gw), need * share)
    room = 1.0 + rules.headroom_start
    growth = ctx.by_world(rules.order_growth_cap)
    # Where no order ever gets built, nobody orders.
    queue = ratio(need * np.expm1(growth * start.queue_months[:, None]), ctx.by_market.survival_share)
    dispatched = start_dispatch_usd_per_mwh(ctx, need * share - btm)
    return PowerTable(
        stages_gw=np.repeat(queue[None] / 3.0, 3, axis=0),
        ready_gw=ctx.full(markets),
        grid_gw=need * share * room - btm,
        btm_stages_gw=np.repeat(ctx.spread(start.btm_ordered_gw)[None] / 3.0, 3, axis=0),
        btm_gw=btm,
        spare_gw=ctx.spread(start.spare_gw),
        other_load_gw=ctx.spread(start.other_load_gw),
        tranche_gw=ctx.spread(start.tranche_capacity_gw.T),
        price_usd_per_mwh=ctx.by_market.price_usd_per_mwh.copy(),
        dispatch_usd_per_mwh=dispatched,
        felt_usd_per_mwh=dispatched.copy(),
        dispatch_start_usd_per_mwh=dispatched.copy(),
        ordered_gw=queue.copy(),
        built_gw=ctx.full(markets),
        withdrawn_gw=ctx.full(markets),
        need_gw=need,
        need_growth=np.repeat(growth[None], markets, axis=0),
        room_share=np.ones((markets, ctx.worlds)),
    )


def start_dispatch_usd_per_mwh(ctx: Context, ai_load_gw: Array) -> Array:
    """Return the dispatch price of the start, against which later prices are measured (S8).

    Shapes: (market, world), both.
    """
    start, rules = ctx.start.markets, ctx.params.power
    cleared = dispatch(
        ctx.spread(start.tranche_capacity_gw.T),
        ctx.spread(start.tranche_cost_usd_per_mwh.T),
        ctx.spread(start.other_load_gw) + ai_load_gw,
        rules.scarcity_price,
        rules.reserve_target,
    )
    return cleared.price_usd_per_mwh


def start_chips(ctx: Context) -> ChipTable:
    """Set fabs so that they make what was shipped in the last month before the start (S7.1)."""
    start, rules, makers = ctx.start.chip_makers, ctx.params.chips, ctx.axes.chip_makers
    flow = ctx.spread(start.shipments_h100e_per_month)
    x, good = chips.start_performance(ctx), chips.start_yield(ctx)
    installed = np.concatenate([ctx.start.labs.fleet_h100e, ctx.start.clouds.fleet_h100e]).sum(0)
    made = installed[: len(makers.names)].copy()
    made[0] += installed[-1]
    chinese = (makers.bloc == CN)[:, None]
    hbm_rate = np.where(chinese, rules.hbm_domestic_start_cn, rules.hbm_headroom_us) * flow
    ln_x = np.log(x)
    return ChipTable(
        wafers_per_month=flow / (x * good),
        ln_x=ln_x,
        output_h100e=flow * ctx.dt,
        cumulative_h100e=ctx.full(len(makers.names)),
        experience_start_h100e=ctx.spread(made),
        inventory_h100e=ctx.full(len(makers.names)),
        backlog_months=ctx.spread(start.backlog_months),
        price_usd=ctx.spread(start.price_usd_per_h100e),
        price_start_usd=ctx.spread(start.price_usd_per_h100e),
        unit_cost_usd=chips.unit_costs_usd(ctx, ln_x, good),
        hbm_stock=np.where(chinese, rules.hbm_stockpile_cn, 0.0) * flow,
        hbm_per_month=hbm_rate,
        cash_usd=ctx.spread(start.cash_usd),
        fill_share=np.ones((len(makers.names), len(BLOCS) + 1, ctx.worlds)),
    )


def start_policy(ctx: Context) -> PolicyTable:
    """Start with the controls in force and no reaction under way (S12)."""
    rules, blocs = ctx.params.chips, len(BLOCS)
    tariff = ctx.by_world(ctx.params.policy.tariff_on_rival_robots)
    response = ctx.settings.response
    return PolicyTable(
        stringency=np.stack(
            [ctx.by_world(rules.export_stringency), ctx.by_world(rules.export_stringency_cn)]
        ),
        tariff=np.stack([tariff, tariff]),
        below_months=ctx.full(blocs),
        reaction_month=ctx.full(blocs) - 1.0,
        rise=ctx.full(blocs),
        subsidy_usd=ctx.full(6, blocs),
        blockade_months=ctx.full(),
        sentiment=ctx.full(blocs),
        feedback=np.ones((blocs, ctx.worlds)),
        resists=np.stack([response == 1, response == 2]).astype(np.float64),
    )


def start_users(ctx: Context) -> Array:
    """Return primary users by lab, tier and market: monthly users over the overlap factor (S1.5).

    Shapes: -> (lab, tier, market, world).
    """
    start = ctx.start.labs
    primary = ctx.spread(start.users_million * MILLION) / ctx.params.consumers.overlap_factor
    paying = primary * start.paying_share[:, :, None]
    return np.stack([primary - paying, paying], axis=1)


def start_awareness(ctx: Context) -> Array:
    """Return the aware share by market, at least what the users of the start need (S1.1).

    Shapes: -> (market, world).
    """
    used = start_users(ctx).sum((0, 1)) / ctx.spread(ctx.start.markets.population_million * MILLION)
    floor: Array = np.minimum(used * (1.0 + ctx.params.consumers.least_aware_margin), MOST_AWARE)
    return np.maximum(ctx.spread(ctx.start.markets.aware_share), floor)


def start_labs(ctx: Context) -> LabTable:
    """Fill the labs' table with what is observed; what is inverted follows (S3, S6)."""
    start, rules = ctx.start.labs, ctx.params.capability
    labs, markets = ctx.axes.labs, ctx.axes.markets
    n, m = len(labs.names), len(markets.names)
    per_month = rules.growth_before_start / MONTHS_PER_YEAR
    orders = -capability.start_lag_months(ctx) * per_month
    ln_algorithm = rules.lag_in_algorithms * orders * LN10
    months_ago = np.arange(12, 0, -1) - 1.0
    growth = np.log1p(np.maximum(start.revenue_growth_per_year, -0.99)) / MONTHS_PER_YEAR
    past = start.revenue_usd_per_month * np.exp(-growth * months_ago[:, None])
    # A group's lab is there before its assistant is; a stand-alone lab begins with it.
    present = np.ones((n, ctx.worlds)) * ((labs.entry_month <= 0) | labs.parent_owned)[:, None]
    return LabTable(
        alive=present,
        cash_usd=ctx.spread(start.cash_usd),
        debt_usd=ctx.full(n),
        credit_limit_usd=ctx.full(n),
        distressed_months=ctx.full(n),
        revenue_usd=ctx.spread(start.revenue_usd_per_month),
        revenue_past_usd=ctx.spread(past),
        spending_usd=ctx.full(n),
        outlay_usd=ctx.spread(start.revenue_usd_per_month),
        runway_months=ctx.by_world(ctx.params.labs.runway_target * np.ones((n, 1))).copy(),
        ln_algorithm=ln_algorithm,
        ln_efficiency=ctx.full(n),
        training_stock=10.0**orders,
        training_h100e=ctx.full(n),
        luck=ctx.full(n),
        training_residual=ctx.full(n),
        physical_orders_start=orders - ln_algorithm / LN10,
        enterprise_revenue_usd=ctx.full(n),
        capability_orders=orders,
        price_usd=ctx.spread(start.subscription_price_usd_per_month),
        quota_per_day=ctx.spread(start.free_quota_per_day),
        query_cost_usd=np.ones((n, ctx.worlds)),
        queries_wanted=ctx.by_world(ctx.params.labs.queries_wanted_free * np.ones(1)).copy(),
        served_share=np.ones((n, ctx.worlds)),
        residual=ctx.full(n, m),
        familiar_share=(ctx.spread(start.users_million) > 0.0).astype(np.float64),
        paid_constant=ctx.full(n, m),
        enterprise_share=ctx.full(n, m),
        enterprise_residual=ctx.full(n, m),
        enterprise_start_usd=ctx.full(m),
        price_conduct=np.ones((n, m, ctx.worlds)),
        serving_cost_usd=ctx.full(n),
    )


def with_rent(ctx: Context, state: State) -> State:
    """Set rents at cost plus margin and let what the labs do not lease to other firms (S5)."""
    rules = ctx.params.capital
    serving = compute.serving_cost_usd(ctx, state)
    state = replace(state, labs=replace(state.labs, serving_cost_usd=serving))
    cost = compute.cloud_user_cost_usd(ctx, state)
    rent = cost * (1.0 + rules.cloud_margin)
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
    return replace(state, fleet=fleet, labs=replace(state.labs, spending_usd=spending))


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
    opened = adoption.offers_open(ctx, state.labs.alive, state.months)
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
    reinvested = capital.cloud_reinvestment_share * rent
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


def with_consumers(ctx: Context, state: State) -> tuple[State, StartReport]:
    """Place the consumers and invert residuals from first-month flows (S1.4)."""
    population = ctx.spread(ctx.start.markets.population_million * MILLION)
    class_share = ctx.by_world(ctx.params.consumers.class_population_share)
    class_share = class_share / class_share.sum(0)
    occupancy = start_occupancy(ctx, state, population, class_share)
    setting = adoption.choice_setting(ctx, state)
    growth, scaled = feasible_growth(ctx, state, setting, occupancy)
    aware = occupancy * population
    unaware = (class_share[:, None] - occupancy.sum(0)) * population
    crowd = start_population(ctx.settings, aware, np.maximum(unaware, 0.0))
    found = inverted_once(ctx, setting, occupancy, class_share, growth, crowd.felt_share(setting))
    labs = replace(
        state.labs,
        residual=with_entrants(ctx, state, found.residual),
        paid_constant=usual_for_entrants(state, found.paid_constant),
    )
    started = replace(state, labs=labs, crowd=crowd, users=adoption.users_of(crowd.people(), ctx))
    return started, StartReport(found.feasible, scaled)


def with_entrants(ctx: Context, state: State, residual: Array) -> Array:
    """Draw a lab's residual in each market where nobody uses it yet (S1.4). Shapes: (lab, market, world).

    Where people use it, the residual is inverted from them. A lab is liked or not as a firm, so that one draw
    serves all markets. Without noise an entrant has none.
    """
    if not ctx.settings.noise:
        return residual
    ids = ctx.settings.world_ids
    draws = normal(ctx.settings.seed, ids, "entrant_residual", ctx.axes.labs.names, 0)
    drawn = draws * ctx.params.consumers.entrant_residual_sd
    return np.where(state.users.sum(1) > 0.0, residual, drawn[:, None])


def usual_for_entrants(state: State, paid_constant: Array) -> Array:
    """Give a lab that nobody uses yet the paid constant that labs in use have, by users (S1.4).

    Shapes: (lab, market, world). Their mean over all markets, since in some nobody uses any.
    """
    users = state.users.sum(1)
    mean = ratio((users * paid_constant).sum((0, 1)), users.sum((0, 1)))
    return np.where(users > 0.0, paid_constant, mean)


def inverted_once(
    ctx: Context,
    setting: ChoiceSetting,
    occupancy: Array,
    class_share: Array,
    growth: Array,
    felt_share: Array,
) -> Inversion:
    """Invert the first month's flows once for all columns that start alike, as the responses of a world do.

    Columns of the same world are compared, not trusted: a sweep may give one world several parameters.
    """
    classes = np.ascontiguousarray(np.broadcast_to(class_share[:, None], occupancy.shape[1:]))
    everything = {field.name: getattr(setting, field.name) for field in fields(setting)}
    everything |= {"occupancy": occupancy, "classes": classes, "growth": growth, "felt": felt_share}
    _, first, inverse = np.unique(ctx.settings.world_ids, return_index=True, return_inverse=True)
    alike = all(
        np.array_equal(value[..., first][..., inverse], value)
        for value in everything.values()
        if np.ndim(value) and value.shape[-1] == ctx.worlds
    )
    if not alike:
        first = inverse = np.arange(ctx.worlds)
    # One column would be summed in another order than two (decision 2).
    chosen = first if first.size > 1 else np.repeat(first, 2)

    def pick(value: Array) -> Array:
        if np.ndim(value) and value.shape[-1] == ctx.worlds:
            return np.ascontiguousarray(value[..., chosen])
        return value

    part = {name: pick(value) for name, value in everything.items()}
    found = invert_flows(
        ChoiceSetting(**{field.name: part[field.name] for field in fields(setting)}),
        part["occupancy"],
        part["classes"],
        np.exp(part["growth"] * ctx.dt),
        ctx.dt,
        INVERSION_TOLERANCE,
        INVERSION_STEPS,
        network_share=part["felt"],
    )
    return Inversion(
        **{
            field.name: np.ascontiguousarray(getattr(found, field.name)[..., inverse])
            for field in fields(found)
        }
    )


def start_occupancy(ctx: Context, state: State, population: Array, class_share: Array) -> Array:
    """Spread users over classes: subscribers by willingness to pay, the rest evenly (S1.6).

    Shapes: -> (option, class, market, world) shares of the market's people, aware people only.
    """
    users = state.users / population
    n = users.shape[0]
    cost = adoption.price_sensitivity(ctx) * state.labs.price_usd[:, None]
    # Subscribers of a class in proportion to its people times e^(-cost), as a logit with small shares gives.
    keen = class_share[:, None] * np.exp(-np.minimum(cost, 60.0))
    keen = ratio(keen, np.broadcast_to(keen.sum(1)[:, None], keen.shape))
    paid = users[:, PAID][:, None] * keen
    most = 0.9 * class_share[:, None] * state.aware_share
    # No class can hold more subscribers than it has aware people: what does not fit goes to the next class.
    paid = fit_classes(paid, most, class_share)
    left = np.maximum(class_share[:, None] * state.aware_share - paid.sum(0), 0.0)
    free_total = users[:, FREE]
    weights = ratio(left, np.broadcast_to(left.sum(0), left.shape))
    free = free_total[:, None] * weights
    occupancy = np.zeros((1 + 2 * n, *left.shape))
    occupancy[1::2] = free
    occupancy[2::2] = paid
    occupancy[0] = np.maximum(left - free.sum(0), 0.0)
    return occupancy


def fit_classes(paid: Array, most: Array, class_share: Array) -> Array:
    """Move subscribers that a class cannot hold to the others, class by class (S1.6).

    Shapes: (lab, class, market, world).
    """
    fitted = paid.copy()
    classes = paid.shape[1]
    for c in range(classes - 1, 0, -1):
        total = fitted[:, c].sum(0)
        keep = np.minimum(1.0, ratio(most[c], total)) if total.ndim else total
        keep = np.where(total > 0.0, keep, 1.0)
        moved = fitted[:, c] * (1.0 - keep)
        fitted[:, c] = fitted[:, c] * keep
        fitted[:, c - 1] = fitted[:, c - 1] + moved
    return fitted


def feasible_growth(
    ctx: Context, state: State, setting: ChoiceSetting, occupancy: Array
) -> tuple[Array, Array]:
    """Return user growth a month that the first month's choices can give, and the smallest scaling (S1.4).

    Nobody can lose more users than reconsider, and non-users cannot run out: a fast growth of all is scaled.
    Shapes: -> (lab, market, world), (world,).
    """
    growth = ctx.spread(ctx.start.labs.user_growth_per_month)
    rate = ctx.by_world(ctx.params.consumers.reconsider_rate * np.ones(1))
    growth = np.maximum(growth, -LEAST_ARRIVAL * rate)
    leaving = reconsidering(setting, ctx.dt)
    held = occupancy.sum(1)
    users = held[1::2] + held[2::2]
    left = (occupancy * leaving).sum(1)
    lost = left[1::2] + left[2::2]
    after = awareness(
        state.aware_share,
        ctx.params.consumers.bass_innovation_p,
        ctx.params.consumers.bass_imitation_q,
        ctx.dt,
    )
    choosing = (occupancy * leaving).sum((0, 1)) + after - state.aware_share
    room = choosing * (1.0 - LEAST_CHOOSING_NONE) - lost.sum(0)
    gain = users * np.expm1(growth * ctx.dt)
    rising, falling = np.maximum(gain, 0.0).sum(0), np.minimum(gain, 0.0).sum(0)
    factor = np.clip(ratio(room - falling, rising), 0.0, 1.0)
    factor = np.where(rising > 0.0, factor, 1.0)
    scaled = (
        np.log1p(np.where(gain > 0.0, np.expm1(growth * ctx.dt) * factor, np.expm1(growth * ctx.dt))) / ctx.dt
    )
    return scaled, factor.min(0)
