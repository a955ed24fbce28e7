"""Run settings, changes laid over a scenario, in the same worlds with the same luck; score and regret."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, nearest
from experiments.kit.strategies import HOLD, Change, Role, Strategy
from experiments.runs.cases import Cases, Patch, params_of
from experiments.runs.team import Team, note
from experiments.runs.terminal import counted_from, meter
from sim.outcome import LEADERS
from sim.units import MONTHS_PER_YEAR, Array, IntArray

SCENARIOS = ("open_race", "quiet_saturation", "us_abundance", "chip_wall")
"""The four of the class: chips flow or not, and a Chinese edge in power or not."""
WORLDS = 64
SPREAD = (5.0, 95.0)
"""Percent of worlds, of all four scenarios together with nobody acting, at which a goal is worth 0 and 1."""
LEADER = "leader.w1"
"""The headline."""
_COLUMNS = 192
"""Columns of a batch: as many as a sweep takes."""
_MOST_BATCHES = 4096


@dataclass(frozen=True)
class Setting:
    """Some changes to a scenario."""

    scenario: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Found:
    """What a setting came to, world by world."""

    means: Mapping[str, Array]
    """Series -> its mean over the last year. Shapes: (world,)."""
    leaders: Mapping[int, Array]
    """Year -> code of the headline's leader. Shapes: (world,)."""

    def lead(self, bloc: str, year: int) -> float:
        """Return the share of worlds in which a bloc leads."""
        return float((self.leaders[year] == LEADERS.index(bloc)).mean())


def plans_of(
    scenarios: Sequence[str], worlds: int, months: int = 180, config_dir: str | None = None
) -> dict[str, RunPlan]:
    """Plan the worlds of scenarios, with expected shares in the place of consumers on a network.

    Raises: ConfigError on a scenario that there is not.
    """
    usual = (f"worlds={worlds}", f"months={months}", "consumers=cohort", "responses=[passive]")
    return {
        name: plan_from_config(compose_run([f"scenario={name}", *usual], config_dir))
        for name in dict.fromkeys(scenarios)
    }


def run_settings(
    plans: Mapping[str, RunPlan],
    settings: Sequence[Setting],
    series: Sequence[str],
    workers: int = 1,
    what: str = "Worlds",
) -> list[Found]:
    """Run every setting in the worlds of its scenario's plan and return what each came to.

    Raises: RunError if a world cannot start or a worker dies.
    """
    jobs: list[tuple[RunPlan, tuple[Setting, ...], IntArray, IntArray, tuple[str, ...]]] = []
    whose: list[tuple[int, ...]] = []
    for scenario, plan in plans.items():
        own = [place for place, setting in enumerate(settings) if setting.scenario == scenario]
        at_once = max(1, _COLUMNS // plan.worlds)
        for first in range(0, len(own), at_once):
            some = own[first : first + at_once]
            which = np.repeat(np.arange(len(some)), plan.worlds)
            ids = np.tile(np.arange(plan.worlds, dtype=np.int64), len(some))
            jobs.append((plan, tuple(settings[place] for place in some), which, ids, tuple(series)))
            whose.append(tuple(some))
    total = sum(job[0].months for job in jobs)
    crew: AbstractContextManager[Team | None] = (
        Team(workers, _MOST_BATCHES) if workers > 1 and len(jobs) > 1 else nullcontext(None)
    )
    with crew as team, meter(total, what) as shown:
        if team is None:
            results = []
            for done, job in enumerate(jobs):
                before = sum(one[0].months for one in jobs[:done])
                results.append(run_some(*job, counted_from(before, shown.show)))
        else:
            waiting = [team.submit(run_in_worker, *job, place) for place, job in enumerate(jobs)]
            results = team.wait_for(waiting, shown.show)
    found: dict[int, Found] = {}
    for places, result in zip(whose, results, strict=True):
        found.update(zip(places, result, strict=True))
    return [found[place] for place in range(len(settings))]


def run_in_worker(
    plan: RunPlan,
    settings: tuple[Setting, ...],
    which: IntArray,
    ids: IntArray,
    series: tuple[str, ...],
    slot: int,
) -> list[Found]:
    """Do as `run_some` in a worker process, which notes its months."""
    return run_some(plan, settings, which, ids, series, lambda month: note(slot, month + 1))


def run_some(
    plan: RunPlan,
    settings: tuple[Setting, ...],
    which: IntArray,
    ids: IntArray,
    series: tuple[str, ...],
    on_month: Callable[[int], None],
) -> list[Found]:
    """Run some settings side by side. Shapes: which and ids (case,)."""
    # Only a process that simulates imports this: Mesa takes a second.
    from experiments.runs.simulate import feasible_model, simulate_cases
    from sim.model import forget

    cases = Cases(ids, np.zeros(ids.size, np.int64))
    if any(setting.changes for setting in settings):
        # Changes are relative to what a world has drawn, so first the draw with which it can start.
        model, attempts = feasible_model(plan, cases)
        forget(model)
        cases = Cases(ids, cases.response, patches_of(plan, settings, which, cases, attempts))
    result = simulate_cases(plan, cases, on_month)
    names = {one.name: place for place, one in enumerate(result.series)}
    check_series(series, names)
    window = slice(max(0, plan.months - int(MONTHS_PER_YEAR)), plan.months)
    years = [int(horizon[:4]) for horizon in plan.outcome.horizons]
    found = []
    for place in range(len(settings)):
        own = which == place
        found.append(
            Found(
                {
                    name: result.record[names[name], window][:, own].astype(np.float64).mean(0)
                    for name in series
                },
                {year: result.outcomes[f"{LEADER}.{year}"][own] for year in years},
            )
        )
    return found


def patches_of(
    plan: RunPlan, settings: Sequence[Setting], which: IntArray, cases: Cases, attempts: IntArray
) -> tuple[Patch, ...]:
    """Return what settings change, as one row of numbers a cell. Shapes: which (case,)."""
    params = params_of(plan, cases, attempts)
    cells: dict[tuple[str, str, int | None], Array] = {}
    for place, setting in enumerate(settings):
        own = which == place
        for change in setting.changes:
            for cell in change.cells(plan):
                section, name, row = cell
                drawn = getattr(getattr(params, section), name)
                drawn = np.array(drawn if row is None else drawn[row], np.float64)
                values = cells.setdefault(cell, drawn.copy())
                values[own] = change.applied(drawn[own], plan)
    return tuple(
        Patch(section, name, None if row is None else (row,), values)
        for (section, name, row), values in cells.items()
    )


def check_series(series: Sequence[str], known: Mapping[str, int]) -> None:
    """Check that every series is recorded.

    Raises: ConfigError naming the nearest one.
    """
    for name in series:
        if name not in known:
            raise ConfigError(
                "series", name, "no such series; uncontested list series shows them", nearest(name, known)
            )


@dataclass(frozen=True)
class Scored:
    """A role's strategies in the scenarios: score from 0 to 100, and regret inside the role."""

    role: Role
    strategies: tuple[str, ...]
    scenarios: tuple[str, ...]
    scores: Array
    """(strategy, scenario), of 100."""
    errors: Array
    """(strategy, scenario): standard error of the difference from holding, over the same worlds."""

    @property
    def regret(self) -> Array:
        """Return the best score of the role in a scenario less this one. Shapes: (strategy, scenario)."""
        found: Array = self.scores.max(0) - self.scores
        return found

    @property
    def worst_regret(self) -> Array:
        """Return the largest regret over the scenarios. Shapes: (strategy,)."""
        found: Array = self.regret.max(1)
        return found


def wind_tunnel(
    roles: Mapping[str, Role],
    strategies: Mapping[str, Strategy],
    plans: Mapping[str, RunPlan],
    workers: int = 1,
) -> list[Scored]:
    """Score every role's strategies, and holding, in every scenario.

    A goal is worth 0 at its 5 % quantile over all worlds of all scenarios in which nobody acts, 1 at its 95 %
    quantile, and runs straight between and no further; where both are the same, it tells nothing and is
    worth one half. A score is the weighted mean of a role's goals over its worlds.
    """
    series = tuple(
        dict.fromkeys(name for role in roles.values() for goal in role.goals for name in goal.series)
    )
    settings = [Setting(scenario) for scenario in plans]
    asked = [one for one in strategies.values() if one.role in roles]
    settings += [Setting(scenario, one.changes) for one in asked for scenario in plans]
    found = run_settings(plans, settings, series, workers, "Wind tunnel")
    held = found[: len(plans)]
    acted = {
        one.name: found[len(plans) * (place + 1) : len(plans) * (place + 2)]
        for place, one in enumerate(asked)
    }
    scored = []
    for role in roles.values():
        ends = [limits([goal.value(one.means) for one in held]) for goal in role.goals]
        own = {HOLD: held, **{one.name: acted[one.name] for one in asked if one.role == role.name}}
        points = {
            name: [score(role, ends, one.means) for one in by_scenario] for name, by_scenario in own.items()
        }
        scored.append(
            Scored(
                role,
                tuple(own),
                tuple(plans),
                np.array([[one.mean() for one in row] for row in points.values()]),
                np.array(
                    [
                        [standard_error(one - base) for one, base in zip(row, points[HOLD], strict=True)]
                        for row in points.values()
                    ]
                ),
            )
        )
    return scored


def limits(values: Sequence[Array]) -> tuple[float, float]:
    """Return where a goal is worth 0 and 1. Shapes: each (world,)."""
    low, high = np.percentile(np.concatenate(values), SPREAD)
    return float(low), float(high)


def score(role: Role, ends: Sequence[tuple[float, float]], means: Mapping[str, Array]) -> Array:
    """Return the points of a role in each world, of 100. Shapes: -> (world,)."""
    total = np.zeros(())
    for goal, (low, high) in zip(role.goals, ends, strict=True):
        value = goal.value(means)
        share = np.clip((value - low) / (high - low), 0.0, 1.0) if high > low else np.full(value.shape, 0.5)
        total = total + goal.weight * share
    return np.asarray(100.0 * total / sum(goal.weight for goal in role.goals))


def standard_error(differences: Array) -> float:
    """Return the standard error of a mean; 0 of a single world."""
    return float(differences.std(ddof=1) / np.sqrt(differences.size)) if differences.size > 1 else 0.0
