"""Answers to what the page asks: many settings of one scenario side by side in one batch of worlds.

A number patched in the place of a draw gives the same bits as the same number written as an override, and a
case has the same bits in every batch: so an answer does not depend on what else was asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from experiments.config.build import RunPlan, config_hash, plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.store import month_names
from experiments.runs.summary import lead_shares
from experiments.sweeping.factors import rows_of, split_address
from experiments.teach.sliders import FANS, override
from sim.axes import BLOCS, CONSTRAINTS
from sim.units import MONTHS_PER_YEAR, Array

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SINGLES = 3
BINDING = "binding_constraint_code"
THIRD = ("bloc_users_million.cn.row", "bloc_users_million.us.row")
"""Users of assistants in third countries, by whose the assistant is."""
WORLDS, MONTHS = 64, 180
STEP = 3
"""The page draws the last month of each quarter."""


@dataclass(frozen=True)
class Question:
    """What a page shows: a scenario, numbers set in all its worlds, mechanisms switched."""

    scenario: str
    values: Mapping[str, float]
    switches: Mapping[str, bool]
    worlds: int = WORLDS
    months: int = MONTHS
    step: int = STEP

    def words(self) -> list[str]:
        """Return the override that gives the same numbers with `uncontested run`."""
        return override(self.scenario, self.values, self.switches, self.worlds, self.months)

    def key(self) -> str:
        """Return the hash of its configuration, which the manifest of the same run holds as well."""
        return config_hash(compose_run(self.words()))

    def kind(self) -> tuple[Any, ...]:
        """Return what it shares with questions that can be answered in the same batch."""
        return (self.scenario, tuple(sorted(self.switches.items())), self.worlds, self.months, self.step)


@cache
def prepared(scenario: str, switches: tuple[tuple[str, bool], ...], worlds: int, months: int) -> RunPlan:
    """Return the plan of a scenario, made once a process."""
    return plan_from_config(compose_run(override(scenario, {}, dict(switches), worlds, months)))


def ignore(month: int) -> None:
    """Take note of no month."""


def answer_all(
    questions: Sequence[Question], on_month: Callable[[int], None] = ignore
) -> list[dict[str, Any]]:
    """Simulate questions of one kind side by side and return what the charts show for each.

    Raises: RunError if a world has no feasible start.
    """
    # Mesa takes a second to import: only where worlds are simulated.
    from experiments.runs.cases import Patch, cases_of
    from experiments.runs.simulate import simulate_cases

    first = questions[0]
    plan = prepared(*first.kind()[:4])
    cases = cases_of(plan, np.tile(np.arange(plan.worlds), len(questions)))
    keys = dict.fromkeys(key for question in questions for key in question.values)
    patches = tuple(
        Patch(
            *split_address(key)[0].split("."),
            rows=rows_of(key, plan),
            values=np.repeat([question.values.get(key, np.nan) for question in questions], plan.worlds),
        )
        for key in keys
    )
    found = simulate_cases(plan, replace(cases, patches=patches), on_month)
    names = [one.name for one in found.series]
    shown = np.arange(first.step - 1, plan.months, first.step)
    months = [month_names(plan.start.month, plan.months)[place] for place in shown]
    answers = []
    for place in range(len(questions)):
        own = slice(place * plan.worlds, (place + 1) * plan.worlds)
        series = {name: found.record[names.index(name), :, own] for name in (*FANS, *THIRD)}
        codes = {bloc: found.record[names.index(f"{BINDING}.{bloc}"), :, own][shown] for bloc in BLOCS}
        answers.append(
            {
                "months": months,
                "fans": {name: fan(series[name][shown]) for name in FANS},
                "third": third(*(series[name] for name in THIRD)),
                "shares": shares({name: values[own, None] for name, values in found.outcomes.items()}),
                "binding": {bloc: binding(codes[bloc]) for bloc in BLOCS},
            }
        )
    return answers


def answer(question: Question) -> dict[str, Any]:
    """Simulate one question.

    Raises: RunError if a world has no feasible start.
    """
    return answer_all([question])[0]


def shares(outcomes: Mapping[str, Array]) -> dict[str, Any]:
    """Return by definition, year and leader the share of worlds. Shapes: outcomes (world, 1)."""
    return {
        definition: {
            year: {leader: one["share"] for leader, one in by_leader.items()}
            for year, by_leader in years.items()
        }
        for definition, years in lead_shares(outcomes, 0).items()
    }


def third(cn: Array, us: Array) -> float:
    """Return the Chinese share of assistant users in third countries in the last year, the median of worlds.

    Shapes: cn and us (month, world).
    """
    last = int(MONTHS_PER_YEAR)
    own, rest = (values[-last:].astype(np.float64).mean(0) for values in (cn, us))
    both = own + rest
    return float(np.median(np.divide(own, both, out=np.full(both.shape, 0.5), where=both > 0.0)))


def fan(series: Array) -> dict[str, Any]:
    """Return quantiles, a row a month, and some single worlds. Shapes: series (month, world)."""
    values = np.asarray(series, np.float64)
    return {
        "quantiles": np.quantile(values, QUANTILES, axis=1).T.tolist(),
        "singles": values[:, :SINGLES].T.tolist(),
    }


def binding(codes: Array) -> dict[str, list[float]]:
    """Return by constraint in what share of worlds it binds, by month. Shapes: codes (month, world)."""
    return {name: (codes == code).mean(1).tolist() for code, name in enumerate(CONSTRAINTS)}
