"""A world's consumers have the same bits alone, in any batch, in any order, and beside whatever is added."""

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pytest

from sim.markets import adoption, cohort, crowd, crowd_compiled, crowd_law, crowd_start
from sim.markets.choice import FREE, NON_USE, PAID, ChoiceSetting
from sim.markets.crowd_net import CrowdNet, build_net
from sim.markets.crowd_start import apportion, start_crowd
from sim.population import Crowd, start_population
from sim.settings import Settings
from sim.units import Array, IntArray

LABS, CLASSES, MARKETS, WORLDS, MONTHS = 10, 3, 4, 256, 4
CLASS_SHARE = np.array([0.6, 0.3, 0.1])[:, None, None]
POPULATION = np.array([3.3e8, 8e8, 1.1e9, 5.5e9])[:, None]
WORLD_FIRST = ("holds", "weight_people", "voice")


def everything() -> tuple[ChoiceSetting, Array, IntArray]:
    """Return conditions of many worlds, all different, who holds what in them, and their ids."""
    draw = np.random.default_rng(1)
    free = draw.normal(0.0, 0.7, (LABS, MARKETS, WORLDS))
    free[3, 2] = -np.inf
    before = draw.uniform(0.5, 0.95, (MARKETS, WORLDS))
    setting = ChoiceSetting(
        free_utility=free,
        paid_utility=free[:, None] - draw.uniform(1.0, 5.0, (1, CLASSES, MARKETS, WORLDS)),
        nonuse_utility=draw.normal(-0.5, 0.3, (MARKETS, WORLDS)),
        habit_sigma=draw.uniform(0.5, 3.0, WORLDS),
        nest_lambda=draw.uniform(0.4, 0.9, WORLDS),
        network_beta=draw.uniform(0.1, 0.95, WORLDS),
        network_epsilon=draw.uniform(0.003, 0.1, WORLDS),
        reconsider=draw.uniform(0.05, 0.2, WORLDS),
        aware_before=before,
        aware_after=before + 0.02 * (1.0 - before),
    )
    users = draw.dirichlet(np.full(LABS, 1.0), (MARKETS, WORLDS)).transpose(2, 0, 1) + 0.01
    users *= 0.5 * before / users.sum(0)
    users[3, 2] = 0.0
    occupancy = np.empty((1 + 2 * LABS, CLASSES, MARKETS, WORLDS))
    occupancy[FREE] = 0.95 * users[:, None] * CLASS_SHARE
    occupancy[PAID] = 0.05 * users[:, None] * CLASS_SHARE
    occupancy[NON_USE] = before * CLASS_SHARE - occupancy[1:].sum(0)
    return setting, occupancy, draw.permutation(10_000)[:WORLDS]


def only(setting: ChoiceSetting, worlds: IntArray) -> ChoiceSetting:
    picked = {
        field.name: np.ascontiguousarray(getattr(setting, field.name)[..., worlds])
        for field in fields(setting)
    }
    return ChoiceSetting(**picked)


def net_of() -> CrowdNet:
    agents = apportion(np.full(MARKETS, 300), CLASS_SHARE[:, :, 0] * np.ones((1, MARKETS)))
    return build_net(3, agents, 8, 0.1, 0.02)


def lived(
    net: CrowdNet, setting: ChoiceSetting, occupancy: Array, ids: IntArray
) -> dict[str, npt.NDArray[np.generic]]:
    """Return every array of the crowd's and the cohort's state after some months, the world axis first."""
    unaware = (1.0 - setting.aware_before) * CLASS_SHARE
    state = start_crowd(net, occupancy * POPULATION, unaware * POPULATION, 1, 3, ids)
    shares = cohort.start_cohort(occupancy, CLASS_SHARE)
    growth = np.full((LABS, MARKETS, len(ids)), 1.01)
    felt = crowd.felt_share(net, state, setting)
    found = adoption.invert_flows(setting, occupancy, CLASS_SHARE, growth, 1.0, 1e-10, 60, network_share=felt)
    for month in range(MONTHS):
        state = crowd.step(net, state, setting, 1.0, 3, ids, month)
        shares = cohort.step(shares, setting, 1.0)
        after = adoption.awareness(setting.aware_after, np.array(0.003), np.array(0.09), 1.0)
        setting = replace(setting, aware_before=setting.aware_after, aware_after=after)
    arrays = {
        field.name: getattr(state, field.name)
        if field.name in WORLD_FIRST
        else np.moveaxis(getattr(state, field.name), -1, 0)
        for field in fields(state)
    }
    last = {
        "occupancy": shares.occupancy,
        "aware_after": setting.aware_after,
        "felt": felt,
        "residual": found.residual,
        "paid_constant": found.paid_constant,
        "feasible": found.feasible,
    }
    return arrays | {name: np.moveaxis(array, -1, 0) for name, array in last.items()}


@pytest.mark.parametrize("arrangement", ["alone", "sevens", "backwards", "shuffled"])
def test_a_world_has_the_same_bits_in_any_batch(arrangement: str) -> None:
    setting, occupancy, ids = everything()
    net = net_of()
    together = lived(net, setting, occupancy, ids)
    assert together["feasible"].any()
    batches = {
        # A single world is padded to two columns, as the simulation does.
        "alone": [np.array([world, world]) for world in range(0, WORLDS, 16)],
        "sevens": list(np.arange(252).reshape(-1, 7)[::6]),
        "backwards": [np.arange(WORLDS)[::-1]],
        "shuffled": [np.random.default_rng(2).permutation(WORLDS)],
    }[arrangement]
    for worlds in batches:
        part = lived(net, only(setting, worlds), np.ascontiguousarray(occupancy[..., worlds]), ids[worlds])
        for name, array in part.items():
            np.testing.assert_array_equal(array, together[name][worlds], err_msg=name)


def population_of(setting: ChoiceSetting, occupancy: Array, ids: IntArray) -> Crowd:
    settings = Settings(
        seed=3,
        world_ids=ids,
        response=np.zeros_like(ids),
        start_month="2026-01",
        months=MONTHS,
        steps_per_month=1,
        consumers="agents",
        agents_by_market=np.full(MARKETS, 300),
        network_degree=8,
        rewired_share=0.1,
        noise=True,
    )
    unaware = (1.0 - setting.aware_before) * CLASS_SHARE
    found = start_population(settings, occupancy * POPULATION, unaware * POPULATION)
    assert isinstance(found, Crowd)
    return found


def test_a_lone_world_is_moved_once_and_has_the_same_bits() -> None:
    setting, occupancy, ids = everything()
    lone, two = (
        (only(setting, worlds), np.ascontiguousarray(occupancy[..., worlds]), ids[worlds])
        for worlds in (np.array([4, 4]), np.array([4, 9]))
    )
    crowds = [population_of(*lone), population_of(*two)]
    assert [one.copies for one in crowds] == [2, 1]
    felt = [one.felt_share(given[0])[..., [0, -1]] for one, given in zip(crowds, (lone, two), strict=True)]
    np.testing.assert_array_equal(felt[0], felt[1][..., [0, 0]])
    for month in range(MONTHS):
        crowds = [one.choose(given[0]) for one, given in zip(crowds, (lone, two), strict=True)]
        assert crowds[0].copies == 2, month
        people, of_two = (one.people() for one in crowds)
        np.testing.assert_array_equal(people, of_two[..., [0, 0]])
    # From when its columns differ, each is moved.
    parted = replace(lone[0], habit_sigma=lone[0].habit_sigma * np.array([1.0, 3.0]))
    crowds = [crowds[0].choose(parted), crowds[1].choose(two[0])]
    assert crowds[0].copies == 1
    people, of_two = (one.people() for one in crowds)
    np.testing.assert_array_equal(people[..., 0], of_two[..., 0])
    assert (people[..., 0] != people[..., 1]).any()


def test_the_size_of_blocks_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd_compiled, "AVAILABLE", False)
    setting, occupancy, ids = everything()
    net, few = net_of(), np.arange(23)
    inputs = only(setting, few), np.ascontiguousarray(occupancy[..., few]), ids[few]
    usual = lived(net, *inputs)
    for block in (1, 1200 * 5 + 1):
        monkeypatch.setattr(crowd_law, "_BLOCK", block)
        for name, array in lived(net, *inputs).items():
            np.testing.assert_array_equal(array, usual[name], err_msg=name)


def test_a_lab_that_nobody_can_use_moves_nobody() -> None:
    setting, occupancy, ids = everything()
    few = np.arange(9)
    setting, occupancy, ids = only(setting, few), np.ascontiguousarray(occupancy[..., few]), ids[few]
    net = net_of()
    unaware = (1.0 - setting.aware_before) * CLASS_SHARE * POPULATION
    state = start_crowd(net, occupancy * POPULATION, unaware, 1, 3, ids)
    closed = np.full((1, *setting.free_utility.shape[1:]), -np.inf)
    closed_paid = np.full((1, *setting.paid_utility.shape[1:]), -np.inf)
    wider = replace(
        setting,
        free_utility=np.concatenate([setting.free_utility, closed]),
        paid_utility=np.concatenate([setting.paid_utility, closed_paid]),
    )
    nobody = np.zeros((2, *occupancy.shape[1:]))
    more = start_crowd(net, np.concatenate([occupancy, nobody]) * POPULATION, unaware, 1, 3, ids)
    for month in range(MONTHS):
        state = crowd.step(net, state, setting, 1.0, 3, ids, month)
        more = crowd.step(net, more, wider, 1.0, 3, ids, month)
    np.testing.assert_array_equal(state.holds, more.holds)
    np.testing.assert_array_equal(crowd_start.people(state), crowd_start.people(more)[:-2])


def test_seed_world_and_month_each_change_who_chooses() -> None:
    setting, occupancy, _ = everything()
    same = np.zeros(2, np.int64)
    setting, occupancy = only(setting, same), np.ascontiguousarray(occupancy[..., same])
    net, unaware = net_of(), (1.0 - setting.aware_before) * CLASS_SHARE * POPULATION
    state = start_crowd(net, occupancy * POPULATION, unaware, 1, 3, np.array([5, 5]))
    usual = crowd.step(net, state, setting, 1.0, 3, np.array([5, 5]), 0).holds
    np.testing.assert_array_equal(usual[0], usual[1])
    for seed, world, month in ((4, 5, 0), (3, 6, 0), (3, 5, 1)):
        other = crowd.step(net, state, setting, 1.0, seed, np.array([world, world]), month).holds
        assert (other != usual).any()


def test_cohorts_of_swapped_labs_have_swapped_shares() -> None:
    setting, occupancy, _ = everything()
    order = np.arange(LABS)[::-1]
    options = np.concatenate([[0], (1 + 2 * order[:, None] + np.arange(2)).ravel()])
    mirrored = replace(
        setting, free_utility=setting.free_utility[order], paid_utility=setting.paid_utility[order]
    )
    straight = cohort.step(cohort.start_cohort(occupancy, CLASS_SHARE), setting, 1.0).occupancy
    swapped = cohort.step(cohort.start_cohort(occupancy[options], CLASS_SHARE), mirrored, 1.0).occupancy
    # Sums over labs run in another order: some twenty roundings.
    np.testing.assert_allclose(swapped, straight[options], rtol=1e-13, atol=1e-16)
