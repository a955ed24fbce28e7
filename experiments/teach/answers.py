"""Answers to what the page asks: many settings of one scenario side by side in one batch of worlds.

A number patched in the place of a draw gives the same bits as the same number written as an override, and a
case has the same bits in every batch: so an answer does not depend on what else was asked.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from experiments.config.build import RunPlan, config_hash, plan_from_config
from experiments.runs.cases import Cases, Patch, cases_of
from experiments.runs.crew import cores
from experiments.runs.store import month_names
from experiments.runs.summary import lead_shares
from experiments.sweeping.factors import rows_of, split_address
from experiments.teach.composed import composed
from experiments.teach.joined import SPAN, join, kept, structure
from experiments.teach.sliders import FANS, override
from sim import hands
from sim.axes import BLOCS, CONSTRAINTS
from sim.context import Context
from sim.outcome import Record, dimension_shares, leaders, month_index
from sim.recorder import Float32Array
from sim.series import Series
from sim.settings import OutcomeRules
from sim.units import MONTHS_PER_YEAR, Array

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SINGLES = 3
BINDING = "binding_constraint_code"
THIRD = ("bloc_users_million.cn.row", "bloc_users_million.us.row")
"""Users of assistants in third countries, by whose the assistant is."""
SHOWN = (*FANS, *THIRD, *(f"{BINDING}.{bloc}" for bloc in BLOCS))
DECIDING = (
    "powered_compute_h100e.us",
    "powered_compute_at_site_h100e.us",
    "robot_labour_workers.us",
    "robot_labour_at_site_workers.us",
    "industrial_robots.us",
    "ai_revenue_usd.us",
    "capability_lag_months",
    "foundation_share.us",
    "manufacturing_output_usd.us",
)
"""Series that tell who leads, beside users; those of other blocs and places come along."""
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
        return config_hash(composed(self.scenario, self.values, self.switches, self.worlds, self.months))

    def base(self) -> tuple[Any, ...]:
        """Return all but the numbers set: what `prepared` takes."""
        return (self.scenario, tuple(sorted(self.switches.items())), self.worlds, self.months)

    def kind(self) -> tuple[Any, ...]:
        """Return what it shares with questions that can be answered in the same batch."""
        return (structure_of(*self.base()), self.worlds, self.months, self.step)


@cache
def prepared(scenario: str, switches: tuple[tuple[str, bool], ...], worlds: int, months: int) -> RunPlan:
    """Return the plan of a scenario, made once a process."""
    return kept(plan_from_config(composed(scenario, {}, dict(switches), worlds, months)))


@cache
def structure_of(scenario: str, switches: tuple[tuple[str, bool], ...], worlds: int, months: int) -> str:
    """Return what the plan of a scenario shares with those that can be in the same batch, as text."""
    return json.dumps(structure(composed(scenario, {}, dict(switches), worlds, months)), sort_keys=True)


def ignore(month: int) -> None:
    """Take note of no month."""


def answer_all(
    questions: Sequence[Question], on_month: Callable[[int], None] = ignore
) -> list[dict[str, Any]]:
    """Simulate questions of one kind side by side and return what the charts show for each.

    What is simulated are the worlds of a run, but for what a page does not show: other series are not
    recorded, and the laws of conservation are not measured, as `uncontested run` does for the same worlds.

    Raises: RunError if a world has no feasible start; whatever `on_month` raises.
    """
    # Mesa takes a second to import: only where worlds are simulated.
    from experiments.runs.simulate import feasible_model
    from sim.model import forget

    first = questions[0]
    plan, cases = side_by_side(questions)
    model, _ = feasible_model(plan, cases)
    try:
        model.show_only((*SHOWN, *DECIDING))
        with hands.sharing(cores()):
            model.run(on_month=on_month)
    finally:
        forget(model)
    recorder = model.recorder
    outcomes = leading(model.context, plan.outcome, recorder.series, recorder.data)
    shown = np.arange(first.step - 1, plan.months, first.step)
    months = month_names(plan.start.month, plan.months)[first.step - 1 :: first.step]
    answers = []
    for place in range(len(questions)):
        own = slice(place * first.worlds, (place + 1) * first.worlds)
        series = {name: recorder.row(name)[:, own] for name in SHOWN}
        answers.append(
            {
                "months": months,
                "fans": {name: fan(series[name][shown]) for name in FANS},
                "third": third(*(np.asarray(series[name], np.float64) for name in THIRD)),
                "shares": shares({name: values[own, None] for name, values in outcomes.items()}),
                "binding": {bloc: binding(series[f"{BINDING}.{bloc}"][shown]) for bloc in BLOCS},
            }
        )
    return answers


def side_by_side(questions: Sequence[Question]) -> tuple[RunPlan, Cases]:
    """Return a plan whose worlds are those of all questions, and the cases that they ask for, in order."""
    bases = list(dict.fromkeys(question.base() for question in questions))
    plan = join([prepared(*base) for base in bases])
    ids = [np.arange(plan.worlds) + bases.index(question.base()) * SPAN for question in questions]
    keys = dict.fromkeys(key for question in questions for key in question.values)
    patches = tuple(
        Patch(
            section,
            name,
            rows_of(key, plan),
            np.repeat([question.values.get(key, np.nan) for question in questions], plan.worlds),
        )
        for key, (section, name) in ((key, split_address(key)[0].split(".")) for key in keys)
    )
    return plan, replace(cases_of(plan, np.concatenate(ids)), patches=patches)


def leading(
    ctx: Context, rules: OutcomeRules, series: Sequence[Series], data: Float32Array
) -> dict[str, Array]:
    """Return who leads, as `sim.outcome.evaluate` does, and nothing else of it.

    Shapes: data (series, month, world) -> `leader.<definition>.<year>` -> (world,).
    """
    window, start = rules.window_months, ctx.settings.start_month
    at = {horizon: month_index(start, horizon) for horizon in rules.horizons}
    reached = {horizon: month for horizon, month in at.items() if window - 1 <= month < data.shape[1]}
    # The months that a horizon looks back on, one after the other; what is said of others is not used.
    months = np.array([range(month - window + 1, month + 1) for month in reached.values()], np.int64)
    record = Record({one.name: row for row, one in enumerate(series)}, data[:, months.reshape(-1)])
    by_month, is_open = dimension_shares(ctx, rules, record)
    found = {}
    for place, horizon in enumerate(reached, 1):
        end = place * window - 1
        now = {name: table[:, end] for name, table in by_month.items()}
        for name, leader in leaders(rules, now, is_open[end], rules.lead_share).items():
            found[f"leader.{name}.{horizon[:4]}"] = leader
    return found


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
    own, rest = (values[-last:].mean(0) for values in (cn, us))
    both = own + rest
    return float(np.median(np.divide(own, both, out=np.full(both.shape, 0.5), where=both > 0.0)))


def fan(series: Float32Array) -> dict[str, Any]:
    """Return quantiles, a row a month, and some single worlds. Shapes: series (month, world)."""
    values = np.asarray(series, np.float64)
    return {
        "quantiles": np.quantile(values, QUANTILES, axis=1).T.tolist(),
        "singles": values[:, :SINGLES].T.tolist(),
    }


def binding(codes: Float32Array) -> dict[str, list[float]]:
    """Return by constraint in what share of worlds it binds, by month. Shapes: codes (month, world)."""
    return {name: (codes == code).mean(1).tolist() for code, name in enumerate(CONSTRAINTS)}
