"""What robots cost and can do, who may sell them where, and who gets the pilots (S9).

The act, the start and the views read these terms, so that all three mean the same.
Shapes: (maker, world), (market, world) or (maker, market, world).
"""

from dataclasses import dataclass

import numpy as np

from sim.axes import BLOCS, CN, US
from sim.context import Context
from sim.elementary import log
from sim.memory import known_by_inputs, once_a_month, once_a_run
from sim.physics.robot_choice import (
    cost_per_task_usd,
    decoupled_unit_cost_usd,
    energy_usd_per_year,
    experience_units,
    fleet_orders,
    maker_shares,
    others_units,
    productivity,
    reach_share,
    unit_cost_usd_per_year,
    wright_unit_cost_usd,
)
from sim.quantity import capital_recovery_factor, compounded
from sim.state import State
from sim.units import (
    MILLION,
    MONTHS_PER_YEAR,
    NOTHING,
    ONE,
    Array,
    BoolArray,
    IntArray,
    ratio,
    share_over_first,
)

USD_PER_THOUSAND = 1e3
OPTIMUS_CLASS = 0
FIT_ROUNDS = 200
NOT_SOLD_UTILITY = -1e6
"""Its exponential is exactly 0, so that a maker still to come moves no bit of the others' shares."""


@dataclass(frozen=True)
class Ability:
    """What a maker's robots can do. Shapes: (maker, world)."""

    reach: Array
    productivity: Array
    autonomy: Array


def ability(ctx: Context, capability_orders: Array, fleet_robot_years: Array) -> Ability:
    """Return reach, productivity and autonomy from a bloc's capability and a maker's fleet data (S9.2).

    Shapes: capability (bloc, world), fleet (maker, world).
    """
    rules, makers = ctx.params.robots, ctx.axes.robot_makers
    orders = capability_orders[makers.bloc]
    fleet = fleet_orders(fleet_robot_years, rules.reference_fleet)
    weight = rules.fleet_data_weight
    return Ability(
        reach=reach_share(orders, rules.reach_threshold, fleet, weight, 1.0 / rules.reach_steepness),
        productivity=design_efficiency(ctx)
        * productivity(
            rules.robot_productivity_start,
            rules.robot_productivity_gain,
            orders,
            fleet,
            weight,
            rules.productivity_ceiling,
        ),
        autonomy=np.clip(rules.autonomy_start + rules.autonomy_gain * (orders + weight * fleet), 0.0, 1.0),
    )


@once_a_run
def design_efficiency(ctx: Context) -> Array:
    """Return productivity by design over that of the AgiBot class. Shapes: -> (maker, 1 or world)."""
    first_class = (ctx.axes.robot_makers.design == OPTIMUS_CLASS)[:, None]
    return np.where(first_class, ctx.params.robots.efficiency_ratio, 1.0)


# ---- places, tariffs, chains --------------------------------------------------------------------------


@once_a_run
def at_home(ctx: Context) -> Array:
    """Return 1 where a place counts with the maker's bloc, allies with the US. Shapes: -> (maker, market)."""
    same: Array = (ctx.axes.robot_makers.bloc[:, None] == ctx.axes.markets.bloc[None]).astype(np.float64)
    return same


@once_a_run
def own_place(ctx: Context) -> Array:
    """Return 1 in the one place where a maker's own factory stands. Shapes: -> (maker, market)."""
    home = ctx.axes.markets.home[ctx.axes.robot_makers.bloc]
    own: Array = (home[:, None] == np.arange(len(ctx.axes.markets.names))[None]).astype(np.float64)
    return own


def tariff_by_place(ctx: Context, maker_bloc: IntArray, tariff: Array) -> Array:
    """Return the tariff on each maker's robots in each place (S12); third countries levy none.

    Shapes: maker_bloc (maker,), tariff (bloc, world) -> (maker, market, world).
    """
    levied: Array = np.where(
        rival_places(ctx, maker_bloc.tobytes()), tariff[np.maximum(ctx.axes.markets.bloc, 0)], 0.0
    )
    return levied


@once_a_run
def rival_places(ctx: Context, maker_bloc: bytes) -> BoolArray:
    """Return whether a place counts with the rival of a maker's bloc.

    Shapes: the bytes of (maker,) -> (maker, market, 1).
    """
    maker, place = np.frombuffer(maker_bloc, np.int64)[:, None], ctx.axes.markets.bloc
    rival: BoolArray = (maker != place) & (place >= 0) & (maker >= 0)
    return rival[..., None]


@once_a_run
def domestic_chain(ctx: Context) -> Array:
    """Return the share of a bloc's parts that it makes itself (S9.5). Shapes: -> (bloc, world)."""
    rules = ctx.params.robots
    return ctx.by_bloc(rules.domestic_chain_us, rules.domestic_chain_cn)


def closed_share(ctx: Context, stringency: Array) -> Array:
    """Return the share of a bloc's parts supply that the rival's controls close (S9.1).

    Shapes: stringency of each bloc towards the rival (bloc, world) -> (bloc, world).
    """
    closed: Array = (1.0 - domestic_chain(ctx)) * stringency[::-1]
    return closed


def sourcing_share(ctx: Context, stringency: Array) -> Array:
    """Return where each maker's parts come from (S9.5): at home what is its own or closed abroad.

    Shapes: (bloc, world) -> (chain, maker, world), summing to 1 over chains; a chain is a bloc's.
    """
    bloc = ctx.axes.robot_makers.bloc
    at_home_share = (domestic_chain(ctx) + closed_share(ctx, stringency))[bloc]
    chains = np.arange(len(BLOCS))[:, None, None]
    shares: Array = np.where(chains == bloc[None, :, None], at_home_share[None], 1.0 - at_home_share[None])
    return shares


# ---- cost ---------------------------------------------------------------------------------------------


def unit_cost_usd(ctx: Context, made_units: Array, stringency: Array) -> Array:
    """Return the cost of making one humanoid, in USD (S9.1), dearer where the rival closes its parts chain.

    Shapes: made since the start (maker, world), stringency (bloc, world) -> (maker, world).
    """
    rules, makers = ctx.params.robots, ctx.axes.robot_makers
    experience = experience_units(
        made_units, others_units(made_units), rules.shared_learning, rules.prior_experience
    )
    start, floor = design_cost_usd(ctx)
    cost = wright_unit_cost_usd(start, floor, experience, rules.prior_experience, rules.learning_rate)
    return decoupled_unit_cost_usd(cost, closed_share(ctx, stringency)[makers.bloc], rules.decoupling_factor)


@once_a_run
def design_cost_usd(ctx: Context) -> tuple[Array, Array]:
    """Return what a humanoid costs at the start and its floor, by its design (S9.1).

    Shapes: -> two of (maker, world).
    """
    rules, start = ctx.params.robots, ctx.start.robot_makers
    first_class = (ctx.axes.robot_makers.design == OPTIMUS_CLASS)[:, None]
    of_design = np.where(first_class, rules.optimus_unit_cost, rules.agibot_unit_cost) * USD_PER_THOUSAND
    floor = np.where(first_class, rules.optimus_cost_floor, rules.agibot_cost_floor) * USD_PER_THOUSAND
    at_start = of_design * start.unit_cost_ratio[:, None]
    return at_start, np.minimum(floor, at_start)


def wage_usd_per_year(ctx: Context, months: float) -> Array:
    """Return the yearly wage in manufacturing, growing with productivity. Shapes: -> (market, world)."""
    growth = compounded(1.0 + ctx.params.feedback.productivity_growth, months)
    return ctx.start.markets.manufacturing_wage_usd_per_year[:, None] * growth


def yearly_cost_usd(
    ctx: Context, price_usd: Array, tariff: Array, autonomy: Array, price_usd_per_mwh: Array
) -> Array:
    """Return the yearly cost of owning and running a humanoid, in USD (S9.3); supervision costs local wages.

    Shapes: price and autonomy (maker, world), tariff (maker, market, world), electricity (market, world)
    -> (maker, market, world).
    """
    rules = ctx.params.robots
    return unit_cost_usd_per_year(
        price_usd[:, None],
        tariff,
        recovery_per_year(ctx),
        rules.maintenance_share,
        rules.overhead_per_unit * USD_PER_THOUSAND,
        energy_usd_per_year(rules.power_draw, rules.working_hours, price_usd_per_mwh),
        autonomy[:, None],
        supervision_usd_per_year(ctx),
    )


@once_a_run
def recovery_per_year(ctx: Context) -> Array:
    """Return the yearly payment per USD of a humanoid (S9.3). Shapes: -> () or (world,)."""
    return capital_recovery_factor(ctx.params.robots.cost_of_capital, ctx.params.robots.life_years)


@once_a_run
def supervision_usd_per_year(ctx: Context) -> Array:
    """Return what a person who watches throughout costs a year, in USD, by local wages (S9.3).

    Shapes: -> (market, 1 or world).
    """
    wages = ctx.start.markets.manufacturing_wage_usd_per_year
    relative_wage = ratio(wages, wages[ctx.axes.markets.home[US]])
    return ctx.params.robots.supervision_cost * USD_PER_THOUSAND * relative_wage[:, None]


def machine_cost_usd(ctx: Context, price_usd: Array) -> Array:
    """Return the yearly cost of one worker's tasks done by conventional robots, in USD (S9.3, S9.6).

    Shapes: price with tariffs (market, world) -> (market, world).
    """
    rules = ctx.params.robots
    yearly = unit_cost_usd_per_year(
        price_usd,
        NOTHING,
        machine_recovery_per_year(ctx),
        rules.maintenance_share,
        rules.overhead_per_unit * USD_PER_THOUSAND,
        NOTHING,
        ONE,
        NOTHING,
    )
    return cost_per_task_usd(yearly, rules.industrial_workers_replaced, NOTHING)


@once_a_run
def machine_recovery_per_year(ctx: Context) -> Array:
    """Return the yearly payment per USD of a conventional robot (S9.3). Shapes: -> () or (world,)."""
    return capital_recovery_factor(ctx.params.robots.cost_of_capital, ctx.params.robots.industrial_life_years)


# ---- demand -------------------------------------------------------------------------------------------


@once_a_run
def suitable_positions(ctx: Context) -> Array:
    """Return positions in factories that a humanoid could take. Shapes: -> (market, sector, world)."""
    rules = ctx.params.robots
    share = np.minimum(rules.suitable_positions * ctx.by_world(rules.suitability_by_sector), 1.0)
    workers = ctx.start.markets.manufacturing_workers_million * MILLION
    return workers[:, None, None] * (ctx.by_world(rules.employment_by_sector_share) * share)[None]


@once_a_run
def pilots_by_place(ctx: Context) -> Array:
    """Return each place's share of the world's pilots (S9.6). Shapes: -> (market, world)."""
    return share_over_first(ctx.by_world(ctx.params.robots.pilot_demand_share))


@once_a_run
def trials_by_sector(ctx: Context) -> Array:
    """Return each sector's share of trials, by suitable positions. Shapes: -> (market, sector, world)."""
    return share_over_first(np.ascontiguousarray(suitable_positions(ctx).swapaxes(0, 1))).swapaxes(0, 1)


@once_a_month
def selling(ctx: Context, state: State) -> Array:
    """Return 1 where a maker sells to others at the month's start. Shapes: -> (maker, world)."""
    return sells_outside(ctx, state.months)


def sells_outside(ctx: Context, months: float) -> Array:
    """Return 1 where a maker sells to others, 0 where its robots stay in its own house (S9.6).

    Shapes: -> (maker, world).
    """
    makers = ctx.axes.robot_makers
    opened = months >= ctx.by_world(ctx.params.robots.optimus_external_sales_month)
    return np.where(makers.ships_outside[:, None] | opened, 1.0, 0.0) * entered(ctx, months)[:, None]


def entered(ctx: Context, months: float) -> Array:
    """Return 1 for makers that are on the market. Shapes: -> (maker,)."""
    present: Array = (months >= ctx.axes.robot_makers.entry_month).astype(np.float64)
    return present


def pilot_split(ctx: Context, price_usd: Array, tariff: Array, open_to: Array, residual: Array) -> Array:
    """Split the world's pilots over makers and places: logit in price, home bias, track record (S9.6).

    Shapes: price and residual (maker, world), tariff and open_to (maker, market, world)
    -> (maker, market, world), summing to the shares of places that any maker serves.
    """
    sensitivity = ctx.params.robots.pilot_price_sensitivity
    delivered_usd = price_usd[:, None] * (1.0 + tariff)
    return pilot_shares(delivered_usd, home_utility(ctx), sensitivity, open_to, residual) * pilots_by_place(
        ctx
    )


def pilot_shares(
    delivered_usd: Array, home_utility: Array, sensitivity: Array, open_to: Array, residual: Array
) -> Array:
    """Return the makers' shares of a place's pilots (S9.6).

    Shapes: residual (maker, world), the others broadcast to (maker, market, world) -> (maker, market, world).
    """
    utility = np.where(open_to > 0.0, residual[:, None] + home_utility, NOT_SOLD_UTILITY)
    return share_over_first(maker_shares(delivered_usd, utility, sensitivity) * open_to)


@once_a_run
def home_utility(ctx: Context) -> Array:
    """Return what buyers add for a maker of their own bloc (S9.6). Shapes: -> (maker, market, 1 or world)."""
    return ctx.params.robots.home_bias * at_home(ctx)[..., None]


def pilots_open_to(ctx: Context, months: float, outside: Array) -> Array:
    """Return 1 where a maker's pilots can go: at home before it sells to others (S9.6).

    Shapes: outside, 1 where it sells to others, (maker, world) -> (maker, market, world).
    """
    at_own_place = own_place(ctx)[..., None] * entered(ctx, months)[:, None, None]
    return np.maximum(outside[:, None], at_own_place)


def fitted_pilot_residual(ctx: Context, price_usd: Array, tariff: Array, units: Array) -> Array:
    """Return the track record with which the split gives each maker its units of the start (S9.6).

    Shapes: price and units (maker, world), tariff (maker, market, world) -> (maker, world). A maker without
    units takes the weakest record of the others.
    Source: the contraction of Berry, Levinsohn and Pakes 1995 on shares summed over places.
    """
    return fitted_to_units(
        units,
        price_usd[:, None] * (1.0 + tariff),
        home_utility(ctx),
        ctx.params.robots.pilot_price_sensitivity,
        pilots_open_to(ctx, 0.0, sells_outside(ctx, 0.0)) * (units > 0.0)[:, None],
        pilots_by_place(ctx),
    )


@known_by_inputs(most=4)
def fitted_to_units(
    units: Array,
    delivered_usd: Array,
    home_utility: Array,
    sensitivity: Array,
    open_to: Array,
    by_place: Array,
) -> Array:
    """Return the track record that gives each maker its units, as `fitted_pilot_residual` (S9.6).

    Shapes: units (maker, world), the others as in `pilot_shares` -> (maker, world).
    """
    known = units > 0.0
    wanted = share_over_first(units)
    residual = np.zeros_like(units)
    for _ in range(FIT_ROUNDS):
        given = (pilot_shares(delivered_usd, home_utility, sensitivity, open_to, residual) * by_place).sum(1)
        fits = known & (given > 0.0)
        step = log(np.where(fits, wanted, 1.0)) - log(np.where(fits, given, 1.0))
        residual = residual + step
    weakest = np.where(known, residual, np.inf).min(0)
    fitted: Array = np.where(known, residual, np.where(np.isfinite(weakest), weakest, 0.0))
    return fitted


def start_capability_orders(ctx: Context) -> Array:
    """Return the best deployable capability of each bloc at the start, in orders of magnitude (S6).

    Shapes: -> (bloc, world), relative to the frontier of the start.
    """
    rules, labs = ctx.params.capability, ctx.axes.labs
    late = np.where((labs.bloc == CN)[:, None], rules.lag_start_cn, 0.0)
    orders = -(ctx.spread(ctx.start.labs.lag_months) + late) * rules.growth_before_start / MONTHS_PER_YEAR
    opened = np.where(labs.open_weights[:, None], orders, -np.inf).max(0) - rules.open_gap
    rows = [np.where((labs.bloc == b)[:, None], orders, -np.inf).max(0) for b in range(len(BLOCS))]
    best: Array = np.maximum(np.stack(rows), opened)
    return np.where(np.isfinite(best), best, 0.0)
