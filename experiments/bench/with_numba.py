"""The adoption submodel as one compiled loop over people, by Numba: what a compiled kernel would give."""

import numpy as np
import numpy.typing as npt
from numba import njit

from experiments.bench.problem import DEGREE, LABS, Choices, Problem, Rule

Table = npt.NDArray[np.float32]


@njit  # type: ignore[untyped-decorator]  # numba ships no types
def month(
    choice: npt.NDArray[np.uint8],
    neighbour: npt.NDArray[np.int32],
    draw: Table,
    reconsider: float,
    pull: Table,
    weight: Table,
    paid_share: Table,
    after: npt.NDArray[np.uint8],
) -> None:
    """Let who reconsiders choose; weights and paid shares have a row for each option held."""
    ends = np.empty(1 + LABS, np.float32)
    around = np.empty(1 + LABS, np.int32)
    for i in range(choice.size):
        held = choice[i]
        after[i] = held
        if draw[0, i] >= reconsider:
            continue
        around[:] = 0
        for k in range(DEGREE):
            around[(choice[neighbour[i, k]] + 1) >> 1] += 1
        ends[0] = weight[held, 0]
        for lab in range(1, 1 + LABS):
            ends[lab] = ends[lab - 1] + weight[held, lab] * pull[around[lab]]
        place = draw[1, i] * ends[LABS]
        chosen = 0
        for lab in range(LABS):
            chosen += place >= ends[lab]
        after[i] = 0
        if chosen > 0:
            after[i] = 2 * chosen - 1 + (draw[2, i] < paid_share[held, chosen])


class Market:
    """A market of consumers who decide together."""

    def __init__(self, task: Problem, seed: int) -> None:
        self.rule, self.choice = task.rule, task.first.astype(np.uint8)
        self.neighbour = np.ascontiguousarray(task.net.neighbour.T, np.int32)
        self.random = np.random.default_rng(seed)
        share = np.arange(DEGREE + 1) / DEGREE
        self.pull = ((share + self.rule.epsilon) ** self.rule.beta).astype(np.float32)
        self.weight, self.paid_share = tables(self.rule)
        # Compiling is no part of a month.
        self.step(np.ones((3, task.consumers), np.float32))

    def step(self, draw: Table) -> None:
        """Let everybody decide from what stood at the month's start."""
        after = np.empty_like(self.choice)
        month(
            self.choice,
            self.neighbour,
            draw,
            self.rule.reconsider,
            self.pull,
            self.weight,
            self.paid_share,
            after,
        )
        self.choice = after


def tables(rule: Rule) -> tuple[Table, Table]:
    """Return weights without the network, and paid shares, by option held. Shapes: (option, 1 + lab)."""
    value = np.tile([rule.nonuse, *rule.value], (1 + 2 * LABS, 1))
    paid_share = np.tile([0.0, *rule.paid_share], (1 + 2 * LABS, 1))
    value[0, 0] = rule.nonuse_holding
    for lab in range(LABS):
        value[1 + 2 * lab : 3 + 2 * lab, 1 + lab] = rule.value_holding[lab]
        paid_share[1 + 2 * lab : 3 + 2 * lab, 1 + lab] = rule.paid_share_holding[lab]
    return np.exp(value).astype(np.float32), paid_share.astype(np.float32)


def build(task: Problem, seed: int) -> Market:
    """Return the model of a task."""
    return Market(task, seed)


def run(model: Market, months: int) -> Choices:
    """Run the months and return what everybody holds."""
    for _ in range(months):
        model.step(model.random.random((3, model.choice.size), np.float32))
    return model.choice.astype(np.int64)
