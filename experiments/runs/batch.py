"""What a batch of worlds leaves, and how a worker process is told to simulate one."""

import gc
from dataclasses import dataclass
from pathlib import Path

from experiments.config.build import RunPlan
from experiments.runs import team
from sim.units import Array, IntArray


@dataclass(frozen=True)
class SeriesInfo:
    """A recorded series as the code book lists it."""

    name: str
    unit: str
    kind: str
    when: str
    definition: str
    equation: str


@dataclass(frozen=True)
class BatchResult:
    """What a batch leaves beside its series."""

    world_ids: IntArray
    """(world,)"""
    attempts: IntArray
    """(world,): draws rejected before the one that was run."""
    growth_scaled: Array
    """(world,): as `sim.initial_consumers.StartReport`."""
    series: tuple[SeriesInfo, ...]
    binding: IntArray
    """(response, bloc, constraint): months in which a constraint binds, over all worlds."""
    outcomes: dict[str, Array]
    """Column of `sim.outcome.evaluate`, and of the comparison with the passive run -> (response, world)."""
    senses: dict[str, Array]
    """Column of `sim.outcome.without_a_fight` -> (world,); empty without the passive response."""
    worst: dict[str, float]
    """Law -> largest relative residual."""


def simulate_in_worker(
    plan: RunPlan, world_ids: IntArray, first: int, scratch: Path, place: int
) -> BatchResult:
    """Do as `simulate` does in a worker process, which notes its months at a place of its own."""
    # Not in the parent, which needs no Mesa.
    from experiments.runs.simulate import simulate

    result = simulate(plan, world_ids, first, scratch, lambda month: team.note(place, month + 1))
    # A model and its agents hold one another: without this, the next batch would need twice the memory.
    gc.collect()
    return result
