"""Act 9: satellites with accelerators are launched, age, fail, are repaired, and are let to clouds (S11).

Shapes: (operator, world), (vintage, operator, world), (bloc, world).
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.acts.chip_terms import bloc_start_kw
from sim.acts.compute import building_recovery_per_year
from sim.acts.fleet import held_gw, held_h100e
from sim.acts.payments import Payment, settle
from sim.axes import CN, members_of, sum_by_bloc, sums_by_bloc
from sim.context import Context
from sim.elementary import exp, expm1, log1p
from sim.memory import once_a_month, once_a_run
from sim.physics import orbit as laws
from sim.plans import Plans
from sim.state import OrbitTable, State
from sim.units import KILOWATTS_PER_GIGAWATT, MONTHS_PER_YEAR, NOTHING, ONE, Array, BoolArray, ratio, totals

KILOGRAMS_PER_TONNE = 1e3
USD_PER_THOUSAND = 1e3
VINTAGE_MONTHS = 12.0


@dataclass(frozen=True)
class OrbitCosts:
    """What orbit and ground cost each operator's clouds today. Shapes: (operator, world).

    Yearly costs are USD per kW, `delivered` ones per kW of delivered compute, chips included.
    """

    mass_kg_per_kw: Array
    launch_usd_per_kg: Array
    hardware_usd_per_w: Array
    capex_usd_per_kw: Array
    charge_usd_per_kw_year: Array
    """Charge for a nominal kW, without chips, that recovers launch, satellite and repair."""
    orbit_nominal_usd_per_kw_year: Array
    orbit_delivered_usd_per_kw_year: Array
    ground_delivered_usd_per_kw_year: Array
    break_even_usd_per_kg: Array
    """Launch cost at which orbit would cost what the ground does."""
    limit_gw: Array
    """The most that can be launched in the step, repairs apart."""
    capacity_kg: Array
    """Mass that can be launched in the step."""


@dataclass(frozen=True)
class OrbitOutcome:
    """Orbit in the month; amounts of the step. Shapes: (operator, world) unless said."""

    launched_gw: Array
    failed_gw: Array
    restored_gw: Array
    retired_gw: Array
    launched_kg: Array
    repair_kg: Array
    capacity_kg: Array
    delivered_gw: Array
    """(bloc, world): computing power that the satellites can run after the step."""
    charge_usd: Array
    """(bloc, world): what a bloc's clouds pay for the step."""
    equity_usd: Array
    costs: OrbitCosts
    payments: tuple[Payment, ...]
    """Without what clouds pay for capacity, which their own books enter (act 10)."""
    table: OrbitTable


def act(ctx: Context, state: State, plans: Plans, boost_gw_per_year: Array) -> OrbitOutcome:
    """Repair first, then launch what the operators plan, within the mass they can launch (S11).

    Shapes: boost_gw_per_year (bloc, world), launchable power that subsidies add in this step.
    """
    rules, old = ctx.params.orbit, state.orbit
    cost = costs(ctx, state)
    starts = vintage_starts(old)
    aged = laws.vintage_step(
        old.vintage_gw,
        starts,
        VINTAGE_MONTHS,
        state.months,
        NOTHING,
        rules.orbital_attrition,
        rules.satellite_life * MONTHS_PER_YEAR,
        ctx.dt,
    )
    failed = aged.failed_gw.sum(0)
    spare_kg_per_kw = rules.repair_mass_share * np.where(
        np.isfinite(cost.mass_kg_per_kw), cost.mass_kg_per_kw, 0.0
    )
    restored = laws.resupplied_gw(failed, rules.repair_share, cost.capacity_kg, spare_kg_per_kw)
    repair_kg = laws.launched_mass_kg(restored, spare_kg_per_kw)
    left_kg_per_year = (cost.capacity_kg - repair_kg) * (MONTHS_PER_YEAR / ctx.dt)
    room = laws.launch_limit_gw(
        np.maximum(left_kg_per_year, 0.0),
        cost.mass_kg_per_kw,
        cost.limit_gw * (MONTHS_PER_YEAR / ctx.dt),
        ctx.dt,
    )
    wished = plans.orbital_operators.launch_gw
    launched = np.minimum(np.maximum(wished, 0.0), room)
    launched_kg = laws.launched_mass_kg(launched, cost.mass_kg_per_kw)

    is_open = (starts <= state.months) & (state.months < starts + VINTAGE_MONTHS)
    kept = aged.stock_gw + aged.failed_gw * ratio(restored, failed)
    fresh = is_open * launched
    vintages = kept + fresh
    charge_now = np.where(np.isfinite(cost.charge_usd_per_kw_year), cost.charge_usd_per_kw_year, 0.0)
    charge = ratio(kept * old.vintage_charge_usd_per_kw_year + fresh * charge_now, vintages)

    hours_share = ctx.dt / MONTHS_PER_YEAR
    bloc = ctx.axes.orbital_operators.bloc
    rate = old.vintage_charge_usd_per_kw_year * has_customers(ctx)
    billed = old.vintage_gw * rate * (KILOWATTS_PER_GIGAWATT * hours_share)
    revenue = billed.sum(0)
    paid = sum_by_bloc(billed.swapaxes(0, 1), bloc).sum(1)
    capex = np.where(np.isfinite(cost.capex_usd_per_kw), cost.capex_usd_per_kw, 0.0)
    spent = (launched + rules.repair_mass_share * restored) * KILOWATTS_PER_GIGAWATT * capex
    capital = ctx.params.capital
    settled = settle(old.cash_usd, revenue, spent, capital.profit_tax_rate, capital.payout_share)
    inputs, cost_usd, tax, dividend, equity, earned = totals(
        (1.0 - capital.wage_share_of_inputs) * spent,
        spent,
        settled.tax_usd,
        settled.dividend_usd,
        settled.equity_usd,
        revenue,
    )
    wages = capital.wage_share_of_inputs * cost_usd
    table = OrbitTable(
        vintage_gw=vintages,
        vintage_charge_usd_per_kw_year=charge,
        launched_kg=old.launched_kg + launched_kg + repair_kg + other_mass_kg(ctx, state.months),
        cash_usd=settled.cash_usd,
        hardware_gw=old.hardware_gw + launched + rules.repair_mass_share * restored,
        capacity_boost_gw_per_year=old.capacity_boost_gw_per_year + per_operator(ctx, boost_gw_per_year),
    )
    return OrbitOutcome(
        launched_gw=launched,
        failed_gw=failed,
        restored_gw=restored,
        retired_gw=aged.retired_gw.sum(0),
        launched_kg=launched_kg,
        repair_kg=repair_kg,
        capacity_kg=cost.capacity_kg,
        delivered_gw=delivered_gw(ctx, table),
        charge_usd=paid,
        equity_usd=settled.equity_usd,
        costs=cost,
        payments=(
            Payment("orbital_capacity", "clouds", "orbit", ctx.full(), earned),
            Payment("inputs_building", "orbit", "other_firms", inputs, cost_usd - wages),
            Payment("wages", "orbit", "households", wages, cost_usd - inputs),
            Payment("taxes_tariffs", "orbit", "governments", tax, tax),
            Payment("dividends_interest", "orbit", "households", dividend, dividend),
            Payment("equity_loans", "capital", "orbit", equity, equity),
        ),
        table=table,
    )


@once_a_run
def has_customers(ctx: Context) -> BoolArray:
    """Return whether an operator has a cloud of its bloc to let to (S11). Shapes: -> (operator, 1)."""
    found: BoolArray = np.isin(ctx.axes.orbital_operators.bloc, ctx.axes.clouds.bloc)[:, None]
    return found


def delivered_gw(ctx: Context, table: OrbitTable) -> Array:
    """Return the computing power that a bloc's satellites can run, in GW (S11). Shapes: -> (bloc, world)."""
    rules = ctx.params.orbit
    stock = laws.delivered_gw(table.vintage_gw, rules.sunlit_share, rules.delivered_share)
    return sum_by_bloc(stock, ctx.axes.orbital_operators.bloc)


def vintage_count(months: int) -> int:
    """Return how many yearly vintages a run of some months needs, one to spare for its end."""
    return math.ceil(months / VINTAGE_MONTHS) + 1


def vintage_starts(table: OrbitTable) -> Array:
    """Return the first month of each vintage. Shapes: -> (vintage, 1, 1)."""
    starts: Array = np.arange(len(table.vintage_gw), dtype=np.float64)[:, None, None] * VINTAGE_MONTHS
    return starts


def per_operator(ctx: Context, amount: Array) -> Array:
    """Share a bloc's amount equally among its operators. Shapes: (bloc, world) -> (operator, world)."""
    bloc = ctx.axes.orbital_operators.bloc
    peers = members_of(bloc).sum(1)[bloc]
    shared: Array = amount[bloc] / peers[:, None]
    return shared


# ---- cost ---------------------------------------------------------------------------------------------


@once_a_month
def costs(ctx: Context, state: State) -> OrbitCosts:
    """Return each operator's costs, its bloc's cost on the ground, and what it can launch (S11).

    Mass and satellites are learnt from what the operator has launched since the start, on top of what all had
    launched by then: equal launches teach equally.
    """
    rules, operators = ctx.params.orbit, ctx.axes.orbital_operators
    old, bloc = state.orbit, operators.bloc
    mass, annuity = satellite_kg_per_kw(ctx), satellite_annuity_per_year(ctx)
    before_kg, common = start_mass_kg(ctx), common_experience(ctx)
    launch = launch_cost_ratio(ctx) * laws.launch_cost_usd_per_kg(
        rules.launch_cost_start,
        np.minimum(rules.launch_cost_floor, rules.launch_cost_start),
        common.launched_kg + old.launched_kg - before_kg,
        common.launched_kg,
        rules.launch_learning_rate,
    )
    # The same law of experience for satellites, per W built instead of per kg launched.
    hardware = laws.launch_cost_usd_per_kg(
        rules.satellite_hardware,
        np.minimum(rules.hardware_floor, rules.satellite_hardware),
        common.hardware_gw + old.hardware_gw,
        common.hardware_gw,
        rules.hardware_learning,
    )
    capex = laws.orbital_capex_usd_per_kw(mass, launch, hardware)
    ground = ground_terms(ctx, state)
    orbit_chips = chip_usd_per_kw_year(ctx, ground, rules.chip_failure_orbit)[bloc]
    orbit = laws.orbital_cost(capex, annuity, orbit_chips, rules.sunlit_share, rules.delivered_share)
    on_ground = ground_cost(ctx, ground).delivered_usd_per_kw[bloc]
    cap = cap_gw_per_year(ctx, state)
    kg_per_kw = np.where(np.isfinite(mass), mass, 0.0)
    return OrbitCosts(
        mass_kg_per_kw=mass,
        launch_usd_per_kg=launch,
        hardware_usd_per_w=hardware,
        capex_usd_per_kw=capex,
        charge_usd_per_kw_year=capex * annuity,
        orbit_nominal_usd_per_kw_year=orbit.nominal_usd_per_kw,
        orbit_delivered_usd_per_kw_year=orbit.delivered_usd_per_kw,
        ground_delivered_usd_per_kw_year=on_ground,
        break_even_usd_per_kg=laws.break_even_launch_cost_usd_per_kg(
            on_ground, mass, hardware, annuity, orbit_chips, rules.sunlit_share, rules.delivered_share
        ),
        limit_gw=np.where(np.isfinite(mass), cap * (ctx.dt / MONTHS_PER_YEAR), 0.0),
        capacity_kg=cap * kg_per_kw * (KILOWATTS_PER_GIGAWATT * ctx.dt / MONTHS_PER_YEAR),
    )


@dataclass(frozen=True)
class CommonExperience:
    """What all had launched by the start, which teaches all. Shapes: (world,) and (operator, world)."""

    launched_kg: Array
    hardware_gw: Array


@once_a_run
def common_experience(ctx: Context) -> CommonExperience:
    """Return the experience from which all operators start (S11)."""
    launched_kg = start_mass_kg(ctx).sum(0)
    hardware_gw = ratio(launched_kg, satellite_kg_per_kw(ctx)) / KILOWATTS_PER_GIGAWATT
    return CommonExperience(launched_kg, hardware_gw)


@once_a_run
def launch_cost_ratio(ctx: Context) -> Array:
    """Return what a launch costs over an American one (S11). Shapes: -> (operator, 1 or world)."""
    chinese = (ctx.axes.orbital_operators.bloc == CN)[:, None]
    return np.where(chinese, ctx.params.orbit.cn_launch_cost_ratio, 1.0)


@once_a_run
def satellite_kg_per_kw(ctx: Context) -> Array:
    """Return the mass to launch per kW of computing, in kg (S11). Shapes: -> (operator, world)."""
    rules = ctx.params.orbit
    radiator = laws.radiator_area_m2_per_kw(rules.radiator_temperature, rules.emissivity, rules.absorbed_flux)
    mass = laws.mass_kg_per_kw(
        rules.solar_array_w_per_kg, radiator.area_m2_per_kw, rules.radiator_areal_mass, rules.bus_mass
    )
    return np.broadcast_to(ctx.by_world(mass), (len(ctx.axes.orbital_operators.names), ctx.worlds))


@once_a_run
def satellite_annuity_per_year(ctx: Context) -> Array:
    """Return the yearly cost per USD put into a satellite, repairs included (S11). Shapes: -> (world,)."""
    rules = ctx.params.orbit
    lasting = rules.orbital_attrition * (1.0 - rules.repair_share)
    repair = rules.orbital_attrition * rules.repair_share * rules.repair_mass_share
    return laws.annuity_per_year(ctx.params.capital.interest_rate, lasting, rules.satellite_life) + repair


@once_a_run
def start_mass_kg(ctx: Context) -> Array:
    """Return what each operator had launched by the start, in kg. Shapes: -> (operator, world)."""
    return ctx.spread(ctx.start.orbital_operators.launched_tonnes * KILOGRAMS_PER_TONNE)


def other_mass_kg(ctx: Context, months: float) -> Array:
    """Return the mass that operators launch for other purposes in the step, in kg (S11).

    A share of what they had launched by the start, per year, growing exponentially; it teaches launchers, and
    uses none of the capacity for computing. Shapes: -> (operator, world).
    """
    log_growth, yearly_kg, span = other_launches(ctx)
    grown = exp(log_growth * months / MONTHS_PER_YEAR)
    return yearly_kg * grown * span


@once_a_run
def other_launches(ctx: Context) -> tuple[Array, Array, Array]:
    """Return the ln growth of other launches a year, their kg a year at the start, and years grown in a step.

    Shapes: -> () or (world,), (operator, world), () or (world,).
    """
    rules, years = ctx.params.orbit, ctx.dt / MONTHS_PER_YEAR
    log_growth = log1p(rules.other_launch_growth)
    steady = log_growth == 0.0
    span = np.where(steady, years, expm1(log_growth * years) / np.where(steady, 1.0, log_growth))
    return log_growth, rules.other_launch_share * start_mass_kg(ctx), span


@once_a_month
def cap_gw_per_year(ctx: Context, state: State) -> Array:
    """Return the most that each operator can build and launch, in GW per year (S11); 0 before its start.

    Shapes: -> (operator, world).
    """
    rules, first = ctx.params.orbit, first_month(ctx)
    cap = laws.launch_cap_gw_per_year(
        state.months, first, rules.orbital_cap, rules.cap_month, rules.cap_growth
    )
    boost = np.where(state.months >= first, state.orbit.capacity_boost_gw_per_year, 0.0)
    return cap + boost


@once_a_run
def first_month(ctx: Context) -> Array:
    """Return the month in which each operator begins. Shapes: -> (operator, world)."""
    rules, operators = ctx.params.orbit, ctx.axes.orbital_operators
    by_bloc = ctx.by_bloc(rules.start_month_us, rules.start_month_cn)
    return by_bloc[operators.bloc] + operators.start_month[:, None]


@dataclass(frozen=True)
class GroundTerms:
    """What a bloc's computing on the ground costs and is worth. Shapes: (bloc, world)."""

    chip_usd_per_kw: Array
    price_usd_per_mwh: Array
    dark_share: Array
    compute_usd_per_kw_year: Array
    """Rent of what a powered kW computes."""


@once_a_month
def ground_terms(ctx: Context, state: State) -> GroundTerms:
    """Measure chip price, power price, dark share and rent of each bloc at the month's start (S11)."""
    makers, markets = ctx.axes.chip_makers, ctx.axes.markets
    sites, n_labs = len(markets.names), len(ctx.axes.labs.names)
    owner_bloc, cloud_bloc = ctx.axes.owner_bloc, ctx.axes.clouds.bloc
    chips, fleet = state.chips, state.fleet
    made, prices, sales = sums_by_bloc(
        (chips.output_h100e, chips.price_usd, chips.output_h100e * chips.price_usd), makers.bloc
    )
    mean_price = prices / np.maximum(members_of(makers.bloc).sum(1)[:, None], 1.0)
    price = np.where(made > 0.0, ratio(sales, made), mean_price)
    on_ground = held_gw(ctx, state)[:, :sites]
    held, drawn_gw, need, lit = sums_by_bloc(
        (
            held_h100e(ctx, state).sum(1),
            held_gw(ctx, state).sum(1),
            on_ground.sum(1),
            (on_ground * fleet.powered_share[:, :sites]).sum(1),
        ),
        owner_bloc,
    )
    drawn_kw = drawn_gw * KILOWATTS_PER_GIGAWATT
    kw_per_h100e = np.where(drawn_kw > 0.0, ratio(drawn_kw, held), bloc_start_kw(ctx))
    let = held_h100e(ctx, state)[n_labs:].sum(1)
    rented, paid = sums_by_bloc((let, let * fleet.rent_usd), cloud_bloc)
    rent = ratio(paid, rented)
    return GroundTerms(
        chip_usd_per_kw=price / kw_per_h100e,
        price_usd_per_mwh=state.power.price_usd_per_mwh[markets.home],
        # Owners hold back rather than leave chips dark: what they wait for is dark all the same.
        dark_share=np.where(
            need > 0.0, (1.0 - ratio(lit, need) * state.power.room_share[markets.home]).clip(0.0, 1.0), 0.0
        ),
        compute_usd_per_kw_year=rent * MONTHS_PER_YEAR / kw_per_h100e,
    )


def chip_usd_per_kw_year(ctx: Context, ground: GroundTerms, failures_per_year: Array) -> Array:
    """Return what the chips of a nominal kW cost a year: user cost and failures. Shapes: (bloc, world)."""
    use = ctx.params.capital.interest_rate + ctx.params.chips.user_cost_depreciation
    return use * ground.chip_usd_per_kw + laws.chip_failure_usd_per_kw(
        failures_per_year, ground.chip_usd_per_kw
    )


def ground_cost(ctx: Context, ground: GroundTerms) -> laws.CostPerYear:
    """Return the yearly cost of a kW on the ground, shadow value of power included. Shapes: (bloc, world)."""
    rules, home = ctx.params.power, ctx.axes.markets.home
    return laws.ground_cost(
        ctx.by_world(rules.building_cost)[home] * USD_PER_THOUSAND,
        building_recovery_per_year(ctx),
        ctx.by_world(rules.pue)[home],
        ground.price_usd_per_mwh,
        chip_usd_per_kw_year(ctx, ground, ctx.params.orbit.chip_failure_ground),
        ONE,
        laws.dark_shadow_usd_per_kw(ground.dark_share, ground.compute_usd_per_kw_year),
    )
