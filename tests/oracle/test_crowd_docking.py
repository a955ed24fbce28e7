"""The crowd against the cohorts it samples, and against one agent at a time in plain Python."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from sim import streams
from sim.markets import adoption, choice, cohort, crowd, crowd_law, crowd_start
from sim.markets.choice import FREE, NON_USE, PAID, ChoiceSetting
from sim.markets.crowd_net import CrowdNet, build_net
from sim.markets.crowd_start import UNAWARE, CrowdState, apportion, start_crowd
from sim.units import Array, IntArray, ratio

LABS, CLASSES, MARKETS = 3, 2, 2
POPULATION = np.array([3.3e8, 1.1e9])[:, None]
CLASS_SHARE = np.array([0.7, 0.3])[:, None, None]


def setting_of(worlds: int, seed: int, copies: int = 1) -> ChoiceSetting:
    """Return conditions that differ between worlds, but not between `copies` neighbouring ones."""
    draw = np.random.default_rng(seed)
    spread = lambda low, high, *shape: draw.uniform(low, high, (*shape, worlds)).repeat(copies, -1)  # noqa: E731  # a formula
    free = spread(-1.0, 1.0, LABS, MARKETS)
    before = spread(0.5, 0.9, MARKETS)
    return ChoiceSetting(
        free_utility=free,
        paid_utility=free[:, None] - np.array([2.5, 0.8])[None, :, None, None],
        nonuse_utility=spread(-0.8, 0.2, MARKETS),
        habit_sigma=spread(0.5, 2.0),
        nest_lambda=spread(0.4, 0.9),
        network_beta=spread(0.1, 0.9),
        network_epsilon=spread(0.003, 0.1),
        reconsider=spread(0.05, 0.2),
        aware_before=before,
        aware_after=before,
    )


def occupancy_of(aware: Array) -> Array:
    """Return who holds what at the start; the third lab is small."""
    users = np.array([0.3, 0.1, 0.006])[:, None, None]
    occupancy = np.empty((1 + 2 * LABS, CLASSES, *aware.shape))
    occupancy[FREE] = (0.9 * users * aware)[:, None] * CLASS_SHARE
    occupancy[PAID] = (0.1 * users * aware)[:, None] * CLASS_SHARE
    occupancy[NON_USE] = aware * CLASS_SHARE - occupancy[1:].sum(0)
    return occupancy


def net_of(agents: int, crossing: float = 0.02) -> CrowdNet:
    each = apportion(np.full(MARKETS, agents), CLASS_SHARE[:, :, 0] * np.ones((1, MARKETS)))
    return build_net(5, each, 8, 0.1, crossing)


def crowd_of(net: CrowdNet, setting: ChoiceSetting, ids: IntArray) -> CrowdState:
    occupancy = occupancy_of(setting.aware_before)
    unaware = (1.0 - setting.aware_before) * CLASS_SHARE
    return start_crowd(net, occupancy * POPULATION, unaware * POPULATION, 2, 9, ids)


def outliers(months: int, habit_of_cohort: float) -> tuple[float, int]:
    """Return the share of cells in which the crowd is 4 binomial standard errors off, and how many cells."""
    copies, sets = 500, 4
    setting = replace(setting_of(sets, 1, copies), network_beta=np.zeros(sets * copies))
    ids = np.arange(sets * copies)
    net = net_of(250)
    state = crowd_of(net, setting, ids)
    shares = cohort.start_cohort(occupancy_of(setting.aware_before), CLASS_SHARE)
    for month in range(months):
        after = adoption.awareness(setting.aware_before, np.array(0.01), np.array(0.2), 1.0)
        setting = replace(setting, aware_after=after)
        state = crowd.step(net, state, setting, 1.0, 9, ids, month)
        expects = replace(setting, habit_sigma=setting.habit_sigma * habit_of_cohort)
        shares = cohort.step(shares, expects, 1.0)
        setting = replace(setting, aware_before=after)
    weights = state.weight_people.astype(np.float64)
    off, cells = 0, 0
    for s, c, g in np.ndindex(sets, CLASSES, MARKETS):
        worlds = slice(s * copies, (s + 1) * copies)
        members = weights[worlds][:, (net.payer_class == c) & (net.market == g)]
        effective = members.sum() ** 2 / (members**2).sum()
        heads = crowd_start.people(state)[:, c, g, worlds].sum(1)
        got = heads / heads.sum()
        expected = cohort.people(shares, POPULATION)[:, c, g, s * copies]
        expected = expected / expected.sum()
        # With fewer than one agent expected a single one is beyond any number of standard errors.
        counted = expected * effective >= 1.0
        error = np.sqrt(expected * (1.0 - expected) / effective)
        off += int((np.abs(got - expected) > 4.0 * error)[counted].sum())
        cells += int(counted.sum())
    return off / cells, cells


@pytest.mark.parametrize("months", [1, 6, 24])
def test_without_network_the_crowd_is_a_sample_of_the_cohorts(months: int) -> None:
    share, cells = outliers(months, 1.0)
    assert cells > 80
    assert share <= 0.01


def test_the_comparison_with_cohorts_can_fail() -> None:
    share, _ = outliers(24, 0.7)
    assert share > 0.1


def test_every_agent_does_what_one_agent_at_a_time_in_plain_python_does() -> None:
    worlds = 3
    setting = setting_of(worlds, 2)
    setting = replace(setting, aware_after=setting.aware_before + 0.3 * (1.0 - setting.aware_before))
    setting.free_utility[1, 0], setting.paid_utility[1, :, 0] = -np.inf, -np.inf
    setting.paid_utility[0, 0, 1] = -np.inf
    setting.network_epsilon[2] = 0.0
    ids = np.array([4, 1_000_003, 17])
    net = net_of(120, 0.3)
    state = crowd_of(net, setting, ids)
    after = crowd.step(net, state, setting, 0.7, 9, ids, 3)
    chose = 0
    for w in range(worlds):
        key = streams.world_keys(9, ids, "assistant", 3)[w : w + 1]
        for i in range(len(net.slot)):
            g, c, held = int(net.market[i]), int(net.payer_class[i]), int(state.holds[w, i])
            word = int(streams.mix(streams.combine(key, net.slot[i : i + 1]))[0])
            free, paid = list(setting.free_utility[:, g, w]), list(setting.paid_utility[:, c, g, w])
            barred = 0 < held < UNAWARE and (free, paid)[(held - 1) % 2][(held - 1) // 2] == -np.inf
            chance = 1.0 - (1.0 - float(setting.reconsider[w])) ** 0.7
            if held == UNAWARE:
                chance = 0.3
            elif barred:
                chance = 1.0
            if word / 2.0**64 >= chance:
                assert after.holds[w, i] == held
                continue
            around = [int(j) for j in net.neighbour[:, i] if state.holds[w, j] != UNAWARE]
            # An agent weighs in relation to the mean of its own market.
            voice = {
                j: float(
                    state.weight_people[w, j] / state.weight_people[w, net.market == net.market[j]].mean()
                )
                for j in around
            }
            heard = math.fsum(voice[j] for j in around)
            weight = [math.exp(float(setting.nonuse_utility[g, w]) + habit_of(setting, state, w, i, 0))]
            nest = float(setting.nest_lambda[w])
            for f in range(LABS):
                on = math.fsum(voice[j] for j in around if (int(state.holds[w, j]) + 1) // 2 == f + 1)
                seen = (on / heard if around else 0.0) + float(setting.network_epsilon[w])
                pull = seen ** float(setting.network_beta[w])
                tiers = [
                    math.exp((value[f] + habit_of(setting, state, w, i, option)) / nest)
                    for value, option in ((free, 1 + 2 * f), (paid, 2 + 2 * f))
                ]
                together = sum(tiers)
                for tier in tiers:
                    weight.append(tier / together * together**nest * pull if together > 0.0 else 0.0)
            place = (((word & 0xFFFFFFFF) >> 8) + 1) / 2.0**24 * math.fsum(weight)
            option = next(k for k in range(len(weight)) if place <= math.fsum(weight[: k + 1]))
            assert after.holds[w, i] == option
            chose += 1
    assert chose > 100


def habit_of(setting: ChoiceSetting, state: CrowdState, w: int, i: int, option: int) -> float:
    return float(setting.habit_sigma[w]) if state.holds[w, i] == option else 0.0


def nested_logit(free: Array, paid: Array, nonuse: Array, nest: Array) -> Array:
    """Return the textbook's probability of every option, in double precision. Shapes: -> (option, world)."""
    inside = np.exp(free / nest) + np.exp(paid / nest)
    total = np.exp(nonuse) + (inside**nest).sum(0)
    within = np.where(inside > 0.0, inside, 1.0)
    lab = inside**nest / total
    tiers = np.stack([lab * np.exp(free / nest) / within, lab * np.exp(paid / nest) / within], axis=1)
    return np.concatenate([(np.exp(nonuse) / total)[None], tiers.reshape(-1, tiers.shape[-1])])


def everybody(worlds: int) -> IntArray:
    """Return one head wherever there may be any."""
    return np.ones((2 + 2 * LABS, CLASSES, MARKETS, worlds), np.int64)


def choosers_of(
    code: IntArray, cell: IntArray, worlds: int, draw: npt.NDArray[np.float32]
) -> crowd_law.Choosers:
    row = np.where(code > 2 * LABS, NON_USE, (code + 1) // 2)
    return crowd_law.Choosers(code, row, cell, code * CLASSES * MARKETS * worlds + cell, cell % worlds, draw)


def test_the_kernel_s_shares_are_those_of_double_precision() -> None:
    worlds, choosers = 40, 4000
    draw = np.random.default_rng(3)
    setting = setting_of(worlds, 4)
    setting = replace(
        setting, free_utility=8.0 * setting.free_utility, paid_utility=8.0 * setting.paid_utility
    )
    setting.free_utility[1, 0] = -np.inf
    cells = CLASSES * MARKETS * worlds
    cell, code = draw.integers(0, cells, choosers), draw.integers(0, 2 + 2 * LABS, choosers)
    voices = draw.integers(0, 8192, (1 + LABS, choosers))
    voices[:, :100] = 0
    share = ratio(voices[1:].astype(np.float64), voices.sum(0).astype(np.float64))
    c, g, w = np.unravel_index(cell, (CLASSES, MARKETS, worlds))
    table = crowd.month_table(setting, everybody(worlds), 1.0)
    who = choosers_of(code, cell, worlds, np.ones(choosers, np.float32))
    weight = crowd_law.lab_weights(table, who, voices.astype(np.float32)).astype(np.float64)
    network = choice.network_utility(share, setting.network_beta[w], setting.network_epsilon[w])
    habit = setting.habit_sigma[w] * (np.arange(2 + 2 * LABS)[:, None] == code)
    exact = nested_logit(
        setting.free_utility[:, g, w] + network + habit[:-1][FREE],
        setting.paid_utility[:, c, g, w] + network + habit[:-1][PAID],
        setting.nonuse_utility[g, w] + habit[NON_USE],
        setting.nest_lambda[w],
    )
    got = weight / weight.sum(0)
    np.testing.assert_allclose(got[0], exact[0], rtol=0.0, atol=1e-5)
    np.testing.assert_allclose(got[1:], exact[FREE] + exact[PAID], rtol=0.0, atol=1e-5)


def test_drawn_options_have_the_chances_of_the_nested_logit() -> None:
    """An even grid of draws lands on each option as often as its chance, to within one draw and rounding."""
    worlds, draws = 2, 20000
    setting = replace(setting_of(worlds, 6), network_beta=np.zeros(worlds))
    table = crowd.month_table(setting, everybody(worlds), 1.0)
    grid = ((np.arange(draws) + 0.5) / draws).astype(np.float32)
    for code in range(2 + 2 * LABS):
        who = choosers_of(np.full(draws, code), np.zeros(draws, np.int64), worlds, grid)
        weight = crowd_law.lab_weights(table, who, np.zeros((1 + LABS, draws), np.float32))
        picked = crowd_law.pick(table, who, weight)
        habit = float(setting.habit_sigma[0]) * (np.arange(2 + 2 * LABS) == code)
        chance = nested_logit(
            (setting.free_utility[:, 0, :1].T + habit[:-1][FREE]).T,
            (setting.paid_utility[:, 0, 0, :1].T + habit[:-1][PAID]).T,
            setting.nonuse_utility[0, :1] + habit[NON_USE],
            setting.nest_lambda[:1],
        )[:, 0]
        got = np.bincount(picked, minlength=1 + 2 * LABS) / draws
        np.testing.assert_allclose(got, chance, rtol=0.0, atol=1.0 / draws + 1e-5)


def test_the_felt_share_is_the_power_mean_of_what_people_see() -> None:
    worlds = 3
    setting = replace(setting_of(worlds, 7), network_beta=np.array([0.45, 1.0, 0.0]))
    net = net_of(120)
    state = crowd_of(net, setting, np.arange(worlds))
    felt = crowd.felt_share(net, state, setting)
    for w, g, f in np.ndindex(worlds, MARKETS, LABS):
        beta, epsilon = float(setting.network_beta[w]), float(setting.network_epsilon[w])
        total, heads = 0.0, 0.0
        for i in np.flatnonzero((net.market == g) & (state.holds[w] != UNAWARE)):
            around = [j for j in net.neighbour[:, i] if state.holds[w, j] != UNAWARE]
            voice = state.voice[w, around].astype(np.float64)
            on = (state.holds[w, around].astype(np.int64) + 1) // 2 == f + 1
            local = float(voice[on].sum() / voice.sum()) if len(around) else 0.0
            total += float(state.weight_people[w, i]) * (local + epsilon) ** (beta or 1.0)
            heads += float(state.weight_people[w, i])
        expected = (total / heads) ** (1.0 / (beta or 1.0)) - epsilon
        # The kernel's shares are float32.
        assert felt[f, g, w] == pytest.approx(max(expected, 0.0), abs=1e-5)


def test_inverting_on_the_felt_share_brings_the_crowd_s_first_month_to_its_target() -> None:
    worlds = 400
    setting = replace(setting_of(1, 8, worlds), network_beta=np.full(worlds, 0.45))
    setting = replace(setting, aware_after=setting.aware_before + 0.02 * (1.0 - setting.aware_before))
    ids, net = np.arange(worlds), net_of(250)
    occupancy = occupancy_of(setting.aware_before)
    state = crowd_of(net, setting, ids)
    growth = np.full((LABS, MARKETS, worlds), 1.02)
    target = 1.02 * occupancy[1:].sum((0, 1))
    missed = []
    for share in (choice.lab_share(occupancy), crowd.felt_share(net, state, setting)):
        found = adoption.invert_flows(
            setting, occupancy, CLASS_SHARE, growth, 1.0, 1e-10, 500, network_share=share
        )
        assert found.feasible.all()
        inverted = replace(
            setting,
            free_utility=setting.free_utility + found.residual,
            paid_utility=setting.paid_utility + (found.residual + found.paid_constant)[:, None],
        )
        after = crowd_start.people(crowd.step(net, state, inverted, 1.0, 9, ids, 0)) / POPULATION
        missed.append(np.abs((after[1:].sum((0, 1)) / target).mean(1) - 1.0).max())
    assert missed[1] < 0.5 * missed[0]
