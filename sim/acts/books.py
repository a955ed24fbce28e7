"""Act 10: everybody is billed, pays and is funded; payers' and payees' books are kept apart (section 5)."""

from dataclasses import dataclass

import numpy as np

from sim.acts.adoption import AdoptionOutcome, ad_revenue_per_user_usd
from sim.acts.chips import ChipOutcome
from sim.acts.compute import ComputeOutcome
from sim.acts.groups import gdp_usd_per_year
from sim.acts.policy import PolicyOutcome
from sim.acts.power import PowerOutcome, power_bill_usd_per_month
from sim.axes import FREE, PAID, members_of, rows_by_bloc, sum_by_bloc
from sim.context import Context
from sim.elementary import power
from sim.ledger import Ledger
from sim.markets.capital import runway_months
from sim.memory import once_a_run
from sim.plans import Plans
from sim.quantity import adjusted_share
from sim.state import State
from sim.units import HOURS_PER_MONTH, MEGAWATTS_PER_GIGAWATT, MONTHS_PER_YEAR, ONE, Array, ratio, totals

KILOWATTS_PER_GIGAWATT_COST = 1e9
"""k$ per kW times GW gives this many USD."""


@dataclass(frozen=True)
class BooksOutcome:
    """Books after the month. Shapes: (lab, world), (cloud, world) or (maker, world)."""

    revenue_usd: Array
    """Of labs this month."""
    subscriptions_usd: Array
    ads_usd: Array
    tokens_usd: Array
    lab_cash_usd: Array
    lab_debt_usd: Array
    lab_credit_limit_usd: Array
    lab_outlay_usd: Array
    lab_equity_usd: Array
    runway_months: Array
    spending_usd: Array
    """Compute spending a month, the base of next month's commitments."""
    cloud_cash_usd: Array
    cloud_spending_usd: Array
    tenant_budget_usd: Array
    chip_cash_usd: Array
    """(bloc, world): paid goods below variable cost and the net cost of free tiers, for fights (F2)."""


def act(
    ctx: Context,
    state: State,
    plans: Plans,
    ledger: Ledger,
    policy: PolicyOutcome,
    power: PowerOutcome,
    chips: ChipOutcome,
    compute: ComputeOutcome,
    adoption: AdoptionOutcome,
    orbit_charge_usd: Array,
) -> BooksOutcome:
    """Bill the month and enter every flow of labs, clouds, chip makers and power from both sides.

    Shapes: orbit_charge_usd (bloc, world) is what clouds owe the satellites of their bloc.
    """
    n_labs = len(ctx.axes.labs.names)
    capital = ctx.params.capital
    price = plans.labs.price_usd
    overlap = ctx.params.consumers.overlap_factor
    paying, free = adoption.users[:, PAID] * overlap, adoption.users[:, FREE] * overlap
    subscriptions = (paying * price).sum(1) * ctx.dt
    ad_rate = ad_revenue_per_user_usd(ctx, state)
    ads = (free * ad_rate).sum(1) * ctx.dt
    sold = adoption.enterprise_revenue_usd * compute.enterprise_served_share[:, None]
    tokens = sold.sum(1)
    revenue = subscriptions + ads + tokens
    ledger.pay("subscriptions", "households", (paying * price).sum(0).sum(0) * ctx.dt)
    subscribed, other_income = totals(subscriptions, ads + tokens)
    ledger.receive("subscriptions", "labs", subscribed)
    ledger.pay("tokens_ads", "other_firms", ((free.sum(0) * ad_rate) * ctx.dt).sum(0))
    ledger.pay("tokens_ads", "other_firms", sold.sum(0).sum(0))
    ledger.receive("tokens_ads", "labs", other_income)

    per_month = power_bill_usd_per_month(ctx, chips.held_gw, compute.powered_share, power.price_usd_per_mwh)
    bill = per_month * ctx.dt
    hours = HOURS_PER_MONTH * MEGAWATTS_PER_GIGAWATT * ctx.dt
    fleet_need = chips.held_gw[:, : power.need_gw.shape[0]].sum(0) * ctx.params.power.pue
    sold_usd = (fleet_need * power.powered_share * power.price_usd_per_mwh).sum(0) * hours
    paid_chips = chips.paid_usd.sum(1)
    building = building_usd(ctx, chips)
    power_of_labs, chips_of_labs = totals(bill[:n_labs], paid_chips[:n_labs])
    power_of_clouds, chips_of_clouds = totals(bill[n_labs:], paid_chips[n_labs:])
    ledger.pay("electricity", "labs", power_of_labs)
    ledger.pay("electricity", "clouds", power_of_clouds)
    ledger.receive("electricity", "power", sold_usd)
    ledger.pay("accelerators", "labs", chips_of_labs)
    ledger.pay("accelerators", "clouds", chips_of_clouds)
    ledger.receive("accelerators", "chips", chips.maker_revenue_usd.sum(0))
    ledger.receive("accelerators", "other_firms", chips.premium_usd.sum(0))

    rent_income = compute.rent_usd * (compute.leased_h100e.sum(0) + compute.tenant_h100e) * ctx.dt
    ledger.pay("compute_rent", "labs", compute.lease_paid_usd.sum((0, 1)))
    ledger.pay("compute_rent", "other_firms", compute.tenant_paid_usd.sum(0))
    ledger.receive("compute_rent", "clouds", rent_income.sum(0))

    orbit_share = orbit_bill(ctx, compute, orbit_charge_usd)
    ledger.pay("orbital_capacity", "clouds", orbit_share.sum(0))

    rules = ctx.params.labs
    fixed = ctx.start.labs.fixed_cost_usd_per_month[:, None] * state.labs.alive * ctx.dt
    other = rules.other_cost_share * revenue + fixed
    wages_share = capital.wage_share_of_inputs
    interest = state.labs.debt_usd * capital.interest_rate * (ctx.dt / MONTHS_PER_YEAR)
    leases = compute.lease_paid_usd.sum(1)
    running = leases + bill[:n_labs] + other + interest
    profit = np.maximum(revenue - running, 0.0)
    tax = capital.profit_tax_rate * np.maximum(profit - paid_chips[:n_labs] - building[:n_labs], 0.0)
    outlay = running + paid_chips[:n_labs] + building[:n_labs] + tax
    parents = ctx.axes.labs.parent_owned[:, None]
    gift = free_tier_gift(ctx, policy, adoption)
    need = outlay - revenue - gift - state.labs.cash_usd
    equity = np.where(parents, np.maximum(need, 0.0), plans.labs.equity_usd)
    surplus = np.where(parents, np.maximum(-need, 0.0), 0.0)
    cash = state.labs.cash_usd + revenue + gift + equity - outlay - surplus
    limit = credit_limits(plans, ctx) * state.labs.alive
    # What is short is drawn on credit, beyond the line bridged by owners (such months count as distress).
    drawn = np.minimum(np.maximum(-cash, 0.0), np.maximum(limit - state.labs.debt_usd, 0.0))
    bridge = np.maximum(-cash - drawn, 0.0)
    equity = equity + bridge
    repaid = np.where(
        parents,
        state.labs.debt_usd,
        np.minimum(state.labs.debt_usd, np.maximum(cash, 0.0) * repay_share(ctx)),
    )
    repaid = np.minimum(repaid, np.maximum(cash, 0.0))
    debt = state.labs.debt_usd + drawn - repaid
    cash = cash + drawn + bridge - repaid
    bought, supplied, paid, built, taxed = totals(
        other * (1.0 - wages_share), other, other * wages_share, building[:n_labs], tax
    )
    raised, lent, borrowed, returned, due_interest, given_back, earned, given = totals(
        equity, drawn, equity + drawn, repaid, interest, surplus, interest + surplus, gift
    )
    ledger.pay("inputs_building", "labs", bought + built)
    ledger.receive("inputs_building", "other_firms", supplied * (1.0 - wages_share) + built)
    ledger.pay("wages", "labs", paid)
    ledger.receive("wages", "households", supplied * wages_share)
    ledger.pay("taxes_tariffs", "labs", taxed)
    ledger.receive("taxes_tariffs", "governments", taxed)
    ledger.pay("equity_loans", "capital", raised + lent)
    ledger.receive("equity_loans", "labs", borrowed)
    ledger.pay("equity_loans", "labs", returned)
    ledger.receive("equity_loans", "capital", returned)
    ledger.pay("dividends_interest", "labs", due_interest + given_back)
    ledger.receive("dividends_interest", "capital", earned)
    ledger.pay("subsidies", "governments", policy.free_tier_usd.sum(0))
    ledger.receive("subsidies", "labs", given)

    cloud_cash = settle_clouds(
        ctx, state, ledger, rent_income, bill[n_labs:], paid_chips[n_labs:], building[n_labs:], orbit_share
    )
    chip_cash = settle_chips(ctx, state, ledger, policy, chips)
    settle_power(ctx, ledger, policy, power, sold_usd)

    commitments = plans.labs.spending_usd
    due = np.maximum(outlay / ctx.dt, (other + interest + bill[:n_labs]) / ctx.dt + commitments)
    runway = runway_months(
        cash, np.maximum(limit - debt, 0.0), due, revenue / ctx.dt, ctx.params.labs.endless_runway
    )
    memory = adjusted_share(np.asarray(1.0 / capital.outlay_memory), ctx.dt)
    return BooksOutcome(
        revenue_usd=revenue / ctx.dt,
        subscriptions_usd=subscriptions,
        ads_usd=ads,
        tokens_usd=tokens,
        lab_cash_usd=cash,
        lab_debt_usd=debt,
        lab_credit_limit_usd=limit,
        lab_outlay_usd=state.labs.outlay_usd + memory * (outlay / ctx.dt - state.labs.outlay_usd),
        lab_equity_usd=equity,
        runway_months=np.where(parents, rules.endless_runway, runway),
        spending_usd=commitments,
        cloud_cash_usd=cloud_cash,
        cloud_spending_usd=plans.clouds.spending_usd,
        tenant_budget_usd=tenant_budget_usd(ctx, state, plans, adoption),
        chip_cash_usd=chip_cash,
    )


def building_usd(ctx: Context, chips: ChipOutcome) -> Array:
    """Return what owners pay for buildings around new accelerators. Shapes: (owner, world)."""
    markets = len(ctx.axes.markets.names)
    gw = chips.new_gw[:, :markets]
    cost = ctx.params.power.building_cost * ctx.params.power.pue
    paid: Array = (gw * cost).sum(1) * KILOWATTS_PER_GIGAWATT_COST
    return paid


def orbit_bill(ctx: Context, compute: ComputeOutcome, charge_usd: Array) -> Array:
    """Split what is owed to a bloc's satellites over its clouds by size. Shapes: (cloud, world)."""
    clouds = ctx.axes.clouds
    bill = np.zeros_like(compute.cloud_powered_h100e)
    for bloc, own in enumerate(rows_by_bloc(clouds.bloc.tobytes())):
        weight = np.maximum(compute.cloud_powered_h100e[own], 1.0)
        bill[own] = charge_usd[bloc] * weight / weight.sum(0)
    return bill


def free_tier_gift(ctx: Context, policy: PolicyOutcome, adoption: AdoptionOutcome) -> Array:
    """Split a bloc's free-tier subsidy over its labs by free users. Shapes: (lab, world)."""
    free = adoption.users[:, FREE].sum(1)
    bloc = ctx.axes.labs.bloc
    in_bloc = sum_by_bloc(free, bloc)[bloc]
    even = 1.0 / members_of(bloc).sum(1)[bloc][:, None]
    return policy.free_tier_usd[bloc] * np.where(in_bloc > 0.0, ratio(free, in_bloc), even)


def credit_limits(plans: Plans, ctx: Context) -> Array:
    """Collect the credit lines of both blocs' investors. Shapes: (lab, world)."""
    limit = ctx.full(len(ctx.axes.labs.names))
    for own, plan in zip(rows_by_bloc(ctx.axes.labs.bloc.tobytes()), plans.investors, strict=True):
        limit[own] = plan.credit_limit_usd
    return limit


def repay_share(ctx: Context) -> Array:
    """Return the share of spare cash that repays debt in a step. Shapes: 0-d or (world,)."""
    return adjusted_share(np.asarray(1.0 / ctx.params.labs.runway_target), ctx.dt)


def tenant_growth(ctx: Context, state: State, plans: Plans) -> Array:
    """Return how other firms' compute budgets grow: with the enterprise market of their places (S2, S5).

    A part of them does: firms that buy more tokens run less themselves. Shapes: (cloud, world).
    """
    budget = plans.enterprises.budget_usd_per_year
    site = ctx.axes.clouds.site_share[:, :, None]
    now = (site * budget).sum(1)
    before = (site * state.enterprise_budget_usd).sum(1)
    growth = np.where(before > 0.0, ratio(now, before), 1.0)
    return power(growth, ctx.params.enterprises.own_compute_elasticity)


def tenant_budget_usd(ctx: Context, state: State, plans: Plans, adoption: AdoptionOutcome) -> Array:
    """Return what other firms will spend on rent a month (S2, S5); it falls by at most half a month.

    Shapes: (cloud, world).
    """
    grown = state.fleet.other_tenant_budget_usd * tenant_growth(ctx, state, plans)
    budget: Array = np.maximum(grown + hosting_by_cloud(ctx, state, adoption), grown * power(0.5, ctx.dt))
    return budget


def hosting_by_cloud(ctx: Context, state: State, adoption: AdoptionOutcome) -> Array:
    """Return by how much firms' monthly spending on hosting grew in the step, by the clouds of their place.

    Shapes: (cloud, world).
    """
    change = adoption.hosting_usd / ctx.dt - state.hosting_usd
    added: Array = (clouds_of_place(ctx)[:, :, None] * change).sum(1)
    return added


@once_a_run
def clouds_of_place(ctx: Context) -> Array:
    """Return each cloud's part of what all clouds have in a place. Shapes: -> (cloud, market)."""
    site = ctx.axes.clouds.site_share
    return np.where(site.sum(0) > 0.0, site / np.maximum(site.sum(0), 1e-12), 0.0)


def settle_clouds(
    ctx: Context,
    state: State,
    ledger: Ledger,
    rent: Array,
    electricity: Array,
    accelerators: Array,
    building: Array,
    orbit: Array,
) -> Array:
    """Pay the clouds' costs; groups and lenders fill what is short, owners take half of what is over (S4).

    Short and over are measured in months of cost at the step's rate.
    Shapes: (cloud, world), the arguments and the cash returned.
    """
    capital = ctx.params.capital
    other = capital.cloud_other_cost_share * rent
    wages = capital.wage_share_of_inputs * other
    inputs = other - wages
    running = electricity + other + orbit
    tax = capital.profit_tax_rate * np.maximum(rent - running - accelerators - building, 0.0)
    left = state.fleet.cloud_cash_usd + rent - running - accelerators - building - tax
    monthly = running / ctx.dt
    equity = np.maximum(capital.cloud_cash_floor_months * monthly - left, 0.0)
    dividends = (
        capital.payout_share
        * adjusted_share(ONE, ctx.dt)
        * np.maximum(left - capital.cloud_cash_ceiling_months * (monthly + accelerators / ctx.dt), 0.0)
    )
    bought, built, supplied, paid, earned, taxed, raised, paid_out = totals(
        inputs,
        building,
        inputs + building,
        wages,
        other * capital.wage_share_of_inputs,
        tax,
        equity,
        dividends,
    )
    ledger.pay("inputs_building", "clouds", bought + built)
    ledger.receive("inputs_building", "other_firms", supplied)
    ledger.pay("wages", "clouds", paid)
    ledger.receive("wages", "households", earned)
    ledger.pay("taxes_tariffs", "clouds", taxed)
    ledger.receive("taxes_tariffs", "governments", taxed)
    ledger.pay("equity_loans", "capital", raised)
    ledger.receive("equity_loans", "clouds", raised)
    ledger.pay("dividends_interest", "clouds", paid_out)
    ledger.receive("dividends_interest", "capital", paid_out)
    return left + equity - dividends


def settle_chips(
    ctx: Context, state: State, ledger: Ledger, policy: PolicyOutcome, chips: ChipOutcome
) -> Array:
    """Pay for making chips and for subsidised fabs; return the makers' cash. Shapes: (maker, world)."""
    capital, makers = ctx.params.capital, ctx.axes.chip_makers
    cost = chips.made_h100e * state.chips.unit_cost_usd
    wages = capital.wage_share_of_inputs * cost
    fabs = policy.subsidy_usd[4] + policy.subsidy_usd[0]
    gift = fabs[makers.bloc] * fab_subsidy_share(ctx)
    profit = chips.maker_revenue_usd - cost
    tax = capital.profit_tax_rate * np.maximum(profit, 0.0)
    left = state.chips.cash_usd + profit - tax
    equity = np.maximum(-left, 0.0)
    dividends = capital.payout_share * np.maximum(profit - tax, 0.0) * (left > 0.0)
    dividends = np.minimum(dividends, np.maximum(left, 0.0))
    bought, given, supplied, paid, spent, taxed, raised, paid_out = totals(
        cost - wages,
        gift,
        cost * (1.0 - capital.wage_share_of_inputs) + gift,
        wages,
        cost,
        tax,
        equity,
        dividends,
    )
    ledger.pay("inputs_building", "chips", bought + given)
    ledger.receive("inputs_building", "other_firms", supplied)
    ledger.pay("wages", "chips", paid)
    ledger.receive("wages", "households", spent * capital.wage_share_of_inputs)
    ledger.pay("taxes_tariffs", "chips", taxed)
    ledger.receive("taxes_tariffs", "governments", taxed)
    ledger.pay("subsidies", "governments", fabs.sum(0))
    ledger.receive("subsidies", "chips", given)
    ledger.pay("equity_loans", "capital", raised)
    ledger.receive("equity_loans", "chips", raised)
    ledger.pay("dividends_interest", "chips", paid_out)
    ledger.receive("dividends_interest", "capital", paid_out)
    return left + equity - dividends


@once_a_run
def fab_subsidy_share(ctx: Context) -> Array:
    """Return each maker's share of its bloc's subsidies, by shipments at the start. Shapes: -> (maker, 1)."""
    bloc, weight = ctx.axes.chip_makers.bloc, ctx.start.chip_makers.shipments_h100e_per_month[:, None]
    in_bloc = sum_by_bloc(weight, bloc)[bloc]
    even = 1.0 / np.bincount(bloc, minlength=2)[bloc][:, None]
    return np.where(in_bloc > 0.0, ratio(weight, in_bloc), even)


def settle_power(
    ctx: Context, ledger: Ledger, policy: PolicyOutcome, power: PowerOutcome, ai_sales_usd: Array
) -> None:
    """Bill everybody else's electricity and pass the sector's income on (S8).

    The sector keeps nothing: income pays fuel, wages and owners (decision 17). Subsidies for grids are spent
    on them.
    """
    capital = ctx.params.capital
    hours = HOURS_PER_MONTH * MEGAWATTS_PER_GIGAWATT * ctx.dt
    used = power.other_load_gw * power.served_share
    others = (used * power.table.dispatch_usd_per_mwh).sum(0) * hours
    homes = capital.household_share_of_load
    ledger.pay("electricity", "households", others * homes)
    ledger.pay("electricity", "other_firms", others * (1.0 - homes))
    ledger.receive("electricity", "power", (used * power.table.dispatch_usd_per_mwh * hours).sum(0))
    grids = policy.subsidy_usd[1].sum(0)
    income = others + ai_sales_usd
    wages = capital.wage_share_of_inputs * income
    ledger.pay("subsidies", "governments", grids)
    ledger.receive("subsidies", "power", grids)
    ledger.pay("wages", "power", wages)
    ledger.receive("wages", "households", capital.wage_share_of_inputs * (others + ai_sales_usd))
    ledger.pay("inputs_building", "power", income - wages + grids)
    ledger.receive("inputs_building", "other_firms", income * (1.0 - capital.wage_share_of_inputs) + grids)


def settle_everybody_else(ctx: Context, state: State, ledger: Ledger) -> None:
    """Close households: other firms pay wages on gross product, households save and spend (section 5)."""
    capital = ctx.params.capital
    gdp = gdp_usd_per_year(ctx, state)
    wages = capital.labour_share * gdp * (ctx.dt / MONTHS_PER_YEAR)
    ledger.pay("wages", "other_firms", wages.sum(0))
    ledger.receive("wages", "households", (gdp.sum(0) * (ctx.dt / MONTHS_PER_YEAR)) * capital.labour_share)
    earned = ledger.received_usd[:, 0].sum(0)
    saved = capital.saving_share * earned
    spent = earned - saved - ledger.paid_usd[:, 0].sum(0)
    ledger.pay("saving", "households", saved)
    ledger.receive("saving", "capital", earned * capital.saving_share)
    ledger.pay("consumption", "households", spent)
    ledger.receive("consumption", "other_firms", spent)


def settle_other_subsidies(ledger: Ledger, policy: PolicyOutcome) -> None:
    """Pay subsidies for parts and launchers, which spend them on plant (S12)."""
    for lever, sector in ((3, "robots"), (5, "orbit")):
        gift = policy.subsidy_usd[lever]
        ledger.pay("subsidies", "governments", gift.sum(0))
        ledger.receive("subsidies", sector, gift[0] + gift[1])
        ledger.pay("inputs_building", sector, gift[0] + gift[1])
        ledger.receive("inputs_building", "other_firms", gift.sum(0))
