"""Run arms side by side in the same worlds, and keep what they came to.

An arm is what stands after `uncontested run`: a scenario, a budget, values or ranges over the same base. All
arms share the base's worlds and random numbers, so that a world's difference between two arms has one cause.
What an arm came to is kept in a file named by its configuration and by the code, so that a rerun, or another
question to the same arm, computes nothing.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from experiments.analysis import irreversible
from experiments.config.build import RunPlan, config_hash, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, RunError
from experiments.runs import team, terminal
from experiments.runs.command import ending_on_signals
from experiments.runs.manifest import ROOT, digest
from experiments.runs.store import OUTPUTS
from experiments.sweeping.identity import code_hash
from sim.axes import BLOCS, CONSTRAINTS, RESPONSES
from sim.params import Params
from sim.units import MONTHS_PER_YEAR, Array, IntArray

OVERRIDES: Final = ("worlds=96", "consumers=cohort", "responses=[passive]")
"""What the base runs unless told otherwise; expected shares stand in for consumers on a network."""
KEPT: Final = OUTPUTS / "arms"
BASE: Final = ""
BINDS: Final = "binds_{constraint}.{bloc}"
"""Series made here: the share of a year's months in which a constraint binds a bloc."""
_BINDING: Final = "binding_constraint_code"
_RUNWAY: Final = "runway_months."
_COLUMNS: Final = 640
"""Columns of a batch: many enough to be quick, few enough for 300 MB a process."""
_WORKERS: Final = 2
_YEAR: Final = int(MONTHS_PER_YEAR)


@dataclass(frozen=True)
class Kept:
    """What one arm came to."""

    years: tuple[int, ...]
    rows: Mapping[str, int]
    """Series -> its row in `annual`."""
    annual: npt.NDArray[np.float32]
    """(series, year, world): mean over the year's months; NaN where a world has no feasible start."""
    outcomes: Mapping[str, Array]
    """Column of `sim.outcome.evaluate`, or of W9 -> (world,)."""

    def series(self, name: str) -> Array:
        """Return a series' yearly means. Shapes: -> (year, world). Raises: KeyError naming the series."""
        if name not in self.rows:
            raise KeyError(f"series {name!r} is not kept of an arm; see uncontested list series")
        values: Array = self.annual[self.rows[name]].astype(np.float64)
        return values


@dataclass(frozen=True)
class Arms:
    """The arms asked for, by their settings, in the same worlds."""

    plan: RunPlan
    """The base."""
    attempts: IntArray
    """(world,): draws rejected before the one that was run."""
    kept: Mapping[str, Kept]
    computed: int
    """How many were run; the others were stored."""

    @property
    def worlds(self) -> int:
        """Return the number of worlds."""
        return self.plan.worlds

    def series(self, arm: str, name: str) -> tuple[tuple[int, ...], Array]:
        """Return the years and a series' yearly means in an arm. Shapes: -> (year, world)."""
        one = self.kept[arm]
        return one.years, one.series(name)

    def leader(self, arm: str, definition: str, year: int) -> Array:
        """Return who leads in an arm, as codes of `sim.outcome.LEADERS`. Shapes: -> (world,)."""
        return self.kept[arm].outcomes[f"leader.{definition}.{year}"]

    def parameter(self, key: str) -> Array:
        """Return a parameter of the base by its key. Shapes: -> (world,)."""
        section, name = key.split(".")
        params = self.plan.params_for(np.arange(self.worlds), self.attempts)
        return np.broadcast_to(getattr(getattr(params, section), name), self.worlds)

    def drawn(self) -> Mapping[str, Array]:
        """Return every drawn number of the base by its key. Shapes: -> (world,)."""
        return self.plan.drawn(np.arange(self.worlds), self.attempts)


def run(
    wanted: Iterable[str], overrides: Sequence[str] = (), folder: Path = KEPT, last_year: int = 0
) -> Arms:
    """Return all arms wanted, computing those that are not stored; they must reach the end of a year.

    Raises: ConfigError if a setting is wrong, before anything is computed; RunError if a run fails or the
    folder cannot be written.
    """
    given = (*OVERRIDES, *overrides)
    base = compose_run(given)
    plan = plan_from_config(base)
    if plan.responses != RESPONSES[:1]:
        raise ConfigError("responses", list(plan.responses), "each arm sets its own; expected none here")
    months = (last_year + 1 - int(plan.start.month[:4])) * _YEAR
    if plan.months < months:
        raise ConfigError("months", plan.months, f"expected at least {months}, to the end of {last_year}")
    configs = {}
    settings = list(dict.fromkeys([BASE, *wanted]))
    with terminal.meter(len(settings), "Composing arms") as meter:
        for done, arm in enumerate(settings, 1):
            configs[arm] = compose_run([*given, *arm.split()])
            plan_from_config(configs[arm])
            meter.show(done)
    names = {arm: name_of(config, base) for arm, config in configs.items()}
    stored = {arm: read(folder / f"{name}.npz", plan.worlds) for arm, name in names.items()}
    missing = [arm for arm, found in stored.items() if found is None]
    if missing:
        compute({arm: (configs[arm], folder / f"{names[arm]}.npz") for arm in missing}, base)
        stored.update({arm: read(folder / f"{names[arm]}.npz", plan.worlds) for arm in missing})
    found = {arm: one for arm, one in stored.items() if one is not None}
    attempts = found[BASE].outcomes["attempts"].astype(np.int64)
    return Arms(plan, attempts, found, len(missing))


def name_of(config: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """Return the name of an arm's file: a hash of its configuration, its base's, and the code.

    Of the base, since an arm shares the draws that the base has found feasible.
    """
    files = [Path(__file__), Path(irreversible.__file__)]
    own = digest(files) if Path(__file__).is_relative_to(ROOT) else ""
    text = f"{config_hash(config)}|{config_hash(base)}|{code_hash()}|{own}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def read(file: Path, worlds: int) -> Kept | None:
    """Return what is stored of an arm; nothing where there is none, or it cannot be read."""
    try:
        # Opened here: NumPy leaves a file that it cannot read open.
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            names, columns = stored["names"].tolist(), stored["columns"].tolist()
            kept = Kept(
                years=tuple(stored["years"].tolist()),
                rows={name: row for row, name in enumerate(names)},
                annual=stored["annual"],
                outcomes=dict(zip(columns, stored["outcomes"], strict=True)),
            )
    except Exception:  # half a disk block, a file of another kind: it is computed again
        return None
    return kept if kept.annual.shape == (len(kept.rows), len(kept.years), worlds) else None


def compute(wanted: Mapping[str, tuple[Mapping[str, Any], Path]], base: Mapping[str, Any]) -> None:
    """Run arms in worker processes and store each.

    Raises: RunError if a run fails or a file cannot be written.
    """
    worlds = int(base["worlds"])
    by_frame: dict[str, list[tuple[Mapping[str, Any], Path]]] = {}
    for config, file in wanted.values():
        by_frame.setdefault(frame(config), []).append((config, file))
    batches = []
    for group in by_frame.values():
        count = -(-len(group) * worlds // _COLUMNS)
        count += count % _WORKERS if len(group) > count > 1 else 0
        batches += [group[first::count] for first in range(count)]
    batches.sort(key=len, reverse=True)
    what = f"Running {len(wanted)} arms of {worlds} worlds"
    total = sum(int(group[0][0]["months"]) for group in batches)
    with (
        ending_on_signals(),
        terminal.meter(total, what) as meter,
        team.Team(min(_WORKERS, len(batches)), len(batches)) as workers,
    ):
        futures = [
            workers.submit(compute_batch, base, *zip(*group, strict=True), at)
            for at, group in enumerate(batches)
        ]
        failed = [text for text in workers.wait_for(futures, meter.show) if text]
    if failed:
        raise RunError(failed[0])


def frame(config: Mapping[str, Any]) -> str:
    """Return what arms must share to run side by side: all that is neither parameter nor response."""
    parameters = {key: {**record, "set": {}} for key, record in config["parameters"].items()}
    return config_hash({**config, "parameters": parameters, "responses": [], "budget": "all"})


def compute_batch(
    base: Mapping[str, Any], configs: Sequence[Mapping[str, Any]], files: Sequence[Path], place: int
) -> str:
    """Run arms of one frame side by side, in a worker process, and store each; return what went wrong."""
    # Only a process that simulates imports this: Mesa takes a second.
    from agents.roster import build_model
    from experiments.runs.cases import cases_of
    from experiments.runs.simulate import feasible_model
    from sim.model import forget
    from sim.outcome import evaluate

    first = plan_from_config(base)
    ids = np.arange(first.worlds, dtype=np.int64)
    drawn, attempts = feasible_model(first, cases_of(first, ids))
    forget(drawn)
    attempts = attempts[: ids.size]
    plans = [plan_from_config(config) for config in configs]
    params = joined([plan.params_for(ids, attempts) for plan in plans], ids.size)
    response = np.repeat([RESPONSES.index(plan.responses[0]) for plan in plans], ids.size)
    plan = plans[0]
    settings = plan.settings_for(np.tile(ids, len(plans)), response)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    model.run(on_month=lambda month: team.note(place, month + 1))
    feasible = np.where(np.asarray(model.report.feasible), 1.0, np.nan)
    names = [one.name for one in model.recorder.series]
    recorded = (model.context, plan.outcome, model.recorder.series, model.recorder.data)
    outcomes = {**evaluate(*recorded), **irreversible.kept_columns(*recorded)}
    years, made, annual = yearly(names, model.recorder.data, int(plan.start.month[:4]))
    forget(model)
    for at, file in enumerate(files):
        part = slice(at * ids.size, (at + 1) * ids.size)
        columns = {name: values[part] * feasible[part] for name, values in outcomes.items()}
        columns["world"] = outcomes["world"][part]
        columns["attempts"] = attempts.astype(np.float64)
        try:
            write(file, years, made, annual[..., part] * feasible[part].astype(np.float32), columns)
        except OSError as error:
            return f"{file}: cannot be written ({error.strerror})"
    return ""


def joined(params: Sequence[Params], worlds: int) -> Params:
    """Put the parameters of arms side by side, every one with a world axis, read only.

    Shapes: fields 0-d or (..., world) -> (..., arm * world).
    """
    sections: dict[str, Any] = {}
    for section in fields(params[0]):
        records = [getattr(one, section.name) for one in params]
        values = {}
        for field in fields(records[0]):
            arrays = [getattr(record, field.name) for record in records]
            wide = np.concatenate(
                [np.broadcast_to(one, (*one.shape[:-1], worlds)) for one in arrays], axis=-1
            )
            wide.setflags(write=False)
            values[field.name] = wide
        sections[section.name] = type(records[0])(**values)
    return Params(**sections)


def yearly(
    names: Sequence[str], record: npt.NDArray[np.float32], first_year: int
) -> tuple[tuple[int, ...], list[str], npt.NDArray[np.float32]]:
    """Return years, series and the means over their whole years.

    Series of a lab in a place are left out. A lab that has left the market has no runway: 0. Codes of what
    binds become the share of the year's months in which each constraint does.

    Shapes: record (series, month, world) -> (series, year, world).
    """
    count = record.shape[1] // _YEAR
    made, rows = [], []
    for name, values in zip(names, record, strict=True):
        head, *entity = name.split(".")
        by_year = values[: count * _YEAR].reshape(count, _YEAR, -1)
        if head == _BINDING:
            for code, constraint in enumerate(CONSTRAINTS):
                made.append(BINDS.format(constraint=constraint, bloc=entity[0]))
                rows.append((by_year == code).mean(1, dtype=np.float64))
        elif len(entity) < 2 or entity[0] in BLOCS:
            if name.startswith(_RUNWAY):
                by_year = np.nan_to_num(by_year)
            made.append(name)
            rows.append(by_year.mean(1, dtype=np.float64))
    years = tuple(range(first_year, first_year + count))
    return years, made, np.asarray(rows, np.float32)


def write(
    file: Path,
    years: Sequence[int],
    names: Sequence[str],
    annual: npt.NDArray[np.float32],
    outcomes: Mapping[str, Array],
) -> None:
    """Store an arm; the file appears at once or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.stem}.part-{os.getpid()}.npz")
    try:
        np.savez_compressed(
            part,
            years=np.asarray(years),
            names=np.asarray(names),
            annual=annual,
            columns=np.asarray(list(outcomes)),
            outcomes=np.asarray(list(outcomes.values())),
        )
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
