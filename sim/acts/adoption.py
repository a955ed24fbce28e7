"""Act 7: consumers and enterprises choose among what the labs offered this month (S1, S2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.acts.capability import deployable_orders
from sim.acts.compute import quota_served_share
from sim.axes import BLOCS, CN, PAID, US, best_by_bloc
from sim.context import Context
from sim.elementary import expm1, log, power
from sim.markets.adoption import Offers, Tastes, awareness, utilities
from sim.markets.choice import ChoiceSetting
from sim.markets.enterprise import foundation_step, self_hosting_share
from sim.memory import once_a_month, once_a_run
from sim.plans import Plans
from sim.state import State
from sim.units import BILLION, NOTHING, ONE, Array, BoolArray, of_shape

LEAST_FAMILIAR = 1e-9
"""Keeps an assistant that nobody has heard of at a finite utility."""
FAR_BEHIND_ORDERS = 30.0
"""Stands for open weights that do not exist."""


@dataclass(frozen=True)
class AdoptionOutcome:
    """Choices of the month."""

    crowd: Any
    users: Array
    """(lab, tier, market, world) primary users, people."""
    aware_share: Array
    enterprise_revenue_usd: Array
    """(lab, market, world) tokens sold this month."""
    hosting_usd: Array
    """(market, world) paid for compute by firms that host open weights."""
    enterprise_share: Array
    foundation: Array
    familiar_share: Array
    """(lab, market, world): share of the aware who know a lab's assistant after the month."""


@once_a_month
def offers_open(ctx: Context, state: State) -> BoolArray:
    """Return where each lab offers its assistant: launched, not barred. Shapes: (lab, market, world)."""
    months, before, after = state.months, *places_open(ctx)
    begun = months >= ctx.by_world(ctx.params.policy.schedule_start)
    launched = (months >= ctx.axes.labs.entry_month)[:, None]
    opened: BoolArray = ((state.labs.alive > 0.0) & launched)[:, None] & np.where(begun, after, before)
    return opened


@once_a_run
def places_open(ctx: Context) -> tuple[BoolArray, BoolArray]:
    """Return where no government bars a lab's assistant, before and after the schedule begins.

    Shapes: -> two of (lab, market, world).
    """
    labs, home = ctx.axes.labs, ctx.axes.markets.home
    before = np.repeat(labs.barred[:, :, None], ctx.worlds, axis=2)
    after = before.copy()
    banned = ctx.by_world(ctx.params.policy.ban_rival_apps) > 0.0
    for bloc in (US, CN):
        rivals = labs.bloc == 1 - bloc
        # A ban on assistants that people use comes with the schedule; where nobody uses them it is in force.
        unused = ctx.start.labs.users_million[rivals, home[bloc]][:, None] <= 0.0
        before[rivals, home[bloc]] |= banned[bloc] & unused
        after[rivals, home[bloc]] |= banned[bloc]
    return ~before, ~after


@once_a_run
def trust_table(ctx: Context) -> Array:
    """Return the trust of each market in each bloc's assistants (S1.4). Shapes: (lab, market, world).

    A bloc's own apps are the reference at home; in third markets Chinese apps are measured against American.
    """
    rules, places = ctx.params.consumers, ctx.axes.markets.names
    table = ctx.full(len(BLOCS), len(places))
    table[CN, places.index("us")] = rules.trust_foreign_apps_us
    table[CN, places.index("allies")] = rules.trust_cn_apps_allies
    table[CN, places.index("row")] = rules.trust_cn_apps_row
    table[US, places.index("cn")] = rules.trust_foreign_apps_cn
    return table[ctx.axes.labs.bloc]


@once_a_run
def open_weights_usable(ctx: Context) -> Array:
    """Return where each lab's open weights may be used, 0 under a ban. Shapes: (lab, market, world)."""
    usable = np.ones((len(ctx.axes.labs.names), len(ctx.axes.markets.names), ctx.worlds))
    ban = ctx.by_world(ctx.params.policy.ban_open_weights)
    for bloc in (US, CN):
        rivals = ctx.axes.labs.bloc == 1 - bloc
        usable[rivals, ctx.axes.markets.home[bloc]] = 1.0 - ban[bloc]
    return usable


@once_a_month
def capability_offered(ctx: Context, state: State) -> Array:
    """Return each lab's deployable capability in orders of magnitude. Shapes: (lab, market, world)."""
    own, alive = state.labs.capability_orders[:, None], state.labs.alive[:, None]
    return deployable_orders(ctx, own, alive, open_weights_usable(ctx))


@once_a_run
def price_sensitivity(ctx: Context) -> Array:
    """Return utility per USD a month by class and market, higher where incomes are lower (S1.3, S1.6).

    Shapes: (class, market, world).
    """
    rules = ctx.params.consumers
    income = ctx.axes.markets.income[:, None]
    by_class = ctx.by_world(rules.class_price_sensitivity)[:, None]
    scale: Array = power(income, -rules.income_elasticity_of_sensitivity)
    return by_class * ctx.by_world(rules.price_sensitivity_us * ONE) * scale


def tastes(ctx: Context) -> Tastes:
    """Collect how people value assistants (S1.3)."""
    rules = ctx.params.consumers
    return Tastes(
        quality_beta=rules.quality_beta_q,
        quality_saturation=rules.quality_saturation_chi,
        quota_beta=rules.quota_beta_phi,
        price_sensitivity=price_sensitivity(ctx),
        nonuse_depth=rules.nonuse_a,
        nonuse_rate=rules.nonuse_k,
    )


def hosted_share(ctx: Context, open_gap_orders: Array) -> Array:
    """Return the share of AI value that firms run themselves on open weights, by how far those lag (S2).

    Shapes: (market, world), both.
    """
    rules = ctx.params.enterprises
    share = self_hosting_share(
        -open_gap_orders,
        NOTHING,
        NOTHING,
        intercept=rules.self_hosting_intercept,
        capability_beta=rules.self_hosting_sensitivity,
        price_beta=NOTHING,
    )
    return rules.self_hosting_ceiling * share


@once_a_month
def open_gap_orders(ctx: Context, state: State) -> Array:
    """Return the orders by which the best on offer leads usable open weights. Shapes: (market, world)."""
    offered = np.where(offers_open(ctx, state), capability_offered(ctx, state), -np.inf).max(0)
    opened = (state.labs.alive > 0.0) & ctx.axes.labs.open_weights[:, None]
    usable = opened[:, None] & (open_weights_usable(ctx) > 0.0)
    best_open = np.where(usable, state.labs.capability_orders[:, None], -np.inf).max(0)
    gap = np.where(np.isfinite(offered) & np.isfinite(best_open), offered - best_open, FAR_BEHIND_ORDERS)
    return np.maximum(gap, 0.0)


def choice_setting(ctx: Context, state: State) -> ChoiceSetting:
    """Return this month's frozen conditions of choice, from the month-start state (S1.1-S1.4)."""
    rules, labs = ctx.params.consumers, state.labs
    opened = offers_open(ctx, state)
    served = quota_served_share(ctx, state) * labs.served_share[:, None]
    offers = Offers(
        capability=capability_offered(ctx, state),
        trust=trust_table(ctx) + labs.residual + log(np.maximum(familiarity(ctx, state), LEAST_FAMILIAR)),
        served_fraction=np.maximum(served, 1e-12),
        price_usd=labs.price_usd,
        free_constant=NOTHING,
        paid_constant=labs.paid_constant,
        free_open=opened,
        paid_open=opened,
    )
    free, paid, nonuse = utilities(offers, tastes(ctx), len(ctx.axes.markets.names), ctx.worlds)
    return ChoiceSetting(
        free_utility=free,
        paid_utility=paid,
        nonuse_utility=nonuse,
        habit_sigma=rules.habit_sigma,
        nest_lambda=rules.nest_lambda,
        network_beta=rules.network_effect_beta_n,
        network_epsilon=rules.network_epsilon,
        reconsider=rules.reconsider_rate,
        aware_before=state.aware_share,
        aware_after=aware_after(ctx, state),
    )


@once_a_month
def word_of_mouth(ctx: Context, state: State) -> Array:
    """Return who knows of assistants after the step, and which of them of each lab's, as shares (S1.1, S1.7).

    Word of an assistant spreads as word of assistants did.
    Shapes: -> (1 + lab, market, world), assistants of any lab first.
    """
    rules, known = ctx.params.consumers, np.concatenate([state.aware_share[None], state.labs.familiar_share])
    return awareness(known, rules.bass_innovation_p, rules.bass_imitation_q, ctx.dt)


def aware_after(ctx: Context, state: State) -> Array:
    """Return the share of a place's people who know of assistants after the step (S1.1).

    Shapes: -> (market, world).
    """
    aware: Array = word_of_mouth(ctx, state)[0]
    return aware


@once_a_month
def familiarity(ctx: Context, state: State) -> Array:
    """Return how many of the aware know each lab's assistant after the step, where it is on offer (S1.7).

    Shapes: -> (lab, market, world).
    """
    return np.where(offers_open(ctx, state), word_of_mouth(ctx, state)[1:], state.labs.familiar_share)


def act(ctx: Context, state: State, plans: Plans) -> AdoptionOutcome:
    """Read off what consumers and enterprises chose (S1, S2)."""
    crowd = plans.consumers.crowd
    people = crowd.people()
    hosted = plans.enterprises.self_hosting_share
    shares = np.ascontiguousarray(plans.enterprises.shares.swapaxes(0, 1))
    monthly = plans.enterprises.budget_usd_per_year / 12.0 * ctx.dt
    # Hosting one's own model saves the supplier's margin: only its compute is paid for.
    rules = ctx.params.labs
    hosting = monthly * hosted * rules.enterprise_compute_share_of_price
    tokens = shares * (monthly * (1.0 - hosted))
    opened = ctx.axes.labs.open_weights[:, None]
    orders = np.where((state.labs.alive > 0.0) & opened, state.labs.capability_orders, -np.inf)
    best_open = best_by_bloc(orders, ctx.axes.labs.bloc, -30.0)
    foundation = foundation_step(
        state.foundation,
        np.ones(ctx.worlds),
        best_open,
        capability_beta=ctx.params.enterprises.foundation_quality_weight,
        life_months=ctx.params.enterprises.foundation_turnover,
        dt=ctx.dt,
    )
    return AdoptionOutcome(
        crowd=crowd,
        users=users_of(people, ctx),
        aware_share=aware_after(ctx, state),
        enterprise_revenue_usd=tokens,
        hosting_usd=hosting,
        enterprise_share=shares,
        foundation=foundation,
        familiar_share=familiarity(ctx, state),
    )


def users_of(people: Array, ctx: Context) -> Array:
    """Return users by lab and tier from people by option and class. Shapes: -> (lab, tier, market, world)."""
    held = people.sum(1)
    labs = len(ctx.axes.labs.names)
    return np.ascontiguousarray(held[1:].reshape(labs, 2, *held.shape[1:]))


def subscription_usd(ctx: Context, users: Array, price_usd: Array) -> Array:
    """Return what subscribers pay a month; people use several, so heads count twice (S1.5).

    Shapes: users (lab, tier, market, world), price_usd and the result (lab, market, world).
    """
    paying: Array = users[:, PAID] * ctx.params.consumers.overlap_factor * price_usd
    return paying


@once_a_month
def ad_revenue_per_user_usd(ctx: Context, state: State) -> Array:
    """Return advertising per free user-month, building up over years (S3.2). Shapes: (market, world)."""
    rules = ctx.params.consumers
    income = ctx.axes.markets.income[:, None]
    ramp = -expm1(-state.months / rules.ad_ramp_months)
    revenue: Array = rules.ad_revenue_rich * ramp * power(income, rules.ad_income_elasticity)
    return of_shape(revenue, (income.shape[0], ctx.worlds))


def start_market_usd_per_year(ctx: Context, enterprise_usd: Array) -> Array:
    """Return the enterprise market of the start by place. Shapes: (lab, market, world) -> (market, world)."""
    total: Array = enterprise_usd.sum(0) * 12.0
    return np.maximum(total, 1e-6 * BILLION)
