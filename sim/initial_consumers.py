"""The consumers at the start: spread over classes, with tastes inverted from first-month flows (S1.4).

Users' residuals are solved from users and their growth, not chosen (decisions 8-11).
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from sim.acts import adoption
from sim.axes import FREE, PAID
from sim.context import Context
from sim.elementary import exp, expm1, log, log1p
from sim.markets.adoption import Columns, Inversion, awareness, invert_flows
from sim.markets.choice import ChoiceSetting, reconsidering
from sim.population import start_population
from sim.state import (
    State,
)
from sim.streams import normal
from sim.units import MILLION, Array, BoolArray, ratio

LEAST_CHOOSING_NONE = 0.05
"""Non-use keeps at least this share of the first month's choices; faster growth than that is scaled down."""
LEAST_ARRIVAL = 0.5
"""A shrinking assistant still wins at least this share of those who would leave it by reconsidering alone."""
INVERSION_TOLERANCE = 1e-9
INVERSION_STEPS = 400


@dataclass(frozen=True)
class StartReport:
    """What the start could not take as observed. Shapes: (world,)."""

    feasible: BoolArray
    growth_scaled: Array
    """Smallest factor by which observed user growth was scaled down, over markets; 1 where none was."""


def with_consumers(ctx: Context, state: State) -> tuple[State, StartReport]:
    """Place the consumers and invert residuals from first-month flows (S1.4)."""
    population = ctx.spread(ctx.start.markets.population_million * MILLION)
    class_share = ctx.by_world(ctx.params.consumers.class_population_share)
    class_share = class_share / class_share.sum(0)
    occupancy = start_occupancy(ctx, state, population, class_share)
    setting = of_labs_in_use(adoption.choice_setting(ctx, state), state.users.sum(1) > 0.0)
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


def of_labs_in_use(setting: ChoiceSetting, used: BoolArray) -> ChoiceSetting:
    """Close what nobody uses yet: the observed flows say nothing of it. Shapes: used (lab, market, world).

    A market that a scenario opens has such labs, from the first month on.
    """
    return replace(
        setting,
        free_utility=np.where(used, setting.free_utility, -np.inf),
        paid_utility=np.where(used[:, None], setting.paid_utility, -np.inf),
    )


def with_entrants(ctx: Context, state: State, residual: Array) -> Array:
    """Give a lab a residual in each market where nobody uses it yet (S1.4). Shapes: (lab, market, world).

    Where people use it, the residual is inverted from them. A lab is liked or not as a firm, so that one draw
    serves all markets; who comes later is liked less. Without noise nothing is drawn.
    """
    late = -ctx.params.consumers.entry_order_exponent * log(entry_order(ctx))[..., None]
    if ctx.settings.noise:
        ids = ctx.settings.world_ids
        draws = normal(ctx.settings.seed, ids, "entrant_residual", ctx.axes.labs.names, 0)
        late = late + (draws * ctx.params.consumers.entrant_residual_sd)[:, None]
    return np.where(state.users.sum(1) > 0.0, residual, late)


def entry_order(ctx: Context) -> Array:
    """Return the place of each lab among those that come to a market: 1 for the pioneer (S1.4).

    Labs of one month share a place. Shapes: -> (lab, market).
    Source: Urban, Carter, Gaskin and Mucha 1986.
    """
    labs = ctx.axes.labs
    comes = np.where(labs.barred > 0, np.inf, labs.entry_month[:, None].astype(np.float64))
    order: Array = 1.0 + (comes[None] < comes[:, None]).sum(1)
    return order


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

    here = Columns(chosen, ctx.worlds)
    part = {name: here.of(value) for name, value in everything.items()}
    found = invert_flows(
        ChoiceSetting(**{field.name: part[field.name] for field in fields(setting)}),
        part["occupancy"],
        part["classes"],
        exp(part["growth"] * ctx.dt),
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
    keen = class_share[:, None] * exp(-np.minimum(cost, 60.0))
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
    gain = users * expm1(growth * ctx.dt)
    rising, falling = np.maximum(gain, 0.0).sum(0), np.minimum(gain, 0.0).sum(0)
    factor = np.clip(ratio(room - falling, rising), 0.0, 1.0)
    factor = np.where(rising > 0.0, factor, 1.0)
    scaled = log1p(np.where(gain > 0.0, expm1(growth * ctx.dt) * factor, expm1(growth * ctx.dt))) / ctx.dt
    return scaled, factor.min(0)
