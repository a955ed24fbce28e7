"""A sweep as it is stored: its plan built again from its folder, without conf, and what its columns mean."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.codebook import WORLDS, code_book
from experiments.errors import RunError
from experiments.store import Entry
from experiments.sweeping.folder import PlanFiles, newest_plan, plain_text, with_changes
from experiments.sweeping.plan import SweepPlan, Table, plan_sweep, small_context
from experiments.sweeping.study import STUDY_KEYS, read_study
from sim.recorder import declare

OWN_COLUMNS = {
    "run_id": ("name", "name of the run: the hash of what can move its numbers"),
    "status": ("name", "done, or failed"),
    "error": ("text", "why the run failed; empty where it did not"),
}
"""Columns that the tables of a sweep have beside those of a run."""


def stored_plan(folder: Path) -> SweepPlan:
    """Return a sweep's newest plan, as it was made; its runs have their names if the code is the same.

    Raises: RunError if it cannot be read; ConfigError if this version of the code cannot hold it.
    """
    files = newest_plan(folder)
    told = files.read()
    try:
        study = read_study(told["study"]["name"], {name: told["study"][name] for name in STUDY_KEYS})
        kinds = [
            (one["choices"], one["budget"], with_changes(told["configuration"], one["changes"]))
            for one in told["kinds"]
        ]
    except (KeyError, TypeError) as error:
        raise RunError(f"{files.json}: lacks {error}; it is not the plan of a sweep") from None

    def compose(choices: Mapping[str, Any], budget: str) -> Mapping[str, Any]:
        # The base is asked for without choices: any of its kinds has its parameters and bounds.
        return next(
            config for known, spent, config in kinds if spent == budget and (not choices or known == choices)
        )

    return plan_sweep(study, compose, read_points(files, [known for known, _, _ in kinds]))


def read_points(files: PlanFiles, kinds: Sequence[Mapping[str, Any]]) -> Table:
    """Return the points of a plan; `kinds` has the choices, which are stored as text or as numbers."""
    import duckdb

    with duckdb.connect() as tables:
        found = tables.execute("SELECT * FROM read_parquet(?) ORDER BY point", [str(files.points)])
        names = [column[0] for column in found.description or ()][1:]
        rows = [row[1:] for row in found.fetchall()]
    chosen = set(kinds[0])

    def value_of(name: str, value: Any) -> Any:
        if name not in chosen:
            return value
        return next(one[name] for one in kinds if value in (plain_text(one[name]), one[name]))

    return names, [tuple(map(value_of, names, row)) for row in rows]


def columns_of(plan: SweepPlan, worlds: Sequence[str]) -> list[Entry]:
    """Return the code book of a sweep; `worlds` has the columns of its runs."""
    known = [name for name in worlds if name not in OWN_COLUMNS]
    kept = [one for one in declare(small_context(plan.kinds[0].plan)) if one.name in plan.series]
    entries = code_book(plan.kinds[0].plan, kept, known)
    own = [Entry(WORLDS, name, unit, "key", "", what, "") for name, (unit, what) in OWN_COLUMNS.items()]
    return [*entries, *own]
