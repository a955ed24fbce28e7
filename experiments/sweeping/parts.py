"""Parts: the files of a sweep's store, each written at once and never changed.

A unit leaves its series first and its runs last: the runs commit it. A part's name holds what is recorded,
the unit, and the hash of its content, so that a damaged part is found by reading it and needs no list of what
should be there. A failed run is a row with its parameters and why it failed; it has no series.
"""

import fcntl
import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from experiments.config.errors import RunError
from experiments.runs.store import Columns, copy_to, list_of

PARTS: Final = "parts"
DAMAGED: Final = "damaged"
RUNS, SERIES = "runs", "series"
DONE, FAILED = "done", "failed"
UNIT_DIGITS: Final = 16
CONTENT_DIGITS: Final = 16
LOCK: Final = "lock"
"""Held by whoever computes a sweep; its text ends with the name of that time."""
COMMITS: Final = "commits"
"""Held by whoever commits a unit: the next sweep waits for it before it looks at what is stored."""
_COMMIT_SECONDS: Final = 10.0
_TEMPORARY: Final = ".writing-"
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Part:
    """A part's name, taken apart."""

    path: Path
    kind: str
    record: str
    unit: str
    content: str


def unit_name(run_ids: Sequence[str]) -> str:
    """Return the name of a unit."""
    return hashlib.sha256("".join(run_ids).encode()).hexdigest()[:UNIT_DIGITS]


def part_of(path: Path) -> Part | None:
    """Take a part's name apart; None for any other file."""
    words = path.name.removesuffix(".parquet").split("-")
    if path.suffix != ".parquet" or len(words) != 4 or words[0] not in (RUNS, SERIES):
        return None
    return Part(path, *words)


def parts_in(folder: Path, record: str | None = None) -> list[Part]:
    """Return the parts of a sweep's folder, in the order of their names."""
    place = folder / PARTS
    found = [part_of(path) for path in sorted(place.iterdir())] if place.is_dir() else []
    return [part for part in found if part is not None and record in (None, part.record)]


def committed(found: Sequence[Part]) -> list[Part]:
    """Return the parts without those series whose runs are not there, or not yet."""
    units = {part.unit for part in found if part.kind == RUNS}
    return [part for part in found if part.unit in units]


@contextmanager
def committing(folder: Path, holder: str) -> Iterator[None]:
    """Commit a unit for a sweep, which may have ended: its workers can outlive it.

    Raises: RunError if somebody else holds the folder by now.
    """
    handle = os.open(folder / COMMITS, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        if not _is_held_by(folder, holder):
            raise RunError(f"{folder}: the sweep that this unit belongs to has ended; it is not stored")
        yield
    finally:
        os.close(handle)


def _is_held_by(folder: Path, holder: str) -> bool:
    with suppress(OSError):
        return (folder / LOCK).read_text(encoding="utf-8").split()[-1:] == [holder]
    return False


def await_commits(folder: Path) -> None:
    """Wait until nobody commits for the sweep that held a folder before; later nobody can."""
    handle = os.open(folder / COMMITS, os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + _COMMIT_SECONDS
    try:
        # A machine that has gone may leave its lock for a while; what it left half-way is tidied away later.
        while time.monotonic() < until:
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(0.01)
    finally:
        os.close(handle)


def write_series(
    folder: Path,
    record: str,
    run_ids: Sequence[str],
    months: Sequence[str],
    series: Columns,
    unit: Sequence[str],
) -> Path | None:
    """Write the series of those runs of a unit that have any: a row a run and month.

    Shapes: series (run * month,).
    """
    if not series or not run_ids:
        return None
    table: dict[str, npt.NDArray[Any]] = {
        "run_": np.repeat(np.arange(len(run_ids), dtype=np.int32), len(months)),
        "month_": np.tile(np.arange(len(months), dtype=np.int16), len(run_ids)),
        **series,
    }
    select = (
        f"SELECT {list_of(run_ids)}[run_ + 1] AS run_id, {list_of(months)}[month_ + 1] AS month,"
        " * EXCLUDE (run_, month_) FROM this"
    )
    return write_part(folder, SERIES, record, unit_name(unit), select, table)


def write_runs(folder: Path, record: str, columns: Mapping[str, npt.NDArray[Any]]) -> Path:
    """Write the runs of a unit, which commits them. Shapes: each (run,)."""
    unit = unit_name([str(one) for one in columns["run_id"]])
    return write_part(folder, RUNS, record, unit, "SELECT * FROM this", dict(columns))


def write_part(folder: Path, kind: str, record: str, unit: str, select: str, table: Columns) -> Path:
    """Write a part under a name that nobody reads, then give it its own.

    Raises: RunError if it cannot be written; nothing is left then.
    """
    place = folder / PARTS
    writing = place / f"{_TEMPORARY}{kind}-{unit}-{os.getpid()}"
    try:
        copy_to(writing, select, table)
        with writing.open("rb+") as file:
            os.fsync(file.fileno())
        final = place / f"{kind}-{record}-{unit}-{content_hash(writing)}.parquet"
        writing.replace(final)
    except OSError as error:
        raise RunError(f"{place}: cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):
            writing.unlink(missing_ok=True)
    return final


def receive(folder: Path, files: Sequence[tuple[str, bytes]]) -> None:
    """Write parts that came through the engine, in their order.

    Raises: RunError if one cannot be written; none is left then.
    """
    for place, (name, content) in enumerate(files):
        writing = folder / PARTS / f"{_TEMPORARY}{name}"
        try:
            with writing.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            writing.replace(folder / PARTS / name)
        except OSError as error:
            for before, _ in files[:place]:
                with suppress(OSError):
                    (folder / PARTS / before).unlink()
            raise RunError(f"{folder / PARTS}: cannot be written ({error.strerror})") from None
        finally:
            with suppress(OSError):
                writing.unlink(missing_ok=True)


def content_hash(path: Path) -> str:
    """Return the hash of a file's content, as its name holds it."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()[:CONTENT_DIGITS]


@dataclass(frozen=True)
class Checked:
    """The parts of a folder, each read once."""

    sound: list[Part]
    damaged: list[Part]
    """Not what their name says, or runs whose series are gone."""
    redundant: list[Part]
    """Series that no runs committed, as after a kill; parts of a unit that is there already."""


def check_parts(folder: Path, record: str, has_series: bool, unit: str | None = None) -> Checked:
    """Read the parts that record the same, of one unit or of all, and sort them by what they are good for."""
    parts = [part for part in parts_in(folder, record) if unit in (None, part.unit)]
    found = Checked([], [], [])
    whole: list[Part] = []
    for part in parts:
        # A worker that has outlived its sweep may take back what it could not commit.
        with suppress(FileNotFoundError):
            (whole if content_hash(part.path) == part.content else found.damaged).append(part)
    with_series = {part.unit for part in whole if part.kind == SERIES}
    committed: set[str] = set()
    runs = [part for part in whole if part.kind == RUNS]
    copies = Counter(part.unit for part in runs)
    # A unit that failed as a whole has the same name when it is tried again: what is done counts.
    runs.sort(key=lambda part: -_done(part.path) if copies[part.unit] > 1 else 0)
    for part in runs:
        if has_series and part.unit not in with_series and _done(part.path):
            found.damaged.append(part)
        elif part.unit in committed:
            found.redundant.append(part)
        else:
            committed.add(part.unit)
            found.sound.append(part)
    taken: set[str] = set()
    for part in (one for one in whole if one.kind == SERIES):
        useful = part.unit in committed and part.unit not in taken
        taken.add(part.unit)
        (found.sound if useful else found.redundant).append(part)
    return found


def _done(path: Path) -> int:
    """Return how many runs of a part are done."""
    import duckdb

    asked = "SELECT count(*) FROM read_parquet(?) WHERE status = ?"
    found: int = duckdb.execute(asked, [str(path), DONE]).fetchall()[0][0]
    return found


def tidy(folder: Path, checked: Checked) -> None:
    """Move damaged parts aside, for whoever wants to look at them, and remove what is not needed.

    Raises: RunError if that cannot be done.
    """
    try:
        if checked.damaged:
            (folder / DAMAGED).mkdir(exist_ok=True)
        for part in checked.damaged:
            part.path.replace(folder / DAMAGED / part.path.name)
        for part in checked.redundant:
            part.path.unlink()
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror})") from None


def sweep_up(folder: Path) -> None:
    """Remove what a writer that was killed has left."""
    place = folder / PARTS
    for path in place.iterdir() if place.is_dir() else ():
        if path.name.startswith(_TEMPORARY):
            with suppress(OSError):
                path.unlink()


def stored_runs(parts: Sequence[Part], outcome: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the status of every run in some parts, and one of its outcomes; done counts over failed."""
    import duckdb

    files = [str(part.path) for part in parts if part.kind == RUNS]
    if not files:
        return {}, {}
    quoted_name = '"' + outcome.replace('"', '""') + '"'
    rows = duckdb.execute(
        f"SELECT run_id, status, {quoted_name} FROM read_parquet(?, union_by_name = true)"
        " ORDER BY status DESC",
        [files],
    ).fetchall()
    return {name: status for name, status, _ in rows}, {name: value for name, _, value in rows}


def sizes(folder: Path) -> Iterator[int]:
    """Yield the size of every file of a sweep, in bytes."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.stat().st_size
