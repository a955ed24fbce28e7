"""Answer what the page asks: simulate, count, keep. Worlds are prepared once; a change patches them.

A number patched in the place of a draw gives the same bits as the same number written as an override.
"""

import asyncio
import json
import multiprocessing
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from experiments.build import RunPlan, plan_from_config
from experiments.compose import compose_run
from experiments.store import month_names
from experiments.summary import lead_shares
from experiments.teach.sliders import FANS, check, override
from sim.axes import BLOCS, CONSTRAINTS
from sim.units import Array

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SINGLES = 3
BINDING = "binding_constraint_code"
WORLDS, MONTHS = 64, 180
STEP = 3
"""The page draws the last month of each quarter."""
KEPT_ANSWERS = 512
MOST_WAITING = 64


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
        """Return what tells this question from others, whatever the order it was asked in."""
        fields = [dict(sorted(self.values.items())), dict(sorted(self.switches.items()))]
        return json.dumps([self.scenario, *fields, self.worlds, self.months, self.step])


@cache
def prepared(scenario: str, switches: tuple[tuple[str, bool], ...], worlds: int, months: int) -> RunPlan:
    """Return the plan of a scenario, made once a process."""
    return plan_from_config(compose_run(override(scenario, {}, dict(switches), worlds, months)))


def answer(question: Question) -> dict[str, Any]:
    """Simulate a question and return what the charts show.

    Raises: RunError if a world has no feasible start.
    """
    # Mesa takes a second to import: only where worlds are simulated.
    from experiments.cases import Patch, cases_of
    from experiments.simulate import simulate_cases

    switches = tuple(sorted(question.switches.items()))
    plan = prepared(question.scenario, switches, question.worlds, question.months)
    cases = cases_of(plan, np.arange(plan.worlds))
    patches = tuple(
        Patch(*key.split("."), rows=None, values=np.full(cases.size, value))
        for key, value in question.values.items()
    )
    found = simulate_cases(plan, replace(cases, patches=patches), lambda month: None)
    names = [one.name for one in found.series]
    shown = np.arange(question.step - 1, plan.months, question.step)
    months = month_names(plan.start.month, plan.months)
    outcomes = {name: values[:, None] for name, values in found.outcomes.items()}
    return {
        "months": [months[place] for place in shown],
        "fans": {name: fan(found.record[names.index(name)][shown]) for name in FANS},
        "shares": {
            definition: {
                year: {leader: one["share"] for leader, one in by_leader.items()}
                for year, by_leader in years.items()
            }
            for definition, years in lead_shares(outcomes, 0).items()
        },
        "binding": {bloc: binding(found.record[names.index(f"{BINDING}.{bloc}")][shown]) for bloc in BLOCS},
    }


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


class Busy(Exception):
    """More questions wait than can be answered in time."""


class Engine:
    """Answer questions of many pages by a few processes; whoever asks the same gets the same."""

    def __init__(self, worlds: int = WORLDS, months: int = MONTHS, processes: int = 0) -> None:
        """Start `processes` of them, or none: then a thread of this process simulates."""
        self.worlds, self.months = worlds, months
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._asked: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._workers: Executor = (
            ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
            if processes
            else ThreadPoolExecutor(1)
        )
        self._processes = processes

    def question(self, scenario: str, values: Mapping[str, float], switches: Mapping[str, bool]) -> Question:
        """Return a checked question.

        Raises: ConfigError naming what is wrong.
        """
        check(scenario, values, switches)
        return Question(scenario, dict(values), dict(switches), self.worlds, self.months)

    def warm_up(self) -> None:
        """Let every process import and prepare what it needs."""
        first = self.question("baseline", {}, {})
        waiting = [self._workers.submit(answer, first) for _ in range(max(1, self._processes))]
        for one in waiting:
            self._keep(first.key(), one.result())

    async def ask(self, question: Question) -> dict[str, Any]:
        """Return the answer, kept or computed.

        Raises: Busy if too many wait; RunError if a world has no feasible start.
        """
        key = question.key()
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._asked:
            if len(self._asked) >= MOST_WAITING:
                raise Busy
            future = asyncio.wrap_future(self._workers.submit(answer, question))
            self._asked[key] = future
            future.add_done_callback(lambda done: self._done(key, done))
        # Who gives up must not take the answer from the others who wait for it.
        return await asyncio.shield(self._asked[key])

    def _done(self, key: str, future: "asyncio.Future[dict[str, Any]]") -> None:
        del self._asked[key]
        if not future.cancelled() and future.exception() is None:
            self._keep(key, future.result())

    def _keep(self, key: str, found: dict[str, Any]) -> None:
        self._kept[key] = found
        if len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)

    def close(self) -> None:
        """Let the processes end."""
        self._workers.shutdown(wait=True, cancel_futures=True)
