"""Run the same worlds in several arms, which differ in one thing, and keep what is asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from experiments.cli.options import parse
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.team import Team, note
from sim.units import Array, IntArray

MINDS: Final = Path(__file__).with_name("minds.py")
USUAL: Final = ("responses=[passive]", "consumers=cohort")
"""What arms take unless a command is told otherwise."""
COLUMNS: Final = {"cohort": 64, "agents": 16}
"""Worlds of a batch by kind of consumers: few enough to share them out among processes."""


@dataclass(frozen=True)
class Arm:
    """A configuration that worlds are run in."""

    name: str
    plan: RunPlan


@dataclass(frozen=True)
class Ran:
    """What the worlds of an arm came to."""

    outcomes: Mapping[str, Array]
    """Column of `sim.outcome.evaluate` -> (world,)."""
    series: Mapping[str, Array]
    """Series asked for -> (month, world)."""


@dataclass(frozen=True)
class _Job:
    plan: RunPlan
    world_ids: IntArray
    series: tuple[str, ...]
    place: int


def read_words(arguments: Sequence[str], options: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return a command's options and the overrides that all its arms have.

    Raises: ConfigError on an option that there is not.
    """
    keys = [word for word in arguments if "=" in word and not word.startswith("-")]
    _, given = parse([word for word in arguments if word not in keys], (), options)
    taken = {word.partition("=")[0] for word in keys}
    return given, [*(word for word in USUAL if word.partition("=")[0] not in taken), *keys]


def arm(name: str, overrides: Sequence[str], minds: str = "", config_dir: str | None = None) -> Arm:
    """Plan an arm; `minds` is what MINDS of experiments/trust/minds.py is set to, empty for the usual ones.

    The text of the rules becomes a part of the configuration, as that of `rules=` does.
    Raises: ConfigError on an override.
    """
    config: dict[str, Any] = dict(compose_run(list(overrides), config_dir))
    if minds:
        code = f"{MINDS.read_text(encoding='utf-8')}\n\nMINDS = {minds}\n"
        config["rules"] = {"file": MINDS.name, "code": code}
    return Arm(name, plan_from_config(config))


def run_arms(
    arms: Sequence[Arm], worlds: int, series: Sequence[str], workers: int, on_month: Callable[[int], None]
) -> dict[str, Ran]:
    """Run the same worlds in every arm.

    Raises: RunError if a world has no feasible start in one of them.
    """
    jobs: list[_Job] = []
    owners: list[str] = []
    for one in arms:
        size = COLUMNS[one.plan.consumers]
        for at in range(0, worlds, size):
            ids = np.arange(at, min(at + size, worlds))
            jobs.append(_Job(one.plan, ids, tuple(series), len(jobs)))
            owners.append(one.name)
    with Team(workers, len(jobs)) as team:
        parts = team.wait_for([team.submit(_simulate, job) for job in jobs], on_month)
    found = {}
    for one in arms:
        own = [part for part, owner in zip(parts, owners, strict=True) if owner == one.name]
        found[one.name] = Ran(
            {name: np.concatenate([part.outcomes[name] for part in own]) for name in own[0].outcomes},
            {name: np.concatenate([part.series[name] for part in own], axis=1) for name in series},
        )
    return found


def months_of(arms: Sequence[Arm], worlds: int) -> int:
    """Return how many months all batches of arms take together, for a meter."""
    return sum(one.plan.months * -(-worlds // COLUMNS[one.plan.consumers]) for one in arms)


def _simulate(job: _Job) -> Ran:
    """Simulate some worlds of an arm."""
    # Only a process that simulates imports this: Mesa takes a second.
    from experiments.runs.cases import cases_of
    from experiments.runs.simulate import simulate_cases

    done = simulate_cases(
        job.plan, cases_of(job.plan, job.world_ids), lambda month: note(job.place, month + 1)
    )
    rows = {one.name: row for row, one in enumerate(done.series)}
    series = {name: np.array(done.record[rows[name]], np.float64) for name in job.series}
    return Ran(done.outcomes, series)
