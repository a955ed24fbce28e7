"""Workers that pretend to simulate and fail on purpose; nothing of the project imports this."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from experiments.runs.outcome_columns import is_date, is_leader
from experiments.sweeping import parts
from experiments.sweeping.cluster import TookTooLong
from experiments.sweeping.work import Commit, Outcome, Task, store
from sim.outcome import LEADERS

OnMonth = Callable[[int], None]


def pretend(task: Task, on_month: OnMonth = lambda month: None) -> Commit:
    """Commit numbers that depend on the runs' names alone, as a simulation's do; it needs no Mesa."""
    months, runs = task.plan.months, len(task.run_ids)
    numbers = len(task.outcomes) + len(task.series) * months
    drawn = np.stack([np.random.default_rng(int(name, 16)).random(numbers) for name in task.run_ids], axis=1)
    outcomes = dict(zip(task.outcomes, drawn, strict=False))
    for name, values in outcomes.items():
        if is_leader(name):
            outcomes[name] = np.floor(len(LEADERS) * values)
        elif is_date(name):
            outcomes[name] = 1.0 + np.floor(months * values)
    record = drawn[len(task.outcomes) :].reshape(len(task.series), months, runs).astype(np.float32)
    found = SimpleNamespace(
        attempts=np.zeros(runs, np.int64),
        growth_scaled=np.ones(runs),
        series=[SimpleNamespace(name=name) for name in task.series],
        record=record,
        outcomes=outcomes,
    )
    return store(task, [Outcome(np.arange(runs), found, "")])


@dataclass(frozen=True)
class Poison:
    """Kills its worker whenever a unit holds a certain run."""

    run_id: str

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        if self.run_id in task.run_ids:
            os.kill(os.getpid(), signal.SIGKILL)
        return pretend(task)


@dataclass(frozen=True)
class Endless:
    """Says that it has begun, and never ends, where a unit holds a certain run."""

    run_id: str
    begun: Path

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        while self.run_id in task.run_ids:
            self.begun.touch()
            time.sleep(0.05)
        return pretend(task)


@dataclass(frozen=True)
class Slow:
    """Takes too long where a unit holds a certain run, as a worker of a cluster notices."""

    run_id: str

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        if self.run_id in task.run_ids:
            raise TookTooLong
        return pretend(task)


@dataclass(frozen=True)
class DiesWhileCommitting:
    """Ends its worker, once, when the series of a unit are written and its runs are not yet."""

    before: Path

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        if not self.before.exists():
            self.before.touch()

            def die(*given: object) -> Path:
                os.kill(os.getpid(), signal.SIGKILL)
                raise AssertionError

            parts.write_runs = die
        return pretend(task)


@dataclass(frozen=True)
class DiesAfterCommitting:
    """Ends its worker, once, when a unit is committed and nobody has been told; notes what it computes."""

    before: Path
    log: Path

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        commit = pretend(task)
        with self.log.open("a") as file:
            file.write("".join(f"{name}\n" for name in task.run_ids))
        if not self.before.exists():
            self.before.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return commit


@dataclass(frozen=True)
class Held:
    """Does some units, then holds every other one until it is released; notes its process and its units."""

    place: Path
    free: int

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        (self.place / f"worker-{os.getpid()}").touch()
        if len(list(self.place.glob("unit-*"))) >= self.free:
            (self.place / "held").touch()
            while not (self.place / "released").exists():
                time.sleep(0.02)
        commit = pretend(task)
        (self.place / f"unit-{parts.unit_name(task.run_ids)}").touch()
        return commit
