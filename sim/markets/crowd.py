"""Consumers as weighted people on a small-world network, many worlds at once (S1.2-S1.6, variant `agents`).

Activation is synchronous: all choose from what stood at the month's start. Inside, blocks are (world, agent)
and float32; heads are whole numbers and are counted exactly.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sim import streams
from sim.markets.choice import (
    FREE,
    NON_USE,
    PAID,
    ChoiceSetting,
    highest,
    nest_table,
    newly_aware_hazard,
    reconsidering,
)
from sim.streams import Words
from sim.units import Array, BoolArray, IntArray, ratio

Options = npt.NDArray[np.uint8]
Singles = npt.NDArray[np.float32]

_BLOCK: Final = 32768
"""Agents handled at once: few enough for the processor's cache, enough to outweigh the cost of a call."""
_CHOOSERS: Final = 4096
"""Choosers whose options are weighed at once: a row an option, so that fewer fill the cache."""
_HALF: Final = 2.0**32
_LOWEST_VALUE: Final = -1e30
_LOW_TO_UNIT: Final = np.float32(2.0**-24)


@dataclass(frozen=True)
class CrowdNet:
    """Hold who the agents are and whom they see; the same for all worlds of a run."""

    market: IntArray
    """(agent,): ascending"""
    payer_class: IntArray
    """(agent,): willingness-to-pay class"""
    slot: Words
    """(agent,): permanent number, market times 2^32 plus the place in the market"""
    neighbour: IntArray
    """(agent, link): whom each agent sees; every link is seen from both ends"""
    markets: int
    classes: int


@dataclass(frozen=True)
class CrowdState:
    """Hold what every agent of every world has chosen, and the heads that adds up to."""

    choice: Options
    """(world, agent): option; 0 for the unaware too"""
    aware: BoolArray
    """(world, agent)"""
    months_since_choice: Singles
    """(world, agent)"""
    weight_people: IntArray
    """(world, agent): how many people an agent stands for, constant"""
    voice: Singles
    """(world, agent): weight over the mean weight of the agent's market, constant"""
    heads: IntArray
    """(option + 1, class, market, world): people; the last row is the unaware"""
    chosen_heads: IntArray
    """(option, class, market, world): people who chose it in the last month, anew or again"""


def whole_people(people: Array) -> IntArray:
    """Round people to whole numbers whose sum over the leading axis is the rounded sum.

    By largest remainder; the first wins ties, and whole numbers stay as they are.
    Shapes: (entry, ...) -> the same.
    """
    whole = np.floor(people)
    rank = np.argsort(np.argsort(whole - people, axis=0, kind="stable"), axis=0, kind="stable")
    rounded: IntArray = (whole + (rank < np.rint(people.sum(0)) - whole.sum(0))).astype(np.int64)
    return rounded


def apportion(total: IntArray, weights: Array) -> IntArray:
    """Share whole units in proportion to weights, by largest remainder.

    Shapes: total (...), weights (entry, ...) -> (entry, ...), summing to total, or 0 without a weight.
    """
    return whole_people(ratio(weights * total, weights.sum(0)))


def _shuffled(seed: int, decision: str, slots: Words) -> IntArray:
    """Return an order of numbered things that depends on the seed and their numbers only."""
    key = streams.world_keys(seed, np.zeros(1, np.int64), decision, 0)
    return np.argsort(streams.mix(streams.combine(key, slots)), kind="stable")


def build_net(
    seed: int, agents: IntArray, degree: int, rewired_share: float, crossing_share: float
) -> CrowdNet:
    """Build the agents and a small-world network of constant degree.

    In each market the agents sit on a ring and know `degree` others nearest to them. Some links let go of
    one end and are tied again at random: `rewired_share` of them inside the market, `crossing_share` among
    all markets. Ends are swapped, so that everybody keeps `degree` links; a pair may be tied twice.
    Shapes: agents (class, market), how many stand for each.
    Raises: ValueError if the degree is odd, a share lies outside [0, 1] or a market has too few agents.
    Source: Watts and Strogatz (1998), with the swaps of Maslov and Sneppen (2002).
    """
    if degree < 2 or degree % 2:
        raise ValueError(f"degree = {degree}: expected an even number of at least 2; give one.")
    if min(rewired_share, crossing_share) < 0.0 or rewired_share + crossing_share > 1.0:
        raise ValueError(
            f"rewired_share + crossing_share = {rewired_share} + {crossing_share}: expected shares of links "
            "that sum to at most 1; lower one of them."
        )
    classes, markets = agents.shape
    size = agents.sum(0)
    if size.min() <= degree:
        raise ValueError(
            f"agents of market {int(size.argmin())} = {int(size.min())}: expected more than the degree "
            f"{degree}; add agents or lower the degree."
        )
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
    market = np.repeat(np.arange(markets), size)
    place = np.arange(size.sum()) - first[market]
    slot = (market.astype(np.uint64) << np.uint64(32)) + place.astype(np.uint64)
    payer_class = np.empty(size.sum(), np.int64)
    for g in range(markets):
        members = np.arange(first[g], first[g + 1])
        payer_class[members[_shuffled(seed, "payer class", slot[members])]] = np.repeat(
            np.arange(classes), agents[:, g]
        )
    half = degree // 2
    reach = np.arange(1, half + 1)
    target = first[market][:, None] + (place[:, None] + reach) % size[market][:, None]
    tail = target.ravel().copy()
    source = np.repeat(np.arange(len(market)), half)
    end_column = np.tile(half + reach - 1, len(market))
    link = (slot[source] << np.uint64(8)) + np.tile(reach, len(market)).astype(np.uint64)
    key = streams.world_keys(seed, np.zeros(1, np.int64), "rewire", 0)
    draw = streams.uniform_slots(key, link)
    pools = [np.flatnonzero((draw < rewired_share) & (market[source] == g)) for g in range(markets)]
    pools.append(np.flatnonzero((draw >= rewired_share) & (draw < rewired_share + crossing_share)))
    for pool in pools:
        order = pool[_shuffled(seed, "tie again", link[pool])]
        given = np.roll(order, -1)
        tail[order], end_column[order] = tail[given], end_column[given]
        _untie_loops(source, tail, end_column, order)
    neighbour = np.empty((len(market), degree), np.int64)
    neighbour[source, np.tile(reach - 1, len(market))] = tail
    neighbour[tail, end_column] = source
    return CrowdNet(market, payer_class, slot, neighbour, markets, classes)


def _untie_loops(source: IntArray, tail: IntArray, end_column: IntArray, order: IntArray) -> None:
    """Swap ends, in place, with the next link that leaves nobody tied to oneself."""
    for loop in order[source[order] == tail[order]]:
        fits = (source[order] != tail[loop]) & (tail[order] != source[loop])
        if source[loop] == tail[loop] and fits.any():
            other = order[fits.argmax()]
            tail[[loop, other]] = tail[[other, loop]]
            end_column[[loop, other]] = end_column[[other, loop]]


def _allot_agents(people: IntArray, agents: IntArray, least_agents: int) -> IntArray:
    """Share the agents of a class and market over what their people have chosen.

    In proportion to people, but at least `least_agents` wherever there is anybody, so that small assistants
    exist; fewer where there are not enough agents for that. Where there are no people, all are unaware.
    Shapes: people (cell, class, market, world), agents (class, market) -> as people.
    Raises: ValueError if there are fewer agents than cells with people.
    """
    peopled = people > 0
    available = np.broadcast_to(agents[:, :, None], people.shape[1:])
    short = peopled.sum(0) > available
    if short.any():
        c, g, w = (int(at[0]) for at in np.nonzero(short))
        raise ValueError(
            f"agents of class {c} in market {g} = {int(agents[c, g])}: expected at least "
            f"{int(peopled.sum(0)[c, g, w])}, one for each option that has people; add agents."
        )
    floor = np.where(peopled, np.minimum(least_agents, available // np.maximum(peopled.sum(0), 1)), 0)
    small = np.zeros_like(peopled)
    for _ in range(len(people)):
        left = available - np.where(small, floor, 0).sum(0)
        rest = np.where(small, 0, people).astype(np.float64)
        small = small | (ratio(rest * left, rest.sum(0)) < floor)
    left = available - np.where(small, floor, 0).sum(0)
    allotted = np.where(small, floor, apportion(left, np.where(small, 0, people).astype(np.float64)))
    allotted[-1] += available - allotted.sum(0)
    return allotted


def start_crowd(
    net: CrowdNet,
    aware_people: Array,
    unaware_people: Array,
    least_agents: int,
    seed: int,
    world_ids: IntArray,
) -> CrowdState:
    """Place the agents of every world so that their weighted heads are the people given, exactly (S1.5).

    Agents are spread over options in proportion to people, with at least `least_agents` for a small one; the
    agents of an option weigh the same to within one person. Who stands where is drawn per world. People
    that are not whole are rounded within their market.
    Shapes: aware_people (option, class, market, world), unaware_people (class, market, world).
    Raises: ValueError if a class of a market has fewer agents than options with people.
    """
    given = np.concatenate([aware_people, unaware_people[None]])
    cells, classes, markets, worlds = given.shape
    whole = whole_people(given.reshape(cells * classes, markets, worlds)).reshape(given.shape)
    group = net.payer_class * markets + net.market
    agents = np.bincount(group, minlength=classes * markets).reshape(classes, markets)
    allotted = _allot_agents(whole, agents, least_agents)
    each, more = np.divmod(whole, np.maximum(allotted, 1))
    ends = np.cumsum(allotted, axis=0)
    keys = streams.world_keys(seed, world_ids, "first assistant", 0)
    words = streams.mix(streams.combine(keys[:, None], net.slot[None, :]))
    cell = np.empty((worlds, len(net.slot)), np.int64)
    weight = np.empty_like(cell)
    for c in range(classes):
        for g in range(markets):
            members = np.flatnonzero(group == c * markets + g)
            order = members[np.argsort(words[:, members], axis=1, kind="stable")]
            rank = np.arange(len(members))
            at = (rank[None, :, None] >= ends[:, c, g].T[:, None, :]).sum(2)
            world = np.arange(worlds)[:, None]
            within = rank - (ends - allotted)[at, c, g, world]
            np.put_along_axis(cell, order, at, axis=1)
            np.put_along_axis(weight, order, each[at, c, g, world] + (within < more[at, c, g, world]), axis=1)
    mean = ratio(
        whole.sum((0, 1)).astype(np.float64), np.broadcast_to(agents.sum(0)[:, None], whole.shape[2:])
    )
    voice = ratio(weight.astype(np.float64), mean.T[:, net.market])
    aware = cell < cells - 1
    return CrowdState(
        choice=np.where(aware, cell, NON_USE).astype(np.uint8),
        aware=aware,
        months_since_choice=np.zeros(cell.shape, np.float32),
        weight_people=weight,
        voice=voice.astype(np.float32),
        heads=whole,
        chosen_heads=np.zeros_like(whole[:-1]),
    )


@dataclass(frozen=True)
class MonthTable:
    """Hold one month's deterministic part per cell (class, market, world), flat, in float32."""

    threshold: Words
    """(option + 1, cell) flat: probability of choosing this month, times 2^32; the last row is the unaware"""
    plain: Singles
    """(1 + lab, cell): value of non-use, then of every lab, for whom does not hold it"""
    held: Singles
    """(option + 1, cell) flat: value of what one holds, habit included; the last row is not used"""
    free_share: Singles
    """(lab, cell) flat: share of the free tier among who comes to a lab"""
    free_share_held: Singles
    """(option + 1, cell) flat: the same among who holds the option; the last row is not used"""
    beta: Singles
    """(world,)"""
    epsilon: Singles
    """(world,)"""


def out_of_mind(value: Array) -> Array:
    """Return utilities below the best, −inf where nobody could choose and float32 would overflow.

    Shapes: any, kept.
    """
    return np.where(value < _LOWEST_VALUE, -np.inf, value)


def month_table(setting: ChoiceSetting, dt: float) -> MonthTable:
    """Tabulate what only class, market and world decide, in float64, and round it to float32."""
    labs, classes, markets, worlds = setting.paid_utility.shape
    cell = (classes, markets, worlds)
    nest = nest_table(setting, np.zeros((1, 1, 1)))
    nonuse_held = setting.nonuse_utility + setting.habit_sigma
    top = highest(nest, nonuse_held)
    probability = np.empty((2 + 2 * labs, *cell))
    probability[:-1] = reconsidering(setting, dt)
    probability[-1] = newly_aware_hazard(setting)
    plain = np.empty((1 + labs, *cell), np.float32)
    plain[0] = out_of_mind(setting.nonuse_utility - top)
    plain[1:] = out_of_mind(nest.value - top)
    held = np.zeros((2 + 2 * labs, *cell), np.float32)
    held[NON_USE] = out_of_mind(nonuse_held - top)
    held[:-1][FREE] = out_of_mind(nest.value_holding_free - top)
    held[:-1][PAID] = out_of_mind(nest.value_holding_paid - top)
    free_share_held = np.zeros_like(held)
    free_share_held[:-1][FREE] = 1.0 - nest.paid_share_holding_free
    free_share_held[:-1][PAID] = 1.0 - nest.paid_share_holding_paid
    return MonthTable(
        np.rint(probability * _HALF).astype(np.uint64).ravel(),
        plain.reshape(1 + labs, -1),
        held.ravel(),
        (1.0 - nest.paid_share).astype(np.float32).ravel(),
        free_share_held.ravel(),
        np.broadcast_to(setting.network_beta, worlds).astype(np.float32),
        np.broadcast_to(setting.network_epsilon, worlds).astype(np.float32),
    )


def _local_shares(codes: IntArray | Options, voices: Singles, labs: int) -> Singles:
    """Return each lab's weighted share among the aware people whom each chooser sees (S1.3).

    Shapes: codes and voices (chooser, link), codes 1 + 2·labs for the unaware -> (lab, chooser).
    """
    choosers = len(codes)
    place = (((np.arange(2 + 2 * labs) + 1) >> 1) * choosers).take(codes)
    place += np.arange(choosers)[:, None]
    counted = np.bincount(place.ravel(), weights=voices.ravel(), minlength=(labs + 2) * choosers)
    # Row 0 holds non-users, the last row the unaware.
    seen: Singles = counted.reshape(labs + 2, choosers)[:-1].astype(np.float32)
    total = seen[0].copy()
    for of_lab in seen[1:]:
        total += of_lab
    total[total == 0.0] = 1.0
    shares = seen[1:]
    shares /= total
    return shares


def lab_weights(
    table: MonthTable, code: IntArray, cell: IntArray, world: IntArray, shares: Singles
) -> Singles:
    """Return what non-use and every lab weigh for each chooser, the greatest scaled to 1 (S1.3).

    Shapes: code, cell, world (chooser,), shares (lab, chooser) -> (1 + lab, chooser).
    """
    labs, choosers = shares.shape
    cells = table.plain.shape[1]
    weight: Singles = table.plain.take(cell, axis=1)
    row = (code + 1) >> 1
    value = table.held.take(code * cells + cell)
    # The unaware hold nothing, which leaves them the plain value of non-use.
    unaware = code == 1 + 2 * labs
    row[unaware] = 0
    value[unaware] = weight[0][unaware]
    weight.reshape(-1)[row * choosers + np.arange(choosers)] = value
    shares += table.epsilon.take(world)
    with np.errstate(divide="ignore"):
        # The logarithm of nothing bars a lab that nobody around uses, if ε is 0.
        np.log(shares, out=shares)
    beta = table.beta.take(world)
    with np.errstate(invalid="ignore"):
        shares *= beta
    np.copyto(shares, np.float32(0.0), where=beta == 0.0)
    weight[1:] += shares
    top = weight[0].copy()
    for of_lab in weight[1:]:
        np.maximum(top, of_lab, out=top)
    top[top == -np.inf] = 0.0
    weight -= top
    np.exp(weight, out=weight)
    return weight


def pick(table: MonthTable, weight: Singles, code: IntArray, cell: IntArray, draw: Singles) -> IntArray:
    """Return the option at each chooser's place on the line of all options' weights, laid end to end.

    Shapes: weight (1 + lab, chooser), the others (chooser,) -> (chooser,).
    """
    rows, choosers = weight.shape
    ends = np.zeros((rows + 1, choosers), np.float32)
    for row in range(rows):
        np.add(ends[row], weight[row], out=ends[row + 1])
    place = draw * ends[-1]
    passed = np.zeros(choosers, np.uint8)
    for row in range(1, rows):
        passed += place >= ends[row]
    passed[ends[-1] == 0.0] = 0
    at = passed.astype(np.int64)
    flat = at * choosers + np.arange(choosers)
    cells = table.plain.shape[1]
    lab = np.maximum(at - 1, 0)
    free = table.free_share.take(lab * cells + cell)
    holder = (at > 0) & (((code + 1) >> 1) == at)
    free = np.where(holder, table.free_share_held.take(code * cells + cell), free)
    paid = place >= ends.take(flat) + weight.take(flat) * free
    option: IntArray = np.where(at > 0, 2 * at - 1 + paid, NON_USE)
    return option


def felt_share(net: CrowdNet, state: CrowdState, setting: ChoiceSetting) -> Array:
    """Return the market share of each lab that draws people in as their local shares do on average (S1.3).

    People differ in whom they see, so that the mean of (s_local + ε)^β lies below the mean share's: with
    x its mean over the aware, weighted by people, the felt share is x^{1/β} − ε, the mean share at β = 0.
    Shapes: (lab, market, world). For `adoption.invert_flows`, so that the first month's flows fit the crowd.
    """
    labs, _, markets, worlds = setting.paid_utility.shape
    beta = np.broadcast_to(setting.network_beta, worlds)
    epsilon = np.broadcast_to(setting.network_epsilon, worlds)
    felt = np.empty((labs, markets, worlds))
    for world in range(worlds):
        code = np.where(state.aware[world], state.choice[world].astype(np.int64), 1 + 2 * labs)
        local = _local_shares(code[net.neighbour], state.voice[world][net.neighbour], labs)
        heads = np.where(state.aware[world], state.weight_people[world], 0).astype(np.float64)
        everybody = np.bincount(net.market, heads, markets).astype(np.float64)
        power = np.where(beta[world] == 0.0, 1.0, beta[world])
        pull = (local.astype(np.float64) + epsilon[world]) ** power
        for lab in range(labs):
            pulled = np.bincount(net.market, heads * pull[lab], markets).astype(np.float64)
            mean = ratio(pulled, everybody)
            felt[lab, :, world] = np.maximum(mean ** (1.0 / power) - epsilon[world], 0.0)
    return felt


def _count(places: list[IntArray], heads: list[IntArray], shape: tuple[int, ...]) -> IntArray:
    """Sum heads by place; exact, because float64 holds every whole number below 2^53."""
    counted = np.bincount(
        np.concatenate(places), np.concatenate(heads).astype(np.float64), int(np.prod(shape))
    )
    return counted.reshape(shape).astype(np.int64)


def step(
    net: CrowdNet,
    state: CrowdState,
    setting: ChoiceSetting,
    dt: float,
    seed: int,
    world_ids: IntArray,
    tick: int,
) -> CrowdState:
    """Advance the crowd by `dt` months: some reconsider, the newly aware choose (S1.1-S1.3).

    One 64-bit word per agent and month, at a fixed address, decides both: its upper half whether the agent
    chooses, its lower half what. Shapes: world_ids (world,), in the order of the state's worlds.
    """
    labs, classes, markets, worlds = setting.paid_utility.shape
    agents = len(net.slot)
    table = month_table(setting, dt)
    cells = classes * markets * worlds
    unaware = 1 + 2 * labs
    group = (net.payer_class * markets + net.market) * worlds
    keys = streams.world_keys(seed, world_ids, "assistant", tick)
    choice, aware = state.choice.copy(), state.aware.copy()
    months = state.months_since_choice + np.float32(dt)
    left: list[IntArray] = []
    taken: list[IntArray] = []
    moving: list[IntArray] = []
    many = max(1, _BLOCK // agents)
    for first in range(0, worlds, many):
        part = slice(first, min(first + many, worlds))
        whole = np.where(state.aware[part], state.choice[part], np.uint8(unaware))
        before, voice = whole.ravel(), state.voice[part].ravel()
        weight_people = state.weight_people[part].reshape(-1)
        for start in range(0, agents, _BLOCK):
            some = slice(start, min(start + _BLOCK, agents))
            cell = group[some] + np.arange(first, part.stop)[:, None]
            words = streams.mix(streams.combine(keys[part, None], net.slot[None, some]))
            chance = table.threshold.take(whole[:, some] * np.int64(cells) + cell)
            due = np.flatnonzero((words >> np.uint64(32)) < chance)
            # At least one piece, though nobody may choose: heads are counted from what the pieces say.
            for low in range(0, max(1, len(due)), _CHOOSERS):
                at = due[low : low + _CHOOSERS]
                block_world, place = np.divmod(at, some.stop - start)
                agent = place + start
                who = block_world * agents + agent
                seen = net.neighbour.take(agent, axis=0) + (block_world * agents)[:, None]
                shares = _local_shares(before.take(seen), voice.take(seen), labs)
                code, own_cell = before.take(who).astype(np.int64), cell.take(at)
                weight = lab_weights(table, code, own_cell, block_world + first, shares)
                draw = (words.take(at) & np.uint64(0xFFFFFFFF)) >> np.uint64(8)
                option = pick(table, weight, code, own_cell, draw.astype(np.float32) * _LOW_TO_UNIT)
                left.append(code * cells + own_cell)
                taken.append(option * cells + own_cell)
                moving.append(weight_people.take(who))
                choice[part].reshape(-1)[who] = option
                aware[part].reshape(-1)[who] = True
                months[part].reshape(-1)[who] = 0.0
    shape = (unaware + 1, classes, markets, worlds)
    heads_left = _count(left, moving, shape)
    heads_taken = _count(taken, moving, shape)
    return CrowdState(
        choice=choice,
        aware=aware,
        months_since_choice=months,
        weight_people=state.weight_people,
        voice=state.voice,
        heads=state.heads - heads_left + heads_taken,
        chosen_heads=heads_taken[:-1],
    )


def people(state: CrowdState) -> Array:
    """Return people by option, the unaware among the non-users; they sum to the population exactly (S1.5).

    Shapes: (option, class, market, world).
    """
    heads: Array = state.heads[:-1].astype(np.float64)
    heads[NON_USE] += state.heads[-1]
    return heads


def unaware_people(state: CrowdState) -> Array:
    """Return people who have not heard of any assistant. Shapes: (class, market, world)."""
    heads: Array = state.heads[-1].astype(np.float64)
    return heads
