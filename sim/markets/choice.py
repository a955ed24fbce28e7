"""How an aware person chooses among assistants: the one rule that crowds, cohorts and the start share (S1.3).

Options are coded 0 = no assistant, 1 + 2f = free tier of lab f, 2 + 2f = its paid tier.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from sim.elementary import exp, log, log1p, power
from sim.units import TINY, Array, ratio

NON_USE: Final = 0
"""Code of the option to use no assistant."""
FREE: Final = slice(1, None, 2)
"""Rows of an option axis that are free tiers, in the order of the labs."""
PAID: Final = slice(2, None, 2)
"""Rows of an option axis that are paid tiers, in the order of the labs."""


@dataclass(frozen=True)
class ChoiceSetting:
    """Hold the conditions of one month's choices, frozen at its start (S1.1-S1.3).

    Utilities leave out the network term, habit and noise; minus infinity bars an option.
    """

    free_utility: Array
    """(lab, market, world)"""
    paid_utility: Array
    """(lab, class, market, world)"""
    nonuse_utility: Array
    """(market, world); finite unless some option is open to everybody"""
    habit_sigma: Array
    """(world,) or 0-d: utility of what one has already, not negative"""
    nest_lambda: Array
    """(world,) or 0-d: dissimilarity of a lab's tiers, 0 to 1"""
    network_beta: Array
    """(world,) or 0-d: utility per ln(share)"""
    network_epsilon: Array
    """(world,) or 0-d: share added before the logarithm"""
    reconsider: Array
    """(market, world), (world,) or 0-d: probability per month of reconsidering"""
    aware_before: Array
    """(market, world): share of people aware at the month's start"""
    aware_after: Array
    """(market, world): the same at its end"""


def reconsidering(setting: ChoiceSetting, dt: float) -> Array:
    """Return the probability of reconsidering within `dt` months, 1 − (1 − ρ)^dt, per option held (S1.2).

    Whoever holds an option that is barred now has to choose again at once.
    Shapes: (option, class, market, world).
    """
    labs, classes, markets, worlds = setting.paid_utility.shape
    within = 1.0 - power(1.0 - setting.reconsider, dt)
    probability = np.empty((1 + 2 * labs, classes, markets, worlds))
    probability[NON_USE] = within
    probability[FREE] = np.where(setting.free_utility == -np.inf, 1.0, within)[:, None]
    probability[PAID] = np.where(setting.paid_utility == -np.inf, 1.0, within)
    return probability


def newly_aware_hazard(setting: ChoiceSetting) -> Array:
    """Return the probability that an unaware person becomes aware this month, (A' − A)/(1 − A) (S1.1).

    Shapes: (market, world).
    """
    unaware = 1.0 - setting.aware_before
    hazard = ratio(setting.aware_after - setting.aware_before, unaware)
    return np.where(unaware > 0.0, hazard.clip(0.0, 1.0), 1.0)


def network_utility(share: Array, beta: Array, epsilon: Array) -> Array:
    """Return the utility of a lab's local share, β_n ln(s + ε), 0 where β_n is 0 (S1.3).

    Shapes: share (lab, ..., world), beta and epsilon broadcast against it -> as share.
    """
    seen = share + epsilon
    positive = seen > 0.0
    logarithm = np.where(positive, log(np.where(positive, seen, 1.0)), -np.inf)
    return np.where(beta == 0.0, 0.0, np.where(beta == 0.0, 1.0, beta) * logarithm)


def nest_values(free: Array, paid: Array, nest_lambda: Array) -> tuple[Array, Array]:
    """Return each lab's inclusive value λ ln(e^{free/λ} + e^{paid/λ}) and its paid tier's share (S1.3).

    A lab with both tiers barred has the value minus infinity and the paid share 0; at λ = 0 the better tier
    takes the nest. Shapes: free and paid broadcast to one another, nest_lambda (world,) or 0-d.
    Source: McFadden (1978).
    """
    top = np.maximum(free, paid)
    barred = top == -np.inf
    with np.errstate(invalid="ignore"):  # both barred: no number, 0 below
        lead = np.asarray(paid - free)
    np.copyto(lead, 0.0, where=barred)
    ahead = lead > 0.0
    scale = np.maximum(nest_lambda, TINY)
    with np.errstate(over="ignore"):
        # Beyond the largest float a lead is as good as infinite.
        smaller = np.divide(np.abs(lead, out=lead), -scale, out=lead)
        exp(smaller, out=smaller)
    paid_share = np.where(ahead, 1.0, smaller)
    paid_share /= 1.0 + smaller
    np.copyto(paid_share, 0.0, where=barred)
    value = log1p(smaller, out=smaller)
    value *= scale
    value += top
    return value, paid_share


def lab_share(people: Array) -> Array:
    """Return each lab's share of the aware people of a market, 0 where nobody is aware (S1.3).

    Shapes: people (option, class, market, world), non-users of option 0 aware -> (lab, market, world).
    """
    held = people.sum(1)
    users = held[FREE] + held[PAID]
    aware = held.sum(0)
    return ratio(users, aware)


def sum_of_others(amounts: Array) -> Array:
    """Return for each entry of the leading axis the sum of all others, without subtracting.

    Subtracting an entry from the total could leave less than nothing. Shapes: any -> the same.
    """
    sums = np.zeros_like(amounts)
    behind = sums[0].copy()
    # Row by row: a cumulative sum over the leading axis strides through memory.
    for (before, here), amount in zip(pairwise(sums), amounts, strict=False):
        np.add(before, amount, out=here)
    for here, beyond in zip(sums[-2::-1], amounts[:0:-1], strict=True):
        behind += beyond
        here += behind
    return sums


@dataclass(frozen=True)
class NestTable:
    """Hold inclusive values and paid shares of every lab, for whom does and does not hold a tier of it.

    Shapes: (lab, class, market, world) each.
    """

    value: Array
    value_holding_free: Array
    value_holding_paid: Array
    paid_share: Array
    paid_share_holding_free: Array
    paid_share_holding_paid: Array


def nest_table(setting: ChoiceSetting, network: Array) -> NestTable:
    """Return the nests' values and paid shares with habit on the tier held (S1.3).

    Shapes: network broadcasts to (lab, market, world).
    """
    plain = (setting.free_utility + network)[:, None]
    paid = setting.paid_utility + network[:, None]
    free_of, paid_of = np.empty((2, 3, *paid.shape))
    free_of[::2], free_of[1] = plain, plain + setting.habit_sigma
    paid_of[:2], paid_of[2] = paid, paid + setting.habit_sigma
    value, paid_share = nest_values(free_of, paid_of, setting.nest_lambda)
    return NestTable(*value, *paid_share)


def highest(table: NestTable, nonuse: Array) -> Array:
    """Return the highest value anybody sees, 0 where all is barred: what to subtract before `exp`.

    Shapes: nonuse (market, world), with habit -> (class, market, world).
    """
    labs = np.maximum(np.maximum(table.value, table.value_holding_free), table.value_holding_paid)
    top = np.maximum(labs.max(0, initial=-np.inf), nonuse)
    return np.where(top == -np.inf, 0.0, top)


def expected_choices(setting: ChoiceSetting, choosing: Array, newcomers: Array, share: Array) -> Array:
    """Return how many of those who choose are expected to take each option (S1.3).

    Everybody sees the same market share (mean field). The work grows with the number of options, not its
    square: who holds another lab's tier faces the plain values, so only sums over the others are needed.
    Shapes: choosing (option, class, market, world) by the option held, newcomers (class, market, world)
    who hold nothing, share (lab, market, world) -> (option, class, market, world).
    Source: McFadden (1978), Brock and Durlauf (2001).
    """
    network = network_utility(share, setting.network_beta, setting.network_epsilon)
    table = nest_table(setting, network)
    nonuse = setting.nonuse_utility
    top = highest(table, nonuse + setting.habit_sigma)
    weight = exp(table.value - top)
    weight_free = exp(table.value_holding_free - top)
    weight_paid = exp(table.value_holding_paid - top)
    weight_none = exp(nonuse - top)
    weight_none_holding = exp(nonuse + setting.habit_sigma - top)
    labs_together = weight.sum(0)
    others = weight_none + sum_of_others(weight)
    per_newcomer = ratio(newcomers, weight_none + labs_together)
    per_non_user = ratio(choosing[NON_USE], weight_none_holding + labs_together)
    per_free = ratio(choosing[FREE], others + weight_free)
    per_paid = ratio(choosing[PAID], others + weight_paid)
    per_user = per_free + per_paid
    plain = weight * (per_newcomer + per_non_user + sum_of_others(per_user))
    stay_free, stay_paid = weight_free * per_free, weight_paid * per_paid
    chosen = np.empty_like(choosing)
    chosen[NON_USE] = weight_none * (per_newcomer + per_user.sum(0)) + weight_none_holding * per_non_user
    chosen[PAID] = (
        plain * table.paid_share
        + stay_free * table.paid_share_holding_free
        + stay_paid * table.paid_share_holding_paid
    )
    chosen[FREE] = (
        plain * (1.0 - table.paid_share)
        + stay_free * (1.0 - table.paid_share_holding_free)
        + stay_paid * (1.0 - table.paid_share_holding_paid)
    )
    return chosen
