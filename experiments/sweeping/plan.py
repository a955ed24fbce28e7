"""Plan a sweep: which runs it has, who they are, and in which units they are handed out.

Runs are ordered by replication first: a sweep that ends early has run every point in the same worlds, and is
a fair sample already. All points share their worlds, and so their luck: a difference between points has one
cause.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final

import numpy as np

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_values
from experiments.config.design import LARGEST_WORLD
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.runs import outcome_columns
from experiments.runs.cases import Cases, Patch
from experiments.runs.store import month_names
from experiments.sweeping import identity
from experiments.sweeping.factors import Factor, read_factors, rows_of, split_address
from experiments.sweeping.sampling import points_of, read_table
from experiments.sweeping.study import Study
from sim.axes import RESPONSES
from sim.context import Context
from sim.outcome import evaluate
from sim.recorder import declare
from sim.units import Array, IntArray

MOST_RUNS: Final = 10_000_000
UNITS_PER_WORKER: Final = 4
"""At least so many units a worker, as far as there are runs, so that workers finish together."""
_NAMED_BY_HORIZON: Final = 12


@dataclass(frozen=True)
class Kind:
    """Runs that one batch can hold side by side: all that is no number of a design is the same."""

    plan: RunPlan
    choices: Mapping[str, Any]
    """Value of each factor that is a choice."""
    budget: str


@dataclass(frozen=True)
class Unit:
    """Runs that a worker does at a time; all are of one kind."""

    kind: int
    runs: IntArray
    """(run,): places in the plan's table of runs."""


@dataclass(frozen=True)
class SweepPlan:
    """All runs of a study, checked and named; nothing has been computed or written yet."""

    study: Study
    factors: tuple[Factor, ...]
    points: tuple[tuple[Any, ...], ...]
    """Value of each factor at each point."""
    kinds: tuple[Kind, ...]
    outcomes: tuple[str, ...]
    series: tuple[str, ...]
    point: IntArray
    """(run,)"""
    kind: IntArray
    """(run,): index into `kinds`."""
    response: IntArray
    """(run,): index into `sim.axes.RESPONSES`."""
    world: IntArray
    """(run,)"""
    run_ids: tuple[str, ...]
    """(run,): two points that come to the same have the same runs."""

    @cached_property
    def numbers(self) -> Array:
        """Values of the factors that are numbers; NaN for choices. Shapes: (point, factor)."""
        columns = [
            np.full(len(self.points), np.nan)
            if factor.is_choice
            else np.asarray([point[place] for point in self.points], np.float64)
            for place, factor in enumerate(self.factors)
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(self.points), 0))

    @property
    def record(self) -> dict[str, list[str]]:
        """What is kept of every run."""
        return {"outcomes": list(self.outcomes), "series": list(self.series)}

    @cached_property
    def record_hash(self) -> str:
        """Name of what is kept; parts that keep something else are another sweep's."""
        return identity.hash_of(self.record)[:8]

    @property
    def months(self) -> list[str]:
        """Months of the base run."""
        plan = self.kinds[0].plan
        return month_names(plan.start.month, plan.months)

    def budget(self, run: int) -> str:
        """Return the budget that a run spends."""
        return identity.budget_of(RESPONSES[self.response[run]], self.kinds[self.kind[run]].budget)

    def missing(self, stored: Collection[str]) -> IntArray:
        """Return the places of the runs that are not stored, each run once."""
        known = set(stored)
        places = []
        for place, name in enumerate(self.run_ids):
            if name not in known:
                known.add(name)
                places.append(place)
        return np.asarray(places, np.int64)

    def units(self, runs: IntArray, runs_per_unit: int, workers: int) -> list[Unit]:
        """Split runs into units, in their order; fewer a unit where there would not be enough for all.

        Shapes: runs (run,).
        """
        size = min(runs_per_unit, max(1, -(-runs.size // (UNITS_PER_WORKER * workers))))
        units = []
        for kind in np.unique(self.kind[runs]):
            own = runs[self.kind[runs] == kind]
            units += [Unit(int(kind), own[first : first + size]) for first in range(0, own.size, size)]
        return sorted(units, key=lambda unit: int(unit.runs[0]))

    def cases(self, unit: Unit) -> Cases:
        """Return the runs of a unit as columns of a batch."""
        points = self.point[unit.runs]
        return Cases(
            self.world[unit.runs],
            self.response[unit.runs],
            patches(self.factors, self.numbers[points], self.kinds[unit.kind].plan),
        )


Compose = Callable[[Mapping[str, Any], str], Mapping[str, Any]]
"""Returns the configuration of a run by the values of the factors that are choices, and the budget."""


def composing(study: Study, config_dir: str | None = None) -> Compose:
    """Return how a study's runs are composed from conf and a folder of one's own."""

    def compose(choices: Mapping[str, Any], budget: str) -> Mapping[str, Any]:
        config = compose_values([*study.base, *choices.items()], config_dir)
        return {**config, "worlds": 1, "responses": list(study.responses), "budget": budget}

    return compose


Table = tuple[Sequence[str], Sequence[tuple[Any, ...]]]
"""Points of a design: the names of its factors, and their values point by point."""


def plan_sweep(study: Study, compose: Compose | None = None, table: Table | None = None) -> SweepPlan:
    """Plan a study's runs, from conf and at the points of its design, unless told otherwise.

    Raises: ConfigError on a factor, a range, an outcome or a series that cannot be used.
    """
    compose = compose or composing(study)
    base = plan_from_config(compose({}, study.budgets[0]))
    factors, points = read_points(study, base, table)
    chosen = [place for place, factor in enumerate(factors) if factor.is_choice]
    combinations: dict[tuple[str, ...], int] = {}
    point_choice = np.empty(len(points), np.int64)
    kinds: list[Kind] = []
    for place, point in enumerate(points):
        key = tuple(repr(point[one]) for one in chosen)
        if key not in combinations:
            combinations[key] = len(combinations)
            choices = {factors[one].name: point[one] for one in chosen}
            kinds += [
                Kind(plan_from_config(compose(choices, budget)), choices, budget) for budget in study.budgets
            ]
        point_choice[place] = combinations[key]
    check_points(factors, points, kinds)
    point_of, budget, response, world = layout(study, len(points))
    kind = point_choice[point_of] * len(study.budgets) + budget
    plan = SweepPlan(
        study=study,
        factors=factors,
        points=tuple(points),
        kinds=tuple(kinds),
        outcomes=chosen_outcomes(study, kinds[0].plan),
        series=chosen_series(study, kinds[0].plan),
        point=point_of,
        kind=kind,
        response=response,
        world=world,
        run_ids=(),
    )
    object.__setattr__(plan, "run_ids", names_of_runs(plan))
    return plan


def read_points(
    study: Study, base: RunPlan, table: Table | None
) -> tuple[tuple[Factor, ...], Sequence[tuple[Any, ...]]]:
    """Return the factors of a study and its points: those of a table, else those of its design.

    Raises: ConfigError if a factor or the design cannot be used.
    """
    if study.design.kind != "table":
        factors = read_factors(study.factors, base)
        return factors, points_of(study.design, factors) if table is None else table[1]
    if study.factors:
        expected = "expected none beside a table, whose columns are the factors"
        raise ConfigError("study.factors", study.factors, expected)
    names, rows = table or read_table(study.design)
    columns = {name: sorted({row[place] for row in rows}, key=repr) for place, name in enumerate(names)}
    return read_factors(columns, base), rows


def check_points(factors: Sequence[Factor], points: Sequence[tuple[Any, ...]], kinds: Sequence[Kind]) -> None:
    """Check that what a design sets exists in every kind of run, as a roster may lack a member.

    Raises: ConfigError if it does not.
    """
    numbers = [factor for factor in factors if not factor.is_choice]
    for kind in kinds[1:]:
        for factor in numbers:
            for address in factor.targets:
                if rows_of(address, kind.plan) != rows_of(address, kinds[0].plan):
                    raise ConfigError(
                        f"study.factors.{factor.name}",
                        MISSING,
                        f"{address} has other members in {kind.choices}",
                    )


def layout(study: Study, points: int) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return point, place of the budget, response and world of every run, replication first.

    The passive response spends no budget, and is run once. Shapes: (run,) each.
    """
    responses = [RESPONSES.index(name) for name in study.responses]
    pairs = [
        (budget, response)
        for budget in range(len(study.budgets))
        for response in responses
        if budget == 0 or RESPONSES[response] != identity.PASSIVE
    ]
    runs = points * study.replications * len(pairs)
    if runs > MOST_RUNS:
        raise ConfigError(
            "study.replications",
            study.replications,
            f"{points:,} points make {runs:,} runs; expected at most {MOST_RUNS:,}",
        )
    if study.replications > LARGEST_WORLD + 1:
        raise ConfigError("study.replications", study.replications, f"expected at most {LARGEST_WORLD + 1}")
    world, point, pair = (
        axis.ravel()
        for axis in np.meshgrid(
            np.arange(study.replications), np.arange(points), np.arange(len(pairs)), indexing="ij"
        )
    )
    budget, response = (np.asarray([one[place] for one in pairs], np.int64)[pair] for place in (0, 1))
    return point, budget, response, world


def names_of_runs(plan: SweepPlan) -> tuple[str, ...]:
    """Return the name of every run (experiments.sweeping.identity)."""
    prints = [identity.Fingerprint(kind.plan) for kind in plan.kinds]
    changes: dict[tuple[int, int], int] = {}
    for number, (kind, one) in enumerate(zip(plan.kinds, prints, strict=True)):
        own = np.unique(plan.point[plan.kind == number])
        made = one.points(patches(plan.factors, plan.numbers[own], kind.plan), own.size)
        changes.update({(number, int(point)): change for point, change in zip(own, made, strict=True)})
    hashes: dict[tuple[int, int, int], str] = {}
    names = []
    for kind, point, response, world in zip(
        plan.kind.tolist(), plan.point.tolist(), plan.response.tolist(), plan.world.tolist(), strict=True
    ):
        word = RESPONSES[response]
        key = kind, point, response
        if key not in hashes:
            hashes[key] = prints[kind].of(changes[kind, point], word)
        budget = identity.budget_of(word, plan.kinds[kind].budget)
        names.append(identity.run_id(prints[kind].settings, hashes[key], word, budget, world))
    return tuple(names)


def patches(factors: Sequence[Factor], numbers: Array, plan: RunPlan) -> tuple[Patch, ...]:
    """Return what factors set at some points. Shapes: numbers (point, factor) -> values (point,)."""
    made = []
    for place, factor in enumerate(factors):
        for address, weight in factor.targets.items():
            key, _ = split_address(address)
            section, name = key.split(".")
            values = numbers[:, place] if weight == 1.0 else weight * numbers[:, place]
            made.append(Patch(section, name, rows_of(address, plan), values))
    return tuple(made)


def chosen_series(study: Study, plan: RunPlan) -> tuple[str, ...]:
    """Return the series that a study records.

    Raises: ConfigError if a pattern fits none.
    """
    return matching(study.series, [one.name for one in declare(small_context(plan))], "study.record.series")


def chosen_outcomes(study: Study, plan: RunPlan) -> tuple[str, ...]:
    """Return the outcomes that a study records, its headline among them.

    Raises: ConfigError if a pattern fits none.
    """
    context = small_context(plan)
    series = declare(context)
    nothing = np.zeros((len(series), _NAMED_BY_HORIZON, context.worlds), np.float32)
    names = [name for name in evaluate(context, plan.outcome, series, nothing) if name != "world"]
    headline = study.headline.outcome
    matching([headline], names, "study.headline.outcome")
    if headline not in names or not outcome_columns.is_leader(headline):
        near = nearest(headline, [name for name in names if outcome_columns.is_leader(name)])
        raise ConfigError("study.headline.outcome", headline, "expected one leader", near)
    if not outcome_columns.is_due(plan, headline):
        raise ConfigError("months", plan.months, f"the run ends before the headline {headline}")
    return matching([*study.outcomes, study.headline.outcome], names, "study.record.outcomes")


def small_context(plan: RunPlan) -> Context:
    """Return the smallest batch of a plan, from which names can be read."""
    ids = np.arange(2)
    params, settings = plan.params_for(ids), plan.settings_for(ids, 0 * ids)
    return Context(plan.axes, params, plan.start, settings, plan.history)


def matching(patterns: Sequence[str], names: Sequence[str], key: str) -> tuple[str, ...]:
    """Return the names that fit a pattern, in their own order.

    Raises: ConfigError for a pattern that fits none.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ConfigError(key, pattern, "nothing of this name is recorded", nearest(pattern, names))
    return tuple(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))
