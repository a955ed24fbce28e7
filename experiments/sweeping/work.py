"""What a worker does: simulate a unit's runs, keep what the study records, and commit them.

A run that raises is found by halving its batch and recorded as failed with its traceback; the others are not
touched by it. Only what is needed before the first task is imported here.
"""

import gc
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from experiments.config.build import RunPlan
from experiments.config.errors import RunError
from experiments.runs import outcome_columns
from experiments.runs.cases import Cases
from experiments.runs.store import month_names
from experiments.sweeping import identity, parts
from experiments.sweeping.factors import axis_names
from sim.axes import RESPONSES
from sim.units import Array, IntArray

if TYPE_CHECKING:
    from experiments.runs.simulate import Simulated

LONGEST_ERROR = 4000


@dataclass(frozen=True)
class Task:
    """A unit as it is sent to a worker."""

    plan: RunPlan
    cases: Cases
    run_ids: tuple[str, ...]
    budget: str
    outcomes: tuple[str, ...]
    series: tuple[str, ...]
    record: str
    headline: str
    folder: str | None
    """The sweep's folder; None where the worker cannot see it and sends its parts back."""
    code: str
    holder: str
    """Who holds the folder: a worker that has outlived its sweep writes nothing more."""


@dataclass(frozen=True)
class Commit:
    """What a worker says of a unit that it has committed."""

    run_ids: tuple[str, ...]
    failed: tuple[str, ...]
    """Names of the runs that failed."""
    headline: tuple[Any, ...]
    """(run,): value of the headline's outcome; None of a failed run."""
    files: tuple[tuple[str, bytes], ...]
    """Parts by name, in the order in which they are to be written; empty if they are in the folder."""


@dataclass(frozen=True)
class Outcome:
    """What some cases came to, or why one of them failed."""

    places: IntArray
    """(case,): places of these cases in the unit."""
    found: "Simulated | None"
    error: str


def run_unit(task: Task, on_month: Callable[[int], None] = lambda month: None) -> Commit:
    """Simulate a unit and commit it.

    Raises: RunError if the store cannot be written, or the worker has other code than the sweep.
    """
    if identity.code_hash() != task.code:
        raise RunError(
            "a worker has other code or packages than the sweep; install the same version on every machine"
        )
    results = simulate_apart(task.plan, task.cases, np.arange(task.cases.size), on_month)
    commit = store(task, results)
    # A model and its agents hold one another: without this, the next batch would need twice the memory.
    del results
    gc.collect()
    return commit


def committed_in(folder: Path, task: Task) -> Commit | None:
    """Return what is stored of a unit; None unless all of it is."""
    unit = parts.unit_name(task.run_ids)
    checked = parts.check_parts(folder, task.record, bool(task.series), unit)
    status, values = parts.stored_runs(checked.sound, task.headline)
    if set(status) != set(task.run_ids):
        return None
    failed = tuple(name for name in task.run_ids if status[name] == parts.FAILED)
    return Commit(task.run_ids, failed, tuple(values[name] for name in task.run_ids), ())


def simulate_apart(
    plan: RunPlan, cases: Cases, places: IntArray, on_month: Callable[[int], None]
) -> list[Outcome]:
    """Simulate cases together; where that fails, its halves, until what fails stands alone."""
    from experiments.runs.simulate import simulate_cases

    try:
        return [Outcome(places, simulate_cases(plan, cases.take(places), on_month), "")]
    except Exception as error:  # whatever a run raises is kept in its row
        if places.size == 1:
            why = str(error) if isinstance(error, RunError) else traceback.format_exc()
            return [Outcome(places, None, why[-LONGEST_ERROR:])]
    middle = places.size // 2
    return [
        *simulate_apart(plan, cases, places[:middle], on_month),
        *simulate_apart(plan, cases, places[middle:], on_month),
    ]


def store(task: Task, results: Sequence[Outcome]) -> Commit:
    """Write the parts of a unit, in its folder or in a temporary one to be sent from."""
    columns, series, done = tables(task, results)
    failed = tuple(name for name, ok in zip(task.run_ids, done, strict=True) if not ok)
    if task.folder is not None:
        with parts.committing(Path(task.folder), task.holder):
            write(task, Path(task.folder), columns, series)
        files: tuple[tuple[str, bytes], ...] = ()
    else:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / parts.PARTS).mkdir()
            paths = write(task, Path(folder), columns, series)
            files = tuple((path.name, path.read_bytes()) for path in paths)
    shown = columns[task.headline]
    headline = tuple(value if ok else None for value, ok in zip(shown.tolist(), done, strict=True))
    return Commit(task.run_ids, failed, headline, files)


def write(
    task: Task,
    folder: Path,
    columns: Mapping[str, npt.NDArray[Any]],
    series: Mapping[str, npt.NDArray[np.float32]],
) -> list[Path]:
    """Write a unit's series, then its runs; neither is left if one cannot be written."""
    months = month_names(task.plan.start.month, task.plan.months)
    done = [
        name for name, status in zip(task.run_ids, columns["status"], strict=True) if status == parts.DONE
    ]
    first = parts.write_series(folder, task.record, done, months, series, task.run_ids)
    try:
        last = parts.write_runs(folder, task.record, columns)
    except RunError:
        if first is not None:
            with suppress(OSError):
                first.unlink()
        raise
    return [path for path in (first, last) if path is not None]


def tables(
    task: Task, results: Sequence[Outcome]
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, npt.NDArray[np.float32]], npt.NDArray[np.bool_]]:
    """Return the columns of a unit's runs and of its series, and which runs are done.

    Shapes: -> runs (run,), series (done run * month,), done (run,).
    """
    plan, count = task.plan, task.cases.size
    attempts, scaled = np.zeros(count, np.int64), np.full(count, np.nan)
    errors = np.full(count, None, object)
    outcomes = {name: np.full(count, np.nan) for name in task.outcomes}
    record = np.full((len(task.series), count, plan.months), np.nan, np.float32)
    for one in results:
        if one.found is None:
            errors[one.places] = one.error
            continue
        attempts[one.places], scaled[one.places] = one.found.attempts, one.found.growth_scaled
        for name in task.outcomes:
            outcomes[name][one.places] = one.found.outcomes[name]
        rows = {info.name: row for row, info in enumerate(one.found.series)}
        for place, name in enumerate(task.series):
            record[place, one.places] = one.found.record[rows[name]].T
    simulated = errors == None  # noqa: E711  # elementwise
    for at in np.flatnonzero(simulated).tolist():
        errors[at] = not_a_number(plan, outcomes, dict(zip(task.series, record, strict=True)), at)
    done = np.asarray(errors == None)  # noqa: E711  # elementwise
    columns: dict[str, npt.NDArray[Any]] = {
        "run_id": np.asarray(task.run_ids, object),
        "status": np.where(done, parts.DONE, parts.FAILED).astype(object),
        "error": errors,
        "world": task.cases.world_ids.astype(np.int32),
        "response": np.asarray([RESPONSES[one] for one in task.cases.response], object),
        "budget": np.asarray(
            [identity.budget_of(RESPONSES[one], task.budget) for one in task.cases.response], object
        ),
        "rejected_draws": attempts.astype(np.int32),
        "growth_scaled": scaled,
        **parameters(plan, task.cases, attempts),
    }
    for values in outcomes.values():
        values[~done] = np.nan
    columns.update(outcome_columns.stored(outcomes, month_names(plan.start.month, plan.months)))
    series = {name: record[place, done].ravel() for place, name in enumerate(task.series)}
    return columns, series, done


def not_a_number(
    plan: RunPlan, outcomes: Mapping[str, Array], series: Mapping[str, npt.NDArray[np.float32]], place: int
) -> str | None:
    """Say which result of a run is no number though it should be one; None if all are."""
    found = [
        name
        for name, values in outcomes.items()
        if outcome_columns.is_due(plan, name) and np.isnan(values[place])
    ]
    found += [name for name, values in series.items() if np.isnan(values[place]).any()]
    if not found:
        return None
    others = f" and {len(found) - 1} others" if len(found) > 1 else ""
    return f"{found[0]}{others}: not a number"


def parameters(plan: RunPlan, cases: Cases, attempts: IntArray) -> dict[str, Array]:
    """Return what was drawn and what a design set, by key. Shapes: (run,)."""
    found = plan.drawn(cases.world_ids, attempts)
    for patch in cases.patches:
        key = f"{patch.section}.{patch.name}"
        for name in axis_names(key, patch.rows, plan):
            found[name] = patch.values
    return found
