"""Run a sweep: `uncontested sweep study=<name> [key=value ...]`.

What is stored is not run again. Whatever ends a sweep, finished units stay, and the same command goes on.
"""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.errors import ConfigError
from experiments.runs.command import ending_on_signals
from experiments.runs.crew import cores
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts
from experiments.sweeping.answer import Answer, is_true
from experiments.sweeping.executor import Executor, LocalExecutor
from experiments.sweeping.identity import code_hash
from experiments.sweeping.plan import SweepPlan, Unit, composing, plan_sweep
from experiments.sweeping.progress import Shown, progress
from experiments.sweeping.study import SweepRequest
from experiments.sweeping.work import Commit, Outcome, Task, committed_in, store
from sim.axes import RESPONSES

MILLISECONDS = {"cohort": 0.5, "agents": 0.72}
"""Of one core for a run and month, measured on batches of 192 runs; with 2,000 agents a world."""
USUAL_AGENTS = 2000
BYTES_PER_NUMBER = {"series": 2.9, "runs": 3.5}
"""Measured: what a number takes in Parquet, compressed."""
LEAST_FREE_SHARE = 0.95
"""A design may take so much of what is free on the disk."""


@dataclass(frozen=True)
class Estimate:
    """What a sweep will take."""

    minutes: float
    megabytes: float


@dataclass(frozen=True)
class Ended:
    """How a sweep ended."""

    folder: Path
    plan: SweepPlan
    stored: int
    """Runs that are there now, the failed ones among them."""
    failed: int
    computed: int
    interrupted: bool
    precise: bool
    answer: Answer
    seconds: float


def prepare(request: SweepRequest, config_dir: str | None = None) -> tuple[SweepPlan, Path]:
    """Plan a sweep and find its folder; nothing is written.

    Raises: ConfigError on whatever cannot be run.
    """
    plan = plan_sweep(request.study, composing(request.study, config_dir))
    return plan, sweep_folder.folder_of(request.sweep_dir, request.study.name)


def make_executor(settings: Mapping[str, Any]) -> Executor:
    """Return who computes a sweep."""
    workers = cores() if settings["workers"] == "auto" else int(settings["workers"])
    if settings["kind"] != "local":
        from experiments.sweeping.cluster import DaskExecutor

        return DaskExecutor(settings, workers)
    return LocalExecutor(workers, float(settings["time_limit_seconds"]))


def execute(
    request: SweepRequest,
    plan: SweepPlan,
    folder: Path,
    command: str,
    executor: Executor | None = None,
) -> Ended:
    """Run what is missing of a sweep.

    Raises: ConfigError if it does not fit on the disk; RunError if its folder is held by another process or
    cannot be written. What has been finished stays in every case.
    """
    began, started = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%S%z")
    check_room(plan, folder, len(set(plan.run_ids)))
    executor = executor or make_executor(request.executor)
    with sweep_folder.locked(folder) as holder, ending_on_signals():
        job = SweepJob(request, plan, folder, holder)
        job.take_stock(retry_failed=request.retry_failed)
        sweep_folder.write_plan(
            folder, plan, sweep_folder.describe(plan, request.written, request.executor, command)
        )
        missing = plan.missing(job.status)
        units = plan.units(missing, int(request.executor["runs_per_unit"]), executor.workers)
        what = f"Sweep {request.study.name}"
        try:
            with progress(int(missing.size), what) as shown, finishing_on_interrupt(job, shown):
                job.shown, job.order = shown, units
                job.show()
                if units:
                    executor.run(units, job)
        finally:
            seconds = time.monotonic() - began
            sweep_folder.add_history(
                folder,
                {
                    "command": command,
                    "started": started,
                    "seconds": round(seconds, 1),
                    "runs": job.computed,
                    "failed": job.failed,
                    "workers": executor.workers,
                    "executor": request.executor["name"],
                },
            )
    wanted = set(plan.run_ids)
    return Ended(
        folder=folder,
        plan=plan,
        stored=len(wanted & set(job.status)),
        failed=sum(job.status.get(name) == parts.FAILED for name in wanted),
        computed=job.computed,
        interrupted=job.interrupted,
        precise=job.precise,
        answer=job.answer,
        seconds=seconds,
    )


def stored_of(plan: SweepPlan, folder: Path) -> int:
    """Return how many of a plan's runs are stored, by their parts' names alone."""
    found, _ = parts.stored_runs(parts.parts_in(folder, plan.record_hash), plan.study.headline.outcome)
    return len(set(plan.run_ids) & set(found))


def estimate(plan: SweepPlan, runs: int, workers: int) -> Estimate:
    """Return about how long runs take by some workers, and how much room."""
    first = plan.kinds[0].plan
    per_month = MILLISECONDS[first.consumers] * first.steps_per_month
    if first.consumers == "agents":
        slope = MILLISECONDS["agents"] - MILLISECONDS["cohort"]
        per_month += slope * (first.agents_per_world / USUAL_AGENTS - 1.0)
    minutes = runs * first.months * per_month / 60_000.0 / workers
    numbers = first.months * len(plan.series) * BYTES_PER_NUMBER["series"]
    drawn = len(first.table.columns) + len(plan.factors)
    numbers += (len(plan.outcomes) + drawn) * BYTES_PER_NUMBER["runs"]
    return Estimate(minutes, runs * numbers / 1e6)


def check_room(plan: SweepPlan, folder: Path, runs: int) -> None:
    """Check that a sweep fits on the disk.

    Raises: ConfigError saying how large it is.
    """
    needed, free = estimate(plan, runs, 1).megabytes, sweep_folder.free_megabytes(folder)
    if needed > LEAST_FREE_SHARE * free:
        raise ConfigError(
            "study",
            plan.study.name,
            f"{runs:,} runs take about {needed:,.0f} MB, and {folder} has room for {free:,.0f} MB; take "
            "fewer points, replications or recorded series",
        )


class SweepJob:
    """What an executor works for: it knows what is stored, writes what only the driver can, and shows it."""

    def __init__(self, request: SweepRequest, plan: SweepPlan, folder: Path, holder: str) -> None:
        self.request, self.plan, self.folder, self._holder = request, plan, folder, holder
        self.status: dict[str, str] = {}
        self.computed = 0
        self.failed = 0
        self.interrupted = False
        self.precise = False
        self.answer = Answer()
        self.shown: Shown | None = None
        self.order: list[Unit] = []
        self._headline: dict[str, Any] = {}
        self._counted = 0
        self._in_hand = 0.0
        self._ended: set[str] = set()

    def take_stock(self, *, retry_failed: bool) -> None:
        """Read what is stored, put aside what is damaged, and count what there is.

        Raises: RunError if the store cannot be tidied.
        """
        plan = self.plan
        parts.sweep_up(self.folder)
        checked = parts.check_parts(self.folder, plan.record_hash, bool(plan.series))
        parts.tidy(self.folder, checked)
        headline = plan.study.headline.outcome
        self.status, values = parts.stored_runs(checked.sound, headline)
        if retry_failed:
            self.status = {name: one for name, one in self.status.items() if one != parts.FAILED}
        wanted = (RESPONSES.index(plan.study.headline.response), plan.study.headline.value)
        places = [
            place
            for place, name in enumerate(plan.run_ids)
            if plan.response[place] == wanted[0] and self.status.get(name) == parts.DONE
        ]
        self.answer.add(
            plan.world[places].tolist(), [is_true(values[plan.run_ids[one]], wanted[1]) for one in places]
        )

    def task(self, unit: Unit) -> Task:
        """Return what a worker is sent."""
        through_engine = self.request.executor.get("results") == "engine"
        return self._task(unit, None if through_engine else str(self.folder.absolute()))

    def _task(self, unit: Unit, folder: str | None) -> Task:
        plan = self.plan
        kind = plan.kinds[unit.kind]
        return Task(
            plan=kind.plan,
            cases=plan.cases(unit),
            run_ids=tuple(plan.run_ids[run] for run in unit.runs),
            budget=kind.budget,
            outcomes=plan.outcomes,
            series=plan.series,
            record=plan.record_hash,
            headline=plan.study.headline.outcome,
            folder=folder,
            code=code_hash(),
            holder=self._holder,
        )

    def committed(self, unit: Unit, commit: Commit) -> None:
        """Take note of a unit that is done; write it if it came through the engine."""
        parts.receive(self.folder, commit.files)
        failed = set(commit.failed)
        for name, value in zip(commit.run_ids, commit.headline, strict=True):
            self.status[name] = parts.FAILED if name in failed else parts.DONE
            self._headline[name] = value
        self.computed += len(commit.run_ids)
        self.failed += len(failed)
        self._count(unit)
        self.show()

    def recover(self, unit: Unit) -> bool:
        """Say whether a unit whose worker died had been committed, and take note of it then."""
        found = committed_in(self.folder, self._task(unit, None))
        if found is not None:
            self.committed(unit, found)
        return found is not None

    def lost(self, unit: Unit, reason: str) -> None:
        """Record a run that cannot be computed."""
        task = self._task(unit, str(self.folder.absolute()))
        self.committed(unit, store(task, [Outcome(np.arange(unit.runs.size), None, reason)]))

    def meanwhile(self, runs_in_hand: float) -> None:
        """Hear how many runs' worth of work is done in units not finished yet."""
        self._in_hand = runs_in_hand
        self.show()

    def stopping(self) -> bool:
        """Say whether no more units are to be begun."""
        return self.interrupted or self.precise

    def _count(self, unit: Unit) -> None:
        """Count the answer over units finished from the first on, whatever order they finish in."""
        limit = self.request.stop_at_standard_error
        while self._counted < len(self.order):
            runs = self.order[self._counted].runs
            names = [self.plan.run_ids[run] for run in runs]
            if any(name not in self.status for name in names):
                break
            self._counted += 1
            headline = self.plan.study.headline
            response = RESPONSES.index(headline.response)
            counted = [
                (int(self.plan.world[run]), is_true(self._headline[name], headline.value))
                for run, name in zip(runs, names, strict=True)
                if self.plan.response[run] == response and self.status[name] == parts.DONE
            ]
            self.answer.add([world for world, _ in counted], [hit for _, hit in counted])
            if self.answer.precise(limit):
                self.precise = True

    def show(self) -> None:
        """Show how far it is."""
        if self.shown is not None:
            self.shown.show(self.computed + self._in_hand, self.failed, self.sentence())

    def sentence(self) -> str:
        """Say what the answer is so far."""
        if not self.answer.runs:
            return ""
        share, error = 100.0 * self.answer.share, 100.0 * self.answer.standard_error
        return f"{self.plan.study.headline.sentence} in {share:.1f} ± {error:.1f} % of runs"


@contextmanager
def finishing_on_interrupt(job: SweepJob, shown: Shown) -> Iterator[None]:
    """Let the first Ctrl-C finish the units in hand, and the second end at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def finish(number: int, frame: object) -> None:
        job.interrupted = True
        signal.signal(signal.SIGINT, before)
        shown.say("Finishing the units in hand; Ctrl-C again ends at once.")

    signal.signal(signal.SIGINT, finish)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
