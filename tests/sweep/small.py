"""A study so small that it can be run many times, and how its store is read."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from experiments.cli.main import main
from experiments.sweeping import parts, running
from experiments.sweeping.executor import Executor, Job
from experiments.sweeping.plan import SweepPlan, Unit
from experiments.sweeping.study import SweepRequest, compose_sweep
from experiments.sweeping.work import Commit, Task, run_unit

SMALL = (
    "study=power_price_or_availability",
    "study.design.levels=2",
    "study.factors.power.power_price_us=[0.05,0.1]",
    "study.factors.power.permitting_speed_us=[1,2]",
    "study.headline.outcome=leader.w1.2026",
    "study.record.outcomes=[leader.w1.*,share.*]",
    "study.record.series=[share.*]",
    "outcome.horizons=[2026-12]",
    "consumers=cohort",
    "months=12",
)
"""Four points in the first year."""
NAMES = "select run_id from RUNS where status = 'done'"


class Here:
    """Computes units in this process, where a test can reach them, and notes their runs."""

    workers = 1

    def __init__(self, work: Callable[[Task], Commit] = run_unit) -> None:
        self._work = work
        self.computed: list[str] = []

    def run(self, units: Iterable[Unit], job: Job) -> None:
        for unit in units:
            if job.stopping():
                return
            commit = self._work(job.task(unit))
            self.computed += commit.run_ids
            job.committed(unit, commit)


def words(folder: Path, *more: str, replications: int = 2) -> list[str]:
    own = (f"study.replications={replications}", f"sweep_dir={folder}", "executor.runs_per_unit=2")
    return [*SMALL, *own, *more]


def sweep(folder: Path, *more: str, replications: int = 2) -> int:
    return main(["sweep", *words(folder, *more, replications=replications)])


def planned(folder: Path, *more: str, replications: int = 2) -> tuple[SweepRequest, SweepPlan]:
    request = compose_sweep(words(folder, *more, replications=replications), None)
    return request, running.prepare(request)[0]


def run_with(folder: Path, executor: Executor, *more: str, replications: int = 2) -> running.Ended:
    request, plan = planned(folder, *more, replications=replications)
    return running.execute(request, plan, folder, "uncontested sweep", executor)


def rows(folder: Path, query: str = NAMES) -> list[tuple[Any, ...]]:
    files = [str(part.path) for part in parts.parts_in(folder) if part.kind == parts.RUNS]
    asked = query.replace("RUNS", "read_parquet(?, union_by_name=true)")
    with duckdb.connect() as tables:
        return tables.execute(asked, [files]).fetchall() if files else []


def contents(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every stored row in the order of its run; the units may differ with the workers."""
    found = parts.parts_in(folder)
    assert all(parts.content_hash(part.path).startswith(part.content) for part in found)
    rows = {}
    with duckdb.connect() as tables:
        for kind, order in ((parts.RUNS, "run_id"), (parts.SERIES, "run_id, month")):
            files = [str(part.path) for part in found if part.kind == kind]
            asked = f"select * from read_parquet(?, union_by_name=true) order by {order}"
            rows[kind] = tables.execute(asked, [files]).fetchall()
    return rows
