"""The adoption submodel as an AgentPy modeller would write it: an agent list on a network."""

import math

import agentpy
import networkx as nx
import numpy as np

from experiments.bench.problem import LABS, Choices, Problem


class Consumer(agentpy.Agent):  # type: ignore[misc]  # ships no types
    """A person who holds an option and sees some others."""

    def setup(self) -> None:
        """Hold nothing and see nobody until the model says so."""
        self.choice = self.next_choice = 0
        self.neighbours: list[Consumer] = []

    def decide(self) -> None:
        """Choose from what stood at the month's start, if it is time to."""
        rule, random = self.model.rule, self.model.random
        if random.random() >= rule.reconsider:
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
        (chosen,) = random.choices(range(1 + LABS), weights)
        if chosen == 0:
            self.next_choice = 0
            return
        lab = chosen - 1
        paid = rule.paid_share_holding[lab][tier] if lab == held else rule.paid_share[lab]
        self.next_choice = 1 + 2 * lab + (random.random() < paid)

    def adopt(self) -> None:
        """Take up what was decided."""
        self.choice = self.next_choice


class Market(agentpy.Model):  # type: ignore[misc]  # ships no types
    """A market of consumers who decide together."""

    def setup(self) -> None:
        """Place everybody on the network."""
        task = self.p.task
        self.rule = task.rule
        self.agents = agentpy.AgentList(self, task.consumers, Consumer)
        graph = nx.Graph()
        graph.add_nodes_from(range(task.consumers))
        graph.add_edges_from((i, int(j)) for i, seen in enumerate(task.net.neighbour.T) for j in seen)
        self.network = agentpy.Network(self, graph)
        self.network.add_agents(self.agents, self.network.nodes)
        people = list(self.agents)
        for person, choice, seen in zip(people, task.first, task.net.neighbour.T, strict=True):
            person.choice = person.next_choice = int(choice)
            # Nobody moves, so who is around is looked up once; a pair may be tied twice, which a graph drops.
            person.neighbours = [people[j] for j in seen]

    def step(self) -> None:
        """Let everybody decide, then adopt."""
        self.agents.decide()
        self.agents.adopt()


def build(task: Problem, seed: int) -> Market:
    """Return the model of a task, set up."""
    model = Market({"task": task, "seed": seed})
    model.sim_setup(steps=task.months)
    return model


def run(model: Market, months: int) -> Choices:
    """Run the months and return what everybody holds."""
    for _ in range(months):
        model.sim_step()
    return np.array([person.choice for person in model.agents])
