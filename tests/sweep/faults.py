"""Workers that fail on purpose, for executors to be tested with; nothing of the project imports this."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.sweeping import parts
from experiments.sweeping.work import Commit, Outcome, Task, run_unit, store

OnMonth = Callable[[int], None]


def stand_in(task: Task) -> Commit:
    """Commit a unit without simulating it."""
    return store(task, [Outcome(np.arange(task.cases.size), None, "not simulated")])


@dataclass(frozen=True)
class Poison:
    """Kills its worker whenever a unit holds a certain run; simulates all others."""

    run_id: str

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        if self.run_id in task.run_ids:
            os.kill(os.getpid(), signal.SIGKILL)
        return run_unit(task, on_month)


@dataclass(frozen=True)
class Endless:
    """Says that it has begun, and never ends, where a unit holds a certain run."""

    run_id: str
    begun: Path

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        while self.run_id in task.run_ids:
            self.begun.touch()
            time.sleep(0.05)
        return stand_in(task)


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
        return run_unit(task, on_month)


@dataclass(frozen=True)
class DiesAfterCommitting:
    """Ends its worker, once, when a unit is committed and nobody has been told; notes what it computes."""

    before: Path
    log: Path

    def __call__(self, task: Task, on_month: OnMonth) -> Commit:
        commit = run_unit(task, on_month)
        with self.log.open("a") as file:
            file.write("".join(f"{name}\n" for name in task.run_ids))
        if not self.before.exists():
            self.before.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return commit
