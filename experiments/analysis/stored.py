"""Studies as their sweeps have stored them: points, runs and outcomes, read by the sweep's own plan.

What is stored is complete or not by its own plan, whatever conf and code have become since; that they have
changed is said in `notes`. From Python:

    from experiments.analysis.stored import open_study, run_study
    found = run_study("chip_access_and_ceiling")      # runs what is missing, at the size conf gives it
    found.values("leader.w1.2035", "cn")              # (point, world)
    found.table                                       # a row a run: factors and every stored outcome
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.config.build import plan_from_config
from experiments.config.errors import ConfigError, RunError, nearest
from experiments.reading.pairing import differing
from experiments.runs.outcome_columns import is_date, is_leader
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts
from experiments.sweeping.factors import Factor
from experiments.sweeping.identity import NO_BUDGET, PASSIVE, code_hash, hash_of
from experiments.sweeping.plan import read_points
from experiments.sweeping.replan import read_plan
from experiments.sweeping.running import execute, prepare
from experiments.sweeping.study import Study, SweepRequest, compose_sweep
from sim.units import Array

if TYPE_CHECKING:
    import pandas as pd

    from experiments.sweeping.plan import SweepPlan

_SHOWN_KEYS = 6
_KEYS = ("run_id", "point", "world", "response", "budget")


@dataclass(frozen=True)
class StoredStudy:
    """A study and all its runs, none of them missing or failed."""

    study: Study
    folder: Path
    factors: tuple[Factor, ...]
    points: tuple[tuple[Any, ...], ...]
    """Value of each factor at each point."""
    outcomes: tuple[str, ...]
    """What is stored of every run."""
    notes: tuple[str, ...]
    """What has changed since it was run, in words; empty if nothing has."""
    plan: Mapping[str, Any] = field(repr=False)
    """The sweep's own plan, as its file says it."""
    files: sweep_folder.PlanFiles = field(repr=False)

    @property
    def names(self) -> list[str]:
        """Return the names of the factors."""
        return [factor.name for factor in self.factors]

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Return a row a run: point, world, response, budget, factors and every outcome."""
        import duckdb

        own = parts.parts_in(self.folder, self.plan["record_hash"])
        stored = [str(part.path) for part in own if part.kind == parts.RUNS]
        outcomes = ", ".join(_quoted(f"{name}", "w") for name in self.outcomes)
        factors = "".join(f", p.{_quoted(name)}" for name in self.names)
        return duckdb.execute(
            f"SELECT r.point, r.world, r.response, r.budget{factors}, {outcomes} FROM read_parquet(?) r"
            " JOIN read_parquet(?) p USING (point) JOIN (SELECT DISTINCT ON (run_id) *"
            " FROM read_parquet(?, union_by_name = true) WHERE status = ?) w USING (run_id)"
            " ORDER BY r.point, r.world, r.response, r.budget",
            [str(self.files.runs), str(self.files.points), stored, parts.DONE],
        ).df()

    def values(self, metric: str = "", leader: str = "", response: str = "", budget: str = "") -> Array:
        """Return an outcome at every point and world, 1 and 0 for whether a leader is the one asked for.

        What is not said is the study's headline. Shapes: -> (point, world).

        Raises: ConfigError on what the study has not; RunError if a value is no number.
        """
        headline = self.study.headline
        metric = _one("metric", metric or headline.outcome, self.outcomes)
        response = _one("response", response or headline.response, self.study.responses)
        budget = _one("budget", budget or self.study.budgets[0], self.study.budgets)
        if is_date(metric):
            raise ConfigError("metric", metric, "expected a leader or a number; this is a month")
        spent = NO_BUDGET if response == PASSIVE else budget
        table = self.table
        rows = table[(table["response"] == response) & (table["budget"] == spent)]
        stored = rows[metric]
        known = (
            (stored == (leader or headline.value)).to_numpy(np.float64)
            if is_leader(metric)
            else stored.to_numpy(np.float64, na_value=np.nan)
        )
        values: Array = known.reshape(len(self.points), self.study.replications)
        broken = ~np.isfinite(values)
        if broken.any():
            raise RunError(
                f"{metric}: {int(broken.sum()):,} of {values.size:,} runs have no number (first: point "
                f"{int(np.argwhere(broken)[0][0])}); expected one in every run. Take a metric that always "
                "exists"
            )
        return values


def run_study(name: str, overrides: Sequence[str] = (), config_dir: str | None = None) -> StoredStudy:
    """Run what is missing of a study, at the size that conf or the overrides give it, and open it.

    What is stored is used again where conf and code are what they were.

    Raises: ConfigError on whatever cannot be run; RunError if a run fails or somebody interrupts it.
    """
    words = [f"study={name}", *overrides]
    request = compose_sweep(words, config_dir)
    plan, folder = prepare(request, config_dir)
    given = [] if config_dir is None else ["--config-dir", config_dir]
    command = shlex.join(["uncontested", "sweep", *words, *given])
    ended = execute(request, plan, folder, command)
    if ended.interrupted:
        raise RunError(f"{folder}: interrupted. The same command goes on where it stopped: {command}")
    return _open(request, plan, folder, sweep_folder.newest_plan(folder), command)


def open_study(name: str, overrides: Sequence[str] = (), config_dir: str | None = None) -> StoredStudy:
    """Open what is stored of a study: as it was run last, or with overrides, as it was run with those.

    Raises: ConfigError if there is no such study; RunError if it has not been run, or not to its end.
    """
    words = [f"study={name}", *overrides]
    request = compose_sweep(words, config_dir)
    plan, folder = prepare(request, config_dir)
    given = [] if config_dir is None else ["--config-dir", config_dir]
    command = shlex.join(["uncontested", "sweep", *words, *given])
    known = sweep_folder.plans_in(folder)
    # An override that says where the sweep is changes nothing in it.
    if any(not word.startswith("sweep_dir=") for word in overrides):
        wanted = hash_of(request.written)
        known = [files for files in known if hash_of(files.read()["study"]) == wanted]
    if not known:
        raise RunError(f"{folder}: none of its {len(set(plan.run_ids)):,} runs is stored. Run {command}")
    return _open(request, plan, folder, known[-1], command)


def _open(
    request: SweepRequest, plan: "SweepPlan", folder: Path, files: sweep_folder.PlanFiles, command: str
) -> StoredStudy:
    """Read a stored plan and check that all its runs are there."""
    import duckdb

    try:
        found = read_plan(files)
        factors, points = read_points(
            found.study, plan_from_config(found.told["configuration"]), found.points
        )
    except ConfigError as error:
        raise RunError(
            f"{files.json}: was written by another version, which this one cannot read ({error}) Run "
            f"{command}"
        ) from None
    try:
        run_ids = duckdb.execute("SELECT DISTINCT run_id FROM read_parquet(?)", [str(files.runs)]).fetchall()
    except duckdb.Error as error:
        raise RunError(f"{files.runs}: cannot be read ({' '.join(str(error).split())})") from None
    stored = found.told
    own = parts.parts_in(folder, stored["record_hash"])
    status, _ = parts.stored_runs(own, found.study.headline.outcome)
    missing = sum(status.get(name) != parts.DONE for (name,) in run_ids)
    if missing:
        failed = sum(status.get(name) == parts.FAILED for (name,) in run_ids)
        also = f", {failed:,} of them because they failed (uncontested status says why)" if failed else ""
        raise RunError(
            f"{folder}: incomplete, {missing:,} of {len(run_ids):,} runs are not stored{also}. Run {command}"
        )
    return StoredStudy(
        study=found.study,
        folder=folder,
        factors=factors,
        points=tuple(points),
        outcomes=tuple(stored["record"]["outcomes"]),
        notes=_changes(request, plan, stored, command),
        plan=stored,
        files=files,
    )


def _changes(
    request: SweepRequest, plan: "SweepPlan", stored: Mapping[str, Any], command: str
) -> tuple[str, ...]:
    """Say what is no longer as it was when the sweep ran."""
    notes = []
    if stored["code_hash"] != code_hash():
        notes.append("the code or the pinned packages have changed since it was run")
    keys = [
        f"{key} {before} -> {now}"
        for key, before, now in differing(stored["configuration"], plan.kinds[0].plan.config)
    ]
    if keys:
        more = f" and {len(keys) - _SHOWN_KEYS} more" if len(keys) > _SHOWN_KEYS else ""
        notes.append(f"conf has changed since it was run: {'; '.join(keys[:_SHOWN_KEYS])}{more}")
    changed = [
        key for key, value in request.written.items() if key != "base" and stored["study"].get(key) != value
    ]
    if changed:
        notes.append(f"the study was run with other {', '.join(changed)} than it has now")
    if notes:
        notes.append(f"what was stored then is read here; {command} runs it anew")
    return tuple(notes)


def _one(key: str, given: str, valid: Sequence[str]) -> str:
    if given not in valid:
        raise ConfigError(f"--{key}", given, f"expected one of {', '.join(valid)}", nearest(given, valid))
    return given


def _quoted(name: str, table: str = "") -> str:
    """Return a column's name as SQL has it."""
    quoted = '"' + name.replace('"', '""') + '"'
    return f"{table}.{quoted}" if table else quoted
