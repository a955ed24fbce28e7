"""`uncontested verify SWEEP`: run a random sample of a sweep's runs again and compare every bit."""

import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.cli.options import parse
from experiments.config.errors import ConfigError, RunError
from experiments.reading.results import sweep_of
from experiments.runs.command import ending_on_signals
from experiments.runs.crew import cores
from experiments.runs.store import OFFLINE
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts
from experiments.sweeping.executor import Executor, LocalExecutor
from experiments.sweeping.folder import newest_plan
from experiments.sweeping.identity import code_hash
from experiments.sweeping.parts import Part
from experiments.sweeping.plan import SweepPlan
from experiments.sweeping.progress import progress
from experiments.sweeping.replan import stored_plan
from experiments.sweeping.running import SweepJob
from experiments.sweeping.study import SweepRequest
from sim.units import IntArray

HELP = """uncontested verify SWEEP [--runs 32] [--seed N] [--workers N]

Run a random sample of a sweep's runs again, on this machine, and compare every bit of their parameters,
outcomes and series. --seed draws the same sample again.

Exit status: 0 all are the same, 1 some differ (they are named), 2 nothing could be compared."""
OPTIONS = {"--runs": "a number", "--seed": "a number", "--workers": "a number"}
RUNS = 32
RUNS_PER_UNIT = 64
LIMIT_SECONDS = 3600.0
_MOST = 1_000_000
_SHOWN_RUNS, _SHOWN_COLUMNS = 10, 4


@dataclass(frozen=True)
class Verified:
    """What came of a sample."""

    compared: int
    done: int
    """Runs of the sweep that are done, of which the sample was drawn."""
    seed: int
    differing: Mapping[str, Sequence[str]]
    """Run that differs -> its columns that do."""


def verify_command(arguments: Sequence[str]) -> int:
    """Verify a sweep and print what came of it; return 1 if a run differs.

    Raises: ConfigError if there is no such sweep, or other code has computed it.
    """
    words, given = parse(arguments, ("SWEEP",), OPTIONS)
    if "--help" in given:
        print(HELP)
        return 0
    folder = sweep_of(words[0])
    fresh = str(np.random.SeedSequence().generate_state(1)[0] % _MOST)
    runs = _integer("--runs", given.get("--runs", str(RUNS)), 1)
    seed = _integer("--seed", given.get("--seed", fresh), 0)
    workers = _integer("--workers", given.get("--workers", str(cores())), 1)
    found = verify(folder, runs, seed, LocalExecutor(min(workers, runs), LIMIT_SECONDS))
    print("\n".join(lines(folder, found)))
    return 1 if found.differing else 0


def _integer(option: str, given: str, least: int) -> int:
    if not given.isascii() or not given.isdigit() or not least <= int(given) <= _MOST:
        raise ConfigError(option, given, f"expected an integer within {least}..{_MOST}")
    return int(given)


def verify(folder: Path, runs: int, seed: int, executor: Executor) -> Verified:
    """Run a sample of runs again, in a store of their own, and compare it with the sweep's.

    Raises: ConfigError if other code has computed the sweep; RunError if nothing of it is stored.
    """
    check_code(folder)
    plan = stored_plan(folder)
    checked = parts.check_parts(folder, plan.record_hash, bool(plan.series))
    status, _ = parts.stored_runs(checked.sound, plan.study.headline.outcome)
    done = np.sort([place for name, place in _places(plan).items() if status.get(name) == parts.DONE])
    if not done.size:
        raise RunError(f"{folder}: no run of this sweep is stored yet")
    sample = np.sort(np.random.default_rng(seed).choice(done, min(runs, done.size), replace=False))
    with tempfile.TemporaryDirectory() as place, ending_on_signals():
        again = run_again(plan, sample, Path(place) / "again", executor)
        names = [plan.run_ids[run] for run in sample]
        return Verified(sample.size, done.size, seed, differences(names, checked.sound, again))


def check_code(folder: Path) -> None:
    """Check that the code which is installed is the sweep's: other code may give other numbers.

    Raises: ConfigError if it is not.
    """
    told = newest_plan(folder).read()
    if told["code_hash"] != code_hash():
        commit = f" of commit {told['commit'][:12]}" if told.get("commit") else ""
        raise ConfigError(
            "sweep",
            folder,
            f"was computed by other code or packages than those installed; expected version "
            f"{told['version']}{commit}, or a sweep run anew",
        )


def _places(plan: SweepPlan) -> dict[str, int]:
    return {name: place for place, name in enumerate(plan.run_ids)}


def run_again(plan: SweepPlan, sample: IntArray, folder: Path, executor: Executor) -> list[Part]:
    """Run some of a plan's runs in an empty folder and return the parts they leave."""
    request = SweepRequest(plan.study, {"name": "local"}, 0.0, False, str(folder), {})
    with sweep_folder.locked(folder) as holder, progress(int(sample.size), "Verify") as shown:
        job = SweepJob(request, plan, folder, holder)
        job.shown = shown
        executor.run(plan.units(sample, RUNS_PER_UNIT, executor.workers), job)
    return parts.parts_in(folder)


def differences(names: Sequence[str], stored: Sequence[Part], again: Sequence[Part]) -> dict[str, list[str]]:
    """Return the runs whose bits differ, each with the columns that do."""
    found: dict[str, list[str]] = {}
    for kind, keys in ((parts.RUNS, ("run_id",)), (parts.SERIES, ("run_id", "month"))):
        one, other = (_rows(names, side, kind, keys) for side in (stored, again))
        if one is None or other is None:
            # A sweep may record no series; a run that fails now leaves none.
            continue
        known = _text(one["run_id"])
        if not all(np.array_equal(_text(one[key]), _text(other[key])) for key in keys):
            missing = set(known) ^ set(_text(other["run_id"]))
            found.update({name: [f"{kind} are there only once"] for name in sorted(missing) or names})
            continue
        for column in one:
            if column not in other or not (same := same_bits(one[column], other[column])).all():
                hit = known if column not in other else known[~same]
                for name in np.unique(hit):
                    found.setdefault(str(name), []).append(column)
    return found


def same_bits(one: Any, other: Any) -> npt.NDArray[np.bool_]:
    """Say where two columns have the same bits. An empty value has none: it equals another empty one.

    >>> same_bits(np.array([0.0, np.nan, 1.0]), np.array([-0.0, np.nan, 1.0]))
    array([False,  True,  True])
    """
    if one.dtype != other.dtype:
        return np.zeros(one.shape, bool)
    empty, others = np.ma.getmaskarray(one), np.ma.getmaskarray(other)
    bits, their = np.ma.getdata(one), np.ma.getdata(other)
    if one.dtype.kind == "f":
        width = f"u{one.dtype.itemsize}"
        bits, their = bits.view(width), their.view(width)
    same: npt.NDArray[np.bool_] = (empty == others) & (empty | (bits == their))
    return same


def _rows(names: Sequence[str], found: Sequence[Part], kind: str, keys: Sequence[str]) -> Any:
    """Return the columns of some runs, in the order of their keys; None if there are no such parts."""
    import duckdb

    files = [str(part.path) for part in found if part.kind == kind]
    if not files:
        return None
    # A run that failed and was done when tried again has two rows.
    done = f"AND status = '{parts.DONE}'" if kind == parts.RUNS else ""
    with duckdb.connect(config=OFFLINE) as tables:
        return tables.execute(
            f"SELECT * FROM read_parquet(?, union_by_name = true) WHERE list_contains(?, run_id) {done} "
            f"ORDER BY {', '.join(keys)}",
            [files, list(names)],
        ).fetchnumpy()


def _text(column: Any) -> npt.NDArray[np.str_]:
    return np.asarray(np.ma.getdata(column), np.str_)


def lines(folder: Path, found: Verified) -> list[str]:
    """Say what came of a sample."""
    head = (
        f"{folder.name}: {found.compared:,} of {found.done:,} runs run again, drawn with seed {found.seed}: "
    )
    if not found.differing:
        return [f"{head}all are the same, bit for bit."]
    shown = [
        f"  {name}: {', '.join(columns[:_SHOWN_COLUMNS])}"
        + (f" and {len(columns) - _SHOWN_COLUMNS} more columns" if len(columns) > _SHOWN_COLUMNS else "")
        for name, columns in list(found.differing.items())[:_SHOWN_RUNS]
    ]
    more = len(found.differing) - _SHOWN_RUNS
    told = newest_plan(folder).read()
    return [
        f"{head}{len(found.differing):,} differ.",
        *shown,
        *([f"  and {more:,} more runs"] if more > 0 else []),
        f"It was computed by Python {told['python']} on {told['platform']}; this is Python "
        f"{platform.python_version()} on {platform.platform()}.",
    ]
