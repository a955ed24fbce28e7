"""A sweep's folder: its plans, its parts, and the lock of whoever is writing.

    plans/0001.json            what was asked for and what made it: resolved configuration, versions, command
    plans/0001.points.parquet  the points of the design
    plans/0001.runs.parquet    the runs: name, point, world, response, budget
    parts/                     what has been computed (experiments.sweeping.parts)
    history.jsonl              a line for every time that somebody computed
    lock, commits              who computes, and who is writing (experiments.sweeping.parts)

A plan is never changed: a study that is extended adds one, and the newest says what belongs to the sweep.
"""

import fcntl
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np

from experiments.config.errors import ConfigError, RunError
from experiments.runs import manifest
from experiments.runs.store import OUTPUTS, copy_to
from experiments.sweeping import parts
from experiments.sweeping.factors import Factor
from experiments.sweeping.identity import budget_of, code_hash, hash_of
from experiments.sweeping.plan import SweepPlan
from sim.axes import RESPONSES

PLANS: Final = "plans"
HISTORY: Final = "history.jsonl"
SWEEPS: Final = OUTPUTS / "sweep"


@dataclass(frozen=True)
class PlanFiles:
    """The files of one plan."""

    json: Path

    @property
    def points(self) -> Path:
        """The points of its design."""
        return self.json.with_suffix(".points.parquet")

    @property
    def runs(self) -> Path:
        """Its runs."""
        return self.json.with_suffix(".runs.parquet")

    def read(self) -> dict[str, Any]:
        """Return what it says.

        Raises: RunError if it cannot be read.
        """
        try:
            found: dict[str, Any] = json.loads(self.json.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{self.json}: cannot be read ({error})") from None
        return found


def folder_of(sweep_dir: str, study: str) -> Path:
    """Return the folder that a sweep writes to, having made sure that it can be one.

    Raises: ConfigError if it cannot.
    """
    folder = Path(sweep_dir).expanduser() if sweep_dir else SWEEPS / study
    for place in [folder, *folder.absolute().parents]:
        if place.exists() or place.is_symlink():
            if not place.is_dir():
                expected = (
                    "expected a folder, and this is none" if place == folder else f"{place} is no folder"
                )
                raise ConfigError("sweep_dir", folder, expected)
            if not os.access(place, os.W_OK | os.X_OK):
                raise ConfigError("sweep_dir", folder, f"expected a folder to write to; {place} is none")
            break
    if folder.is_dir() and not (folder / PLANS).is_dir() and any(folder.iterdir()):
        raise ConfigError("sweep_dir", folder, "expected a sweep's folder or an empty one; this is neither")
    return folder


def free_megabytes(folder: Path) -> float:
    """Return how much room there is where a folder is or will be."""
    place = next(one for one in [folder, *folder.absolute().parents] if one.exists())
    return shutil.disk_usage(place).free / 1e6


@contextmanager
def locked(folder: Path) -> Iterator[str]:
    """Hold a sweep's folder, made if need be; a folder that nothing was written to is removed again.

    Yields the name of this holding, by which workers know that their sweep is still the one that computes.

    Raises: RunError if somebody else holds it, or it cannot be made.
    """
    made = [one for one in [folder, *folder.parents] if not one.exists()]
    try:
        for name in (PLANS, parts.PARTS):
            (folder / name).mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / parts.LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        _remove_empty(folder, made)
        raise RunError(f"{folder}: cannot be written to ({error.strerror})") from None
    try:
        try:
            # The system lets go of it when its holder dies, however that happens.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            told = os.read(handle, 200).decode(errors="replace").rpartition(",")[0] or "another process"
            raise RunError(
                f"{folder}: {told} is computing this sweep; wait for it, or give another sweep_dir"
            ) from None
        os.ftruncate(handle, 0)
        holder = uuid4().hex
        os.pwrite(handle, f"process {os.getpid()} on {platform.node()}, {holder}\n".encode(), 0)
        parts.await_commits(folder)
        yield holder
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)
        _remove_empty(folder, made)


def is_locked(folder: Path) -> bool:
    """Say whether somebody is computing a sweep."""
    try:
        handle = os.open(folder / parts.LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _remove_empty(folder: Path, made: Sequence[Path]) -> None:
    """Remove a folder in which nothing but a lock was left, and those above it that were made for it."""
    with suppress(OSError):
        locks = (parts.LOCK, parts.COMMITS)
        if not made or any(path.is_file() and path.name not in locks for path in folder.rglob("*")):
            return
        shutil.rmtree(folder, ignore_errors=True)
        for above in made:
            if above != folder:
                above.rmdir()


def plans_in(folder: Path) -> list[PlanFiles]:
    """Return the plans of a sweep, the oldest first."""
    return [PlanFiles(path) for path in sorted((folder / PLANS).glob("[0-9]*.json"))]


def newest_plan(folder: Path) -> PlanFiles:
    """Return the plan that says what belongs to a sweep.

    Raises: RunError if there is none.
    """
    found = plans_in(folder)
    if not found:
        raise RunError(f"{folder}: holds no sweep")
    return found[-1]


def describe(
    plan: SweepPlan, written: Mapping[str, Any], executor: Mapping[str, Any], command: str
) -> dict[str, Any]:
    """Return what a plan's file says, so that the sweep can be repeated and read without conf."""
    first = plan.kinds[0].plan
    checkout = manifest.is_checkout()
    return {
        "study": dict(written),
        "seed": first.seed,
        "design": plan.study.design.describe(),
        "points": len(plan.points),
        "runs": len(set(plan.run_ids)),
        "runs_hash": hash_of({"runs": list(plan.run_ids)}),
        "record": plan.record,
        "record_hash": plan.record_hash,
        "command": command,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "executor": dict(executor),
        "version": manifest.version(),
        "commit": manifest.git("rev-parse", "HEAD") if checkout else None,
        "uncommitted_changes": bool(manifest.git("status", "--porcelain", "--", *manifest.tracked()))
        if checkout
        else None,
        "code_hash": code_hash(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": manifest.packages(),
        "configuration": first.config,
        "kinds": [
            {
                "choices": dict(kind.choices),
                "budget": kind.budget,
                "configuration_hash": kind.plan.config_hash,
                "changes": difference(first.config, kind.plan.config),
            }
            for kind in plan.kinds
        ],
    }


def difference(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return what another configuration has in the place of a base's, by part and by parameter.

    >>> difference({"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 4}})
    {'b.d': 4}
    """
    found: dict[str, Any] = {}
    for key, value in other.items():
        if value == base.get(key):
            continue
        if (
            isinstance(value, Mapping)
            and isinstance(base.get(key), Mapping)
            and value.keys() == base[key].keys()
        ):
            found.update(
                {f"{key}.{name}": inner for name, inner in value.items() if inner != base[key][name]}
            )
        else:
            found[key] = value
    return found


def with_changes(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a base configuration with what `difference` found.

    >>> with_changes({"a": 1, "b": {"c": 2, "d": 3}}, {"b.d": 4})
    {'a': 1, 'b': {'c': 2, 'd': 4}}
    """
    config = dict(base)
    for key, value in changes.items():
        head, dot, name = key.partition(".")
        config[head] = {**config[head], name: value} if dot else value
    return config


def write_plan(folder: Path, plan: SweepPlan, described: Mapping[str, Any]) -> PlanFiles:
    """Write a plan beside those that are there, unless the newest is the same.

    Raises: RunError if it cannot be written; nothing is left then.
    """
    known = plans_in(folder)
    if known and _same(known[-1].read(), described):
        return known[-1]
    number = int(known[-1].json.stem) + 1 if known else 1
    files = PlanFiles(folder / PLANS / f"{number:04d}.json")
    writing = PlanFiles(files.json.with_name(f".writing-{number:04d}.json"))
    try:
        write_points(writing.points, plan.factors, plan.points)
        write_runs(writing.runs, plan)
        manifest.write_json(writing.json, described)
        # The file that names the plan last.
        for one in ("points", "runs", "json"):
            getattr(writing, one).replace(getattr(files, one))
    except OSError as error:
        raise RunError(f"{folder / PLANS}: cannot be written ({error.strerror})") from None
    finally:
        for one in ("points", "runs", "json"):
            with suppress(OSError):
                getattr(writing, one).unlink(missing_ok=True)
    return files


def _same(known: Mapping[str, Any], described: Mapping[str, Any]) -> bool:
    keys = ("runs_hash", "record_hash", "code_hash", "study", "version", "packages")
    plain = json.loads(json.dumps({key: described[key] for key in keys}))
    return all(known.get(key) == plain[key] for key in keys)


def write_points(path: Path, factors: Sequence[Factor], points: Sequence[tuple[Any, ...]]) -> None:
    """Write the points of a design, a column a factor."""
    table: dict[str, Any] = {"point": np.arange(len(points), dtype=np.int32)}
    for place, factor in enumerate(factors):
        values = [point[place] for point in points]
        number = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        table[factor.name] = (
            np.asarray(values, np.float64)
            if number
            else np.asarray([plain_text(one) for one in values], object)
        )
    copy_to(path, "SELECT * FROM this", table)


def plain_text(value: Any) -> str:
    """Return a choice as text."""
    return value if isinstance(value, str) else json.dumps(value)


def write_runs(path: Path, plan: SweepPlan) -> None:
    """Write the runs of a plan."""
    responses = [RESPONSES[response] for response in plan.response.tolist()]
    budgets = [
        budget_of(response, plan.kinds[kind].budget)
        for response, kind in zip(responses, plan.kind.tolist(), strict=True)
    ]
    table = {
        "run_id": np.asarray(plan.run_ids, object),
        "point": plan.point.astype(np.int32),
        "world": plan.world.astype(np.int32),
        "response": np.asarray(responses, object),
        "budget": np.asarray(budgets, object),
    }
    copy_to(path, "SELECT * FROM this", table)


def add_history(folder: Path, entry: Mapping[str, Any]) -> None:
    """Add a line about somebody who computed."""
    with suppress(OSError), (folder / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def read_history(folder: Path) -> list[dict[str, Any]]:
    """Return who computed, the oldest first; a line that was cut short is left out."""
    found = []
    with suppress(OSError):
        for line in (folder / HISTORY).read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
    return found
