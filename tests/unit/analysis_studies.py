"""Stored studies with invented outcomes: all of a sweep but the simulation."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from experiments.runs.simulate import SeriesInfo, Simulated
from experiments.sweeping.plan import Unit
from experiments.sweeping.running import SweepJob, execute, prepare
from experiments.sweeping.study import compose_sweep
from experiments.sweeping.work import Outcome
from experiments.sweeping.work import store as store_unit
from sim.units import Array

Invent = Callable[[Array, Array], Array]
"""Returns an outcome from the values of the factors (run, factor) and the worlds (run,)."""


class Inventor:
    """Commits units with invented outcomes, so that nothing is simulated."""

    workers = 1

    def __init__(self, invent: Invent, most_units: int | None = None) -> None:
        self.invent, self.most_units = invent, most_units

    def run(self, units: Sequence[Unit], job: SweepJob) -> None:
        for unit in units[: self.most_units]:
            task, plan = job.task(unit), job.plan
            values = self.invent(plan.numbers[plan.point[unit.runs]], plan.world[unit.runs])
            count, months = unit.runs.size, task.plan.months
            outcomes = {name: np.full(count, 0.5) for name in task.outcomes}
            leaders = np.where(values > 0.5, 1.0, 0.0)
            outcomes.update({name: leaders for name in task.outcomes if name.startswith("leader")})
            outcomes["share.d1.2035"] = values
            series = tuple(SeriesInfo(name, "", "", "", "", "") for name in task.series)
            record = np.zeros((len(series), months, count), np.float32)
            found = Simulated(np.zeros(count, np.int64), np.ones(count), series, record, outcomes, {})
            job.committed(unit, store_unit(task, [Outcome(np.arange(count), found, "")]))


def invented(
    folder: Path, study: str, invent: Invent, *more: str, most_units: int | None = None
) -> list[str]:
    """Store a study with invented outcomes and return the words that find it."""
    words = [f"sweep_dir={folder}", *more]
    request = compose_sweep([f"study={study}", *words])
    plan, place = prepare(request)
    execute(request, plan, place, "invented", Inventor(invent, most_units))
    return words
