"""The adoption submodel (S1) as a task that every framework can be given: one market, everybody aware.

Each agent is one person. The conditions stay the same for all months, so that everybody starts from the same
tables and what is timed is the choosing alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.markets import choice, crowd
from sim.markets.choice import FREE, NON_USE, PAID, ChoiceSetting
from sim.markets.crowd_net import CrowdNet, build_net
from sim.markets.crowd_start import CrowdState, start_crowd
from sim.units import Array

LABS = 10
DEGREE = 8
REWIRED_SHARE = 0.1
SEED = 1
Choices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """Hold what an aware person weighs, as plain numbers; lists are by lab, in the order of the labs."""

    value: list[float]
    """inclusive value of a lab for whom does not hold it"""
    value_holding: list[tuple[float, float]]
    """the same for whom holds its free tier, its paid tier"""
    paid_share: list[float]
    """share of the paid tier among who comes to a lab"""
    paid_share_holding: list[tuple[float, float]]
    nonuse: float
    nonuse_holding: float
    beta: float
    epsilon: float
    reconsider: float


@dataclass(frozen=True)
class Problem:
    """Hold a task: who sees whom, what they hold at first, and how they choose."""

    net: CrowdNet
    start: CrowdState
    setting: ChoiceSetting
    rule: Rule
    months: int

    @property
    def consumers(self) -> int:
        """Return how many choose."""
        return len(self.net.slot)

    @property
    def worlds(self) -> int:
        """Return how many worlds run side by side."""
        return len(self.start.holds)

    @property
    def first(self) -> Choices:
        """Return what the people of the first world hold at the start. Shapes: (agent,)."""
        held: Choices = self.start.holds[0].astype(np.int64)
        return held


Peer = Callable[[Problem, int], Choices]
"""Runs a task with a seed and returns what everybody holds at its end, as (agent,)."""


def setting_of(worlds: int, reconsider: float) -> ChoiceSetting:
    """Return conditions under which ten labs of unequal appeal share a market."""
    free = np.linspace(0.5, -1.0, LABS)[:, None, None] * np.ones((1, 1, worlds))
    everybody = np.ones((1, worlds))
    return ChoiceSetting(
        free_utility=free,
        paid_utility=free[:, None] - 2.0,
        nonuse_utility=np.full((1, worlds), -0.6),
        habit_sigma=np.full(worlds, 1.5),
        nest_lambda=np.full(worlds, 0.6),
        network_beta=np.full(worlds, 0.45),
        network_epsilon=np.full(worlds, 0.02),
        reconsider=np.full(worlds, reconsider),
        aware_before=everybody,
        aware_after=everybody,
    )


def rule_of(setting: ChoiceSetting) -> Rule:
    """Return the rule of the first world, as a modeller in another framework would tabulate it."""
    nest = choice.nest_table(setting, np.zeros((1, 1, 1)))

    def by_lab(values: Array) -> list[float]:
        return [float(value) for value in values[:, 0, 0, 0]]

    return Rule(
        value=by_lab(nest.value),
        value_holding=list(
            zip(by_lab(nest.value_holding_free), by_lab(nest.value_holding_paid), strict=True)
        ),
        paid_share=by_lab(nest.paid_share),
        paid_share_holding=list(
            zip(by_lab(nest.paid_share_holding_free), by_lab(nest.paid_share_holding_paid), strict=True)
        ),
        nonuse=float(setting.nonuse_utility[0, 0]),
        nonuse_holding=float(setting.nonuse_utility[0, 0] + setting.habit_sigma[0]),
        beta=float(setting.network_beta[0]),
        epsilon=float(setting.network_epsilon[0]),
        reconsider=float(setting.reconsider[0]),
    )


def problem(consumers: int, months: int, reconsider: float, worlds: int = 1) -> Problem:
    """Return a task of so many consumers, a share of whom reconsiders each month."""
    net = build_net(SEED, np.array([[consumers]]), DEGREE, REWIRED_SHARE, 0.0)
    users = 2.0 ** -np.arange(LABS)
    users *= 0.4 / users.sum()
    occupancy = np.empty((1 + 2 * LABS, 1, 1, worlds))
    occupancy[FREE], occupancy[PAID] = 0.9 * users[:, None, None, None], 0.1 * users[:, None, None, None]
    occupancy[NON_USE] = 1.0 - occupancy[1:].sum(0)
    start = start_crowd(net, occupancy * consumers, np.zeros((1, 1, worlds)), 1, SEED, np.arange(worlds))
    setting = setting_of(worlds, reconsider)
    return Problem(net, start, setting, rule_of(setting), months)


def ours(task: Problem, seed: int) -> Choices:
    """Run the laboratory's own crowd. Shapes: -> (world, agent)."""
    state, ids = task.start, np.arange(task.worlds)
    for month in range(task.months):
        state = crowd.step(task.net, state, task.setting, 1.0, seed, ids, month)
    return state.holds.astype(np.int64)


def counted(choices: Choices) -> Array:
    """Return the share of people who hold each option. Shapes: (agent,) -> (option,)."""
    return np.bincount(choices, minlength=1 + 2 * LABS) / choices.size


def docked(task: Problem, seed: int, found: Choices) -> Array:
    """Return by how many standard errors a peer's shares differ from the laboratory's, option by option.

    The standard error is that of one world against the mean of the task's worlds, which share the network
    and differ in their luck. Shapes: found (agent,) -> (option,).
    """
    shares = np.stack([counted(choices) for choices in ours(task, seed)])
    error = shares.std(0, ddof=1) * np.sqrt(1.0 + 1.0 / len(shares))
    # An option that nobody takes in any world has no spread; one person is the least that can be seen.
    off: Array = np.abs(counted(found) - shares.mean(0)) / np.maximum(error, 1.0 / task.consumers)
    return off
