"""The adoption submodel as a Mesa modeller would write it: one object a person, on Mesa's network space."""

import math

import mesa
import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network

from experiments.bench.problem import LABS, Choices, Problem


class Consumer(FixedAgent):  # type: ignore[misc]  # ships no types
    """A person who holds an option and sees some others."""

    def __init__(self, model: "Market", cell: object, choice: int) -> None:
        super().__init__(model)
        self.cell = cell
        self.choice = self.next_choice = choice
        self.neighbours: list[Consumer] = []

    def decide(self) -> None:
        """Choose from what stood at the month's start, if it is time to."""
        model = self.model
        rule, random = model.rule, model.random.random
        if random() >= rule.reconsider:
            return
        around = [0] * (1 + LABS)
        for other in self.neighbours:
            around[(other.choice + 1) // 2] += 1
        held, tier = (self.choice + 1) // 2 - 1, (self.choice + 1) % 2
        weights = [math.exp(rule.nonuse if held >= 0 else rule.nonuse_holding)]
        for lab in range(LABS):
            value = rule.value_holding[lab][tier] if lab == held else rule.value[lab]
            share = around[1 + lab] / len(self.neighbours)
            weights.append(math.exp(value) * (share + rule.epsilon) ** rule.beta)
        (chosen,) = model.random.choices(range(1 + LABS), weights)
        if chosen == 0:
            self.next_choice = 0
            return
        lab = chosen - 1
        paid = rule.paid_share_holding[lab][tier] if lab == held else rule.paid_share[lab]
        self.next_choice = 1 + 2 * lab + (random() < paid)

    def adopt(self) -> None:
        """Take up what was decided."""
        self.choice = self.next_choice


class Market(mesa.Model):  # type: ignore[misc]  # ships no types
    """A market of consumers who decide together."""

    def __init__(self, task: Problem, seed: int) -> None:
        super().__init__(rng=seed)
        self.rule = task.rule
        graph = nx.Graph()
        graph.add_nodes_from(range(task.consumers))
        graph.add_edges_from((i, int(j)) for i, seen in enumerate(task.net.neighbour.T) for j in seen)
        self.grid = Network(graph, random=self.random)
        people = [Consumer(self, self.grid[i], int(choice)) for i, choice in enumerate(task.first)]
        for person, seen in zip(people, task.net.neighbour.T, strict=True):
            # Nobody moves, so who is around is looked up once; a pair may be tied twice, which a graph drops.
            person.neighbours = [people[j] for j in seen]

    def step(self) -> None:
        """Let everybody decide, then adopt."""
        self.agents.do("decide")
        self.agents.do("adopt")


def build(task: Problem, seed: int) -> Market:
    """Return the model of a task."""
    return Market(task, seed)


def run(model: Market, months: int) -> Choices:
    """Run the months and return what everybody holds."""
    for _ in range(months):
        model.step()
    return np.array([person.choice for person in model.agents])
