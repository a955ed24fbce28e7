"""A sweep as it is stored: its plan built again from its folder, without conf, and what its columns mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.config.errors import RunError
from experiments.runs.batch import SeriesInfo
from experiments.runs.codebook import WORLDS, code_book
from experiments.runs.store import Entry
from experiments.sweeping.folder import PlanFiles, newest_plan, plain_text, with_changes
from experiments.sweeping.plan import SweepPlan, Table, plan_sweep, small_context
from experiments.sweeping.study import STUDY_KEYS, Study, read_study
from sim.recorder import declare

OWN_COLUMNS = {
    "run_id": ("name", "name of the run: the hash of what can move its numbers"),
    "status": ("name", "done, or failed"),
    "error": ("text", "why the run failed; empty where it did not"),
}
"""Columns that the tables of a sweep have beside those of a run."""


@dataclass(frozen=True)
class StoredPlan:
    """What the files of a plan tell."""

    told: Mapping[str, Any]
    study: Study
    kinds: Sequence[tuple[Mapping[str, Any], str, Mapping[str, Any]]]
    """Choices, budget and configuration of each kind of run."""
    points: Table
    """Points of the design; the values of choices as text, where they are no numbers."""


def read_plan(files: PlanFiles) -> StoredPlan:
    """Read a plan as it was made, whatever conf has become since.

    Raises: RunError if it cannot be read; ConfigError if this version of the code cannot hold its study.
    """
    import duckdb

    told = files.read()
    try:
        study = read_study(told["study"]["name"], {name: told["study"][name] for name in STUDY_KEYS})
        kinds = [
            (one["choices"], one["budget"], with_changes(told["configuration"], one["changes"]))
            for one in told["kinds"]
        ]
    except (KeyError, TypeError) as error:
        raise RunError(f"{files.json}: lacks {error}; it is not the plan of a sweep") from None
    try:
        with duckdb.connect() as tables:
            found = tables.execute("SELECT * FROM read_parquet(?) ORDER BY point", [str(files.points)])
            names = [column[0] for column in found.description or ()][1:]
            rows = [row[1:] for row in found.fetchall()]
    except duckdb.Error as error:
        raise RunError(f"{files.points}: cannot be read ({' '.join(str(error).split())})") from None
    return StoredPlan(told, study, kinds, (names, rows))


def stored_plan(folder: Path) -> SweepPlan:
    """Return a sweep's newest plan, as it was made; its runs have their names if the code is the same.

    Raises: RunError if it cannot be read; ConfigError if this version of the code cannot hold it.
    """
    plan = read_plan(newest_plan(folder))
    names, rows = plan.points
    chosen = set(plan.kinds[0][0])

    def compose(choices: Mapping[str, Any], budget: str) -> Mapping[str, Any]:
        # The base is asked for without choices: any of its kinds has its parameters and bounds.
        return next(
            config
            for known, spent, config in plan.kinds
            if spent == budget and (not choices or known == choices)
        )

    def value_of(name: str, value: Any) -> Any:
        if name not in chosen:
            return value
        return next(one[name] for one, _, _ in plan.kinds if value in (plain_text(one[name]), one[name]))

    return plan_sweep(plan.study, compose, (names, [tuple(map(value_of, names, row)) for row in rows]))


def columns_of(plan: SweepPlan, worlds: Sequence[str]) -> list[Entry]:
    """Return the code book of a sweep; `worlds` has the columns of its runs."""
    known = [name for name in worlds if name not in OWN_COLUMNS]
    declared = declare(small_context(plan.kinds[0].plan))
    kept = [SeriesInfo(**vars(one)) for one in declared if one.name in plan.series]
    entries = code_book(plan.kinds[0].plan, kept, known)
    own = [Entry(WORLDS, name, unit, "key", "", what, "") for name, (unit, what) in OWN_COLUMNS.items()]
    return [*entries, *own]
