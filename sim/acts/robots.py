"""Act 8: robots are ordered, made, sold, kept, put to work and retired (S9).

Humanoids go to pilots or to factories; a maker may keep some for its own line. Conventional robots are a
second stock with their own makers. Shapes: (maker, world), (maker, market, world), (maker, market, sector,
world).
"""

from dataclasses import dataclass

import numpy as np

from sim.acts import industrial
from sim.acts.payments import Payment, Settlement, settle
from sim.acts.robot_terms import (
    Ability,
    ability,
    at_home,
    entered,
    own_place,
    pilot_split,
    pilots_open_to,
    selling,
    sourcing_share,
    tariff_by_place,
    trials_by_sector,
    unit_cost_usd,
)
from sim.axes import rows_by_bloc
from sim.context import Context
from sim.memory import once_a_run
from sim.physics.production import useful_robot_labour_workers
from sim.physics.robot_choice import pilot_orders_step
from sim.physics.robot_output import (
    commissioned_units,
    delivered_units,
    fleet_after,
    inventory_after,
    line_growth_step,
    output_limits_units,
    parts_growth_step,
    parts_limit_units,
    retired_share,
    self_replication_gain,
)
from sim.plans import Plans, RobotMakerPlan
from sim.state import RobotTable, State
from sim.units import (
    KILOWATTS_PER_GIGAWATT,
    MEGAWATTS_PER_GIGAWATT,
    MONTHS_PER_YEAR,
    NOTHING,
    ONE,
    Array,
    ratio,
    totals,
)

KILOWATTS_PER_MEGAWATT = KILOWATTS_PER_GIGAWATT / MEGAWATTS_PER_GIGAWATT
ROUNDING = 1e-9
"""A parts limit that falls short of what is wanted by less than this share is rounding, not a shortage."""


@dataclass(frozen=True)
class RobotOutcome:
    """Robots of the month; amounts of the step. Shapes: (maker, world) unless said."""

    made_units: Array
    sold_units: Array
    kept_units: Array
    """For the maker's own house; made = sold + kept + change of inventory."""
    shipped_units: Array
    """To pilots and factories, in the maker's own house before it sells to others."""
    ordered_units: Array
    arrived_units: Array
    retired_units: Array
    limit_units: Array
    """(limit, maker, world), in the order of `sim.physics.robot_output.OUTPUT_LIMITS`."""
    binding: Array
    """Index of the limit that bound output."""
    parts_used_units: Array
    """(chain, world): sets of parts that went into what was made."""
    revenue_usd: Array
    cost_usd: Array
    equity_usd: Array
    labour_workers: Array
    """(maker, market, world): workers' worth of humanoids in factories and on the makers' own lines."""
    humanoids_working: Array
    """(market, world)"""
    industrial_workers: Array
    """(market, world): workers' worth of conventional robots."""
    installed_industrial: Array
    """(industrial maker, market, world)"""
    retired_industrial: Array
    """(market, world): used by humanoids at work."""
    payments: tuple[Payment, ...]
    table: RobotTable


def act(
    ctx: Context,
    state: State,
    plans: Plans,
    capability_orders: Array,
    feedback: Array,
    equipment_factor: Array,
    parts_boost_units_per_month: Array,
    tariff: Array,
    power_share: Array,
    price_usd_per_mwh: Array,
) -> RobotOutcome:
    """Carry out the plans of makers and factories for one step (S9.1-S9.6).

    Shapes: capability, feedback, equipment factor (up to 1, on growth), parts boost and tariff (bloc, world);
    power share and electricity price (market, world).
    """
    rules, old, bloc = ctx.params.robots, state.robots, ctx.axes.robot_makers.bloc
    outside = selling(ctx, state)
    able = ability(ctx, capability_orders, old.fleet_robot_years)
    prices = plans.robot_makers.price_usd
    levied = tariff_by_place(ctx, bloc, tariff)
    orders = order_book(ctx, state, plans, prices, levied, outside)
    sourcing = sourcing_share(ctx, state.policy.stringency)
    made = make(ctx, state, plans.robot_makers, able, power_share, sourcing)

    kept_line = made.keep_share * made.units
    delivered = delivered_units(orders.units, old.inventory_units + made.units - kept_line)
    by_place = delivered.sum(2)
    shipped = by_place.sum(1)
    sold = shipped * outside
    kept = kept_line + shipped * (1.0 - outside)
    stocks = put_to_work(ctx, old, delivered, kept_line, outside)

    growth = feedback * equipment_factor
    output = plans.robot_makers.desired_units / ctx.dt
    parts_wanted = rules.parts_headroom * (sourcing * output).sum(1)
    parts = parts_growth_step(
        np.maximum(old.parts_per_month, np.minimum(rules.line_seed, parts_wanted)),
        parts_wanted,
        ctx.by_world(rules.parts_growth),
        rules.scrapping,
        growth,
        ctx.dt,
    )
    line = line_growth_step(
        old.line_per_month,
        plans.robot_makers.line_target_per_month,
        rules.line_growth,
        rules.scrapping,
        rules.line_seed * entered(ctx, state.months)[:, None],
        growth[bloc],
        ctx.dt,
    )
    integration = line_growth_step(
        old.integration_per_month,
        np.maximum(orders.asked_units / ctx.dt, old.integration_per_month),
        rules.integration_growth,
        NOTHING,
        rules.integration_seed,
        feedback[bloc],
        ctx.dt,
    )

    at_work = stocks.working_units.sum(2)
    own_line = stocks.home_units[:, None] * own_place(ctx)[..., None]
    everywhere = at_work + own_line
    labour = useful_robot_labour_workers(everywhere, able.productivity[:, None], ONE)
    machines = industrial.act(ctx, state, plans, tariff)
    kwh = rules.power_draw * rules.working_hours / MONTHS_PER_YEAR * ctx.dt
    used_mwh = everywhere * kwh / KILOWATTS_PER_MEGAWATT
    line_mwh = own_line.sum(0) * kwh / KILOWATTS_PER_MEGAWATT
    cost = made.units * old.unit_cost_usd
    bill = (own_line * kwh / KILOWATTS_PER_MEGAWATT * price_usd_per_mwh).sum(1)
    revenue = sold * prices
    capital = ctx.params.capital
    settled = settle(old.cash_usd, revenue, cost + bill, capital.profit_tax_rate, capital.payout_share)
    bought = by_place * outside[:, None]
    paid = payments(ctx, bought, prices, levied, tariff, revenue, cost, settled)
    power_bills = (
        Payment(
            "electricity",
            "other_firms",
            "power",
            (at_work * kwh / KILOWATTS_PER_MEGAWATT * price_usd_per_mwh).sum(0).sum(0),
            ((used_mwh.sum(0) - line_mwh) * price_usd_per_mwh).sum(0),
        ),
        Payment(
            "electricity",
            "robots",
            "power",
            bill.sum(0),
            (line_mwh * price_usd_per_mwh).sum(0),
        ),
    )
    ordered = orders.units.sum(2).sum(1)
    total_made = old.experience_units + made.units
    machine_workers = machines.workers + labour.sum(0)
    table = RobotTable(
        line_per_month=line,
        parts_per_month=parts + parts_boost_units_per_month,
        experience_units=total_made,
        fleet_robot_years=old.fleet_robot_years
        + (old.working_units.sum(2).sum(1) + old.home_units) * (ctx.dt / MONTHS_PER_YEAR),
        reach=able.reach,
        productivity=able.productivity,
        autonomy=able.autonomy,
        integration_per_month=integration,
        inventory_units=np.maximum(inventory_after(old.inventory_units, made.units, sold, kept), 0.0),
        home_units=stocks.home_units,
        pilot_units=stocks.pilot_units,
        waiting_units=stocks.waiting_units,
        working_units=stocks.working_units,
        pilot_orders_per_month=pilot_orders_step(
            old.pilot_orders_per_month,
            rules.pilot_growth,
            rules.pilot_saturation / MONTHS_PER_YEAR,
            ctx.dt,
        ),
        pilot_residual=old.pilot_residual,
        unit_cost_usd=unit_cost_usd(ctx, total_made, state.policy.stringency),
        price_usd=prices,
        cash_usd=settled.cash_usd,
        shipped_units=shipped / ctx.dt,
        backlog_units=np.maximum(ordered - shipped, 0.0) / ctx.dt,
        industrial_units=machines.units,
        industrial_made=machines.made_units,
        industrial_price_usd=machines.price_usd,
        machine_scale=old.machine_scale,
        dark_share=industrial.dark_share_after(ctx, old, machine_workers),
        dark_groups=old.dark_groups,
        industrial_installed=machines.installed_units.sum(0) / ctx.dt,
    )
    return RobotOutcome(
        made_units=made.units,
        sold_units=sold,
        kept_units=kept,
        shipped_units=shipped,
        ordered_units=ordered,
        arrived_units=shipped + kept_line,
        retired_units=stocks.retired_units,
        limit_units=made.limit_units,
        binding=made.limit_units.argmin(0).astype(np.float64),
        parts_used_units=made.parts_used_units,
        revenue_usd=revenue,
        cost_usd=cost,
        equity_usd=settled.equity_usd,
        labour_workers=labour,
        humanoids_working=everywhere.sum(0),
        industrial_workers=machines.workers,
        installed_industrial=machines.installed_units,
        retired_industrial=machines.retired_units,
        payments=(*paid, *power_bills, *machines.payments),
        table=table,
    )


# ---- orders -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrderBook:
    """Orders of the step. Shapes: units (maker, market, channel, world), pilots first, then the sectors."""

    units: Array
    asked_units: Array
    """(maker, world): what factories asked for, before integrators' limits."""


def order_book(
    ctx: Context, state: State, plans: Plans, prices: Array, levied: Array, outside: Array
) -> OrderBook:
    """Collect pilots and factory orders, each maker's within what it can put to work (S9.6).

    A part of every maker's pilots is tried out in factories, whether it pays there or not; orders that pay
    take the place of such trials before they add to them.
    Shapes: prices and outside (maker, world), levied (maker, market, world).
    """
    old = state.robots
    open_to = pilots_open_to(ctx, state.months, outside)
    split = pilot_split(ctx, prices, levied, open_to, old.pilot_residual)
    pilots = split * old.pilot_orders_per_month * ctx.dt
    trial_share = ctx.start.robot_makers.factory_share[:, None, None]
    trials = pilots * trial_share

    by_maker = np.ascontiguousarray(plans.factories.humanoid_orders.swapaxes(0, 1))
    asked = by_maker * outside[:, None, None]
    total_asked = asked.sum(2).sum(1)
    limit = old.integration_per_month * ctx.dt
    served = ratio(np.minimum(limit, total_asked), total_asked)
    orders = asked * served[:, None, None]
    total_trials = trials.sum(1)
    left = ratio(np.maximum(total_trials - total_asked * served, 0.0), total_trials)
    trial_orders = (trials * left[:, None])[:, :, None] * trials_by_sector(ctx)
    units = np.concatenate([(pilots * (1.0 - trial_share))[:, :, None], orders + trial_orders], axis=2)
    return OrderBook(units, total_asked)


# ---- output -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Making:
    """Output of the step and what limited it. Shapes: (maker, world), limits (limit, maker, world)."""

    units: Array
    limit_units: Array
    keep_share: Array
    parts_used_units: Array
    """(chain, world)"""


def make(
    ctx: Context, state: State, wishes: RobotMakerPlan, able: Ability, power_share: Array, sourcing: Array
) -> Making:
    """Make what lines, robots on the own line, parts and power allow, up to what makers want (S9.5).

    Shapes: power_share (market, world), sourcing (chain, maker, world).
    """
    rules, old, bloc = ctx.params.robots, state.robots, ctx.axes.robot_makers.bloc
    desired, keep = wishes.desired_units, wishes.keep_share
    self_built = self_replication_gain(
        old.home_units, rules.self_replication, able.productivity, keep, ctx.dt
    )
    powered = power_share[ctx.axes.markets.home[bloc]]
    line = (old.line_per_month + self_built) * ctx.dt
    wanted = np.minimum(desired, line * powered)
    parts = old.parts_per_month * ctx.dt
    rationed = parts_limit_units(wanted, parts, sourcing)
    short = rationed < wanted * (1.0 - ROUNDING)
    # Where no chain is short, parts would do for more than is wanted: all the maker's chains could give.
    ample = np.maximum((sourcing * parts[:, None]).sum(0), wanted * (1.0 + ROUNDING))
    limits = output_limits_units(
        old.line_per_month, self_built, np.where(short, rationed, ample), powered, desired, ctx.dt
    )
    return Making(limits.min(0), limits, keep, np.minimum((sourcing * wanted).sum(1), parts))


# ---- stocks -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stocks:
    """Humanoids after the step. Shapes: as in the table; retired (maker, world)."""

    home_units: Array
    pilot_units: Array
    waiting_units: Array
    working_units: Array
    retired_units: Array


def put_to_work(ctx: Context, old: RobotTable, delivered: Array, kept_line: Array, outside: Array) -> Stocks:
    """Retire, commission and add what arrived: N' = N − retired + arrived in every stock (S9.2, S9).

    Shapes: delivered (maker, market, channel, world), kept_line and outside (maker, world).
    """
    rules = ctx.params.robots
    share = humanoids_retired_share(ctx)
    to_factories = delivered[:, :, 1:]
    in_house = (to_factories.sum(2).sum(1)) * (1.0 - outside) + kept_line
    lost_home = old.home_units * share
    lost_pilot = old.pilot_units * share
    lost_waiting = old.waiting_units * share
    lost_working = old.working_units * share
    started = commissioned_units(old.waiting_units - lost_waiting, rules.commissioning_rate, ctx.dt)
    nothing = NOTHING
    return Stocks(
        home_units=fleet_after(old.home_units, lost_home, nothing, in_house),
        pilot_units=fleet_after(old.pilot_units, lost_pilot, delivered[:, :, 0], nothing),
        waiting_units=fleet_after(
            old.waiting_units, lost_waiting + started, to_factories * outside[:, None, None], nothing
        ),
        working_units=fleet_after(old.working_units, lost_working, started, nothing),
        retired_units=lost_home + lost_pilot.sum(1) + (lost_waiting + lost_working).sum(2).sum(1),
    )


@once_a_run
def humanoids_retired_share(ctx: Context) -> Array:
    """Return the share of humanoids that leaves service in a step (S9.2). Shapes: -> () or (world,)."""
    return retired_share(ctx.params.robots.life_years * MONTHS_PER_YEAR, ctx.dt)


# ---- money --------------------------------------------------------------------------------------------


def payments(
    ctx: Context,
    bought_units: Array,
    prices: Array,
    levied: Array,
    tariff: Array,
    revenue: Array,
    cost: Array,
    settled: Settlement,
) -> tuple[Payment, ...]:
    """Return payments for humanoids: buyers by what arrived at a place, makers by their books (section 5).

    Shapes: bought and levied (maker, market, world), prices, revenue and cost (maker, world),
    tariff (bloc, world).
    """
    capital = ctx.params.capital
    price_of_bought = bought_units * prices[:, None]
    by_place = price_of_bought.sum(0)
    duty = (price_of_bought * levied).sum(0).sum(0)
    collected = NOTHING
    imported = bought_units * (1.0 - at_home(ctx))[..., None]
    for here, rate in zip(rows_by_bloc(ctx.axes.markets.bloc.tobytes()), tariff, strict=True):
        imports = imported[:, here].sum(1) * prices
        collected = collected + rate * imports.sum(0)
    inputs, spent, tax, dividend, equity = totals(
        (1.0 - capital.wage_share_of_inputs) * cost,
        cost,
        settled.tax_usd,
        settled.dividend_usd,
        settled.equity_usd,
    )
    wages = capital.wage_share_of_inputs * spent
    return (
        Payment("robots", "other_firms", "robots", by_place.sum(0), revenue.sum(0)),
        Payment("taxes_tariffs", "other_firms", "governments", duty, collected),
        Payment("inputs_building", "robots", "other_firms", inputs, spent - wages),
        Payment("wages", "robots", "households", wages, spent - inputs),
        Payment("taxes_tariffs", "robots", "governments", tax, tax),
        Payment("dividends_interest", "robots", "households", dividend, dividend),
        Payment("equity_loans", "capital", "robots", equity, equity),
    )
