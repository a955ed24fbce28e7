"""What holds for the crowd whatever the numbers: heads, bars, weights, the network, the extremes."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.markets import cohort, crowd, crowd_start
from sim.markets.choice import FREE, NON_USE, PAID, ChoiceSetting
from sim.markets.crowd_net import CrowdNet, build_net
from sim.markets.crowd_start import UNAWARE, CrowdState, apportion, start_crowd
from sim.units import Array, IntArray

CLASS_SHARE = np.array([0.6, 0.3, 0.1])[:, None, None]


def net_of(agents: int, markets: int, rewired: float = 0.1, crossing: float = 0.02) -> CrowdNet:
    each = apportion(np.full(markets, agents), CLASS_SHARE[:, :, 0] * np.ones((1, markets)))
    return build_net(7, each, 8, rewired, crossing)


def scene(
    seed: int, labs: int, markets: int, worlds: int, people: float
) -> tuple[ChoiceSetting, Array, Array]:
    """Return a month's conditions, some options barred, and whole people, aware and unaware."""
    draw = np.random.default_rng(seed)
    free = np.where(
        draw.random((labs, markets, worlds)) < 0.2, -np.inf, draw.normal(0, 1, (labs, markets, worlds))
    )
    paid = draw.normal(-2.0, 1.0, (labs, 3, markets, worlds))
    before = draw.uniform(0.3, 1.0, (markets, worlds))
    setting = ChoiceSetting(
        free_utility=free,
        paid_utility=np.where(draw.random(paid.shape) < 0.2, -np.inf, paid),
        nonuse_utility=draw.normal(-0.5, 0.5, (markets, worlds)),
        habit_sigma=draw.uniform(0.0, 3.0, worlds),
        nest_lambda=draw.uniform(0.0, 1.0, worlds),
        network_beta=draw.uniform(0.0, 1.2, worlds),
        network_epsilon=draw.choice([0.0, 0.02], worlds),
        reconsider=draw.uniform(0.0, 0.3, (markets, worlds)),
        aware_before=before,
        aware_after=before + draw.uniform(0.0, 1.0) * (1.0 - before),
    )
    total = np.floor(people * draw.dirichlet(np.ones(3 * (2 + 2 * labs)), (markets, worlds)))
    cells = total.reshape(markets, worlds, 2 + 2 * labs, 3).transpose(2, 3, 0, 1)
    return setting, cells[:-1], cells[-1]


def recounted(net: CrowdNet, state: CrowdState) -> IntArray:
    """Count heads afresh from the agents."""
    heads = np.zeros_like(state.heads)
    for world, agent in np.ndindex(*state.holds.shape):
        row = -1 if state.holds[world, agent] == UNAWARE else int(state.holds[world, agent])
        at = (row, int(net.payer_class[agent]), int(net.market[agent]), world)
        heads[at] += state.weight_people[world, agent]
    return heads


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    labs=st.integers(1, 4),
    people=st.sampled_from([0.0, 5.0, 3e3, 7.3e6, 5.5e9]),
    dt=st.sampled_from([0.25, 1.0]),
)
def test_heads_are_kept_in_every_month(seed: int, labs: int, people: float, dt: float) -> None:
    setting, aware, unaware = scene(seed, labs, 2, 2, people)
    net = net_of(130, 2)
    state = start_crowd(net, aware, unaware, 2, 1, np.array([3, 8]))
    population = (aware.sum(0) + unaware).copy()
    np.testing.assert_array_equal(state.heads[:-1], aware)
    np.testing.assert_array_equal(state.heads[-1], unaware)
    for month in range(3):
        before = state
        state = crowd.step(net, state, setting, dt, 1, np.array([3, 8]), month)
        np.testing.assert_array_equal(state.heads, recounted(net, state))
        np.testing.assert_array_equal(crowd_start.people(state).sum(0), population)
        assert (state.heads >= 0).all()
        assert (state.heads[-1] <= before.heads[-1]).all()
        # Nobody forgets, and only an option can be chosen.
        assert not (state.holds[before.holds != UNAWARE] == UNAWARE).any()
        assert (state.holds[state.holds != UNAWARE] <= 2 * labs).all()
        # Nobody holds, or has newly chosen, what is barred.
        barred_free = setting.free_utility == -np.inf
        assert not state.heads[:-1][FREE].transpose(1, 0, 2, 3)[:, barred_free].any()
        assert not state.heads[:-1][PAID][setting.paid_utility == -np.inf].any()


@settings(max_examples=40, deadline=None)
@given(total=st.integers(0, 10**9), weights=st.lists(st.floats(0.0, 1e6, width=32), min_size=1, max_size=9))
def test_apportioned_units_are_all_there_and_within_one_of_their_quota(
    total: int, weights: list[float]
) -> None:
    share = np.array(weights)[:, None]
    units = apportion(np.array([total]), share)[:, 0]
    assert units.sum() == (total if share.sum() > 0.0 else 0)
    assert (units >= 0).all()
    if share.sum() > 0.0:
        # A quota of up to 1e9 carries a rounding of some 1e-7.
        assert (np.abs(units - total * share[:, 0] / share.sum()) < 1.0 + 1e-6).all()


def test_people_who_are_not_whole_are_rounded_within_their_market() -> None:
    net = net_of(130, 2)
    _, aware, unaware = scene(1, 3, 2, 2, 1e6)
    state = start_crowd(net, aware + 0.37, unaware + 0.37, 2, 1, np.arange(2))
    assert np.abs(state.heads[:-1] - aware - 0.37).max() < 1.0
    expected = np.rint((aware + 0.37).sum((0, 1)) + (unaware + 0.37).sum(0))
    np.testing.assert_array_equal(state.heads.sum((0, 1)), expected)


def test_a_small_assistant_has_several_agents_and_weights_are_even() -> None:
    labs, least = 10, 2
    aware = np.zeros((1 + 2 * labs, 3, 1, 2))
    aware[NON_USE] = 5.5e8 * CLASS_SHARE[:, 0, :, None]
    aware[FREE][0] = 3.43e8 * CLASS_SHARE[:, 0, :, None]
    aware[FREE][1] = 7e6 * CLASS_SHARE[:, 0, :, None]
    unaware = 2e8 * CLASS_SHARE[:, 0, :, None] * np.ones((1, 1, 2))
    net = net_of(500, 1)
    state = start_crowd(net, aware, unaware, least, 1, np.arange(2))
    holders = state.holds == 3
    assert (holders.sum(1) >= 3 * least).all()
    assert (np.where(holders, state.weight_people, 0).sum(1) == 7_000_000).all()
    for world in range(2):
        for option in (0, 1, 3):
            for c in range(3):
                same = (state.holds[world] == option) & (net.payer_class == c)
                weights = state.weight_people[world, same]
                assert weights.max() - weights.min() <= 1
    # 6 of 500 agents stand for 0.6 % of the people, so the others are within 3 and 5 % of the mean.
    others = state.voice[~holders]
    assert others.min() > 0.97 / 1.05 * others.max()


def test_local_shares_are_those_of_the_market_on_average() -> None:
    net, worlds = net_of(500, 1), 60
    aware = np.zeros((7, 3, 1, worlds))
    aware[NON_USE] = 6e8 * CLASS_SHARE[:, 0, :, None]
    aware[1], aware[3], aware[5] = (
        people * CLASS_SHARE[:, 0, :, None] * np.ones((1, 1, worlds)) for people in (3e8, 9.3e7, 7e6)
    )
    state = start_crowd(net, aware, np.zeros((3, 1, worlds)), 2, 1, np.arange(worlds))
    voice = state.voice[:, net.neighbour].astype(np.float64)
    around = state.holds[:, net.neighbour]
    shares = np.array([(voice * (around == option)).sum(1) / voice.sum(1) for option in (1, 3, 5)])
    # Every agent is seen by 8 others: the mean over who sees is one over the 30,000 who are seen.
    market = np.array([0.3, 0.093, 0.007])
    error = np.sqrt(market * (1.0 - market) / (500 * worlds))
    assert (np.abs(shares.mean((1, 2)) - market)[:2] < 4.0 * error[:2]).all()
    # Light agents count for a little more among heavy ones, by at most (1 − voice)/8 of their share.
    assert abs(shares[2].mean() / 0.007 - 1.0) < 1.0 / 8.0


def test_the_network_is_a_small_world_of_constant_degree() -> None:
    net = net_of(400, 3)
    degree, agents = net.neighbour.shape
    assert (agents, degree) == (1200, 8)
    assert (net.neighbour != np.arange(agents)).all()
    seen = np.zeros((agents, agents), np.int64)
    np.add.at(seen, (np.tile(np.arange(agents), degree), net.neighbour.ravel()), 1)
    np.testing.assert_array_equal(seen, seen.T)
    np.testing.assert_array_equal(seen.sum(1), degree)
    # Two in three of the links tied again among all three markets lead to another one.
    crossing = (net.market[net.neighbour] != net.market).mean()
    links = agents * degree / 2
    expected = 0.02 * 2.0 / 3.0
    assert abs(crossing - expected) < 4.0 * np.sqrt(expected / links)
    graph = nx.Graph([(i, int(j)) for i in range(agents) for j in net.neighbour[:, i]])
    ring = net_of(400, 3, 0.0, 0.0)
    plain = nx.Graph([(i, int(j)) for i in range(400) for j in ring.neighbour[:, i]])
    assert nx.number_connected_components(graph) == 1
    # Watts and Strogatz: most of a ring's clustering (9/14 at degree 8) at a fraction of its distances.
    assert nx.average_clustering(plain) == pytest.approx(9.0 / 14.0)
    assert nx.average_clustering(graph) > 0.6 * 9.0 / 14.0
    inside = graph.subgraph(range(400))
    assert nx.average_shortest_path_length(inside) < 0.3 * nx.average_shortest_path_length(plain)
    slots = net.slot[net.market == 2]
    np.testing.assert_array_equal(slots, (2 << 32) + np.arange(400, dtype=np.uint64))
    np.testing.assert_array_equal(np.bincount(net.payer_class[net.market == 1]), [240, 120, 40])
    np.testing.assert_array_equal(net.neighbour, net_of(400, 3).neighbour)


def test_extremes_have_their_limits() -> None:
    setting, aware, unaware = scene(3, 3, 2, 2, 1e7)
    net, ids = net_of(130, 2), np.arange(2)
    state = start_crowd(net, aware, unaware, 1, 1, ids)
    opened = replace(setting, free_utility=np.zeros((3, 2, 2)), paid_utility=np.zeros((3, 3, 2, 2)))
    still = replace(opened, reconsider=np.zeros(2), aware_after=setting.aware_before)
    quiet = crowd.step(net, state, still, 1.0, 1, ids, 0)
    np.testing.assert_array_equal(quiet.holds, state.holds)
    np.testing.assert_array_equal(quiet.heads, state.heads)
    all_at_once = replace(opened, reconsider=np.ones(2), aware_after=np.ones((2, 2)))
    busy = crowd.step(net, state, all_at_once, 1.0, 1, ids, 0)
    assert (busy.holds != UNAWARE).all()
    aware_everywhere = replace(all_at_once, aware_before=np.ones((2, 2)))
    assert (crowd.step(net, state, aware_everywhere, 1.0, 1, ids, 0).holds != UNAWARE).all()
    closed = replace(
        all_at_once,
        free_utility=np.full((3, 2, 2), -np.inf),
        paid_utility=np.full((3, 3, 2, 2), -np.inf),
    )
    np.testing.assert_array_equal(crowd.step(net, state, closed, 1.0, 1, ids, 0).holds, NON_USE)
    # Not even non-use is left, or all is beyond comparison: still nobody is lost.
    nothing = replace(closed, nonuse_utility=np.full((2, 2), -np.inf))
    np.testing.assert_array_equal(crowd.step(net, state, nothing, 1.0, 1, ids, 0).holds, NON_USE)
    far = replace(all_at_once, free_utility=np.full((3, 2, 2), 1e6), nonuse_utility=np.full((2, 2), -1e6))
    assert (crowd.step(net, state, far, 1.0, 1, ids, 0).holds != NON_USE).all()
    shares = cohort.start_cohort(np.zeros((7, 3, 2, 2)), CLASS_SHARE)
    grown = cohort.step(shares, replace(opened, aware_before=np.zeros((2, 2))), 1.0)
    np.testing.assert_allclose(grown.occupancy.sum((0, 1)), opened.aware_after, rtol=1e-14)


def test_what_cannot_be_built_is_refused_with_a_remedy() -> None:
    agents = np.array([[20, 20]])
    with pytest.raises(ValueError, match=r"degree = 3: expected an even number"):
        build_net(1, agents, 3, 0.1, 0.0)
    with pytest.raises(ValueError, match=r"agents of market 1 = 8: expected more than the degree 8"):
        build_net(1, np.array([[20, 8]]), 8, 0.1, 0.0)
    with pytest.raises(ValueError, match=r"expected shares of links"):
        build_net(1, agents, 8, 0.9, 0.2)
    net = build_net(1, agents, 8, 0.1, 0.0)
    crowded = np.ones((31, 1, 2, 2))
    with pytest.raises(ValueError, match=r"agents of class 0 in market 0 = 20: expected at least 32"):
        start_crowd(net, crowded, np.ones((1, 2, 2)), 1, 1, np.arange(2))
