"""Laws of consumer adoption: awareness, utilities, nested logit, the start from flows (S1.1-S1.4)."""

from dataclasses import dataclass, replace

import numpy as np

from sim.elementary import exp, expm1, log
from sim.markets.choice import (
    FREE,
    NON_USE,
    PAID,
    ChoiceSetting,
    expected_choices,
    lab_share,
    reconsidering,
)
from sim.memory import known_by_inputs
from sim.units import ONE, TINY, Array, BoolArray, IntArray, of_shape, ratio


def awareness(aware: Array, innovation: Array, imitation: Array, dt: float) -> Array:
    """Return the aware share after `dt` months, the exact solution of A˙ = (p + qA)(1 − A) (S1.1).

    With e = e^{−(p+q)dt}: A′ = A + (1 − A)(p + qA)(1 − e)/(p + qA + q(1 − A)e), which equals
    (u′ − p)/(u′ + q) of u = (p + qA)/(1 − A), u′ = u/e, but holds at A = 1 and at p = q = 0 too.
    Shapes: aware (market, world), innovation and imitation broadcast against it.
    Source: Bass (1969).
    """
    pull = innovation + imitation * aware
    rest = 1.0 - aware
    decay = -(innovation + imitation) * dt
    hazard = ratio(-pull * expm1(decay), pull + imitation * rest * exp(decay))
    return aware + rest * hazard


def quality_value(capability: Array, quality_beta: Array, saturation: Array) -> Array:
    """Return the utility of a capability, v(C) = β_q(1 − e^{−χC})/χ, linear at χ = 0 (S1.3).

    Shapes: capability in orders of magnitude (..., world); the others broadcast against it.
    """
    scale = np.where(saturation == 0.0, 1.0, saturation)
    return quality_beta * np.where(saturation == 0.0, capability, -expm1(-saturation * capability) / scale)


def fade_residual(residual: Array, fading_months: Array, dt: float) -> Array:
    """Return a firm's own residual after `dt` months, the exact solution of ξ˙ = −ξ/T_ξ (S1.4).

    Shapes: residual (lab, market, world); fading_months is T_ξ, the half-life over ln 2.
    """
    rate = ratio(ONE, fading_months)
    return np.where(fading_months == 0.0, 0.0, residual * exp(-rate * dt))


def best_capability(capability: Array, lab_open: BoolArray) -> Array:
    """Return C̄, the best capability that a market's people can use, 0 where they can use none (S1.3).

    Shapes: capability broadcasts to lab_open (lab, market, world) -> (market, world).
    """
    best = np.where(lab_open, capability, -np.inf).max(0)
    return np.where(best == -np.inf, 0.0, best)


@dataclass(frozen=True)
class Tastes:
    """Hold how people value assistants (S1.3)."""

    quality_beta: Array
    """(world,) or 0-d: β_q, utility per order of magnitude of capability"""
    quality_saturation: Array
    """(world,) or 0-d: χ, per order of magnitude; 0 is linear"""
    quota_beta: Array
    """(world,) or 0-d: β_φ, utility per ln of the served fraction"""
    price_sensitivity: Array
    """broadcasts to (class, market, world): β_p, utility per USD a month"""
    nonuse_depth: Array
    """(world,) or 0-d: a, the most utility that assistants take from non-use"""
    nonuse_rate: Array
    """(world,) or 0-d: k, per order of magnitude"""


@dataclass(frozen=True)
class Offers:
    """Hold what the labs offer this month (S1.3); every field broadcasts to (lab, market, world)."""

    capability: Array
    """C, orders of magnitude"""
    trust: Array
    """δ = τ + ξ, utility"""
    served_fraction: Array
    """share of a free user's load that the lab serves; 0 closes the free tier"""
    price_usd: Array
    """subscription, USD a month"""
    free_constant: Array
    """μ of the free tier, utility"""
    paid_constant: Array
    """μ of the paid tier, utility"""
    free_open: BoolArray
    paid_open: BoolArray


def utilities(offers: Offers, tastes: Tastes, markets: int, worlds: int) -> tuple[Array, Array, Array]:
    """Return free, paid and non-use utility without network, habit and noise (S1.3).

    free = δ + v(C) − v(C̄) + β_φ ln(served) + μ_free, paid = δ + v(C) − v(C̄) − β_p p + μ_paid,
    non-use = −a(1 − e^{−k C̄}); minus infinity where barred.
    Shapes: -> (lab, market, world), (lab, class, market, world), (market, world).
    Source: Berry (1994).
    """
    cell = np.broadcast_shapes((1, markets, worlds), *(np.shape(field) for field in vars(offers).values()))
    free_open = of_shape(offers.free_open & (offers.served_fraction > 0.0), cell)
    paid_open = of_shape(offers.paid_open, cell)
    capability = of_shape(offers.capability, cell)
    best = best_capability(capability, free_open | paid_open)
    quality = quality_value(capability, tastes.quality_beta, tastes.quality_saturation)
    quality_best = quality_value(best, tastes.quality_beta, tastes.quality_saturation)
    both = offers.trust + quality - quality_best
    served = np.where(free_open, offers.served_fraction, 1.0)
    free = both + tastes.quota_beta * log(served) + offers.free_constant
    cost = tastes.price_sensitivity * of_shape(offers.price_usd, cell)[:, None]
    paid = (both + offers.paid_constant)[:, None] - cost
    nonuse = tastes.nonuse_depth * expm1(-tastes.nonuse_rate * best)
    return (
        np.where(free_open, free, -np.inf),
        np.where(paid_open[:, None], paid, -np.inf),
        of_shape(nonuse, (markets, worlds)),
    )


def berry_utilities(share: Array, nest_lambda: Array) -> Array:
    """Return the utilities over non-use that give these shares, ln s_fk − ln s_0 − (1 − λ) ln s_k|f (S1.4).

    Exact without habit and classes. Options without share get 0.
    Shapes: share (option, ..., world) -> (lab, 2, ..., world), free before paid.
    Source: Berry (1994).
    """
    tiers = share[1:].reshape(-1, 2, *share.shape[1:])
    within = ratio(tiers, tiers.sum(1)[:, None])
    over_nonuse = log(np.maximum(tiers, TINY)) - log(np.maximum(share[NON_USE], TINY))
    utility = over_nonuse - (1.0 - nest_lambda) * log(np.maximum(within, TINY))
    return np.where(tiers > 0.0, utility, 0.0)


@dataclass(frozen=True)
class FlowTarget:
    """Hold what the first month's choices have to look like (S1.4)."""

    share: Array
    """(option, market, world): s*, of those who choose"""
    choosing: Array
    """(market, world): who choose, as a share of the market's people"""
    feasible: BoolArray
    """(market, world): false where an open option's share lies outside (0, 1)"""


def flow_target(setting: ChoiceSetting, occupancy: Array, user_growth: Array, dt: float) -> FlowTarget:
    """Return the shares of the first month's choices that give next month's users (S1.4).

    s* = [n′ − (1 − ρ)n]/(ρA + ΔA) with n′ = growth·n, each lab's paying share held.
    Shapes: occupancy (option, class, market, world) of the market's people, user_growth the factor of users
    over `dt` months, broadcasting to (lab, market, world).
    """
    leaving = reconsidering(setting, dt)
    held = occupancy.sum(1)
    kept = (occupancy * (1.0 - leaving)).sum(1)
    choosing = (occupancy * leaving).sum(0).sum(0) + (setting.aware_after - setting.aware_before)
    arriving = np.zeros_like(held)
    arriving[FREE] = held[FREE] * user_growth - kept[FREE]
    arriving[PAID] = held[PAID] * user_growth - kept[PAID]
    share = ratio(arriving, choosing)
    share[NON_USE] = 1.0 - share[1:].sum(0)
    inside = (share > 0.0) & (share < 1.0)
    opened = np.ones_like(inside)
    opened[FREE] = setting.free_utility > -np.inf
    opened[PAID] = (setting.paid_utility > -np.inf).any(1)
    # Where no lab may offer anything, using none is no choice that could be outside (0, 1).
    opened[NON_USE] = opened[1:].any(0)
    return FlowTarget(share, choosing, np.where(opened, inside, arriving <= 0.0).all(0) & (choosing > 0.0))


@dataclass(frozen=True)
class Inversion:
    """Hold the residuals that reproduce the first month's flows (S1.4).

    Add `residual` to the free and paid utilities and `paid_constant` to the paid ones.
    """

    residual: Array
    """(lab, market, world): ξ; 0 in markets of which `feasible` is false"""
    paid_constant: Array
    """(lab, market, world): common to all classes; 0 where one tier is closed"""
    feasible: BoolArray
    """(world,): false where a target lies outside (0, 1) or the contraction did not arrive"""
    miss: Array
    """(market, world): largest relative miss of an open option's flow"""


@dataclass(frozen=True)
class Columns:
    """Take some worlds out of tables that have all of them; what has no world axis stays as it is."""

    chosen: IntArray
    worlds: int

    def of(self, table: Array) -> Array:
        """Return these worlds of one table. Shapes: (..., world) -> (..., chosen); others unchanged."""
        if np.ndim(table) == 0 or table.shape[-1] != self.worlds:
            return table
        return np.take(table, self.chosen, axis=-1)

    def of_record(self, setting: ChoiceSetting) -> ChoiceSetting:
        """Return the conditions of choice in these worlds."""
        return ChoiceSetting(**{name: self.of(table) for name, table in vars(setting).items()})


@known_by_inputs(most=4)
def invert_flows(
    setting: ChoiceSetting,
    occupancy: Array,
    class_share: Array,
    user_growth: Array,
    dt: float,
    tolerance: float,
    most_steps: int,
    network_share: Array | None = None,
) -> Inversion:
    """Find the residuals and paid constants with which the first month's choices meet `flow_target` (S1.4).

    Each step adds the closed form's answer to the target and takes away its answer to the flow got, so that
    without habit and classes the first step is exact. A market stands still once it has arrived: its bits do
    not depend on how long others take.
    Shapes: occupancy (option, class, market, world), class_share broadcasts to (class, market, world),
    network_share (lab, market, world) what the network term sees, the market's share if None (mean field);
    the utilities of `setting` without residual and paid constant.
    Source: Berry, Levinsohn and Pakes (1995).
    """
    target = flow_target(setting, occupancy, user_growth, dt)
    leaving = occupancy * reconsidering(setting, dt)
    newcomers = class_share * (setting.aware_after - setting.aware_before)
    seen = lab_share(occupancy) if network_share is None else network_share
    sought = berry_utilities(target.share, setting.nest_lambda)
    labs, _, markets, worlds = setting.paid_utility.shape
    newcomers = np.broadcast_to(newcomers, occupancy.shape[1:])
    shift = np.zeros((labs, 2, markets, worlds))
    miss = np.full((markets, worlds), np.inf)
    for _ in range(most_steps):
        moving = target.feasible & (miss > tolerance)
        going = np.flatnonzero(moving.any(0))
        if going.size == 0:
            break
        # Worlds that have arrived are left out. One alone would be summed in another order (decision 2).
        going = going if going.size > 1 else np.repeat(going, 2)
        here = Columns(going, worlds)
        terms, moved, wanted = here.of_record(setting), here.of(shift), here.of(target.share)
        shifted = replace(
            terms,
            free_utility=terms.free_utility + moved[:, 0],
            paid_utility=terms.paid_utility + moved[:, 1][:, None],
        )
        chosen = expected_choices(shifted, here.of(leaving), here.of(newcomers), here.of(seen)).sum(1)
        got = ratio(chosen, here.of(target.choosing))
        off = ratio(np.abs(got - wanted), wanted).max(0)
        miss[:, going] = np.where(moving[:, going], off, miss[:, going])
        step = here.of(sought) - berry_utilities(got, terms.nest_lambda)
        still = moving[:, going] & (miss[:, going] > tolerance)
        shift[..., going] = moved + np.where(still, step, 0.0)
    free_open = setting.free_utility > -np.inf
    both_open = free_open & (setting.paid_utility > -np.inf).any(1)
    return Inversion(
        np.where(free_open, shift[:, 0], shift[:, 1]),
        np.where(both_open, shift[:, 1] - shift[:, 0], 0.0),
        np.asarray((target.feasible & (miss <= tolerance)).all(0)),
        miss,
    )
