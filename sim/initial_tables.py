"""The tables of AI at the start, as observed: labs, fleets, chips, power and policy.

What is not observed stands empty here and is inverted in `sim.initial`.
"""

import numpy as np

from sim.acts import capability, chip_terms, power
from sim.axes import BLOCS, CN
from sim.context import Context
from sim.elementary import LN10, exp, expm1, log, log1p
from sim.physics.power import dispatch
from sim.state import (
    ChipTable,
    FleetTable,
    LabTable,
    PolicyTable,
    PowerTable,
)
from sim.units import (
    KILOWATTS_PER_GIGAWATT,
    MILLION,
    MONTHS_PER_YEAR,
    Array,
    ratio,
)

MOST_AWARE = 0.995
LEAST_PREFERENCE = 0.05
"""Share of spending that goes as the bloc usually spends, so that history closes no maker to anybody."""


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
        # Running sums add one after the other, so that a maker without sales moves no bit.
        in_bloc, by_owner_usd = spent[rows].sum(0), np.cumsum(spent[rows], axis=1)[:, -1:]
        usual = in_bloc / max(np.cumsum(in_bloc)[-1], 1.0)
        own = np.where(by_owner_usd > 0.0, spent[rows] / np.maximum(by_owner_usd, 1.0), usual)
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
    queue = ratio(need * expm1(growth * start.queue_months[:, None]), ctx.by_market.survival_share)
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
        price_usd_per_mwh=power.start_price_usd_per_mwh(ctx).copy(),
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
    x, good = chip_terms.start_performance(ctx), chip_terms.start_yield(ctx)
    installed = np.concatenate([ctx.start.labs.fleet_h100e, ctx.start.clouds.fleet_h100e]).sum(0)
    made = installed[: len(makers.names)].copy()
    made[0] += installed[-1]
    chinese = (makers.bloc == CN)[:, None]
    hbm_rate = np.where(chinese, rules.hbm_domestic_start_cn, rules.hbm_headroom_us) * flow
    ln_x = log(x)
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
        unit_cost_usd=chip_terms.unit_costs_usd(ctx, ln_x, good),
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
    growth = log1p(np.maximum(start.revenue_growth_per_year, -0.99)) / MONTHS_PER_YEAR
    past = start.revenue_usd_per_month * exp(-growth * months_ago[:, None])
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
        training_stock=exp(LN10 * orders),
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
