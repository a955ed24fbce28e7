"""Run the hindcast: the years 2023 to 2025 from the end of 2022, in many worlds, for the series asked for.

Consumers are cohorts: expected shares of the agents, at a tenth of the time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.team import Team, note
from sim.units import Array, IntArray

HINDCAST = ("start=2023-01", "history=2023-2025", "months=36", "responses=[passive]", "consumers=cohort")
"""Overrides that make a run the hindcast."""
CHUNK_WORLDS = 256
WORKERS = 2


@dataclass(frozen=True)
class Job:
    """Some worlds of the hindcast with their parameters, for one process."""

    plan: RunPlan
    world_ids: IntArray
    values: Array
    """(column, world): a value for every drawn parameter, in the order of `plan.table.columns`."""
    series: tuple[str, ...]
    place: int


def hindcast_plan(*overrides: str) -> RunPlan:
    """Return the plan of the hindcast with further overrides."""
    return plan_from_config(compose_run([*HINDCAST, *overrides]))


def simulate_many(
    plan: RunPlan,
    world_ids: IntArray,
    values: Array,
    series: Sequence[str],
    on_month: Callable[[int], None],
) -> Array:
    """Return series of worlds with given parameters, simulated by a team.

    What a world gives has the same bits whatever the chunks and processes.
    Shapes: ids (world,), values (column, world) -> (series, month, world), NaN where a start is infeasible.
    """
    edges = range(0, world_ids.size, CHUNK_WORLDS)
    jobs = [
        Job(plan, world_ids[at : at + CHUNK_WORLDS], values[:, at : at + CHUNK_WORLDS], tuple(series), place)
        for place, at in enumerate(edges)
    ]
    if len(jobs) == 1:
        return simulate_some(jobs[0])
    with Team(WORKERS, len(jobs)) as team:
        parts = team.wait_for([team.submit(simulate_some, job) for job in jobs], on_month)
    return np.concatenate(parts, axis=2)


def simulate_some(job: Job) -> Array:
    """Simulate the worlds of a job. Shapes: -> (series, month, world)."""
    # Only a process that simulates imports this: Mesa takes a second.
    from agents.roster import build_model
    from sim.model import forget

    plan, ids = job.plan, job.world_ids
    # A lone column would be added up in another order (decision 2).
    spare = max(0, 2 - ids.size)
    columns, padded = np.pad(ids, (0, spare), "edge"), np.pad(job.values, ((0, 0), (0, spare)), "edge")
    settings = plan.settings_for(columns, np.zeros(columns.size, np.int64))
    params = plan.table.params(padded, columns.size)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    model.run(on_month=lambda month: note(job.place, month + 1))
    sound = np.where(np.asarray(model.report.feasible), 1.0, np.nan)
    found = np.stack([model.recorder.row(name).astype(np.float64) * sound for name in job.series])
    forget(model)
    return found[..., : ids.size]
