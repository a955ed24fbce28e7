"""Who knows what: one function a kind of mind, from the state to sealed views.

All labs know prices, rents and their own books; investors know revenue and burn; governments know shares.
Nobody sees another's plan of the same month.
"""

from dataclasses import fields
from typing import Any

import numpy as np

from sim.acts import adoption, compute
from sim.acts.chips import full_output_h100e_per_month
from sim.acts.groups import budget_growth, group_budgets_usd
from sim.axes import BLOCS, CN, FREE, PAID, US, sum_by_bloc
from sim.context import Context
from sim.dimensions import composite_shares
from sim.economics import enterprise_terms, lab_economics, monthly_users
from sim.plans import (
    ChipMakerView,
    CloudView,
    ConsumerView,
    EnterpriseView,
    GovernmentView,
    GridView,
    InvestorView,
    LabView,
)
from sim.state import State
from sim.units import BILLION, MONTHS_PER_YEAR, Array, ratio


def sealed(view: Any) -> Any:
    """Return the view with every array of its own made unwritable."""
    for field in fields(view):
        value = getattr(view, field.name)
        if isinstance(value, np.ndarray):
            frozen = value.view()
            frozen.flags.writeable = False
            object.__setattr__(view, field.name, frozen)
    return view


def lab_views(ctx: Context, state: State, offers_usd: Array) -> tuple[LabView, ...]:
    """Show each lab its books, its users, prices of compute and what investors offer.

    Shapes: offers_usd (lab, world).
    """
    labs, names = state.labs, ctx.axes.labs
    economics = lab_economics(ctx, state)
    free = monthly_users(ctx, state, FREE)
    access = compute.access_by_lab(ctx, state.policy.stringency)
    n_labs = len(names.names)
    powered = (state.fleet.h100e.sum(1) * state.fleet.powered_share).sum(1)
    budgets = group_budgets_usd(ctx, state)
    transfers = budgets[names.bloc] * names.group_budget_share[:, None] * (ctx.dt / MONTHS_PER_YEAR)
    offers_usd = np.where(names.parent_owned[:, None], transfers, offers_usd)
    in_bloc = sum_by_bloc(free.sum(1), names.bloc)
    gift = state.policy.subsidy_usd[2] / ctx.dt
    boost = ctx.by_world(ctx.params.policy.free_tier_boost)
    withdrawn = 1.0 - ctx.by_world(ctx.params.policy.free_tier_withdrawn)
    views = []
    for i in range(n_labs):
        bloc = int(names.bloc[i])
        users = monthly_users(ctx, state, PAID)[i]
        paying = users * labs.price_usd[i]
        value = paying / np.maximum(free[i] + users, 1.0)
        share = np.where(in_bloc[bloc] > 0.0, free[i].sum(0) / np.maximum(in_bloc[bloc], 1.0), 0.0)
        views.append(
            sealed(
                LabView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    bloc=bloc,
                    parent_owned=bool(names.parent_owned[i]),
                    own_chip_share=float(names.own_chip_share[i]),
                    alive=labs.alive[i],
                    cash_usd=labs.cash_usd[i],
                    credit_usd=np.maximum(labs.credit_limit_usd[i] - labs.debt_usd[i], 0.0),
                    offer_usd=offers_usd[i],
                    revenue_usd=labs.revenue_usd[i],
                    runway_months=labs.runway_months[i],
                    cash_months=labs.cash_usd[i] / np.maximum(labs.outlay_usd[i], 1.0),
                    committed_usd=labs.spending_usd[i],
                    fixed_cost_usd=np.full(ctx.worlds, ctx.start.labs.fixed_cost_usd_per_month[i]),
                    paying_revenue_usd=value,
                    price_usd=labs.price_usd[i],
                    quota_per_day=labs.quota_per_day[i],
                    queries_wanted=labs.queries_wanted,
                    free_users=free[i],
                    best_reply_usd=economics.best_reply_usd[i] * labs.price_conduct[i],
                    paid_cost_usd=economics.paid_cost_usd[i],
                    query_cost_usd=economics.query_cost_usd[i],
                    ad_revenue_usd=economics.ad_revenue_usd,
                    free_boost=boost[bloc] * withdrawn[bloc],
                    free_subsidy_usd=gift[bloc] * share,
                    rent_usd=state.fleet.rent_usd,
                    cloud_open=access[i],
                    cloud_free_h100e=powered[n_labs:],
                    chip_price_ratio=state.chips.price_usd / state.chips.price_start_usd,
                    chip_appeal=state.fleet.maker_preference[i] * state.chips.fill_share[:, bloc],
                    room_share=state.power.room_share,
                    site_share=names.site_share[i][:, None],
                    need_growth=(state.power.need_growth * names.site_share[i][:, None]).sum(0),
                    group_budget_usd=budgets[bloc] * names.group_budget_share[i],
                )
            )
        )
    return tuple(views)


def cloud_views(ctx: Context, state: State) -> tuple[CloudView, ...]:
    """Show each cloud its rent, occupancy, the cost of a chip and its group's budget."""
    clouds, n_labs = ctx.axes.clouds, len(ctx.axes.labs.names)
    budgets = group_budgets_usd(ctx, state)
    lenders = state.fleet.lender_usd * budget_growth(ctx, state)
    cost = compute.cloud_user_cost_usd(ctx, state)
    powered = (state.fleet.h100e.sum(1) * state.fleet.powered_share).sum(1)[n_labs:]
    views = []
    for i in range(len(clouds.names)):
        bloc = int(clouds.bloc[i])
        views.append(
            sealed(
                CloudView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    bloc=bloc,
                    cash_usd=state.fleet.cloud_cash_usd[i],
                    group_budget_usd=budgets[max(bloc, 0)] * clouds.group_budget_share[i],
                    rent_revenue_usd=state.fleet.rent_usd[i]
                    * powered[i]
                    * np.minimum(state.fleet.occupancy[i], 1.0),
                    rent_usd=state.fleet.rent_usd[i],
                    user_cost_usd=cost[i],
                    occupancy=state.fleet.occupancy[i],
                    committed_usd=state.fleet.cloud_spending_usd[i],
                    chip_price_ratio=state.chips.price_usd / state.chips.price_start_usd,
                    chip_appeal=state.fleet.maker_preference[n_labs + i] * state.chips.fill_share[:, bloc],
                    lender_usd=lenders[i],
                    room_share=state.power.room_share,
                    site_share=clouds.site_share[i][:, None],
                    need_growth=(state.power.need_growth * clouds.site_share[i][:, None]).sum(0),
                )
            )
        )
    return tuple(views)


def chip_maker_views(ctx: Context, state: State) -> tuple[ChipMakerView, ...]:
    """Show each chip maker its backlog, price and cost."""
    chips = state.chips
    full = full_output_h100e_per_month(ctx, state)
    return tuple(
        sealed(
            ChipMakerView(
                params=ctx.params,
                step_months=ctx.dt,
                backlog_months=chips.backlog_months[m],
                price_usd=chips.price_usd[m],
                unit_cost_usd=chips.unit_cost_usd[m],
                inventory_months=ratio(chips.inventory_h100e[m], full[m]),
            )
        )
        for m in range(len(ctx.axes.chip_makers.names))
    )


def enterprise_views(ctx: Context, state: State) -> tuple[EnterpriseView, ...]:
    """Show each place's enterprises what labs offer there and how capability has grown."""
    rules = ctx.params
    growth = ctx.by_world(rules.policy.gdp_growth)
    gdp = ctx.spread(ctx.start.markets.gdp_usd_per_year) * (1.0 + growth) ** (state.months / MONTHS_PER_YEAR)
    world = ctx.start.markets.gdp_usd_per_year.sum()
    share = ratio(gdp, world)
    share_start = ctx.spread(ratio(ctx.start.markets.gdp_usd_per_year, world))
    hosted = adoption.hosted_share(ctx, adoption.open_gap_orders(ctx, state))
    offered = adoption.capability_offered(ctx, state)
    views = []
    for market in range(len(ctx.axes.markets.names)):
        terms = enterprise_terms(ctx, state, market)
        reachable = np.where(terms.available > 0.0, offered[:, market], -np.inf)
        best = reachable.max(0)
        # The first month's best is the reference: before it nothing has been gained.
        first = state.best_offered_start[market]
        best = np.where(np.isfinite(best), best, first)
        views.append(
            sealed(
                EnterpriseView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    quality_orders=terms.quality_orders,
                    ln_price=terms.ln_price,
                    trust=terms.trust,
                    residual=state.labs.enterprise_residual[:, market],
                    available=terms.available,
                    shares=state.labs.enterprise_share[:, market],
                    market_share=share[market],
                    start_usd_per_year=ratio(state.labs.enterprise_start_usd[market], share_start[market]),
                    capability_gain_orders=best - first,
                    hosted_share=hosted[market],
                )
            )
        )
    return tuple(views)


def investor_views(ctx: Context, state: State) -> tuple[InvestorView, ...]:
    """Show each bloc's capital the revenue, burn and cash of its labs."""
    labs, names = state.labs, ctx.axes.labs
    views = []
    for bloc in range(len(BLOCS)):
        own = names.bloc == bloc
        views.append(
            sealed(
                InvestorView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    bloc=bloc,
                    months_since_start=int(state.months),
                    revenue_usd=labs.revenue_usd[own],
                    revenue_year_ago_usd=labs.revenue_past_usd[0][own],
                    cash_usd=labs.cash_usd[own],
                    spending_usd=labs.outlay_usd[own],
                    sentiment=state.policy.sentiment[bloc],
                    parent_owned=np.broadcast_to(
                        names.parent_owned[own][:, None], labs.revenue_usd[own].shape
                    ),
                    group_budget_share=ctx.spread(names.group_budget_share[own]),
                )
            )
        )
    return tuple(views)


def government_views(ctx: Context, state: State) -> tuple[GovernmentView, ...]:
    """Show each government its bloc's composite share, who leads, and what the rival did."""
    policy, chips = state.policy, ctx.params.chips
    shares, leads = composite_shares(ctx, state)
    growth = ctx.by_world(ctx.params.policy.gdp_growth)
    home = ctx.axes.markets.home
    starts = np.stack([ctx.by_world(chips.export_stringency), ctx.by_world(chips.export_stringency_cn)])
    dated = ctx.spread(ctx.history.stringency_in(state.months))
    views = []
    for bloc in (US, CN):
        gdp = ctx.by_world(ctx.params.policy.gdp)[bloc] * BILLION
        gdp = gdp * (1.0 + growth[home[bloc]]) ** (state.months / MONTHS_PER_YEAR)
        views.append(
            sealed(
                GovernmentView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    bloc=bloc,
                    months_since_start=int(state.months),
                    composite_share=shares[bloc],
                    rival_leads=leads[1 - bloc],
                    below_months=policy.below_months[bloc],
                    reaction_month=policy.reaction_month[bloc],
                    resists=policy.resists[bloc],
                    gdp_usd_per_year=gdp,
                    rival_rise=policy.rise[1 - bloc],
                    stringency=policy.stringency[bloc],
                    rise=policy.rise[bloc],
                    start_stringency=starts[bloc],
                    dated_stringency=dated[bloc],
                )
            )
        )
    return tuple(views)


def grid_views(ctx: Context, state: State) -> tuple[GridView, ...]:
    """Show each place's grid operator its additions, retirements and spare capacity."""
    start, places = ctx.start.markets, ctx.axes.markets
    speed = {
        "us": ctx.by_world(ctx.params.power.permitting_speed_us),
        "cn": ctx.by_world(ctx.params.power.permitting_speed_cn),
    }
    views = []
    for m, name in enumerate(places.names):
        bloc = int(places.bloc[m])
        home = bloc >= 0 and int(places.home[bloc]) == m
        gift = state.policy.subsidy_usd[1][bloc] if home else np.zeros(ctx.worlds)
        cost = ctx.params.policy.lever_grid_cost * BILLION
        views.append(
            sealed(
                GridView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    months_since_start=int(state.months),
                    firm_additions_gw_per_year=np.full(ctx.worlds, start.firm_additions_gw_per_year[m]),
                    retirements_gw_per_year=np.full(ctx.worlds, start.retirements_gw_per_year[m]),
                    spare_gw=state.power.spare_gw[m],
                    permitting_speed=speed.get(name, np.ones(ctx.worlds)),
                    feedback=state.policy.feedback[bloc] if bloc >= 0 else np.ones(ctx.worlds),
                    subsidised_gw_per_year=gift * MONTHS_PER_YEAR / ctx.dt / cost,
                )
            )
        )
    return tuple(views)


def consumer_view(ctx: Context, state: State) -> ConsumerView:
    """Show the consumers this month's frozen setting of choices."""
    return ConsumerView(setting=adoption.choice_setting(ctx, state), crowd=state.crowd)
