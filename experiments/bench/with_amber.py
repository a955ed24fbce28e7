"""The adoption submodel in AMBER's vectorized lane: columns of people, and array work on them."""

import ambr
import numpy as np

from experiments.bench.problem import LABS, Choices, Problem


class Market(ambr.Model):  # type: ignore[misc]  # ships no types
    """A market of consumers who decide together."""

    def setup(self) -> None:
        """Put everybody into columns, and the rule into arrays."""
        task = self.p["task"]
        self.rule, self.neighbour = task.rule, np.ascontiguousarray(task.net.neighbour.T)
        self.value = np.array(self.rule.value)
        self.value_holding = np.array(self.rule.value_holding)
        self.paid_share = np.array(self.rule.paid_share)
        self.paid_share_holding = np.array(self.rule.paid_share_holding)
        self.add_agents(task.consumers, choice=task.first)

    def step_vectorized(self) -> None:
        """Let who reconsiders choose from what stood at the month's start."""
        choice = self.agents.choice.to_numpy()
        who = np.flatnonzero(self.rng.random(choice.size) < self.rule.reconsider)
        rows = np.arange(who.size)
        lab_of = (choice + 1) // 2
        seen = lab_of[self.neighbour[who]]
        around = np.bincount(
            (rows[:, None] * (1 + LABS) + seen).ravel(), minlength=who.size * (1 + LABS)
        ).reshape(who.size, 1 + LABS)
        utility = np.empty((who.size, 1 + LABS))
        utility[:, 0] = self.rule.nonuse
        utility[:, 1:] = self.value + self.rule.beta * np.log(
            around[:, 1:] / self.neighbour.shape[1] + self.rule.epsilon
        )
        own, tier = lab_of[who], (choice[who] + 1) % 2
        user = own > 0
        utility[~user, 0] = self.rule.nonuse_holding
        lab = own[user] - 1
        utility[rows[user], own[user]] += self.value_holding[lab, tier[user]] - self.value[lab]
        ends = np.exp(utility).cumsum(1)
        chosen = (self.rng.random(who.size)[:, None] * ends[:, -1:] >= ends).sum(1)
        to = np.maximum(chosen - 1, 0)
        paid_share = np.where(user & (own == chosen), self.paid_share_holding[to, tier], self.paid_share[to])
        paid = self.rng.random(who.size) < paid_share
        after = choice.copy()
        after[who] = np.where(chosen > 0, 2 * chosen - 1 + paid, 0)
        self.agents.choice = after


def build(task: Problem, seed: int) -> Market:
    """Return the model of a task."""
    return Market({"task": task, "seed": seed, "steps": task.months, "show_progress": False})


def run(model: Market, months: int) -> Choices:
    """Run the months and return what everybody holds."""
    model.cpu(mode="vectorized").run(steps=months)
    held: Choices = model.agents.choice.to_numpy()
    return held
