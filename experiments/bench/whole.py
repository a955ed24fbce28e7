"""Time the whole model: a month by act, its growth with every dimension, and runs as users start them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim import hands
from sim import model as model_module
from sim import month as month_module
from sim.invariants import Worst
from sim.model import forget
from sim.population import Crowd
from sim.recorder import Recorder
from sim.tape.months import Months

ACTS = (
    "shocks", "policy", "power", "chips", "compute", "capability", "adoption", "robots", "orbit", "books",
    "exits", "feedback",
)  # fmt: skip
CONSUMERS, MINDS = "consumers choose", "other minds plan"
_MIB = 1024.0


@dataclass(frozen=True)
class Cost:
    """What simulating some worlds took, in processor seconds."""

    words: str
    start_seconds: float
    writing_seconds: float
    """Of the tape from which months were played; 0 where NumPy computed them."""
    months_seconds: float
    world_months: int

    @property
    def microseconds(self) -> float:
        """Return the time of a world and month, without its start and the tape's writing."""
        return 1e6 * self.months_seconds / self.world_months


@dataclass(frozen=True)
class Launch:
    """What a command took: seconds on the clock, of all its processors, and the largest process's memory."""

    words: str
    wall_seconds: float
    processor_seconds: float
    peak_mib: float


def cost_of(words: Sequence[str], *, played: bool = True) -> Cost:
    """Simulate the worlds of a run in one batch in this process and return what it took.

    Months are played from a tape where they can be, however short the run, unless NumPy is to compute them.
    """
    from experiments.runs.cases import cases_of
    from experiments.runs.simulate import feasible_model

    plan = plan_from_config(compose_run(list(words), None), "bench")
    cases = cases_of(plan, np.arange(plan.worlds))
    began = time.process_time()
    model, _ = feasible_model(plan, cases)
    started = time.process_time()
    months = Months.of(model, wanted=True) if played else None
    written = time.process_time()
    if months is not None:
        months.play(model.recorder, model.worst)
    else:
        for _ in range(plan.months):
            model.step()
    ended = time.process_time()
    forget(model)
    took, size = ended - written, cases.size * plan.months
    return Cost(" ".join(words), started - began, written - started, took, size)


def played_seconds(words: Sequence[str], threads: int) -> float:
    """Return seconds on the clock in which so many threads play a run's months.

    Raises: RuntimeError where months cannot be played.
    """
    from experiments.runs.cases import cases_of
    from experiments.runs.simulate import feasible_model

    plan = plan_from_config(compose_run(list(words), None), "bench")
    model, _ = feasible_model(plan, cases_of(plan, np.arange(plan.worlds)))
    with hands.sharing(threads):
        months = Months.of(model, wanted=True)
    if months is None:
        raise RuntimeError("months cannot be played: nothing is compiled here")
    began = time.perf_counter()
    months.play(model.recorder, model.worst)
    took = time.perf_counter() - began
    forget(model)
    return took


@contextmanager
def watched(spent: dict[str, float]) -> Iterator[None]:
    """Add up what each act of the month, and each step around it, takes."""
    restore: list[tuple[Any, str, Any]] = []

    def watch(owner: Any, attribute: str, name: str) -> None:
        law: Callable[..., Any] = getattr(owner, attribute)
        restore.append((owner, attribute, law))

        def timed(*given: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return law(*given, **named)
            finally:
                spent[name] = spent.get(name, 0.0) + time.process_time() - began

        setattr(owner, attribute, timed)

    for act in ACTS:
        watch(getattr(month_module, act), "act", act)
    watch(Crowd, "choose", CONSUMERS)
    watch(model_module.RaceModel, "plans", MINDS)
    watch(model_module, "binding", "binding constraint")
    watch(Recorder, "record", "recording")
    watch(Worst, "check", "checks of conservation")
    try:
        yield
    finally:
        for owner, attribute, law in restore:
            setattr(owner, attribute, law)


def by_act(words: Sequence[str]) -> tuple[Cost, dict[str, float]]:
    """Return what simulating some worlds by NumPy took, and microseconds a world and month by act."""
    spent: dict[str, float] = {}
    with watched(spent):
        cost = cost_of(words, played=False)
    # Consumers choose inside the minds' plans.
    spent[MINDS] -= spent[CONSUMERS]
    parts = {name: 1e6 * seconds / cost.world_months for name, seconds in spent.items()}
    parts["all else"] = cost.microseconds - sum(parts.values())
    return cost, dict(sorted(parts.items(), key=lambda part: -part[1]))


def launch(words: Sequence[str], compiled: bool = True) -> Launch:
    """Start a command of the laboratory as a user does, wait for it and return what it took.

    If not `compiled`, NumPy computes everything, as where there is no compiler.
    """
    with tempfile.TemporaryDirectory() as folder:
        places = [f"output.dir={Path(folder) / 'run'}"] if words[0] == "run" else []
        return python(["-m", "experiments", *words, *places], " ".join(words), compiled)


def python(words: Sequence[str], name: str, compiled: bool) -> Launch:
    """Start Python, wait for it and return what it took.

    Raises: RuntimeError if it fails.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ if compiled else {**os.environ, "UNCONTESTED_COMPILED": "0"},
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"`python {' '.join(words)}` ended with {process.returncode}; run it alone.")
    return Launch(name, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _MIB)
