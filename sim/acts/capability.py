"""Act 6: training turns compute and ideas into capability; ideas and weights spill over (S6)."""

from dataclasses import dataclass

import numpy as np

from sim.acts.compute import ComputeOutcome
from sim.acts.shocks import Shocks
from sim.axes import CN, best_by_bloc
from sim.context import Context
from sim.elementary import LN2, LN10, exp, log, log10, power
from sim.markets.services import efficiency_step
from sim.memory import once_a_run
from sim.physics.capability import (
    algorithmic_step,
    best_of,
    breakthrough_orders,
    deployable_capability,
    distil_stock,
    luck_step,
    training_stock_step,
)
from sim.quantity import approach
from sim.state import State
from sim.units import MONTHS_PER_YEAR, Array, BoolArray, somewhere

FAR_ORDERS = 100.0
"""A handicap that puts the rival's best model out of reach where access is shut."""


@dataclass(frozen=True)
class CapabilityOutcome:
    """Capability after the month. Shapes: (lab, world) unless said."""

    ln_algorithm: Array
    ln_efficiency: Array
    luck: Array
    training_residual: Array
    training_stock: Array
    own_orders: Array
    """Orders of magnitude above the frontier of the start, by own training."""
    frontier_orders: Array
    """(bloc, world): best own capability of a bloc's labs."""
    breakthroughs: Array
    """(bloc, world): orders of magnitude gained by breakthroughs so far."""


def act(ctx: Context, state: State, compute: ComputeOutcome, shocks: Shocks) -> CapabilityOutcome:
    """Advance algorithms, training stocks and capability (S6)."""
    rules, old = ctx.params.capability, state.labs
    alive = old.alive > 0.0
    opened = alive & ctx.axes.labs.open_weights[:, None]
    training = compute.uses.training_h100e
    luck = luck_step(
        old.luck,
        shocks.research,
        ctx.dt,
        persistence_per_month=rules.luck_persistence,
        sd=rules.research_luck_sd,
    )
    ln_algorithm = algorithmic_step(
        old.ln_algorithm,
        training,
        np.asarray(state.months / MONTHS_PER_YEAR),
        best_of(old.ln_algorithm, opened),
        best_of(old.ln_algorithm, alive),
        luck,
        ctx.dt,
        growth_factor_per_year=rules.algorithmic_progress,
        compute_exponent=rules.compute_exponent,
        fade_years=rules.progress_fade_time,
        open_spill_per_month=rules.open_weight_spill,
        all_spill_ratio=rules.secret_spill_fraction,
    )
    stock = training_stock_step(
        old.training_stock, training, old.ln_algorithm + old.training_residual, rules.memory_months, ctx.dt
    )
    stock = distilled(ctx, stock, alive)
    # A bloc that has had its breakthrough has had it: the draw is spent in the first month it comes.
    jump = breakthrough_orders(breakthrough_hazard(ctx), shocks.breakthrough, rules.breakthrough_size, ctx.dt)
    jump = jump * (state.breakthroughs == 0.0)
    stock = stock * power(10.0, jump[ctx.axes.labs.bloc])
    stock = np.where(alive, stock, old.training_stock)
    # A breakthrough is an idea: it stays, and makes no model larger to serve.
    ln_algorithm = ln_algorithm + jump[ctx.axes.labs.bloc] * LN10
    ln_algorithm = np.where(alive, ln_algorithm, old.ln_algorithm)
    fresh = entrants(ctx, state, ln_algorithm, stock, alive)
    ln_algorithm, stock = fresh.ln_algorithm, fresh.training_stock
    own = log10(np.maximum(stock, 1e-30))
    efficiency = efficiency_step(
        old.ln_efficiency,
        ctx.params.labs.inference_efficiency_gain,
        np.asarray(state.months / MONTHS_PER_YEAR),
        ctx.params.labs.efficiency_fade_time,
        ctx.dt,
    )
    frontier = best_by_bloc(np.where(alive, own, -np.inf), ctx.axes.labs.bloc)
    past = state.frontier_orders[-1]
    return CapabilityOutcome(
        ln_algorithm=ln_algorithm,
        ln_efficiency=efficiency,
        luck=luck,
        training_residual=fresh.training_residual,
        training_stock=stock,
        own_orders=own,
        frontier_orders=np.maximum(frontier, past),
        breakthroughs=state.breakthroughs + jump,
    )


@once_a_run
def breakthrough_hazard(ctx: Context) -> Array:
    """Return the hazard of a breakthrough in each bloc, a year (S6). Shapes: -> (bloc, world)."""
    rules = ctx.params.capability
    return ctx.by_bloc(rules.breakthrough_hazard_us, rules.breakthrough_hazard_cn)


def start_lag_months(ctx: Context) -> Array:
    """Return how far each lab is behind the frontier as it begins, the lag of its bloc included (S6).

    Shapes: -> (lab, world). Source: decision 9.
    """
    chinese = (ctx.axes.labs.bloc == CN)[:, None]
    return ctx.spread(ctx.start.labs.lag_months) + np.where(chinese, ctx.params.capability.lag_start_cn, 0.0)


def entering(ctx: Context, months: float) -> BoolArray:
    """Return which labs come to the market in the step that ends after `months`. Shapes: -> (lab,)."""
    entry = ctx.axes.labs.entry_month
    begins: BoolArray = (entry > 0) & (np.abs(months - entry) < 0.5 * ctx.dt)
    return begins


@dataclass(frozen=True)
class Entrants:
    """What labs know, those included that enter with this step. Shapes: (lab, world)."""

    ln_algorithm: Array
    training_stock: Array
    training_residual: Array


def entrants(ctx: Context, state: State, ln_algorithm: Array, stock: Array, alive: BoolArray) -> Entrants:
    """Let a lab that enters begin as far behind the frontier as its start record says (S6).

    Its efficiency in training is that of the others, who no longer keep theirs to themselves. Labs of groups
    have trained before their assistant came, and go on from there. Shapes: (lab, world).
    """
    rules = ctx.params.capability
    residual = converging_residual(ctx, state.labs.training_residual, alive)
    enters = entering(ctx, state.months + ctx.dt)
    if not somewhere(enters):
        return Entrants(ln_algorithm, stock, residual)
    begins = enters[:, None] & ~alive
    behind = start_lag_months(ctx) * (rules.growth_before_start / MONTHS_PER_YEAR)
    # Without any lab left, the frontier of the start is what an entrant can know.
    somebody = alive.any(0)
    leader = np.where(somebody, best_of(log10(np.maximum(stock, 1e-30)), alive), 0.0)
    best_skill = np.where(somebody, best_of(ln_algorithm, alive), 0.0)
    orders = leader - behind
    skill = best_skill - rules.lag_in_algorithms * behind * LN10
    usual = np.where(alive, residual, 0.0).sum(0) / np.maximum(alive.sum(0), 1)
    return Entrants(
        np.where(begins, skill, ln_algorithm),
        np.where(begins, power(10.0, orders), stock),
        np.where(begins, usual, residual),
    )


def distilled(ctx: Context, stock: Array, alive: BoolArray) -> Array:
    """Let labs learn from the best model they may query: their bloc's, or the rival's if access is open (S6).

    Shapes: (lab, world).
    """
    rules, bloc = ctx.params.capability, ctx.axes.labs.bloc
    orders = log10(np.maximum(stock, 1e-30))
    best = best_by_bloc(np.where(alive, orders, -np.inf), bloc)
    shut = 1.0 - ctx.by_world(rules.distillation_access)
    reachable = np.maximum(best, best[::-1] - shut * FAR_ORDERS)[bloc]
    return distil_stock(stock, power(10.0, reachable), alive, rules.distillation, ctx.dt)


def converging_residual(ctx: Context, residual: Array, alive: BoolArray) -> Array:
    """Move each lab's training residual towards the mean of all: know-how does not stay with a firm (S6).

    Shapes: (lab, world). Source: decision 9.
    """
    count = np.maximum(alive.sum(0), 1)
    mean = np.where(alive, residual, 0.0).sum(0) / count
    return approach(residual, mean, LN2 / ctx.params.capability.residual_half_life, ctx.dt)


def deployable_orders(ctx: Context, own_orders: Array, alive: Array, open_here: Array) -> Array:
    """Return what each lab can serve: its own model or one built on the best open weights (S6).

    Shapes: open_here (lab, ..., world), labs whose open weights may be used here; own_orders and alive
    broadcast to it.
    """
    is_open = ctx.axes.labs.open_weights.reshape(-1, *(1,) * (open_here.ndim - 1))
    best_open = best_of(own_orders, (alive > 0.0) & is_open & (open_here > 0.0))
    deployable = deployable_capability(own_orders, best_open, ctx.params.capability.open_gap)
    return np.where(alive > 0.0, deployable, own_orders)


def start_training_residual(ctx: Context, stock: Array, training: Array, ln_algorithm: Array) -> Array:
    """Return the residual with which each lab's training stock grows at the frontier's past pace (S6).

    From Z' = -Z/18 + T·A·e^θ: θ = ln[Z (g ln 10/12 + 1/18)/(T·A)]. Shapes: (lab, world).
    Source: decision 9 (compute by lab is little observed; the lag is, so the lag is inverted).
    """
    rules = ctx.params.capability
    pace = rules.growth_before_start * LN10 / MONTHS_PER_YEAR + 1.0 / rules.memory_months
    effective = np.maximum(training, 1.0) * exp(ln_algorithm)
    return np.asarray(log(np.maximum(stock, 1e-30) * pace / effective))
