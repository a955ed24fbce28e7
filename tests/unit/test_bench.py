"""The peers of the benchmark do what the laboratory's crowd does; nothing here is timed."""

import warnings
from importlib import import_module

import numpy as np
import pytest

from experiments.bench.problem import FREE, LABS, PAID, Choices, Peer, Problem, counted, docked, ours, problem

CONSUMERS, MONTHS, WORLDS = 1000, 6, 24


def peer_of(name: str, package: str) -> Peer:
    with warnings.catch_warnings():
        # AgentPy and what it imports are older than the Python they run on.
        warnings.simplefilter("ignore")
        pytest.importorskip(package, reason="the benchmark's peers come with `make bench`")
        module = import_module(f"experiments.bench.{name}")
    return lambda task, seed: module.run(module.build(task, seed), task.months)


@pytest.mark.parametrize(
    ("name", "package"),
    [("with_mesa", "mesa"), ("with_agentpy", "agentpy"), ("with_amber", "ambr")],
)
@pytest.mark.parametrize("reconsider", [1.0, 0.1])
def test_a_peer_finds_the_same_shares(name: str, package: str, reconsider: float) -> None:
    task = problem(CONSUMERS, MONTHS, reconsider, WORLDS)
    with warnings.catch_warnings():
        # As when it is imported.
        warnings.simplefilter("ignore")
        found = peer_of(name, package)(task, 3)
    assert docked(task, 2, found).max() < 4.0


def test_the_docking_can_fail() -> None:
    task = problem(CONSUMERS, MONTHS, 1.0, WORLDS)
    assert docked(task, 2, task.first).max() > 4.0


def test_everybody_starts_as_asked() -> None:
    task = problem(CONSUMERS, MONTHS, 1.0)
    share = counted(task.first)
    assert share[1:].sum() == pytest.approx(0.4, abs=LABS / CONSUMERS)
    assert share[PAID].sum() / share[FREE].sum() == pytest.approx(0.1 / 0.9, abs=2 * LABS / CONSUMERS)
    assert (task.start.weight_people == 1).all()


def a_month_of_nobody(task: Problem) -> Choices:
    return ours(problem(task.consumers, 1, 0.0, task.worlds), 2)


def test_nobody_moves_who_does_not_reconsider() -> None:
    task = problem(CONSUMERS, 1, 0.0, 2)
    np.testing.assert_array_equal(a_month_of_nobody(task), task.start.holds)
