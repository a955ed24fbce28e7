"""Measure sweeps for docs/sweeps.md: `python -m experiments.sweeping.measure [NAME ...]`.

The names are those of MEASURES; all without one. What was measured before stays in outputs/measure, so that
the measures may be taken one by one, on a machine that does nothing else.
"""

import gc
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from multiprocessing import active_children, get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from experiments.pages.measured import Measures, Row, take
from experiments.reading.results import opened
from experiments.runs import manifest
from experiments.runs.crew import cores
from experiments.runs.store import OUTPUTS
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts
from experiments.sweeping.executor import Job, LocalExecutor
from experiments.sweeping.plan import SweepPlan, Unit
from experiments.sweeping.running import SweepJob, execute, prepare
from experiments.sweeping.study import compose_sweep
from experiments.sweeping.work import Commit, Task, simulate_apart, store

PAGE = manifest.ROOT / "docs" / "sweeps.md"
KEPT = OUTPUTS / "measure" / "sweeps.json"
UNIT = 192
STUDY = (
    "study=baseline_worlds",
    "study.responses=[passive]",
    "consumers=cohort",
    f"executor.runs_per_unit={UNIT}",
)
LIMIT_SECONDS = 3600.0
MILLION = 1e6


def short(runs: int, months: int, *more: str) -> tuple[str, ...]:
    """Return a study of so many runs of so many months, at least one year."""
    horizon = f"{2025 + months // 12}-12"
    return (
        *STUDY,
        f"months={months}",
        f"outcome.horizons=[{horizon}]",
        f"study.headline.outcome=leader.w1.{horizon[:4]}",
        f"study.replications={runs}",
        *more,
    )


class Watch:
    """Computes a sweep by processes of this machine; notes when units are done, and the memory in use."""

    def __init__(self, workers: int, runs: int, months: int, *more: str) -> None:
        self._local, self.workers = LocalExecutor(workers, LIMIT_SECONDS), workers
        self.times: list[float] = []
        self.megabytes: list[tuple[float, ...]] = []
        """Of the driver and of each worker, at every commit."""
        self._words = short(runs, months, *more)

    def sweep(self, folder: Path) -> SweepPlan:
        """Run it in a folder that is empty yet."""
        request = compose_sweep([*self._words, f"sweep_dir={folder}"])
        plan, _ = prepare(request)
        execute(request, plan, folder, "", self)
        return plan

    def run(self, units: Iterable[Unit], job: Job) -> None:
        """Compute units, as an executor does."""
        committed = job.committed

        def note(unit: Unit, commit: Commit) -> None:
            committed(unit, commit)
            self.times.append(time.perf_counter())
            pids = [child.pid for child in active_children()]
            self.megabytes.append(tuple(resident(pid) for pid in ("self", *pids)))

        job.committed = note  # type: ignore[method-assign]  # listens in
        self._local.run(units, job)

    @property
    def runs_per_second(self) -> float:
        """Return the rate after each worker has done its first unit, in which it starts."""
        return UNIT * (len(self.times) - self.workers) / (self.times[-1] - self.times[self.workers - 1])


def resident(process: int | str | None) -> float:
    """Return the memory that a process holds, in megabytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024.0
    return 0.0


def simulate_only(task: Task, units: int, start: Barrier) -> None:
    """Simulate a unit to be warm, wait for the others, then simulate some and keep nothing."""
    everything = np.arange(task.cases.size)
    simulate_apart(task.plan, task.cases, everything, lambda month: None)
    start.wait()
    for _ in range(units):
        simulate_apart(task.plan, task.cases, everything, lambda month: None)
    start.wait()


def bare_runs_per_second(workers: int, units: int, months: int) -> float:
    """Return the rate of processes that only simulate, each its own units."""
    with tempfile.TemporaryDirectory() as place:
        request = compose_sweep([*short(UNIT, months), f"sweep_dir={place}/none"])
        plan, folder = prepare(request)
        task = SweepJob(request, plan, folder, "").task(Unit(0, np.arange(UNIT)))
    context = get_context("spawn")
    start = context.Barrier(workers + 1)
    children = [context.Process(target=simulate_only, args=(task, units, start)) for _ in range(workers)]
    for child in children:
        child.start()
    start.wait()
    began = time.perf_counter()
    start.wait()
    seconds = time.perf_counter() - began
    for child in children:
        child.join()
    return workers * units * UNIT / seconds


def planning() -> list[Row]:
    """Plan 10,240 runs, in a process that has started and in one of its own."""
    words = [*STUDY, "study=one_optimus_or_three", "study.factors.robots.overhead_per_unit=[1,6,10,20]",
             "study.replications=160", "executor.workers=2"]  # fmt: skip
    began = time.perf_counter()
    plan, _ = prepare(compose_sweep(words))
    inside = time.perf_counter() - began
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "experiments", "sweep", *words, "--plan"], check=True, capture_output=True
    )
    whole = time.perf_counter() - began
    runs = len(set(plan.run_ids))
    return [
        Row(
            f"plan, check and name {runs:,} runs",
            f"{inside:.2f} s",
            "2 s",
            inside <= 2.0,
        ),
        Row("the same by the command, which starts Python first", f"{whole:.2f} s", "2 s", whole <= 2.0),
    ]


def speed(units: int = 4, months: int = 24) -> list[Row]:
    """Compare a sweep by two workers with one by one worker, and with two processes that only simulate."""
    bare = bare_runs_per_second(2, units, months)
    with tempfile.TemporaryDirectory() as place:
        found = []
        for workers in (1, 2):
            watch = Watch(workers, UNIT * workers * (units + 1), months)
            watch.sweep(Path(place) / str(workers))
            found.append(watch.runs_per_second)
    one, two = found
    overhead, ratio = bare / two - 1.0, two / one
    each = f"units of {UNIT} runs of {months} months"
    return [
        Row(
            f"over two processes that only simulate ({bare:.1f} runs/s), {each}",
            f"{100 * overhead:.1f} %",
            "5 %",
            overhead <= 0.05,
        ),
        Row(
            f"two workers ({two:.1f} runs/s) over one ({one:.1f} runs/s), {each}",
            f"{ratio:.2f}",
            "1.8",
            ratio >= 1.8,
        ),
    ]


def overhead(months: int = 180) -> list[Row]:
    """Divide the processor's time of one unit: simulating, and all else that a sweep does with it."""
    seconds = [0.0]

    def lap() -> float:
        seconds.append(time.process_time())
        return seconds[-1] - seconds[-2]

    with tempfile.TemporaryDirectory() as place:
        request = compose_sweep([*short(UNIT, months), f"sweep_dir={place}/sweep"])
        plan, folder = prepare(request)
        with sweep_folder.locked(folder) as holder:
            job = SweepJob(request, plan, folder, holder)
            warm = job.task(Unit(0, np.arange(2)))
            simulate_apart(warm.plan, warm.cases, np.arange(2), lambda month: None)
            lap()
            unit = Unit(0, np.arange(UNIT))
            task: Task = pickle.loads(pickle.dumps(job.task(unit)))
            sent = lap()
            found = simulate_apart(task.plan, task.cases, unit.runs, lambda month: None)
            simulated = lap()
            commit = store(task, found)
            del found
            gc.collect()
            job.committed(unit, commit)
            stored = lap()
    share = (sent + stored) / simulated
    unit_of = f"a unit of {UNIT} runs of {months} months, {len(plan.series)} series"
    what = f"processor's time beside simulating, {unit_of}"
    return [Row(what, f"{100 * share:.1f} %", "5 %", share <= 0.05)]


def memory(runs: int = 20_160, months: int = 12) -> list[Row]:
    """Compare the memory of driver and workers over the second third of a long sweep and over the last."""
    watch = Watch(2, runs, months)
    with tempfile.TemporaryDirectory() as place:
        watch.sweep(Path(place) / "sweep")
    held = np.asarray([one for one in watch.megabytes if len(one) == 3])
    third = len(held) // 3
    middle, last = np.sort(held[third : 2 * third, 1:]).mean(0), np.sort(held[2 * third :, 1:]).mean(0)
    driver = held[third : 2 * third, 0].mean(), held[2 * third :, 0].mean()
    growth = max(driver[1] - driver[0], *(last - middle))
    text = (
        f"driver {driver[0]:.0f} to {driver[1]:.0f} MB, workers {middle.mean():.0f} to {last.mean():.0f} MB"
    )
    what = f"memory, the second third of {runs:,} runs to the last"
    return [Row(what, text, "flat (5 MB)", bool(growth <= 5.0))]


def size(worlds: int = 2_000, months: int = 180, series: int = 60) -> list[Row]:
    """Store worlds with 60 series, and read a fan chart of one of them."""
    words = short(worlds, months)
    names = prepare(compose_sweep([*words, "sweep_dir=/nonexistent/none"]))[0].series
    chosen = [str(name) for name in np.asarray(names)[np.linspace(0, len(names) - 1, series).astype(int)]]
    watch = Watch(cores(), worlds, months, f"study.record.series=[{','.join(chosen)}]", "consumers=agents")
    scale = 10_000 / worlds
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "sweep"
        watch.sweep(folder)
        megabytes = sum(part.path.stat().st_size for part in parts.parts_in(folder)) / MILLION * scale
        began = time.perf_counter()
        with opened(folder) as tables:
            quantiles = f'quantile_cont("{chosen[0]}", [0.05, 0.25, 0.5, 0.75, 0.95])'
            question = f"SELECT month, {quantiles} FROM series GROUP BY month"
            assert len(tables.sql(question).fetchall()) == months
        seconds = (time.perf_counter() - began) * scale
    told = f"10,000 worlds × {months} months × {series} series ({worlds:,} measured)"
    return [
        Row(f"size of {told}", f"{megabytes:.0f} MB", "300 MB", megabytes <= 300.0),
        Row(f"a fan chart's numbers from {told}", f"{seconds:.2f} s", "1 s", seconds <= 1.0),
    ]


MEASURES: Measures = {
    "planning": planning,
    "speed": speed,
    "overhead": overhead,
    "memory": memory,
    "size": size,
}


def main(arguments: Sequence[str]) -> int:
    """Take the measures named, or all; return 1 if one misses what is wanted, 2 if one cannot be taken."""
    return take(arguments, MEASURES, PAGE, KEPT, "experiments.sweeping.measure")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
