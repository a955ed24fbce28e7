"""Unit revenue, unit cost and best replies of labs, and the terms enterprises are offered (S2, S3)."""

from dataclasses import dataclass

import numpy as np

from sim.acts import adoption, compute
from sim.axes import BLOCS, CN, US
from sim.context import Context
from sim.elementary import log
from sim.markets.services import best_reply_price
from sim.memory import once_a_month, once_a_run
from sim.state import State
from sim.units import Array, ratio


@dataclass(frozen=True)
class LabEconomics:
    """Unit revenue and cost of every lab. Shapes: (lab, market, world) unless said."""

    query_cost_usd: Array
    """(lab, world): USD a month for one query a day."""
    paid_cost_usd: Array
    ad_revenue_usd: Array
    """(market, world)"""
    best_reply_usd: Array
    """Price that would maximise the month's margin against the others' prices."""


@once_a_month
def lab_economics(ctx: Context, state: State) -> LabEconomics:
    """Compute costs per user and best-reply prices (S3.1-S3.3)."""
    rules, labs = ctx.params.labs, state.labs
    query = compute.query_compute_h100e(ctx, state) * labs.serving_cost_usd
    growth = labs.queries_wanted / rules.queries_wanted_free
    paid_cost = query * rules.queries_wanted_paid * rules.paid_query_cost_multiple * growth
    paid_cost = np.repeat(paid_cost[:, None], len(ctx.axes.markets.names), axis=1)
    free_cost = compute.free_queries_per_day(ctx, state) * query[:, None]
    ads = adoption.ad_revenue_per_user_usd(ctx, state)
    people = state.crowd.people()
    by_class = people.sum(0)
    weight = ratio(by_class, by_class.sum(0))
    share = people / np.maximum(by_class, 1.0)
    best = best_reply_price(
        paid_cost,
        ads - free_cost,
        weight[:, None],
        np.ascontiguousarray(share[2::2].swapaxes(0, 1)),
        np.ascontiguousarray(share[1::2].swapaxes(0, 1)),
        adoption.price_sensitivity(ctx)[:, None],
        ctx.params.consumers.nest_lambda,
    )
    return LabEconomics(query, paid_cost, ads, np.where(np.isfinite(best), best, paid_cost))


@dataclass(frozen=True)
class EnterpriseTerms:
    """What suppliers offer the enterprises of each place. Shapes: broadcast to (lab, market, world)."""

    quality_orders: Array
    ln_price: Array
    trust: Array
    available: Array


def enterprise_terms(ctx: Context, state: State) -> EnterpriseTerms:
    """Collect quality, price and trust of every lab for the enterprises of each place (S2)."""
    offered = adoption.capability_offered(ctx, state)
    best = np.where(state.labs.alive[:, None] > 0.0, offered, -np.inf).max(0)
    return EnterpriseTerms(
        quality_orders=offered - np.where(np.isfinite(best), best, 0.0),
        ln_price=log(np.maximum(state.labs.serving_cost_usd, 1e-9))[:, None],
        trust=enterprise_trust(ctx),
        available=adoption.offers_open(ctx, state).astype(np.float64),
    )


@once_a_run
def enterprise_trust(ctx: Context) -> Array:
    """Return the trust of each place's enterprises in each lab's bloc (S2). Shapes: (lab, market, world)."""
    rules, places = ctx.params.enterprises, ctx.axes.markets.names
    table = ctx.full(len(BLOCS), len(places))
    table[CN, places.index("us")] = rules.trust_rival
    table[US, places.index("cn")] = rules.trust_rival
    table[CN, places.index("allies")] = rules.trust_rival_allies
    table[CN, places.index("row")] = rules.trust_rival_row
    return table[ctx.axes.labs.bloc]


def monthly_users(ctx: Context, state: State, tier: int) -> Array:
    """Return monthly users of a tier, primary users times the overlap. Shapes: (lab, market, world)."""
    users: Array = state.users[:, tier] * ctx.params.consumers.overlap_factor
    return users
