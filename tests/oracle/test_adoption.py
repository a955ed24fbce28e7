"""Laws of adoption against independent solutions: Bass, nested logit, Berry's inversion, the network."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sim.markets import adoption, choice, cohort
from sim.markets.choice import FREE, NON_USE, PAID, ChoiceSetting
from sim.units import Array


def a(*values: float) -> Array:
    return np.array(values, dtype=np.float64)


def setting_of(
    labs: int, classes: int, markets: int, worlds: int, seed: int, **changes: Array
) -> ChoiceSetting:
    draw = np.random.default_rng(seed)
    free = draw.normal(0.0, 0.7, (labs, markets, worlds))
    cost = 20.0 * np.linspace(0.25, 0.05, classes)[None, :, None, None]
    before = draw.uniform(0.5, 0.95, (markets, worlds))
    setting = ChoiceSetting(
        free_utility=free,
        paid_utility=free[:, None] - cost,
        nonuse_utility=draw.normal(-0.5, 0.3, (markets, worlds)),
        habit_sigma=draw.uniform(0.5, 3.0, worlds),
        nest_lambda=draw.uniform(0.4, 0.9, worlds),
        network_beta=draw.uniform(0.1, 0.95, worlds),
        network_epsilon=draw.uniform(0.003, 0.1, worlds),
        reconsider=draw.uniform(0.05, 0.2, worlds),
        aware_before=before,
        aware_after=before + 0.02 * (1.0 - before),
    )
    return replace(setting, **changes)


def occupancy_of(setting: ChoiceSetting, seed: int) -> tuple[Array, Array]:
    """Return who holds what, users unevenly spread, and the classes' shares."""
    labs, classes, markets, worlds = setting.paid_utility.shape
    draw = np.random.default_rng(seed)
    class_share = draw.dirichlet(np.full(classes, 5.0), (markets, worlds)).transpose(2, 0, 1)
    lab = draw.dirichlet(np.full(labs, 2.0), (markets, worlds)).transpose(2, 0, 1) + 0.01
    users = draw.uniform(0.2, 0.6, (markets, worlds)) * setting.aware_before
    lab *= users / lab.sum(0)
    paying = draw.uniform(0.03, 0.1, lab.shape)
    occupancy = np.empty((1 + 2 * labs, classes, markets, worlds))
    occupancy[NON_USE] = (setting.aware_before - users) * class_share
    occupancy[FREE] = (lab * (1.0 - paying))[:, None] * class_share
    occupancy[PAID] = (lab * paying)[:, None] * class_share
    return occupancy, class_share


# ---------------------------------------------------------------- awareness (S1.1)


@pytest.mark.parametrize("months", [0.25, 1.0, 7.3, 60.0])
@pytest.mark.parametrize(("p", "q"), [(0.003, 0.09), (0.01, 0.0), (0.0005, 1.4)])
def test_awareness_from_nobody_is_the_bass_curve(months: float, p: float, q: float) -> None:
    decay = math.exp(-(p + q) * months)
    bass = (1.0 - decay) / (1.0 + q / p * decay)
    aware = adoption.awareness(np.zeros((1, 2)), a(p), a(q), months)
    np.testing.assert_allclose(aware, bass, rtol=1e-9, atol=0.0)


def test_awareness_from_anywhere_agrees_with_the_page_and_with_the_differential_equation() -> None:
    p, q, start, months = 0.003, 0.09, 0.37, 5.0
    got = float(adoption.awareness(a(start, start), a(p), a(q), months)[0])
    u = (p + q * start) / (1.0 - start) * math.exp((p + q) * months)
    assert got == pytest.approx((u - p) / (u + q), abs=1e-13)
    path = solve_ivp(
        lambda _, x: (p + q * x) * (1.0 - x), (0.0, months), [start], "DOP853", rtol=1e-12, atol=1e-13
    )
    # The solver's own tolerance over some ten steps stays below 1e-10.
    assert got == pytest.approx(path.y[0, -1], abs=1e-10)


@pytest.mark.parametrize("dt", [0.1, 1.0, 12.0])
def test_two_half_steps_of_awareness_are_one(dt: float) -> None:
    start, p, q = a(0.0, 1e-9, 0.4, 0.999999), a(0.003), a(0.09)
    half = adoption.awareness(adoption.awareness(start, p, q, dt / 2), p, q, dt / 2)
    np.testing.assert_allclose(half, adoption.awareness(start, p, q, dt), rtol=1e-12, atol=1e-15)


def test_awareness_at_its_limits() -> None:
    p, q = a(0.0, 0.0, 0.003, 0.003, 0.0), a(0.0, 0.09, 0.0, 0.09, 0.09)
    np.testing.assert_array_equal(adoption.awareness(np.ones(5), p, q, 3.0), np.ones(5))
    still = adoption.awareness(a(0.3, 0.0, 0.0, 0.0, 0.0), p, q, 1.0)
    assert still[0] == 0.3
    assert still[1] == still[4] == 0.0
    assert still[2] == pytest.approx(1.0 - math.exp(-0.003), rel=1e-12)
    # A thousand years on, everybody is aware, and not one more.
    np.testing.assert_array_equal(adoption.awareness(a(0.2), a(0.003), a(0.09), 12000.0), 1.0)


# ---------------------------------------------------------------- quality, residual, utilities (S1.3, S1.4)


def test_quality_value_is_linear_at_no_saturation_and_continuous_there() -> None:
    capability, beta = a(-2.0, 0.0, 0.5, 6.0), a(1.6)
    np.testing.assert_array_equal(adoption.quality_value(capability, beta, a(0.0)), 1.6 * capability)
    # e^x − 1 = x + x²/2: at χ = 1e-12 the gap to the line is χC/2 of it.
    near = adoption.quality_value(capability, beta, a(1e-12))
    np.testing.assert_allclose(near, 1.6 * capability, rtol=1e-11)
    expected = [1.6 * (1.0 - math.exp(-0.2 * c)) / 0.2 for c in capability]
    np.testing.assert_allclose(adoption.quality_value(capability, beta, a(0.2)), expected, rtol=1e-14)


def test_a_residual_halves_in_its_half_life_in_any_number_of_steps() -> None:
    fading = a(36.0 / math.log(2.0))
    whole = adoption.fade_residual(a(0.8, -0.3), fading, 36.0)
    np.testing.assert_allclose(whole, [0.4, -0.15], rtol=1e-14)
    stepped = a(0.8, -0.3)
    for _ in range(36):
        stepped = adoption.fade_residual(stepped, fading, 1.0)
    np.testing.assert_allclose(stepped, whole, rtol=1e-13)
    np.testing.assert_array_equal(adoption.fade_residual(a(0.8, 0.8), a(0.0, np.inf), 1.0), [0.0, 0.8])


def offers_and_tastes() -> tuple[adoption.Offers, adoption.Tastes]:
    offers = adoption.Offers(
        capability=np.array([1.0, 2.0, 4.0])[:, None, None],
        trust=np.array([0.0, -0.2, 0.3])[:, None, None],
        served_fraction=np.array([0.9, 0.4, 0.0])[:, None, None],
        price_usd=np.array([20.0, 10.0, 30.0])[:, None, None],
        free_constant=np.zeros((1, 1, 1)),
        paid_constant=np.array([1.0, 1.5, 2.0])[:, None, None],
        free_open=np.ones((3, 1, 1), np.bool_),
        paid_open=np.array([True, True, False])[:, None, None],
    )
    tastes = adoption.Tastes(
        quality_beta=a(1.6, 0.6),
        quality_saturation=a(0.06, 0.0),
        quota_beta=a(0.6, 0.0),
        price_sensitivity=np.array([0.3, 0.1])[:, None, None],
        nonuse_depth=a(1.0, 2.0),
        nonuse_rate=a(0.5, 0.2),
    )
    return offers, tastes


def test_utilities_are_those_of_the_page() -> None:
    offers, tastes = offers_and_tastes()
    free, paid, nonuse = adoption.utilities(offers, tastes, 2, 2)
    assert (free.shape, paid.shape, nonuse.shape) == ((3, 2, 2), (3, 2, 2, 2), (2, 2))
    v = lambda c, w: 1.6 * (1 - math.exp(-0.06 * c)) / 0.06 if w == 0 else 0.6 * c  # noqa: E731  # a formula
    for w, (quota, depth, rate) in enumerate([(0.6, 1.0, 0.5), (0.0, 2.0, 0.2)]):
        # Nobody can use the third lab, so the second one's capability is the best.
        assert nonuse[1, w] == pytest.approx(-depth * (1.0 - math.exp(-rate * 2.0)), rel=1e-14)
        assert free[0, 1, w] == pytest.approx(v(1.0, w) - v(2.0, w) + quota * math.log(0.9), rel=1e-13)
        assert free[1, 0, w] == pytest.approx(-0.2 + quota * math.log(0.4), rel=1e-13)
        for c, sensitivity in enumerate([0.3, 0.1]):
            expected = v(1.0, w) - v(2.0, w) + 1.0 - 20.0 * sensitivity
            assert paid[0, c, 0, w] == pytest.approx(expected, rel=1e-13)
    np.testing.assert_array_equal(free[2], -np.inf)
    np.testing.assert_array_equal(paid[2], -np.inf)


def test_where_all_is_barred_only_non_use_is_left() -> None:
    offers, tastes = offers_and_tastes()
    closed = replace(offers, free_open=np.zeros((3, 1, 1), np.bool_), paid_open=np.zeros((3, 1, 1), np.bool_))
    free, paid, nonuse = adoption.utilities(closed, tastes, 1, 2)
    assert np.all(free == -np.inf)
    assert np.all(paid == -np.inf)
    np.testing.assert_array_equal(nonuse, 0.0)
    probability = nested_logit(free, paid[:, 0], nonuse, a(0.6, 0.0))
    np.testing.assert_array_equal(probability[0], 1.0)
    np.testing.assert_array_equal(probability[1:], 0.0)


# ---------------------------------------------------------------- nested logit (S1.3)


def brute_logit(free: list[float], paid: list[float], nonuse: float, nest: float) -> list[float]:
    """Return nested-logit probabilities from the textbook's P(k|f) P(f), one exponential at a time."""
    nests = [math.exp(v / nest) + math.exp(w / nest) for v, w in zip(free, paid, strict=True)]
    total = math.fsum([math.exp(nonuse), *(inside**nest for inside in nests if inside > 0.0)])
    answer = [math.exp(nonuse) / total]
    for v, w, inside in zip(free, paid, nests, strict=True):
        for u in (v, w):
            answer.append(math.exp(u / nest) / inside * inside**nest / total if inside > 0.0 else 0.0)
    return answer


def nested_logit(free: Array, paid: Array, nonuse: Array, nest: Array) -> Array:
    """Return the probability of every option from the nests' values. Shapes: -> (option, ..., world)."""
    value, paid_share = choice.nest_values(free, paid, nest)
    weight = np.exp(np.concatenate([nonuse[None], value]) - np.maximum(value.max(0), nonuse))
    lab = weight[1:] / weight.sum(0)
    tiers = np.stack([lab * (1.0 - paid_share), lab * paid_share], axis=1)
    return np.concatenate([(weight[0] / weight.sum(0))[None], tiers.reshape(-1, *tiers.shape[2:])])


@pytest.mark.parametrize("nest", [0.05, 0.4, 0.6, 0.9, 1.0])
def test_nested_logit_against_brute_force(nest: float) -> None:
    draw = np.random.default_rng(7)
    free, paid = draw.normal(0.0, 2.0, (2, 10, 50))
    free[2, ::3] = paid[3, ::4] = -np.inf
    free[4, ::5] = paid[4, ::5] = -np.inf
    nonuse = draw.normal(-1.0, 1.0, 50)
    got = nested_logit(free, paid, nonuse, a(nest))
    for w in range(50):
        brute = brute_logit(list(free[:, w]), list(paid[:, w]), float(nonuse[w]), nest)
        np.testing.assert_allclose(got[:, w], brute, rtol=0.0, atol=1e-12)


def test_without_dissimilarity_the_better_tier_takes_the_nest() -> None:
    free, paid = a(1.0, 2.0, 0.5)[:, None] * np.ones(2), a(0.3, 2.5, 0.5)[:, None] * np.ones(2)
    got = nested_logit(free, paid, np.zeros(2), a(0.0, 0.0))[:, 0]
    weights = np.array([1.0, math.e, 0.0, 0.0, math.exp(2.5), math.exp(0.5) / 2, math.exp(0.5) / 2])
    np.testing.assert_allclose(got, weights / weights.sum(), rtol=1e-14)


def test_nested_logit_survives_utilities_that_would_overflow() -> None:
    free = np.array([[5000.0, -5000.0], [4999.0, -5000.0]])
    got = nested_logit(free, free - 1.0, np.array([0.0, -9000.0]), a(0.5, 0.5))
    np.testing.assert_allclose(got.sum(0), 1.0, rtol=1e-14)
    odds = (got[1] + got[2]) / (got[3] + got[4])
    np.testing.assert_allclose(odds, [math.e, 1.0], rtol=1e-12)


# ---------------------------------------------------------------- the cohort's flows (S1.2, S1.3)


def test_expected_choices_against_one_logit_per_option_held() -> None:
    setting = setting_of(4, 3, 2, 5, seed=3)
    setting.free_utility[1, 0] = -np.inf
    setting.paid_utility[2, :, 1] = -np.inf
    occupancy, class_share = occupancy_of(setting, seed=4)
    newcomers = class_share * (setting.aware_after - setting.aware_before)
    got = choice.expected_choices(setting, occupancy, newcomers, choice.lab_share(occupancy))
    expected = np.zeros_like(got)
    for _, c, g, w in np.ndindex(1, 3, 2, 5):
        aware = math.fsum(occupancy[:, :, g, w].ravel())
        sigma = float(setting.habit_sigma[w])
        for held in [None, *range(9)]:
            none = float(setting.nonuse_utility[g, w]) + sigma * (held == 0)
            tiers: list[list[float]] = [[], []]
            for f in range(4):
                users = math.fsum(occupancy[1 + 2 * f : 3 + 2 * f, :, g, w].ravel())
                share = users / aware + float(setting.network_epsilon[w])
                network = float(setting.network_beta[w]) * math.log(share)
                tiers[0].append(float(setting.free_utility[f, g, w]) + network + sigma * (held == 1 + 2 * f))
                tiers[1].append(
                    float(setting.paid_utility[f, c, g, w]) + network + sigma * (held == 2 + 2 * f)
                )
            mass = newcomers[c, g, w] if held is None else occupancy[held, c, g, w]
            expected[:, c, g, w] += mass * np.array(brute_logit(*tiers, none, float(setting.nest_lambda[w])))
    np.testing.assert_allclose(got, expected, rtol=0.0, atol=1e-13)


def test_a_cohort_keeps_its_people_and_its_classes() -> None:
    setting = setting_of(5, 3, 4, 6, seed=5)
    occupancy, class_share = occupancy_of(setting, seed=6)
    state = cohort.start_cohort(occupancy, class_share)
    after = cohort.step(state, setting, 1.0)
    # Some twenty additions of numbers below 1.
    np.testing.assert_allclose(after.occupancy.sum(0), class_share * setting.aware_after, atol=1e-14)
    everybody = cohort.people(after, np.full((4, 1), 1e9))
    np.testing.assert_allclose(everybody.sum(0), class_share * 1e9, rtol=1e-14)
    assert np.all(everybody >= 0.0)


def test_whoever_holds_a_barred_option_chooses_at_once() -> None:
    setting = setting_of(3, 2, 2, 4, seed=8)
    setting.free_utility[1, 0] = -np.inf
    setting.paid_utility[1, :, 0] = -np.inf
    occupancy, class_share = occupancy_of(setting, seed=9)
    after = cohort.step(cohort.start_cohort(occupancy, class_share), setting, 1.0).occupancy
    np.testing.assert_array_equal(after[3:5, :, 0], 0.0)
    assert np.all(after[3:5, :, 1] > 0.0)
    # The others kept what did not reconsider.
    assert np.all(after[1] >= occupancy[1] * (1.0 - setting.reconsider) * (1.0 - 1e-15))


@pytest.mark.parametrize("beta", [0.1, 0.45, 0.9])
def test_the_network_rests_at_shares_in_proportion_to_w_to_the_1_over_1_minus_beta(beta: float) -> None:
    labs, worlds = 5, 3
    weight = np.random.default_rng(11).normal(0.0, 0.4, (labs, 1, worlds))
    setting = ChoiceSetting(
        free_utility=weight,
        paid_utility=np.full((labs, 1, 1, worlds), -np.inf),
        nonuse_utility=np.full((1, worlds), -np.inf),
        habit_sigma=a(0.0),
        nest_lambda=a(1.0),
        network_beta=np.full(worlds, beta),
        network_epsilon=a(0.0),
        reconsider=a(1.0),
        aware_before=np.ones((1, worlds)),
        aware_after=np.ones((1, worlds)),
    )
    occupancy = np.zeros((1 + 2 * labs, 1, 1, worlds))
    occupancy[FREE] = 1.0 / labs
    state = cohort.start_cohort(occupancy, np.ones((1, 1, 1)))
    # What is off shrinks by β a step: 0.9^260 is about 1e-12.
    for _ in range(260):
        state = cohort.step(state, setting, 1.0)
    rest = np.exp(weight[:, 0] / (1.0 - beta))
    np.testing.assert_allclose(state.occupancy[FREE][:, 0, 0], rest / rest.sum(0), rtol=0.0, atol=1e-8)


def test_the_network_locks_in_at_a_beta_above_one() -> None:
    share = np.array([[0.51], [0.49]])
    for _ in range(300):
        weight = np.exp(choice.network_utility(share, a(1.2), a(0.0)))
        share = weight / weight.sum(0)
    assert share[0, 0] > 1.0 - 1e-9


# ---------------------------------------------------------------- the start from flows (S1.4)


def test_without_habit_and_classes_the_closed_form_is_the_answer() -> None:
    worlds, labs = 6, 4
    setting = setting_of(labs, 1, 2, worlds, seed=12, habit_sigma=np.zeros(worlds))
    setting = replace(setting, network_beta=np.zeros(worlds))
    occupancy, class_share = occupancy_of(setting, seed=13)
    growth = np.full((labs, 2, worlds), 1.03)
    got = adoption.invert_flows(setting, occupancy, class_share, growth, 1.0, 1e-12, 2)
    assert got.feasible.all()
    for f, g, w in np.ndindex(labs, 2, worlds):
        rho, aware = float(setting.reconsider[w]), float(setting.aware_before[g, w])
        chooses = rho * aware + float(setting.aware_after[g, w]) - aware
        held = occupancy[:, 0, g, w]
        flow = [(1.03 * n - (1.0 - rho) * n) / chooses for n in held]
        none = 1.0 - math.fsum(flow[1:])
        own = flow[1 + 2 * f] + flow[2 + 2 * f]
        nest = float(setting.nest_lambda[w])
        utility = [
            math.log(s) - math.log(none) - (1.0 - nest) * math.log(s / own)
            for s in flow[1 + 2 * f : 3 + 2 * f]
        ]
        none_utility = float(setting.nonuse_utility[g, w])
        free = float(setting.free_utility[f, g, w] + got.residual[f, g, w])
        paid = float(setting.paid_utility[f, 0, g, w] + got.residual[f, g, w] + got.paid_constant[f, g, w])
        assert free - none_utility == pytest.approx(utility[0], abs=1e-11)
        assert paid - none_utility == pytest.approx(utility[1], abs=1e-11)


def apply(setting: ChoiceSetting, found: adoption.Inversion) -> ChoiceSetting:
    return replace(
        setting,
        free_utility=setting.free_utility + found.residual,
        paid_utility=setting.paid_utility + (found.residual + found.paid_constant)[:, None],
    )


@pytest.mark.parametrize("dt", [0.5, 1.0])
def test_the_contraction_reproduces_users_and_paying_shares_of_the_first_month(dt: float) -> None:
    worlds, labs = 12, 10
    setting = setting_of(labs, 3, 4, worlds, seed=14)
    setting.free_utility[1, 0] = -np.inf
    setting.paid_utility[2, :, 1] = -np.inf
    setting.free_utility[3, 2], setting.paid_utility[3, :, 2] = -np.inf, -np.inf
    occupancy, class_share = occupancy_of(setting, seed=15)
    occupancy[3, :, 0], occupancy[6, :, 1], occupancy[7:9, :, 2] = 0.0, 0.0, 0.0
    occupancy[NON_USE] = class_share * setting.aware_before - occupancy[1:].sum(0)
    growth = np.random.default_rng(16).uniform(1.0, 1.04, (labs, 4, worlds))
    found = adoption.invert_flows(setting, occupancy, class_share, growth, dt, 1e-11, 1000)
    assert found.feasible.all()
    state = cohort.step(cohort.start_cohort(occupancy, class_share), apply(setting, found), dt)
    before, after = occupancy.sum(1), state.occupancy.sum(1)
    for rows in (FREE, PAID):
        # Free and paid users grow alike, so the paying share is held.
        np.testing.assert_allclose(after[rows], before[rows] * growth, rtol=1e-9, atol=0.0)
    # The constants do work: without them the first month misses by far.
    plain = cohort.step(cohort.start_cohort(occupancy, class_share), setting, dt).occupancy.sum(1)
    assert np.abs(plain[FREE] / np.maximum(before[FREE] * growth, 1e-12) - 1.0).max() > 0.01


def test_worlds_whose_flows_no_utility_can_give_are_refused_and_move_no_other() -> None:
    worlds, labs = 5, 3
    setting = setting_of(labs, 2, 2, worlds, seed=17)
    occupancy, class_share = occupancy_of(setting, seed=18)
    growth = np.full((labs, 2, worlds), 1.01)
    fine = adoption.invert_flows(setting, occupancy, class_share, growth, 1.0, 1e-11, 1000)
    assert fine.feasible.all()
    growth[0, 0, 1] = 0.5  # shrinks faster than people reconsider: s* < 0
    growth[:, 1, 3] = 3.0  # grows by more than choose: s_0 < 0
    found = adoption.invert_flows(setting, occupancy, class_share, growth, 1.0, 1e-11, 1000)
    np.testing.assert_array_equal(found.feasible, [True, False, True, False, True])
    for world in (0, 2, 4):
        np.testing.assert_array_equal(found.residual[:, :, world], fine.residual[:, :, world])
    assert np.isfinite(found.residual).all()
    assert np.isfinite(found.paid_constant).all()
    nobody = replace(setting, reconsider=np.zeros(worlds), aware_after=setting.aware_before)
    none = adoption.invert_flows(nobody, occupancy, class_share, growth, 1.0, 1e-11, 10)
    assert not none.feasible.any()
    # A contraction that is cut short does not pass for one that has arrived.
    short = adoption.invert_flows(setting, occupancy, class_share, growth, 1.0, 1e-11, 2)
    assert not short.feasible.any()
