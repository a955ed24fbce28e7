"""Who knows what: one function a kind of mind, from the state to a sealed view of all who are of that kind.

All labs know prices, rents and their own books; investors know revenue and burn; governments know shares.
Nobody sees another's plan of the same month.
"""

import numpy as np

from sim.acts import adoption, compute
from sim.acts.chip_terms import full_output_h100e_per_month, power_per_h100e_ratio, start_markup
from sim.acts.feedback import start_stringency
from sim.acts.fleet import powered_h100e
from sim.acts.groups import budget_growth, gdp_usd_per_year, group_budgets_usd
from sim.acts.power import bills_usd_per_month
from sim.axes import CN, FREE, PAID, US, rows_by_bloc, sum_by_bloc
from sim.context import Context
from sim.dimensions import composite_shares
from sim.economics import enterprise_terms, lab_economics, monthly_users
from sim.memory import once_a_run
from sim.quantity import compounded
from sim.state import State
from sim.units import BILLION, MONTHS_PER_YEAR, Array, BoolArray, ratio
from sim.views import (
    ChipMakerView,
    CloudView,
    ConsumerView,
    EnterpriseView,
    GovernmentView,
    GridView,
    InvestorView,
    LabView,
    sealed,
)


def by_lab(values: Array) -> Array:
    """Put the lab's axis before the world's. Shapes: (lab, market, world) -> (market, lab, world)."""
    return values.swapaxes(0, 1)


def lab_view(ctx: Context, state: State, offers_usd: Array) -> LabView:
    """Show labs their books, their users, prices of compute and what investors offer.

    Shapes: offers_usd (lab, world).
    """
    labs, names = state.labs, ctx.axes.labs
    economics = lab_economics(ctx, state)
    free, users = monthly_users(ctx, state, FREE), monthly_users(ctx, state, PAID)
    n_labs = len(names.names)
    powered = powered_h100e(ctx, state)
    budgets = group_budgets_usd(ctx, state)[names.bloc] * names.group_budget_share[:, None]
    parents = names.parent_owned[:, None]
    free_users = free.sum(1)
    in_bloc = sum_by_bloc(free_users, names.bloc)[names.bloc]
    share = np.where(in_bloc > 0.0, free_users / np.maximum(in_bloc, 1.0), 0.0)
    gift = state.policy.subsidy_usd[2] / ctx.dt
    site_share = names.site_share.T[:, :, None]
    bill_usd, bill_then_usd = (bill[:n_labs] for bill in bills_usd_per_month(ctx, state))
    return sealed(
        LabView(
            params=ctx.params,
            step_months=ctx.dt,
            parent_owned=parents,
            own_chip_share=names.own_chip_share[:, None],
            alive=labs.alive,
            cash_usd=labs.cash_usd,
            credit_usd=np.maximum(labs.credit_limit_usd - labs.debt_usd, 0.0),
            offer_usd=np.where(parents, budgets * (ctx.dt / MONTHS_PER_YEAR), offers_usd),
            revenue_usd=labs.revenue_usd,
            runway_months=labs.runway_months,
            cash_months=labs.cash_usd / np.maximum(labs.outlay_usd, 1.0),
            committed_usd=labs.spending_usd,
            fixed_cost_usd=ctx.start.labs.fixed_cost_usd_per_month[:, None],
            power_bill_usd=bill_usd,
            dearer_power_usd=bill_usd - bill_then_usd,
            paying_revenue_usd=by_lab(users * labs.price_usd / np.maximum(free + users, 1.0)),
            price_usd=by_lab(labs.price_usd),
            quota_per_day=by_lab(labs.quota_per_day),
            queries_wanted=labs.queries_wanted,
            free_users=by_lab(free),
            best_reply_usd=by_lab(economics.best_reply_usd * labs.price_conduct),
            paid_cost_usd=by_lab(economics.paid_cost_usd),
            query_cost_usd=economics.query_cost_usd,
            ad_revenue_usd=economics.ad_revenue_usd[:, None],
            free_boost=free_tier_boost(ctx),
            free_subsidy_usd=gift[names.bloc] * share,
            rent_usd=state.fleet.rent_usd[:, None],
            cloud_open=by_lab(compute.access_by_lab(ctx, state.policy.stringency)),
            cloud_free_h100e=powered[n_labs:, None],
            chip_price_ratio=(state.chips.price_usd / state.chips.price_start_usd)[:, None],
            chip_power_ratio=power_per_h100e_ratio(ctx, state)[:, None],
            chip_appeal=by_lab(state.fleet.maker_preference[:n_labs]) * state.chips.fill_share[:, names.bloc],
            room_share=state.power.room_share[:, None],
            site_share=site_share,
            need_growth=(state.power.need_growth[:, None] * site_share).sum(0),
            group_budget_usd=budgets,
        )
    )


@once_a_run
def free_tier_boost(ctx: Context) -> Array:
    """Return the factor of policy on what labs spend on free tiers (S3.2, S12). Shapes: -> (lab, world)."""
    boost = ctx.by_world(ctx.params.policy.free_tier_boost)
    withdrawn = 1.0 - ctx.by_world(ctx.params.policy.free_tier_withdrawn)
    factor: Array = (boost * withdrawn)[ctx.axes.labs.bloc]
    return factor


def cloud_view(ctx: Context, state: State) -> CloudView:
    """Show clouds their rent, occupancy, the cost of a chip and their group's budget."""
    clouds, fleet, n_labs = ctx.axes.clouds, state.fleet, len(ctx.axes.labs.names)
    budgets = group_budgets_usd(ctx, state)[np.maximum(clouds.bloc, 0)]
    site_share = clouds.site_share.T[:, :, None]
    return sealed(
        CloudView(
            params=ctx.params,
            step_months=ctx.dt,
            cash_usd=fleet.cloud_cash_usd,
            group_budget_usd=budgets * clouds.group_budget_share[:, None],
            rent_net_usd=compute.rent_net_usd(ctx, state),
            rent_usd=fleet.rent_usd,
            user_cost_usd=compute.cloud_user_cost_usd(ctx, state),
            occupancy=fleet.occupancy,
            committed_usd=fleet.cloud_spending_usd,
            chip_price_ratio=(state.chips.price_usd / state.chips.price_start_usd)[:, None],
            chip_power_ratio=power_per_h100e_ratio(ctx, state)[:, None],
            chip_appeal=by_lab(fleet.maker_preference[n_labs:]) * state.chips.fill_share[:, clouds.bloc],
            lender_usd=fleet.lender_usd * budget_growth(ctx, state),
            room_share=state.power.room_share[:, None],
            site_share=site_share,
            need_growth=(state.power.need_growth[:, None] * site_share).sum(0),
        )
    )


def chip_maker_view(ctx: Context, state: State) -> ChipMakerView:
    """Show chip makers their backlog, price and cost."""
    chips = state.chips
    return sealed(
        ChipMakerView(
            params=ctx.params,
            step_months=ctx.dt,
            backlog_months=chips.backlog_months,
            price_usd=chips.price_usd,
            unit_cost_usd=chips.unit_cost_usd,
            transfer_price_usd=start_markup(ctx) * chips.unit_cost_usd,
            in_house=ctx.axes.chip_makers.in_house[:, None],
            inventory_months=ratio(chips.inventory_h100e, full_output_h100e_per_month(ctx, state)),
        )
    )


def enterprise_view(ctx: Context, state: State) -> EnterpriseView:
    """Show the enterprises of places what labs offer there and how capability has grown."""
    at_start = ctx.start.markets.gdp_usd_per_year[:, None]
    world = at_start.sum()
    share_start = ratio(at_start, world)
    terms = enterprise_terms(ctx, state)
    best = np.where(terms.available > 0.0, adoption.capability_offered(ctx, state), -np.inf).max(0)
    # The first month's best is the reference: before it nothing has been gained.
    first = state.best_offered_start
    return sealed(
        EnterpriseView(
            params=ctx.params,
            step_months=ctx.dt,
            quality_orders=terms.quality_orders,
            ln_price=terms.ln_price,
            trust=terms.trust,
            residual=state.labs.enterprise_residual,
            available=terms.available,
            shares=state.labs.enterprise_share,
            market_share=ratio(gdp_usd_per_year(ctx, state), world),
            start_usd_per_year=ratio(state.labs.enterprise_start_usd, share_start),
            capability_gain_orders=np.where(np.isfinite(best), best, first) - first,
            hosted_share=adoption.hosted_share(ctx, adoption.open_gap_orders(ctx, state)),
        )
    )


def investor_views(ctx: Context, state: State) -> tuple[InvestorView, ...]:
    """Show each bloc's capital the revenue, burn and cash of its labs."""
    labs, names = state.labs, ctx.axes.labs
    views = []
    for bloc, own in enumerate(rows_by_bloc(names.bloc.tobytes())):
        views.append(
            sealed(
                InvestorView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    bloc=bloc,
                    months_since_start=np.floor(state.months),
                    revenue_usd=labs.revenue_usd[own],
                    revenue_year_ago_usd=labs.revenue_past_usd[0][own],
                    cash_usd=labs.cash_usd[own],
                    spending_usd=labs.outlay_usd[own],
                    sentiment=state.policy.sentiment[bloc],
                )
            )
        )
    return tuple(views)


def government_views(ctx: Context, state: State) -> tuple[GovernmentView, ...]:
    """Show each government its bloc's composite share, who leads, and what the rival did."""
    policy = state.policy
    shares, leads = composite_shares(ctx, state)
    gdp_start, growth = start_gdp_usd(ctx)
    gdp = gdp_start * compounded(growth, state.months)
    starts = start_stringency(ctx)
    dated = ctx.spread(ctx.history.stringency_in(state.months))
    views = []
    for bloc in (US, CN):
        views.append(
            sealed(
                GovernmentView(
                    params=ctx.params,
                    step_months=ctx.dt,
                    bloc=bloc,
                    months_since_start=np.floor(state.months),
                    composite_share=shares[bloc],
                    rival_leads=leads[1 - bloc],
                    below_months=policy.below_months[bloc],
                    reaction_month=policy.reaction_month[bloc],
                    resists=policy.resists[bloc],
                    gdp_usd_per_year=gdp[bloc],
                    rival_rise=policy.rise[1 - bloc],
                    stringency=policy.stringency[bloc],
                    rise=policy.rise[bloc],
                    start_stringency=starts[bloc],
                    dated_stringency=dated[bloc],
                )
            )
        )
    return tuple(views)


@once_a_run
def start_gdp_usd(ctx: Context) -> tuple[Array, Array]:
    """Return each bloc's product a year at the start, and the factor by which it grows a year.

    Shapes: -> two of (bloc, world).
    """
    policy, home = ctx.params.policy, ctx.axes.markets.home
    return ctx.by_world(policy.gdp) * BILLION, 1.0 + ctx.by_world(policy.gdp_growth)[home]


def grid_view(ctx: Context, state: State) -> GridView:
    """Show grid operators their place's additions, retirements and spare capacity."""
    start, places, policy = ctx.start.markets, ctx.axes.markets, state.policy
    of_bloc = (places.bloc >= 0)[:, None]
    gift = np.where(home_places(ctx), policy.subsidy_usd[1][places.bloc], 0.0)
    return sealed(
        GridView(
            params=ctx.params,
            step_months=ctx.dt,
            months_since_start=np.floor(state.months),
            firm_additions_gw_per_year=start.firm_additions_gw_per_year[:, None],
            retirements_gw_per_year=start.retirements_gw_per_year[:, None],
            spare_gw=state.power.spare_gw,
            permitting_speed=permitting_speed(ctx),
            feedback=np.where(of_bloc, policy.feedback[places.bloc], 1.0),
            subsidised_gw_per_year=gift
            * MONTHS_PER_YEAR
            / ctx.dt
            / (ctx.params.policy.lever_grid_cost * BILLION),
        )
    )


@once_a_run
def home_places(ctx: Context) -> BoolArray:
    """Return whether a place is a bloc's own market. Shapes: -> (market, 1)."""
    home: BoolArray = np.isin(np.arange(len(ctx.axes.markets.names)), ctx.axes.markets.home)[:, None]
    return home


@once_a_run
def permitting_speed(ctx: Context) -> Array:
    """Return how fast each place permits, over the present. Shapes: -> (market, world)."""
    places = ctx.axes.markets.names
    speed = np.ones((len(places), ctx.worlds))
    speed[places.index("us")] = ctx.params.power.permitting_speed_us
    speed[places.index("cn")] = ctx.params.power.permitting_speed_cn
    return speed


def consumer_view(ctx: Context, state: State) -> ConsumerView:
    """Show the consumers this month's frozen setting of choices."""
    return ConsumerView(setting=adoption.choice_setting(ctx, state), crowd=state.crowd)
