"""One month as a script: everybody plans from the same state, the acts run in order, then all is committed.

An act computes frozen outcomes and writes nothing; `commit` alone builds the next state. So the order in
which agents are asked cannot matter, and a reader finds the whole month on this page.
"""

from dataclasses import dataclass, replace

import numpy as np

from sim.acts import (
    adoption,
    books,
    capability,
    chips,
    compute,
    exits,
    feedback,
    orbit,
    policy,
    power,
    robots,
    shocks,
)
from sim.acts.fleet import held_gw, held_h100e
from sim.acts.payments import enter
from sim.axes import best_by_bloc, sum_by_bloc
from sim.context import Context
from sim.elementary import LN2, exp
from sim.ledger import Ledger, open_ledger
from sim.markets.adoption import fade_residual
from sim.markets.services import demand_per_user_step
from sim.memory import once_a_run, remember
from sim.plans import Plans
from sim.quantity import fading_log_growth
from sim.state import LabTable, SectorCash, State
from sim.units import MONTHS_PER_YEAR, Array, ratio

ROBOT_FLOOR_SHARE = 1e-3
"""Humanoid labour counts as a dimension above this share of manufacturing labour (D3)."""


@dataclass(frozen=True)
class Month:
    """What happened in a month: the outcomes of its acts, and the books."""

    shocks: shocks.Shocks
    policy: policy.PolicyOutcome
    power: power.PowerOutcome
    chips: chips.ChipOutcome
    compute: compute.ComputeOutcome
    capability: capability.CapabilityOutcome
    adoption: adoption.AdoptionOutcome
    robots: robots.RobotOutcome
    orbit: orbit.OrbitOutcome
    books: books.BooksOutcome
    exits: exits.ExitOutcome
    feedback: feedback.FeedbackOutcome
    ledger: Ledger


def advance(ctx: Context, state: State, plans: Plans) -> tuple[State, Month]:
    """Run one month from a state and everybody's plans; return the next state and what happened."""
    ledger = open_ledger(ctx.worlds)
    luck = shocks.act(ctx, state)
    law = policy.act(ctx, state, plans, luck)
    grid = power.act(ctx, state, plans, law, luck)
    satellites = orbit.delivered_gw(ctx, state.orbit)
    made = chips.act(
        ctx, state, plans, law, power_room_gw(ctx, state, plans, grid), orbit_room(ctx, state, satellites)
    )
    grid = power.serve(ctx, grid, made.held_gw)
    used = compute.act(ctx, state, plans, law, grid, made, orbit_share(ctx, made, satellites))
    skill = capability.act(ctx, state, used, luck)
    chosen = adoption.act(ctx, state, plans)
    ability = bloc_capability(ctx, state)
    factories = grid.served_share
    units = robots.act(
        ctx,
        state,
        plans,
        ability,
        state.policy.feedback,
        law.equipment_factor,
        law.parts_units_per_month,
        law.tariff,
        factories,
        grid.price_usd_per_mwh,
    )
    launched = orbit.act(ctx, state, plans, law.orbit_gw_per_year)
    money = books.act(ctx, state, plans, ledger, law, grid, made, used, chosen, launched.charge_usd)
    enter(ledger, units.payments)
    enter(ledger, launched.payments)
    books.settle_other_subsidies(ledger, law)
    left = exits.act(ctx, state, ledger, money, made)
    books.settle_everybody_else(ctx, state, ledger)
    back = feedback.act(ctx, state, units, ability, factories)
    month = Month(luck, law, grid, made, used, skill, chosen, units, launched, money, left, back, ledger)
    after = commit(ctx, state, plans, month)
    after.known = {}
    if month.exits.fleet_h100e is made.fleet_h100e:
        # Nobody left: what was held after installation is held at the next month's start.
        remember(after, held_h100e, made.held_h100e)
        remember(after, held_gw, made.held_gw)
    return after, month


def power_room_gw(ctx: Context, state: State, plans: Plans, grid: power.PowerOutcome) -> Array:
    """Return power that new accelerators of a place can expect within the owners' horizon (S8).

    Shapes: (market, world).
    """
    due_share, engine_share = due_within_horizon(ctx)
    cap = plans.grids.cap_gw / ctx.dt * ctx.params.power.room_horizon
    coming = np.minimum(cap, grid.table.ready_gw + grid.table.stages_gw.sum(0) * due_share)
    engines = grid.table.btm_stages_gw.sum(0) * engine_share
    room: Array = np.maximum(grid.available_gw + coming + engines - grid.need_gw, 0.0)
    return room


@once_a_run
def due_within_horizon(ctx: Context) -> tuple[Array, Array]:
    """Return the share of power on order that owners expect in time, from the grid and from engines (S8).

    Shapes: -> (market, world), () or (world,).
    """
    rules, places = ctx.params.power, ctx.by_market
    horizon = rules.room_horizon
    due = np.minimum(1.0, horizon / places.lead_time_months) * places.survival_share
    return due, np.minimum(1.0, horizon / rules.btm_lead_time)


def orbit_room(ctx: Context, state: State, satellites_gw: Array) -> Array:
    """Return what satellites could still host. Shapes: (bloc, world)."""
    return np.maximum(satellites_gw - orbit_need(ctx, held_gw(ctx, state)), 0.0)


def orbit_need(ctx: Context, it_gw: Array) -> Array:
    """Return the power that accelerators in orbit need, by bloc.

    Shapes: it_gw (owner, site, world) -> (bloc, world).
    """
    return sum_by_bloc(it_gw[:, -1], ctx.axes.owner_bloc)


def orbit_share(ctx: Context, made: chips.ChipOutcome, satellites_gw: Array) -> Array:
    """Return the powered share of accelerators in orbit. Shapes: (bloc, world)."""
    need = orbit_need(ctx, made.held_gw)
    return np.where(need > 0.0, np.minimum(1.0, ratio(satellites_gw, need)), 1.0)


def bloc_capability(ctx: Context, state: State) -> Array:
    """Return each bloc's best deployable capability above the start's frontier. Shapes: (bloc, world)."""
    usable = np.ones_like(state.labs.alive)
    orders = capability.deployable_orders(ctx, state.labs.capability_orders, state.labs.alive, usable)
    return best_by_bloc(np.where(state.labs.alive > 0.0, orders, -30.0), ctx.axes.labs.bloc, -30.0)


def commit(ctx: Context, state: State, plans: Plans, month: Month) -> State:
    """Build the next state from the outcomes; nothing is computed here that an act could have."""
    tick = state.tick + 1
    months = tick * ctx.dt
    new_month = tick % ctx.settings.steps_per_month == 0
    labs = commit_labs(ctx, state, plans, month, new_month)
    fleet = replace(
        state.fleet,
        h100e=month.exits.fleet_h100e,
        it_gw=month.exits.fleet_gw,
        lease_h100e=month.compute.leased_h100e,
        powered_share=month.compute.powered_share,
        cloud_cash_usd=month.books.cloud_cash_usd,
        cloud_spending_usd=month.books.cloud_spending_usd,
        rent_usd=month.compute.rent_usd,
        occupancy=month.compute.occupancy,
        other_tenant_budget_usd=month.books.tenant_budget_usd,
    )
    labour = sum_by_bloc(month.robots.labour_workers.sum(1), ctx.axes.robot_makers.bloc)
    workers = (ctx.start.markets.manufacturing_workers_million * 1e6).sum()
    history = np.concatenate([state.frontier_orders, month.capability.frontier_orders[None]])
    return State(
        tick=tick,
        months=months,
        labs=labs,
        fleet=fleet,
        chips=replace(month.chips.table, cash_usd=month.books.chip_cash_usd),
        power=replace(
            month.power.table,
            need_gw=month.power.need_gw,
            room_share=month.chips.room_share,
            need_growth=power.wanted_growth(ctx, state, month.power.need_gw, month.chips.wanted_gw),
        ),
        robots=month.robots.table,
        orbit=month.orbit.table,
        policy=replace(month.policy.table, feedback=month.feedback.multiplier),
        cash=commit_cash(state.cash, month.ledger),
        crowd=month.adoption.crowd,
        aware_share=month.adoption.aware_share,
        users=month.adoption.users,
        frontier_orders=history,
        best_offered_start=state.best_offered_start,
        breakthroughs=month.capability.breakthroughs,
        enterprise_budget_usd=plans.enterprises.budget_usd_per_year,
        hosting_usd=month.adoption.hosting_usd / ctx.dt,
        compute_by_user=compute_by_user(ctx, month.compute),
        robot_labour=labour,
        robot_labour_matters=(labour.sum(0) > ROBOT_FLOOR_SHARE * workers).astype(np.float64),
        foundation=month.adoption.foundation,
    )


def commit_labs(ctx: Context, state: State, plans: Plans, month: Month, new_month: bool) -> LabTable:
    """Build the labs' table of the next month."""
    old, rules = state.labs, ctx.params.consumers
    money, skill, left = month.books, month.capability, month.exits
    firm_memory = ctx.params.enterprises.residual_half_life / LN2
    past = old.revenue_past_usd
    if new_month:
        past = np.concatenate([past[1:], money.revenue_usd[None]])
    wanted = demand_per_user_step(
        old.queries_wanted,
        load_growth_per_year(ctx, state),
        compute.mean_cost_ratio(month.compute.query_cost_usd, old.query_cost_usd, old.alive),
        rules.load_cost_elasticity,
        ctx.dt,
    )
    return replace(
        old,
        alive=left.alive,
        cash_usd=left.cash_usd,
        debt_usd=left.debt_usd,
        credit_limit_usd=money.lab_credit_limit_usd,
        distressed_months=left.distressed_months,
        revenue_usd=money.revenue_usd,
        revenue_past_usd=past,
        spending_usd=money.spending_usd * left.alive,
        outlay_usd=money.lab_outlay_usd * left.alive,
        runway_months=money.runway_months,
        ln_algorithm=skill.ln_algorithm,
        ln_efficiency=skill.ln_efficiency,
        training_stock=skill.training_stock,
        training_h100e=month.compute.uses.training_h100e,
        luck=skill.luck,
        training_residual=skill.training_residual,
        capability_orders=skill.own_orders,
        enterprise_revenue_usd=month.adoption.enterprise_revenue_usd.sum(1) / ctx.dt,
        price_usd=plans.labs.price_usd,
        # A quota counts messages: what users put into each grows as what they want does.
        quota_per_day=plans.labs.quota_per_day * ratio(wanted, old.queries_wanted),
        query_cost_usd=month.compute.query_cost_usd,
        queries_wanted=wanted,
        served_share=month.compute.free_served_share,
        residual=fade_residual(old.residual, rules.residual_half_life / LN2, ctx.dt),
        familiar_share=month.adoption.familiar_share,
        enterprise_residual=fade_residual(old.enterprise_residual, firm_memory, ctx.dt),
        enterprise_share=month.adoption.enterprise_share,
        serving_cost_usd=month.compute.serving_cost_usd,
    )


def load_growth_per_year(ctx: Context, state: State) -> Array:
    """Return this step's growth of what users want at an unchanged cost, fading over years (S3.2).

    Shapes: 0-d or (world,).
    """
    rules = ctx.params.consumers
    years = np.asarray(state.months / MONTHS_PER_YEAR)
    grown = fading_log_growth(exp(rules.load_growth), years, rules.load_fade_time, ctx.dt)
    return grown * (MONTHS_PER_YEAR / ctx.dt)


def compute_by_user(ctx: Context, used: compute.ComputeOutcome) -> Array:
    """Return powered compute by the bloc of who used it: labs, their groups, clouds' other tenants (D2).

    Tenants of a third country's cloud belong to no bloc. Shapes: (bloc, world).
    """
    labs = ctx.axes.labs
    groups = used.powered_owner_h100e[: len(labs.names)] * (1.0 - labs.lab_fleet_share[:, None])
    by_labs = sum_by_bloc(used.capacity_h100e + groups, labs.bloc)
    return by_labs + sum_by_bloc(used.tenant_h100e, ctx.axes.clouds.bloc)


def commit_cash(old: SectorCash, ledger: Ledger) -> SectorCash:
    """Book the month on the sectors kept as one account."""
    change = ledger.changes_usd()
    return SectorCash(
        households=old.households + change["households"],
        other_firms=old.other_firms + change["other_firms"],
        power=old.power + change["power"],
        capital=old.capital + change["capital"],
        governments=old.governments + change["governments"],
    )
